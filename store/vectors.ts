/**
 * Search by meaning: a sketch (sign bits) of every entry is scanned by Hamming distance, and the nearest are
 * compared exactly. Vectors are kept as 16-bit floats, on disk and in memory: half the bytes, and a cosine that
 * differs by less than 0.0001. Slots of removed entries are used again.
 */

import { sketchBitsMax } from '../protocol/limits.ts'
import { sketchOf } from '../protocol/sketch.ts'
import type { SpaceId } from '../protocol/types.ts'
import { keyOf, lastPart, prefixes } from './layout.ts'
import type { Pause, Store, StoreOp } from './ports.ts'

/** Slots whose vectors stand in one array: growing never copies vectors, and a small node stays small. */
const CHUNK_SLOTS = 512
/** Sketches scanned between two pauses: some 0.5 ms. */
const SCAN_UNITS = 8192
/** Exact comparisons between two pauses. */
const EXACT_UNITS = 256

interface VectorHit {
  readonly id: string
  /** Exact, or where only the sketch is known its estimate. */
  readonly cosine: number
}

interface VectorSearch {
  readonly k: number
  /** How many of the nearest sketches are compared exactly. */
  readonly shortlist?: number
  /** Only ids for which this is true. */
  readonly accept?: (id: string) => boolean
  /** Told how many sketches or vectors were compared since; may give others their turn. */
  readonly pause?: Pause
}

/** Persists one vector; the sketch is made from it again at start. */
export function putVectorOps(space: SpaceId, id: string, vector: Float32Array): StoreOp[] {
  const value = new Uint8Array(new Float16Array(vector).buffer)
  return [{ type: 'put', key: keyOf(prefixes.vector, space, id), value }]
}

export function deleteVectorOps(space: SpaceId, id: string): StoreOp[] {
  return [{ type: 'del', key: keyOf(prefixes.vector, space, id) }]
}

/** Vectors of one space, as `VectorIndex.add` takes them. Those of other lengths are of no use and left out. */
export async function* vectorsOf(
  store: Store,
  space: SpaceId,
  dimensions: number,
): AsyncGenerator<readonly [id: string, vector: Float16Array]> {
  for await (const [key, value] of store.entries({ prefix: keyOf(prefixes.vector, space, '') })) {
    if (value.length !== dimensions * 2) continue
    // A 16-bit view needs an even offset.
    const even = value.byteOffset % 2 === 0 ? value : value.slice()
    yield [lastPart(key), new Float16Array(even.buffer, even.byteOffset, dimensions)]
  }
}

export class VectorIndex {
  readonly #dimensions: number
  readonly #words: number
  readonly #sketchBits: number
  readonly #slotOf = new Map<string, number>()
  /** Slot → id; undefined where the slot is free. */
  readonly #ids: (string | undefined)[] = []
  readonly #free: number[] = []
  /** Sketch words of all slots, one after another. */
  #sketches = new Uint32Array(0)
  /** 1 where the slot has its vector, 0 where only its sketch is known. */
  #exact = new Uint8Array(0)
  readonly #chunks: Float16Array[] = []

  constructor(dimensions: number) {
    this.#dimensions = dimensions
    this.#sketchBits = Math.min(dimensions, sketchBitsMax)
    this.#words = Math.ceil(this.#sketchBits / 32)
  }

  get size(): number {
    return this.#slotOf.size
  }

  /** Adds an entry with its unit vector, or replaces what stood. */
  add(id: string, vector: Float32Array | Float16Array): void {
    if (vector.length !== this.#dimensions)
      throw new TypeError(`A vector of ${vector.length} in an index of ${this.#dimensions} dimensions`)
    const slot = this.#slot(id)
    const at = (slot % CHUNK_SLOTS) * this.#dimensions
    const chunk = this.#chunk(slot)
    chunk.set(vector, at)
    this.#exact[slot] = 1
    this.#sketches.set(signWords(chunk, at, this.#sketchBits), slot * this.#words)
  }

  /** Adds an entry of which only the digest's sketch is known, until its vector comes. */
  addSketch(id: string, sketch: Uint8Array): void {
    if (sketch.length * 8 < this.#sketchBits)
      throw new TypeError(`A sketch of ${sketch.length} bytes for ${this.#sketchBits} bits`)
    const slot = this.#slot(id)
    this.#exact[slot] = 0
    this.#sketches.set(wordsOf(sketch, this.#words), slot * this.#words)
  }

  remove(id: string): void {
    const slot = this.#slotOf.get(id)
    if (slot === undefined) return
    this.#slotOf.delete(id)
    this.#ids[slot] = undefined
    this.#free.push(slot)
  }

  hasVector(id: string): boolean {
    const slot = this.#slotOf.get(id)
    return slot !== undefined && this.#exact[slot] === 1
  }

  /** A copy of an entry's vector; undefined where it is not known. */
  vector(id: string): Float32Array | undefined {
    const slot = this.#slotOf.get(id)
    if (slot === undefined || this.#exact[slot] !== 1) return undefined
    const at = (slot % CHUNK_SLOTS) * this.#dimensions
    return new Float32Array(this.#chunk(slot).subarray(at, at + this.#dimensions))
  }

  /** Writes an entry's sketch as words, the rest of whose last one is 0; false where the entry is not known. */
  copySketch(id: string, into: Uint32Array, at: number): boolean {
    const slot = this.#slotOf.get(id)
    if (slot === undefined) return false
    for (let word = 0; word < this.#words; word++)
      into[at + word] = this.#sketches[slot * this.#words + word] ?? 0
    return true
  }

  /** Exact, or where only the sketch is known its estimate; undefined where the entry is not known. */
  cosine(id: string, query: Float32Array): number | undefined {
    const slot = this.#slotOf.get(id)
    if (slot === undefined) return undefined
    if (this.#exact[slot] === 1) return this.#dot(slot, query)
    const sketch = this.#sketches.subarray(slot * this.#words, (slot + 1) * this.#words)
    const distance = new Uint16Array(1)
    hammingDistances(sketch, wordsOf(sketchOf(query), this.#words), 0, 1, distance)
    return this.#estimate(distance[0] ?? this.#sketchBits)
  }

  /**
   * The `k` nearest to a unit vector, nearest first; equal ones by id. What is added or removed during a pause may or may not
   * be found, but what is found stands, with its present cosine.
   */
  async search(query: Float32Array, options: VectorSearch): Promise<VectorHit[]> {
    const { k, shortlist = 1000, accept, pause } = options
    if (query.length !== this.#dimensions)
      throw new TypeError(`A query of ${query.length} in an index of ${this.#dimensions} dimensions`)
    const slots = await this.#nearestSketches(query, Math.max(k, shortlist), accept, pause)
    const hits: VectorHit[] = []
    let units = 0
    for (const { slot, distance } of slots) {
      if (++units % EXACT_UNITS === 0) await pause?.(EXACT_UNITS)
      const id = this.#ids[slot]
      if (id === undefined) continue
      const exact = this.#exact[slot] === 1
      const cosine = exact ? this.#dot(slot, query) : this.#estimate(distance)
      hits.push({ id, cosine })
    }
    await pause?.(units % EXACT_UNITS)
    hits.sort((a, b) => b.cosine - a.cosine || (a.id < b.id ? -1 : 1))
    return hits.slice(0, k)
  }

  /** Slots in the order of their numbers, at most `count`, none of which is farther than one that is left out. */
  async #nearestSketches(
    query: Float32Array,
    count: number,
    accept: ((id: string) => boolean) | undefined,
    pause: Pause | undefined,
  ): Promise<{ slot: number; distance: number }[]> {
    const words = wordsOf(sketchOf(query), this.#words)
    const used = this.#ids.length
    const distances = new Uint16Array(used)
    // Distances are whole numbers up to 384: counting them finds the cut without sorting.
    const histogram = new Uint32Array(this.#sketchBits + 2)
    const none = this.#sketchBits + 1
    for (let from = 0; from < used; from += SCAN_UNITS) {
      const to = Math.min(from + SCAN_UNITS, used)
      hammingDistances(this.#sketches, words, from, to, distances)
      for (let slot = from; slot < to; slot++) {
        const id = this.#ids[slot]
        if (id === undefined || (accept !== undefined && !accept(id))) distances[slot] = none
        const distance = distances[slot] ?? none
        histogram[distance] = (histogram[distance] ?? 0) + 1
      }
      await pause?.(to - from)
    }
    let cut = 0
    let room = count
    while (cut < none && (histogram[cut] ?? 0) <= room) room -= histogram[cut++] ?? 0
    const found: { slot: number; distance: number }[] = []
    for (let slot = 0; slot < used; slot++) {
      const distance = distances[slot] ?? none
      if (distance > cut || distance === none || (distance === cut && room-- <= 0)) continue
      found.push({ slot, distance })
    }
    return found
  }

  #slot(id: string): number {
    const known = this.#slotOf.get(id)
    if (known !== undefined) return known
    const slot = this.#free.pop() ?? this.#ids.length
    this.#ids[slot] = id
    this.#slotOf.set(id, slot)
    if (slot >= this.#exact.length) {
      const capacity = Math.max(64, this.#exact.length * 2)
      this.#sketches = grown(this.#sketches, new Uint32Array(capacity * this.#words))
      this.#exact = grown(this.#exact, new Uint8Array(capacity))
    }
    return slot
  }

  #chunk(slot: number): Float16Array {
    const number = Math.floor(slot / CHUNK_SLOTS)
    while (this.#chunks.length <= number) this.#chunks.push(new Float16Array(CHUNK_SLOTS * this.#dimensions))
    return this.#chunks[number] ?? new Float16Array(0)
  }

  #estimate(distance: number): number {
    return Math.cos((Math.PI * distance) / this.#sketchBits)
  }

  #dot(slot: number, query: Float32Array): number {
    return dot(this.#chunk(slot), (slot % CHUNK_SLOTS) * this.#dimensions, query)
  }
}

function dot(vectors: Float16Array, at: number, query: Float32Array): number {
  let sum = 0
  for (let i = 0; i < query.length; i++) sum += (vectors[at + i] ?? 0) * (query[i] ?? 0)
  return sum
}

/** Fills `distances[from..to)` with how many bits of each slot's sketch differ from the query's. */
function hammingDistances(
  sketches: Uint32Array,
  query: Uint32Array,
  from: number,
  to: number,
  distances: Uint16Array,
): void {
  const words = query.length
  for (let slot = from, at = from * words; slot < to; slot++) {
    let distance = 0
    for (let word = 0; word < words; word++, at++) {
      // Population count (Warren, Hacker's Delight, 5-1).
      let bits = (sketches[at] ?? 0) ^ (query[word] ?? 0)
      bits -= (bits >>> 1) & 0x55555555
      bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
      distance += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
    }
    distances[slot] = distance
  }
}

/** As `wordsOf` of `sketchOf`, from the bits of the floats: reading them as numbers takes ten times as long. */
function signWords(vectors: Float16Array, at: number, bits: number): Uint32Array {
  const halves = new Uint16Array(vectors.buffer, vectors.byteOffset + at * 2, bits)
  const sketch = new Uint8Array(Math.ceil(bits / 32) * 4)
  for (let i = 0; i < bits; i++) {
    // Above 0: no sign, and not zero itself.
    const half = halves[i] ?? 0
    if (half !== 0 && half < 0x8000) sketch[i >> 3] = (sketch[i >> 3] ?? 0) | (0x80 >> (i & 7))
  }
  return new Uint32Array(sketch.buffer)
}

/** A sketch as words, missing bytes as zeros. The order of bits within a word is of no matter to a distance. */
function wordsOf(sketch: Uint8Array, words: number): Uint32Array {
  const out = new Uint32Array(words)
  new Uint8Array(out.buffer).set(sketch.subarray(0, words * 4))
  return out
}

function grown<T extends Uint8Array | Uint32Array>(from: T, into: T): T {
  into.set(from)
  return into
}
