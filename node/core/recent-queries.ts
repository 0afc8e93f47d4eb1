/**
 * What was asked here of late, as vectors: a sample of the last ten thousand queries or so, in which older ones are ever
 * rarer (Aggarwal, "On biased reservoir sampling", 2006). In memory only: a query is written nowhere.
 */

import { hamming, sketchOf } from '../../protocol/sketch.ts'
import type { Random } from '../ports.ts'

const reservoirMax = 1_000
/** Once it is full, one query in so many takes the place of another. */
const replaceEvery = 10
/** Queries since the last refining against which an announced entry is held. */
const freshMax = 64
/** By so much, two standard deviations, an estimate out of sketches may be too high. */
const estimateMargin = 0.15

interface Fresh {
  readonly sketch: Uint8Array
  /** How near the nearest kept entry came to it. */
  readonly served: number
}

export class RecentQueries {
  readonly #random: Random
  readonly #reservoir: Float32Array[] = []
  #fresh: Fresh[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** `served`: cosine of the nearest entry that was here and could be handed out. */
  note(query: Float32Array, served: number): void {
    if (this.#reservoir.length < reservoirMax) this.#reservoir.push(query)
    else if (this.#random.below(replaceEvery) === 0) this.#reservoir[this.#random.below(reservoirMax)] = query
    this.#fresh.push({ sketch: sketchOf(query), served })
    if (this.#fresh.length > freshMax) this.#fresh.shift()
  }

  /** Those of the sample, in the order of their places. */
  vectors(): readonly Float32Array[] {
    return [...this.#reservoir]
  }

  /** What went was held against all queries so far: only later ones can make it worth more. */
  settle(): void {
    this.#fresh = []
  }

  /** Whether an entry with this sketch and this chance of helping would serve a query since then better than what is here. */
  lacks(sketch: Uint8Array, posterior: number): boolean {
    return this.#fresh.some(query => {
      const distance = hamming(query.sketch, sketch)
      const cosine = Math.cos((Math.PI * distance) / (8 * sketch.length))
      return posterior * (cosine - estimateMargin) > query.served
    })
  }
}
