/**
 * Which texts of a run hold a value, and when the first of each kind was said. Built once per run: words point to
 * the texts with them, so that a long conversation costs as much as its length and not its length times its values.
 */

import { type DayOfYear, dateOf, datesIn, numberOf, numbersIn, sameDay } from './forms.ts'

export interface IndexedText<Kind> {
  readonly at: number
  readonly kind: Kind
  readonly text: string
}

/** Text in which a value is also looked for without case, spaces and punctuation, for each kind of text. */
const PLAIN_LENGTH_MAX = 256 * 1024
/** A word that stands in more texts than this tells nothing; the first ones are enough to say when it came up. */
const POSTINGS_MAX = 64

/** Without case and punctuation: `W-123 45` and `w12345` are the same. */
export function normalised(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}

export class TextIndex<Kind> {
  readonly #texts: readonly IndexedText<Kind>[]
  readonly #postings = new Map<string, number[]>()
  readonly #plain: string[] = []
  #dates: (readonly DayOfYear[])[] | undefined
  #numbers: ReadonlySet<number>[] | undefined

  constructor(texts: readonly IndexedText<Kind>[]) {
    this.#texts = texts
    let plainLength = 0
    for (const [index, { text }] of texts.entries()) {
      for (const [word] of text.matchAll(/[\p{L}\p{N}_]+/gu)) this.#post(word, index)
      const plain = plainLength > PLAIN_LENGTH_MAX ? '' : normalised(text.slice(0, PLAIN_LENGTH_MAX))
      plainLength += plain.length
      this.#plain.push(plain)
    }
  }

  /** Texts that hold the value as a whole word: exactly, without case and punctuation, or as the same date or number. */
  holding(exact: string, plain: string): readonly IndexedText<Kind>[] {
    const found = new Set<number>()
    const [first] = exact.match(/[\p{L}\p{N}_]+/u) ?? []
    for (const index of first === undefined ? [] : (this.#postings.get(first) ?? [])) {
      if (holdsWord(this.#texts[index]?.text ?? '', exact)) found.add(index)
    }
    // Words run together when punctuation goes, so this is only for values long enough not to arise by chance.
    if (plain.length >= 5) {
      for (const [index, text] of this.#plain.entries()) if (text.includes(plain)) found.add(index)
    } else if (plain.length >= 3) {
      for (const word of new Set([plain, plain.toUpperCase(), plain[0]?.toUpperCase() + plain.slice(1)]))
        for (const index of this.#postings.get(word) ?? []) found.add(index)
    }
    this.#otherForms(exact, found)
    return [...found]
      .sort((a, b) => a - b)
      .map(index => this.#texts[index])
      .filter(text => text !== undefined)
  }

  #otherForms(exact: string, found: Set<number>): void {
    const date = dateOf(exact)
    if (date !== undefined) {
      this.#dates ??= this.#texts.map(({ text }) => datesIn(text.slice(0, PLAIN_LENGTH_MAX)))
      for (const [index, dates] of this.#dates.entries())
        if (dates.some(other => sameDay(date, other))) found.add(index)
    }
    const number = numberOf(exact)
    if (number !== undefined) {
      this.#numbers ??= this.#texts.map(({ text }) => numbersIn(text.slice(0, PLAIN_LENGTH_MAX)))
      for (const [index, numbers] of this.#numbers.entries()) if (numbers.has(number)) found.add(index)
    }
  }

  #post(word: string, index: number): void {
    const list = this.#postings.get(word)
    if (list === undefined) this.#postings.set(word, [index])
    else if (list.at(-1) !== index && list.length < POSTINGS_MAX) list.push(index)
  }
}

export function holdsWord(text: string, word: string): boolean {
  if (word === '') return false
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = at === 0 ? '' : (text[at - 1] ?? '')
    const after = text[at + word.length] ?? ''
    if (!/[\p{L}\p{N}_]/u.test(before) && !/[\p{L}\p{N}_]/u.test(after)) return true
  }
  return false
}
