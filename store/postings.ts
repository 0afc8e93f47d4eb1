/**
 * Lists of 32-bit numbers that grow one by one, many of them short: chains of blocks in shared typed arrays.
 * A list starts with a block of two numbers, and each further block holds four times as many, to a limit.
 */

/** Words of a block, by class, header included. */
const BLOCK_WORDS = [4, 12, 48, 192, 768] as const
/** Word 0 of a block: address of the next one; 0 for none. Word 1: class × 2^16 + numbers in use. */
const HEADER_WORDS = 2
const CHUNK_BITS = 14
const CHUNK_WORDS = 1 << CHUNK_BITS
const CHUNK_MASK = CHUNK_WORDS - 1

export class Arena {
  readonly #chunks: Uint32Array[] = []
  /** First word of the last chunk that is not used; address 0 is never given out. */
  #next = CHUNK_WORDS
  readonly #free: number[][] = BLOCK_WORDS.map(() => [])
  /** List → address of its first and last block, and how many numbers it holds; 0 for an empty list. */
  #heads = new Uint32Array(64)
  #tails = new Uint32Array(64)
  #counts = new Uint32Array(64)

  count(list: number): number {
    return this.#counts[list] ?? 0
  }

  push(list: number, value: number): void {
    this.#reserve(list)
    const block = this.#roomyTail(list)
    const chunk = this.#chunk(block)
    const at = block & CHUNK_MASK
    const header = chunk[at + 1] ?? 0
    chunk[at + HEADER_WORDS + (header & 0xffff)] = value
    chunk[at + 1] = header + 1
    this.#counts[list] = (this.#counts[list] ?? 0) + 1
  }

  /** Visits the numbers of a list in their order, as stretches of an array: `chunk[from]` to before `chunk[to]`. */
  visit(list: number, stretch: (chunk: Uint32Array, from: number, to: number) => void): void {
    for (let block = this.#heads[list] ?? 0; block !== 0; ) {
      const chunk = this.#chunk(block)
      const at = block & CHUNK_MASK
      const from = at + HEADER_WORDS
      stretch(chunk, from, from + ((chunk[at + 1] ?? 0) & 0xffff))
      block = chunk[at] ?? 0
    }
  }

  /** Keeps what passes, in its order. */
  filter(list: number, keep: (value: number) => boolean): void {
    const kept: number[] = []
    this.visit(list, (chunk, from, to) => {
      for (let i = from; i < to; i++) {
        const value = chunk[i] ?? 0
        if (keep(value)) kept.push(value)
      }
    })
    if (kept.length === this.count(list)) return
    for (let block = this.#heads[list] ?? 0; block !== 0; ) {
      const chunk = this.#chunk(block)
      const at = block & CHUNK_MASK
      this.#free[(chunk[at + 1] ?? 0) >>> 16]?.push(block)
      block = chunk[at] ?? 0
    }
    this.#heads[list] = 0
    this.#tails[list] = 0
    this.#counts[list] = 0
    for (const value of kept) this.push(list, value)
  }

  /** The last block of a list, or a new one behind it, a class larger, when that is full. */
  #roomyTail(list: number): number {
    const tail = this.#tails[list] ?? 0
    const chunk = this.#chunk(tail)
    const at = tail & CHUNK_MASK
    const header = chunk[at + 1] ?? 0
    if (tail !== 0 && !isFull(header)) return tail
    const block = this.#allocate(tail === 0 ? 0 : Math.min((header >>> 16) + 1, BLOCK_WORDS.length - 1))
    if (tail === 0) this.#heads[list] = block
    else chunk[at] = block
    this.#tails[list] = block
    return block
  }

  /** An empty block of a class. */
  #allocate(kind: number): number {
    const words = BLOCK_WORDS[kind] ?? BLOCK_WORDS[0]
    let block = this.#free[kind]?.pop()
    if (block === undefined) {
      if ((this.#next & CHUNK_MASK) + words > CHUNK_WORDS || (this.#next & CHUNK_MASK) === 0) {
        this.#chunks.push(new Uint32Array(CHUNK_WORDS))
        this.#next = this.#chunks.length << CHUNK_BITS
      }
      block = this.#next
      this.#next += words
    }
    const chunk = this.#chunk(block)
    chunk[block & CHUNK_MASK] = 0
    chunk[(block & CHUNK_MASK) + 1] = kind << 16
    return block
  }

  #chunk(address: number): Uint32Array {
    return this.#chunks[(address >>> CHUNK_BITS) - 1] ?? empty
  }

  #reserve(list: number): void {
    while (list >= this.#heads.length) this.#double()
  }

  #double(): void {
    this.#heads = doubled(this.#heads)
    this.#tails = doubled(this.#tails)
    this.#counts = doubled(this.#counts)
  }
}

const empty = new Uint32Array(0)

function isFull(header: number): boolean {
  return (header & 0xffff) + HEADER_WORDS === (BLOCK_WORDS[header >>> 16] ?? 0)
}

function doubled(from: Uint32Array): Uint32Array<ArrayBuffer> {
  const into = new Uint32Array(from.length * 2)
  into.set(from)
  return into
}
