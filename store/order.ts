/**
 * The order of keys: by their UTF-8 bytes, as Level has it. JavaScript compares UTF-16 units, which differs
 * for characters above U+FFFF, so the memory twin and the bounds of a range need these two functions.
 */

/** Negative when `a` stands before `b`, 0 when equal. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for characters above U+FFFF and so rank after all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** The least key after all keys with this prefix; undefined where there is no end. */
export function prefixEnd(prefix: string): string | undefined {
  const characters = [...prefix]
  while (characters.length > 0) {
    const last = characters.pop()?.codePointAt(0) ?? 0
    if (last === 0x10ffff) continue
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return characters.join('') + String.fromCodePoint(next)
  }
  return undefined
}
