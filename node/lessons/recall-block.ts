/**
 * The recall-loop guard. What recall puts into a prompt stands between two tag lines with a random mark;
 * capture takes such blocks out again, so that a recalled lesson is never distilled a second time.
 * Recall prints the tags, capture strips them: both take them from here.
 */

const OPEN = '<swarmlore-recall mark="'
const CLOSE = '</swarmlore-recall mark="'
const END = '">'
/** Marks are short; a longer one is not ours, and is text like any other. */
const MARK_LENGTH_MAX = 64

export function openTag(mark: string): string {
  return `${OPEN}${mark}${END}`
}

export function closeTag(mark: string): string {
  return `${CLOSE}${mark}${END}`
}

/**
 * The text without recall blocks. A block ends at the closing tag with the *same* mark, so that a peer's
 * lesson cannot end it early; one that never ends reaches to the end of the text. Linear in the text.
 */
export function stripRecallBlocks(text: string): string {
  if (!text.includes(OPEN)) return text
  const kept: string[] = []
  let at = 0
  while (at < text.length) {
    const open = text.indexOf(OPEN, at)
    if (open < 0) break
    const markStart = open + OPEN.length
    const markLength = text.slice(markStart, markStart + MARK_LENGTH_MAX + END.length).indexOf(END)
    if (markLength < 0) {
      kept.push(text.slice(at, markStart))
      at = markStart
      continue
    }
    const mark = text.slice(markStart, markStart + markLength)
    kept.push(text.slice(at, open))
    const close = text.indexOf(closeTag(mark), markStart)
    at = close < 0 ? text.length : close + closeTag(mark).length
  }
  kept.push(text.slice(at))
  return kept.join('').trim()
}

const OWN_TOOL = /(?:^|[^a-z])swarmlore[^a-z]+(?:recall|check)$/i

/** Whether a tool's results are recalled lessons: our own tools, under the names that clients give them (`mcp__swarmlore__recall`). */
export function isRecallTool(tool: string): boolean {
  return tool.length <= 200 && OWN_TOOL.test(tool)
}
