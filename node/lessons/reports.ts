/**
 * A success that begins like an error: a line that gives a count, a rate, a setting or "none" under a label
 * (`Failed logins: 0`, `Error rate: 0.1 %`). An error names what went wrong; a report counts or measures it.
 */

/** Words of a label that is measured or listed. */
const MEASURE =
  /\b(?:rates?|ratios?|counts?|totals?|numbers?|shares?|percent(?:age)?|budgets?|margins?|frequency|probability|levels?|scores?|quotas?|averages?|mean|median|trend|lists?|logs?|reports?|summary|history|queue|status|so far|today|yesterday)\b/i
/** Words that make a label a clause: `Failed to fetch items`, `Could not load entries`. */
const CLAUSE =
  /\b(?:to|not|cannot|can't|couldn't|unable|no|for|in|on|while|when|because|executing|parsing|reading|calling|loading|processing|fetching|code|line)\b/i
const PLURAL = /^[a-z]+[^sui\W]s$/i
const NONE = String.raw`(?:none|nil|no|zero|empty|nothing|n\/a|-+|never|0(?:\.0+)?\s?%?)`
const UNIT = String.raw`(?:%|‰|percent|ppm|of\s[\d.,]+|out of\s[\d.,]+|\/\s?[\d.,]+|per\s[a-z]+|(?:ms|s|secs?|seconds?|min|minutes?|h|hours?|days?|times?))`
const COUNT = String.raw`[±~<>≤≥]?\s?\d[\d.,]*\s?${UNIT}?(?:\s\([^()]{0,40}\))?`
/** What a report says: none, or one figure with its unit, to the end of the line or before the next part. */
const REPORTED = new RegExp(
  String.raw`^\s*(?:${NONE}|${COUNT}|low|normal|ok|clear)\s*(?:$|[.;,|]|\s[–-]\s)`,
  'i',
)
const NOTHING = new RegExp(String.raw`^\s*${NONE}\s*(?:$|[.;,|])`, 'i')
const DURATION = /^\s*\d[\d.,]*\s?(?:ms|s|secs?|seconds?|min|minutes?|h|hours?)\s*(?:$|[.;,|])/i
/** `Failed: 3, passed: 12`, `failed=3 passed=12`. */
const COUNTS = /^\s*[a-z][a-z -]{0,30}\s?[:=]\s?\d+(?:\s?[,;|]\s?|\s+)[a-z][a-z -]{0,30}\s?[:=]\s?\d+/i
const HEAD = /^[\s"'`*[({<]*([^:=\n]{2,60}?)\s?(?:[:=]|\b(?:is|are|was|were)\b|\s[–-]\s)(.{0,80})/i
/** `Invalid scans today 0 of 12`. */
const OPEN_COUNT = /^[\s*]*[a-z][a-z -]{4,50}\s\d+\s(?:of|out of)\s\d+\s*\.?\s*$/i

export function isReport(text: string): boolean {
  const line = text.trimStart().split('\n', 1)[0] ?? ''
  if (COUNTS.test(line) || OPEN_COUNT.test(line)) return true
  const [, head, tail] = HEAD.exec(line) ?? []
  if (head === undefined || tail === undefined) return false
  const label = head.trim().replace(/[*"'`]+$/g, '')
  const words = label.split(/\s+/)
  if (words.length === 1) return isPlainReport(label, tail)
  if (/^not found$|^timed? out$/i.test(label)) return isPlainReport(label, tail)
  if (CLAUSE.test(label.replace(/^no such\s/i, ''))) return false
  const isMeasured = MEASURE.test(words.slice(1).join(' ')) || words.slice(1).some(word => PLURAL.test(word))
  // A bare `404` under whatever label is a status.
  return isMeasured && !/^\s*[45]\d\d\s*\.?$/.test(tail) && REPORTED.test(tail)
}

/** `Failed: 0`, `Error: none`, `Timeout: 30 s`; of `Failed: 3` it is not said whether that is an error's number. */
function isPlainReport(label: string, tail: string): boolean {
  return NOTHING.test(tail) ? !/^\s*no\b/i.test(tail) : /time/i.test(label) && DURATION.test(tail)
}
