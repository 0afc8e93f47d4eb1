/**
 * From text to the terms of the word index. Identifiers stand as a whole and in parts, so that
 * `update_reservation_flights` is found by its name, and by "reservation"; plurals stand as their singular.
 */

/** Longer runs are encoded data, not words. */
const WORD_LENGTH_MAX = 64

/** Terms in the order of the text, repeats included. */
export function tokensOf(text: string): string[] {
  const tokens: string[] = []
  for (const word of text.match(/[\p{L}\p{N}_]+/gu) ?? []) {
    if (word.length > WORD_LENGTH_MAX) continue
    const parts = partsOfName(word)
    for (const part of parts) tokens.push(singular(part))
    if (parts.length > 1) tokens.push(word.toLowerCase())
  }
  return tokens
}

/** A name's words in lower case: `parse_HTMLText` → parse, html, text. One word stays one. */
function partsOfName(word: string): string[] {
  const lower = word.toLowerCase()
  const hasUnderscore = word.includes('_')
  if (!hasUnderscore && (lower === word || lower.slice(1) === word.slice(1))) return [lower]
  return word
    .replace(/([\p{Ll}\p{N}])(\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1$3_$2')
    .toLowerCase()
    .split('_')
    .filter(part => part !== '')
}

/** The S-stemmer (Harman, 1991, "How effective is suffixing?"): plurals only, since more conflates names. */
function singular(word: string): string {
  const length = word.length
  if (length < 4 || !word.endsWith('s')) return word
  if (word.endsWith('ies')) return /[ae]ies$/.test(word) ? word : `${word.slice(0, -3)}y`
  if (word.endsWith('es')) return /[aeo]es$/.test(word) ? word : word.slice(0, -1)
  return /[us]s$/.test(word) ? word : word.slice(0, -1)
}
