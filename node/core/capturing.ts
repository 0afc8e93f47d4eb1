/**
 * Episodes come in: captured, given an outcome later, forgotten. What concerns one episode, or one idempotency key, is
 * done one after the other (`inTurn`, which distilling shares): two writers that each read what stood before the
 * other's write would leave rows that nobody takes away.
 */

import type { Result } from '../../protocol/types.ts'
import {
  countEpisodes,
  episodeBody,
  episodeHead,
  episodeOfKey,
  episodesBefore,
  forgetEpisodeOps,
  isPending,
  putEpisodeOps,
  waitingOps,
} from '../../store/episodes.ts'
import type { Captured } from '../api.ts'
import { captureValue } from '../pipeline/capture.ts'
import type { Episode, EpisodeId, Outcome, Ports } from '../ports.ts'
import type { KeyedTurns } from '../queue.ts'

export interface CapturingDeps {
  readonly ports: Ports
  /** Turns by the ids of episodes. */
  readonly inTurn: KeyedTurns
  readonly onStored: (id: EpisodeId) => void
}

/** Episodes that are forgotten in one batch. */
const forgetBatch = 100

export class Capturing {
  readonly #deps: CapturingDeps
  #stored = 0
  #waiting = 0

  constructor(deps: CapturingDeps) {
    this.#deps = deps
  }

  async load(): Promise<void> {
    const { stored, waiting, strays } = await countEpisodes(this.#deps.ports.store)
    this.#stored = stored
    this.#waiting = waiting
    await this.#deps.ports.store.batch(strays)
  }

  get counts(): { readonly stored: number; readonly waiting: number } {
    return { stored: this.#stored, waiting: this.#waiting }
  }

  /** So many do not wait any more. */
  distilled(count: number): void {
    this.#waiting -= count
  }

  episode(id: EpisodeId): Episode | undefined {
    const body = episodeBody(this.#deps.ports.store, id)
    return body === undefined ? undefined : (JSON.parse(new TextDecoder().decode(body)) as Episode)
  }

  async capture(transcript: unknown, idempotencyKey?: string): Promise<Result<Captured>> {
    const { clock, inTurn, store } = { ...this.#deps, ...this.#deps.ports }
    const captured = captureValue(transcript, { capturedAt: clock.now(), source: 'api' })
    const keys = [
      ...(captured.ok ? [captured.value.id] : []),
      // An id has no space in it: a key is never taken for one.
      ...(idempotencyKey === undefined ? [] : [`key ${idempotencyKey}`]),
    ]
    return inTurn(keys, async () => {
      const before = idempotencyKey === undefined ? undefined : episodeOfKey(store, idempotencyKey)
      if (before !== undefined) return { ok: true, value: { episode: before, known: true } }
      if (!captured.ok) return captured
      const { id } = captured.value
      const known = episodeHead(store, id) !== undefined
      if (!known) await this.#put(captured.value, idempotencyKey)
      return { ok: true, value: { episode: id, known } }
    })
  }

  /** An outcome that came later: the episode waits to be distilled again. */
  outcome(id: EpisodeId, outcome: Outcome): Promise<Result<Captured>> {
    return this.#deps.inTurn([id], async () => {
      const episode = this.episode(id)
      if (episode === undefined) return noEpisode(id)
      const { contradictory: _settled, ...told } = episode
      await this.#put({ ...told, outcome }, undefined)
      return { ok: true, value: { episode: id, known: true } }
    })
  }

  forget(id: EpisodeId): Promise<void> {
    return this.#deps.inTurn([id], () => this.#forget([id]))
  }

  /** Those of these that still stand wait for the distiller once more. Whether there is any. */
  async distilAgain(ids: Iterable<EpisodeId>): Promise<boolean> {
    const { inTurn, ports } = this.#deps
    let waits = false
    for (const id of ids) {
      await inTurn([id], async () => {
        const head = episodeHead(ports.store, id)
        if (head === undefined) return
        waits = true
        if (isPending(ports.store, head)) return
        await ports.store.batch(waitingOps(head))
        this.#waiting++
      })
    }
    return waits
  }

  /** Episodes that were captured before `time` (milliseconds). */
  async forgetBefore(time: number): Promise<void> {
    const { inTurn, ports } = this.#deps
    for (let before = -1; before !== this.#stored; ) {
      before = this.#stored
      const old = await episodesBefore(ports.store, time, forgetBatch)
      await inTurn(old, () => this.#forget(old))
    }
  }

  async #put(episode: Episode, idempotencyKey: string | undefined): Promise<void> {
    const { onStored, ports } = this.#deps
    const { id, ask, source, model, capturedAt, interactions, outcome, recalled } = episode
    const head = {
      id,
      ask,
      source,
      ...(model === undefined ? {} : { model }),
      capturedAt,
      interactions: interactions.length,
      ...(outcome === undefined ? {} : { outcome }),
      ...(recalled === undefined ? {} : { recalled }),
    }
    const before = episodeHead(ports.store, id)
    const waited = before !== undefined && isPending(ports.store, before)
    const body = new TextEncoder().encode(JSON.stringify(episode))
    await ports.store.batch(putEpisodeOps(ports.store, head, body, idempotencyKey))
    if (before === undefined) this.#stored++
    if (!waited) this.#waiting++
    onStored(id)
  }

  async #forget(ids: readonly EpisodeId[]): Promise<void> {
    const { store } = this.#deps.ports
    const heads = ids.map(id => episodeHead(store, id)).filter(head => head !== undefined)
    const waited = heads.filter(head => isPending(store, head)).length
    await store.batch(heads.flatMap(head => forgetEpisodeOps(store, head.id)))
    this.#stored -= heads.length
    this.#waiting -= waited
  }
}

export function noEpisode(id: EpisodeId): Result<never> {
  return {
    ok: false,
    code: 'unknown-episode',
    message: `There is no episode ${id} on this node. 'swarmlore episodes ls' lists them.`,
  }
}
