/**
 * A sorted run of items with the sum of their ids, in typed arrays: 40 bytes an item, and nothing for the garbage
 * collector to walk over. `range-index` holds many of them in order.
 */

/** Small enough that a partial sum takes a few µs; large enough that 10^6 items make no more than some 5,600 chunks. */
export const chunkItems = 256
/** An id is a 256-bit number: eight words of 32 bits, the most significant first. */
export const idWords = 8

export interface Chunk {
  count: number
  readonly places: Float64Array
  /** Eight words an id, the most significant first. */
  readonly words: Uint32Array
  readonly sum: Uint32Array
}

export interface Key {
  place: number
  readonly words: Uint32Array
}

export function emptyChunk(): Chunk {
  return {
    count: 0,
    places: new Float64Array(chunkItems),
    words: new Uint32Array(chunkItems * idWords),
    sum: new Uint32Array(idWords),
  }
}

export function compareAt({ places, words }: Chunk, item: number, key: Key): number {
  const difference = (places[item] ?? 0) - key.place
  if (difference !== 0) return difference
  const start = item * idWords
  for (let word = 0; word < idWords; word++) {
    const a = words[start + word] ?? 0
    const b = key.words[word] ?? 0
    if (a !== b) return a - b
  }
  return 0
}

/** How many items of the chunk stand before the key. */
export function placeIn(chunk: Chunk, key: Key): number {
  let low = 0
  let high = chunk.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareAt(chunk, middle, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

export function insertAt(chunk: Chunk, offset: number, key: Key): void {
  const { places, words, count } = chunk
  places.copyWithin(offset + 1, offset, count)
  words.copyWithin((offset + 1) * idWords, offset * idWords, count * idWords)
  places[offset] = key.place
  words.set(key.words, offset * idWords)
  addWords(chunk.sum, 0, key.words, 0)
  chunk.count++
}

export function removeAt(chunk: Chunk, offset: number): void {
  const { places, words, count } = chunk
  subtractWords(chunk.sum, words, offset * idWords)
  places.copyWithin(offset, offset + 1, count)
  words.copyWithin(offset * idWords, (offset + 1) * idWords, count * idWords)
  chunk.count--
}

export function splitOff(chunk: Chunk): Chunk {
  const half = chunk.count >>> 1
  const next = emptyChunk()
  next.places.set(chunk.places.subarray(half, chunk.count))
  next.words.set(chunk.words.subarray(half * idWords, chunk.count * idWords))
  next.count = chunk.count - half
  for (let item = 0; item < next.count; item++) addWords(next.sum, 0, next.words, item * idWords)
  subtractWords(chunk.sum, next.sum, 0)
  chunk.count = half
  return next
}

export function append(chunk: Chunk, next: Chunk): void {
  chunk.places.set(next.places.subarray(0, next.count), chunk.count)
  chunk.words.set(next.words.subarray(0, next.count * idWords), chunk.count * idWords)
  addWords(chunk.sum, 0, next.sum, 0)
  chunk.count += next.count
}

/** Byte by byte: a view of the buffer would first move a small array out of the heap, which costs more than all else here. */
export function writeId({ words }: Chunk, item: number, bytes: Uint8Array, at: number): void {
  for (let word = 0; word < idWords; word++)
    writeWord(words[item * idWords + word] ?? 0, bytes, at + word * 4)
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** The bytes of the words, in their place. */
export function bigEndian(words: Uint32Array<ArrayBuffer>): Uint8Array {
  // All at once: byte by byte, this was most of what a list of ids costs.
  if (isLittleEndian) Buffer.from(words.buffer).swap32()
  return new Uint8Array(words.buffer)
}

/** Big-endian. */
export function writeWord(word: number, bytes: Uint8Array, at: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

/** 256-bit addition, words from the most significant on. */
export function addWords(total: Uint32Array, at: number, words: Uint32Array, start: number): void {
  let carry = 0
  for (let word = idWords - 1; word >= 0; word--) {
    const sum = (total[at + word] ?? 0) + (words[start + word] ?? 0) + carry
    total[at + word] = sum
    carry = sum > 0xffff_ffff ? 1 : 0
  }
}

export function subtractWords(total: Uint32Array, words: Uint32Array, start: number): void {
  let borrow = 0
  for (let word = idWords - 1; word >= 0; word--) {
    const difference = (total[word] ?? 0) - (words[start + word] ?? 0) - borrow
    total[word] = difference
    borrow = difference < 0 ? 1 : 0
  }
}
