/**
 * Search by words: an inverted index in memory, ranked by BM25. Postings stand in chains of small blocks in typed
 * arrays, so that 100,000 entries take tens of megabytes, and adding one copies nothing. Removed entries
 * are left out of answers at once, and swept out of the chains bit by bit with later changes.
 */

import type { Pause } from './ports.ts'
import { Arena } from './postings.ts'
import { tokensOf } from './tokens.ts'

/** BM25's usual constants (Robertson and Zaragoza, 2009): saturation of repeats, and weight of length. */
const K1 = 1.2
const B = 0.75
/** Postings scored between two pauses: some 0.2 ms. A single term is not interrupted. */
const PAUSE_UNITS = 16_384
/** A query's rarest terms count; a long error message or transcript is cut to these. */
const QUERY_TERMS_MAX = 64
/** Sweeping starts when so many entries, and this share of all, are removed. */
const SWEEP_DEAD_MIN = 64
const SWEEP_DEAD_SHARE = 0.1
/** Postings looked at by each change while a sweep is on. */
const SWEEP_UNITS = 2_000
/** A posting holds a slot in 24 bits and a weight in 8. */
const SLOTS_MAX = 2 ** 24
const WEIGHT_MAX = 255

interface LexicalField {
  readonly text: string
  /** A whole number: how many times each word counts. */
  readonly weight: number
}

interface LexicalHit {
  readonly id: string
  readonly score: number
  /** Share of the query's weight of words that the entry holds, 0 to 1. Words that no entry holds weigh too. */
  readonly coverage: number
}

interface LexicalSearch {
  readonly k: number
  /** Only ids for which this is true; asked of those alone that are good enough. */
  readonly accept?: (id: string) => boolean
  /** Told how many postings were scored since; may give others their turn. */
  readonly pause?: Pause
}

export class LexicalIndex {
  readonly #terms = new Map<string, number>()
  /** Term → its text; undefined where the number is free. */
  readonly #names: (string | undefined)[] = []
  readonly #freeTerms: number[] = []
  /** Weight of each term in the entry that is being added; 0 between. */
  #weights = new Uint8Array(1024)
  readonly #postings = new Arena()
  readonly #slotOf = new Map<string, number>()
  /** Slot → id; undefined where the entry was removed or the slot is free. */
  readonly #ids: (string | undefined)[] = []
  readonly #freeSlots: number[] = []
  /** Slots removed and not yet swept out of every chain. */
  #dead: number[] = []
  /** Weighted number of words, by slot. */
  #lengths = new Uint32Array(64)
  #totalLength = 0
  #sweep: { term: number; readonly slots: readonly number[] } | undefined

  get size(): number {
    return this.#slotOf.size
  }

  has(id: string): boolean {
    return this.#slotOf.has(id)
  }

  /** Adds an entry, or replaces what stood under its id. */
  add(id: string, fields: readonly LexicalField[]): void {
    this.remove(id)
    const terms: number[] = []
    let length = 0
    for (const { text, weight } of fields) {
      for (const token of tokensOf(text)) {
        const term = this.#term(token)
        const before = this.#weights[term] ?? 0
        if (before === 0) terms.push(term)
        this.#weights[term] = Math.min(before + weight, WEIGHT_MAX)
        length += weight
      }
    }
    const slot = this.#takeSlot(id, length)
    for (const term of terms) {
      this.#postings.push(term, slot * 256 + (this.#weights[term] ?? 0))
      this.#weights[term] = 0
    }
  }

  remove(id: string): void {
    const slot = this.#slotOf.get(id)
    if (slot !== undefined) {
      this.#slotOf.delete(id)
      this.#ids[slot] = undefined
      this.#dead.push(slot)
      this.#totalLength -= this.#lengths[slot] ?? 0
    }
    this.#sweepOn()
  }

  /** The `k` best, best first; equal ones by id. */
  async search(query: string, { k, accept, pause }: LexicalSearch): Promise<LexicalHit[]> {
    const terms = this.#queryTerms(query)
    const scores = new Float32Array(this.#ids.length)
    const matched = new Float32Array(this.#ids.length)
    const averageLength = Math.max(1, this.#totalLength / Math.max(1, this.size))
    const perLength = (K1 * B) / averageLength
    let total = 0
    let units = 0
    for (const { term, idf } of terms) {
      total += idf
      if (term === undefined) continue
      const lengths = this.#lengths
      this.#postings.visit(term, (chunk, from, to) => {
        for (let i = from; i < to; i++) {
          const posting = chunk[i] ?? 0
          const slot = posting >>> 8
          const weight = posting & 255
          const gain = (weight * (K1 + 1)) / (weight + K1 * (1 - B) + perLength * (lengths[slot] ?? 0))
          scores[slot] = (scores[slot] ?? 0) + idf * gain
          matched[slot] = (matched[slot] ?? 0) + idf
        }
      })
      units += this.#postings.count(term)
      if (units < PAUSE_UNITS) continue
      await pause?.(units)
      units = 0
    }
    await pause?.(units)
    return this.#best(scores, matched, total, k, accept)
  }

  /** Rarest first, so that a cut keeps what tells entries apart, and sums do not depend on the query's order. */
  #queryTerms(query: string): { term: number | undefined; idf: number }[] {
    const names = [...new Set(tokensOf(query))]
    const documents = this.#ids.length - this.#freeSlots.length
    const terms = names.map(name => {
      const term = this.#terms.get(name)
      const df = term === undefined ? 0 : this.#postings.count(term)
      return { name, term, idf: idfOf(df, documents) }
    })
    terms.sort((a, b) => b.idf - a.idf || (a.name < b.name ? -1 : 1))
    return terms.slice(0, QUERY_TERMS_MAX)
  }

  #best(
    scores: Float32Array,
    matched: Float32Array,
    total: number,
    k: number,
    accept: ((id: string) => boolean) | undefined,
  ): LexicalHit[] {
    let best: LexicalHit[] = []
    let least = 0
    const cut = (): void => {
      best.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
      best = best.slice(0, k)
      if (best.length === k) least = best.at(-1)?.score ?? 0
    }
    for (let slot = 0; slot < scores.length; slot++) {
      const score = scores[slot] ?? 0
      if (score === 0 || score < least) continue
      const id = this.#ids[slot]
      if (id === undefined || (accept !== undefined && !accept(id))) continue
      best.push({ id, score, coverage: (matched[slot] ?? 0) / total })
      if (best.length >= 4 * k) cut()
    }
    cut()
    return best
  }

  #takeSlot(id: string, length: number): number {
    const slot = this.#freeSlots.pop() ?? this.#ids.length
    if (slot >= SLOTS_MAX) throw new RangeError(`More than ${SLOTS_MAX} entries in one index`)
    if (slot >= this.#lengths.length) {
      const lengths = new Uint32Array(this.#lengths.length * 2)
      lengths.set(this.#lengths)
      this.#lengths = lengths
    }
    this.#ids[slot] = id
    this.#slotOf.set(id, slot)
    this.#lengths[slot] = length
    this.#totalLength += length
    return slot
  }

  #term(name: string): number {
    const known = this.#terms.get(name)
    if (known !== undefined) return known
    const term = this.#freeTerms.pop() ?? this.#names.length
    this.#names[term] = name
    this.#terms.set(name, term)
    if (term >= this.#weights.length) {
      const weights = new Uint8Array(this.#weights.length * 2)
      weights.set(this.#weights)
      this.#weights = weights
    }
    return term
  }

  /** A step of the sweep, or its start when enough entries are dead. A slot is free again once every chain was swept after its removal. */
  #sweepOn(): void {
    if (this.#sweep === undefined) {
      const share = this.#dead.length / Math.max(1, this.#ids.length)
      if (this.#dead.length < SWEEP_DEAD_MIN || share < SWEEP_DEAD_SHARE) return
      this.#sweep = { term: 0, slots: this.#dead }
      this.#dead = []
    }
    for (let units = 0; units < SWEEP_UNITS && this.#sweep.term < this.#names.length; this.#sweep.term++) {
      const { term } = this.#sweep
      const name = this.#names[term]
      if (name === undefined) continue
      units += 1 + this.#postings.count(term)
      this.#postings.filter(term, posting => this.#ids[posting >>> 8] !== undefined)
      if (this.#postings.count(term) > 0) continue
      this.#terms.delete(name)
      this.#names[term] = undefined
      this.#freeTerms.push(term)
    }
    if (this.#sweep.term < this.#names.length) return
    this.#freeSlots.push(...this.#sweep.slots)
    this.#sweep = undefined
  }
}

/** Rounded to 1/4096, so that a last bit of the logarithm that differs between versions of Node changes no order. */
function idfOf(df: number, documents: number): number {
  return Math.round(Math.log(1 + (documents - df + 0.5) / (df + 0.5)) * 4096) / 4096
}
