/**
 * From waiting episodes to drafts: redacts, hands the distiller the new episodes together with those before them, and
 * stores what came out in one batch with the queue's marks. Where all episodes fit into one look, the drafts become
 * what that look found: a lesson that later runs contradict goes again.
 */

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  addSupportOps,
  draftsOfEpisode,
  getDraft,
  putDraftOps,
  removeSupportOps,
  type StoredSupport,
  supportOf,
} from '../../store/drafts.ts'
import {
  distilledOps,
  type EpisodeHead,
  episodeBody,
  episodeCursor,
  episodeHead,
  listEpisodes,
  pendingEpisodes,
  putRedactedOps,
  redactedBody,
} from '../../store/episodes.ts'
import type { StoreOp } from '../../store/ports.ts'
import { type RedactionRules, redact } from '../pipeline/redact.ts'
import type { EntryDraft, Episode, EpisodeId, Ports, RedactedEpisode } from '../ports.ts'
import type { KeyedTurns } from '../queue.ts'
import { countedAsks } from './counted-asks.ts'
import { encodeDraft } from './found-draft.ts'

export interface DistillingDeps {
  readonly ports: Ports
  readonly rules: RedactionRules
  /** Turns by the ids of episodes: what is written of one must not cross with its outcome that comes meanwhile. */
  readonly inTurn: KeyedTurns
  readonly signal: AbortSignal
}

/** What one step changed. */
export interface Distilled {
  readonly episodes: number
  /** Of these, how many do not wait any more. An outcome that came meanwhile lets its episode wait on. */
  readonly done: number
  /** Drafts that were found. */
  readonly found: ReadonlySet<string>
  /** Drafts whose words or support are others than before. */
  readonly changed: ReadonlySet<string>
  readonly created: number
}

/** Episodes that the distiller looks at together: a few seconds of work, and some 50 MB while it lasts. */
const windowEpisodes = 1_500
/** New ones among them, where there are more. */
const freshEpisodes = 500
/** A distiller that takes longer is given up. */
const distilMsMax = 120_000

export class Distilling {
  readonly #deps: DistillingDeps
  /** Names the rules by which episodes were redacted. */
  readonly #rules: string

  constructor(deps: DistillingDeps) {
    this.#deps = deps
    const { allowed, forms } = deps.rules
    this.#rules = createHash('sha256')
      .update(JSON.stringify([forms.map(String), [...allowed]]))
      .digest('hex')
  }

  /** The next waiting episodes; undefined when none waits. */
  async step(): Promise<Distilled | undefined> {
    const { store } = this.#deps.ports
    const waiting = await pendingEpisodes(store, freshEpisodes)
    if (waiting.length === 0) return undefined
    const fresh = waiting.map(id => episodeHead(store, id)).filter(head => head !== undefined)
    if (fresh.length === 0) return undefined
    const { heads, isWhole } = await this.#window(fresh)
    const redacted = await this.#redactAll(heads)
    const drafts = await this.#distil(redacted)
    if (drafts !== undefined) return this.#store(fresh, redacted, drafts, isWhole)
    const [alone] = redacted.length === 1 ? fresh : []
    if (alone === undefined) return this.#oneByOne(fresh)
    const done = await this.#leaveOut(alone)
    return { episodes: 1, done, found: new Set(), changed: new Set(), created: 0 }
  }

  /** Another look at the newest episodes, none of which is new: the distiller may find more in them now. */
  async again(): Promise<Distilled | undefined> {
    const { heads, isWhole } = await this.#window([])
    const redacted = await this.#redactAll(heads)
    if (redacted.length === 0) return undefined
    const drafts = await this.#distil(redacted)
    return drafts === undefined ? undefined : this.#store([], redacted, drafts, isWhole)
  }

  redact(episode: Episode): Promise<RedactedEpisode> {
    return redact(episode, this.#deps.rules, units => this.#deps.ports.cpu.spend('redact', units))
  }

  /** The new ones with all others, or with as many of those captured just before them as fit. */
  async #window(fresh: readonly EpisodeHead[]): Promise<{ heads: readonly EpisodeHead[]; isWhole: boolean }> {
    const { store } = this.#deps.ports
    const newest = await listEpisodes(store, windowEpisodes)
    const isFresh = new Set(fresh.map(head => head.id))
    const isWhole = newest.length < windowEpisodes
    const [first] = fresh
    const others =
      isWhole || first === undefined
        ? newest
        : await listEpisodes(store, windowEpisodes - fresh.length, episodeCursor(first))
    const beside = others.filter(head => !isFresh.has(head.id))
    return { heads: [...beside.toReversed(), ...fresh], isWhole }
  }

  async #redactAll(heads: readonly EpisodeHead[]): Promise<readonly RedactedEpisode[]> {
    const { cpu, store } = this.#deps.ports
    const all: RedactedEpisode[] = []
    const made: (readonly [EpisodeHead, RedactedEpisode])[] = []
    for (const head of heads) {
      const { id } = head
      const kept = redactedBody(store, id, this.#rules)
      // Nothing in it: the distiller could not take it, and would fail again.
      if (kept?.length === 0) continue
      if (kept !== undefined) {
        await cpu.spend('decode', 10)
        all.push(JSON.parse(new TextDecoder().decode(kept)) as RedactedEpisode)
        continue
      }
      const body = episodeBody(store, id)
      if (body === undefined) continue
      const episode = await this.redact(JSON.parse(new TextDecoder().decode(body)) as Episode)
      made.push([head, episode])
      all.push(episode)
    }
    await this.#inTurn(
      made.map(([head]) => head),
      async isCurrent => {
        const ops = made
          .filter(([head]) => isCurrent(head))
          .flatMap(([{ id }, episode]) =>
            putRedactedOps(id, this.#rules, new TextEncoder().encode(JSON.stringify(episode))),
          )
        await store.batch(ops)
      },
    )
    return all
  }

  /** `isCurrent` tells whether an episode still stands as it was read. */
  #inTurn<T>(
    heads: readonly EpisodeHead[],
    work: (isCurrent: (head: EpisodeHead) => boolean) => Promise<T>,
  ): Promise<T> {
    const { inTurn, ports } = this.#deps
    return inTurn(
      heads.map(head => head.id),
      () => work(head => isDeepStrictEqual(episodeHead(ports.store, head.id), head)),
    )
  }

  /** One episode that the distiller cannot take must not hold up the others, now or later. */
  async #oneByOne(fresh: readonly EpisodeHead[]): Promise<Distilled> {
    const found = new Set<string>()
    const changed = new Set<string>()
    let created = 0
    let done = 0
    for (const head of fresh) {
      const redacted = await this.#redactAll([head])
      const drafts = await this.#distil(redacted)
      if (drafts === undefined) {
        done += await this.#leaveOut(head)
        continue
      }
      const stored = await this.#store([head], redacted, drafts, false)
      for (const key of stored.found) found.add(key)
      for (const key of stored.changed) changed.add(key)
      created += stored.created
      done += stored.done
    }
    return { episodes: fresh.length, done, found, changed, created }
  }

  #leaveOut(head: EpisodeHead): Promise<number> {
    const { log, store } = this.#deps.ports
    return this.#inTurn([head], async isCurrent => {
      if (!isCurrent(head)) return 0
      log('error', 'An episode is left out: it cannot be distilled.', { episode: head.id })
      await store.batch([...putRedactedOps(head.id, this.#rules, new Uint8Array()), ...distilledOps(head)])
      return 1
    })
  }

  /** Undefined when the distiller failed, or did not end within its time. */
  async #distil(redacted: readonly RedactedEpisode[]): Promise<readonly EntryDraft[] | undefined> {
    const { clock, cpu, distiller, log } = this.#deps.ports
    await cpu.spend('distil', redacted.length)
    this.#deps.signal.throwIfAborted()
    try {
      return await clock.within(distilMsMax, this.#deps.signal, async signal => {
        // An abort that has happened already is told to no listener.
        signal.throwIfAborted()
        const late = Promise.withResolvers<never>()
        const giveUp = (): void => late.reject(signal.reason)
        signal.addEventListener('abort', giveUp, { once: true })
        try {
          return await Promise.race([distiller.distil(redacted, signal), late.promise])
        } finally {
          signal.removeEventListener('abort', giveUp)
        }
      })
    } catch (cause) {
      if (this.#deps.signal.aborted) throw cause
      log('error', 'The distiller failed.', { episodes: redacted.length, cause: String(cause) })
      return undefined
    }
  }

  async #store(
    fresh: readonly EpisodeHead[],
    looked: readonly RedactedEpisode[],
    drafts: readonly EntryDraft[],
    isWhole: boolean,
  ): Promise<Distilled> {
    const { store } = this.#deps.ports
    const capturedAt = new Map(looked.map(episode => [episode.id, episode.capturedAt]))
    const byKey = new Map(drafts.map(draft => [draft.key, draft]))
    const keys = new Set(byKey.keys())
    if (isWhole)
      for (const { id } of looked) for (const key of await draftsOfEpisode(store, id)) keys.add(key)
    const ops: StoreOp[] = []
    const changed = new Set<string>()
    let created = 0
    for (const key of keys) {
      const stored = getDraft(store, key)
      const draft = byKey.get(key)
      if (stored === undefined && draft !== undefined) created++
      const support = await this.#supportOps(key, draft, capturedAt, isWhole)
      const words = draft === undefined ? [] : this.#wordsOps(draft)
      if (support.length + words.length > 0) changed.add(key)
      ops.push(...words, ...support)
    }
    const done = await this.#inTurn(fresh, async isCurrent => {
      const current = fresh.filter(isCurrent)
      await store.batch([...ops, ...current.flatMap(distilledOps)])
      return current.length
    })
    return { episodes: fresh.length, done, found: new Set(byKey.keys()), changed, created }
  }

  #wordsOps(draft: EntryDraft): readonly StoreOp[] {
    const { store } = this.#deps.ports
    const stored = getDraft(store, draft.key)
    const body = encodeDraft(draft)
    if (stored !== undefined && Buffer.compare(stored.body, body) === 0) return []
    const { review } = stored ?? {}
    return putDraftOps({
      key: draft.key,
      body,
      entries: stored?.entries ?? [],
      ...(review === undefined ? {} : { review }),
    })
  }

  /** Support is added; and taken away where this look saw the episode and did not find the lesson in it any more. */
  async #supportOps(
    key: string,
    draft: EntryDraft | undefined,
    capturedAt: ReadonlyMap<EpisodeId, number>,
    isWhole: boolean,
  ): Promise<readonly StoreOp[]> {
    const before = new Map((await supportOf(this.#deps.ports.store, key)).map(one => [one.episode, one]))
    const now = new Map((draft?.support ?? []).map(one => [one.episode, one]))
    const asks = isWhole ? undefined : countedAsks(before.values(), now.values())
    const ops: StoreOp[] = []
    for (const { episode, ask: found, solved } of now.values()) {
      const ask = asks?.(found) ?? found
      const at = capturedAt.get(episode) ?? this.#deps.ports.clock.now()
      const support: StoredSupport = {
        episode,
        ask,
        capturedAt: at,
        ...(solved === undefined ? {} : { solved }),
      }
      const known = before.get(episode)
      if (known?.ask !== ask || known.solved !== solved) ops.push(...addSupportOps(key, support))
    }
    for (const known of before.values()) {
      const ask = asks?.(known.ask) ?? known.ask
      if (ask !== known.ask && !now.has(known.episode)) ops.push(...addSupportOps(key, { ...known, ask }))
    }
    if (!isWhole) return ops
    for (const episode of before.keys()) {
      if (capturedAt.has(episode) && !now.has(episode)) ops.push(...removeSupportOps(key, episode))
    }
    return ops
  }
}
