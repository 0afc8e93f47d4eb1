/**
 * What text may be in an entry or a descriptor. Peers' text reaches prompts and terminals, so characters that
 * hide or turn round what a reader sees are refused. The ranges are written out, not taken from the engine's
 * Unicode tables, so that two nodes of different versions agree. SPEC section "Text".
 */

export interface TextForm {
  /** In code points. */
  readonly min: number
  readonly max: number
  /** Whether line feed and tab are allowed. */
  readonly lines: boolean
}

/** Inclusive ranges, in order. The SPEC names each, and the last two code points of every plane beside them. */
const hiddenRanges: readonly (readonly [from: number, to: number])[] = [
  [0x00ad, 0x00ad],
  [0x034f, 0x034f],
  [0x0600, 0x0605],
  [0x061c, 0x061c],
  [0x06dd, 0x06dd],
  [0x070f, 0x070f],
  [0x0890, 0x0891],
  [0x08e2, 0x08e2],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  // Private use: what a reader sees depends on the font.
  [0xe000, 0xf8ff],
  [0xfdd0, 0xfdef],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x110bd, 0x110bd],
  [0x110cd, 0x110cd],
  [0x13430, 0x1343f],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
  [0xf0000, 0x10ffff],
]

/** What is wrong with the text, to follow the name of its field, or `undefined`. */
export function textProblem(text: string, form: TextForm): string | undefined {
  // A code point has at most two units, so a text far too long is not walked through.
  if (text.length > form.max * 2) return `must have at most ${form.max} characters`
  let length = 0
  for (const character of text) {
    length++
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xd800 && code <= 0xdfff) return 'contains half of a surrogate pair'
    if (isControl(code) && !(form.lines && (code === 0x0a || code === 0x09))) {
      return `contains the control character ${name(code)}`
    }
    if (code >= 0xad && isHidden(code))
      return `contains the invisible or direction-changing character ${name(code)}`
  }
  if (length < form.min)
    return form.min === 1 ? 'must not be empty' : `must have at least ${form.min} characters`
  if (length > form.max) return `must have at most ${form.max} characters`
  return undefined
}

/** The text without the characters that `textProblem` refuses; lines stay. For text of our own before it is encoded. */
export function withoutHidden(text: string): string {
  let out = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const kept = code === 0x0a || code === 0x09 || !(isControl(code) || isHidden(code) || isSurrogate(code))
    if (kept) out += character
  }
  return out
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f)
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff
}

function isHidden(code: number): boolean {
  // Noncharacters: the last two code points of every plane.
  if ((code & 0xfffe) === 0xfffe) return true
  for (const [from, to] of hiddenRanges) {
    if (code < from) return false
    if (code <= to) return true
  }
  return false
}

function name(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
