/**
 * The way of this node's own experience: capture → redact → distil → publish. Each step is one atomic batch, and
 * picks up after a crash where the last batch left it: episodes wait in the queue until their drafts are stored,
 * and drafts without an entry are published at the next start.
 */

import { secondsPerDay } from '../../protocol/body.ts'
import { encodeEntry } from '../../protocol/entry.ts'
import type { EntryCid, Result } from '../../protocol/types.ts'
import {
  addSupportOps,
  draftsOfEpisode,
  dropDraftOps,
  getDraft,
  putDraftOps,
  removeSupportOps,
  supportOf,
} from '../../store/drafts.ts'
import {
  countEpisodes,
  distilledOps,
  episodeBody,
  episodeHead,
  episodeOfKey,
  episodesBefore,
  episodesOfAsk,
  forgetEpisodeOps,
  pendingEpisodes,
  putEpisodeOps,
} from '../../store/episodes.ts'
import type { StoreOp } from '../../store/ports.ts'
import type { Captured, DistilReport, DraftView, NewEntry, NodeEvent } from '../api.ts'
import { captureValue } from '../pipeline/capture.ts'
import { entryOf, whyHeldBack } from '../pipeline/publish.ts'
import { type RedactionRules, redact } from '../pipeline/redact.ts'
import type { EntryDraft, Episode, EpisodeId, Outcome, Ports, RedactedEpisode } from '../ports.ts'
import type { KeptSet } from './kept-set.ts'
import { encodeDraft, type Publishing } from './publishing.ts'

export interface LearningDeps {
  readonly ports: Ports
  readonly rules: RedactionRules
  readonly retentionDays: number
  readonly kept: KeptSet
  readonly publishing: Publishing
  readonly emit: (event: NodeEvent) => void
}

/** Episodes distilled together: enough to see a lesson twice, few enough that the loop gets its turn after some 100 ms. */
const batchEpisodes = 64
/** Earlier runs of the same ask that are looked at again beside a new one. */
const earlierRunsMax = 8
/** A distiller that takes longer over one batch is given up. */
const distilMsMax = 120_000
/** Quiet time after the last capture before distilling starts by itself: the model's own traffic goes first. */
const idleMs = 1_000

export class Learning {
  readonly #deps: LearningDeps
  readonly #stopping = new AbortController()
  #counts = { stored: 0, waiting: 0 }
  /** One step that changes drafts at a time. */
  #last: Promise<unknown> = Promise.resolve()
  #lastCaptureAt = 0
  #background: Promise<void> | undefined
  /** Drafts that have changed since they were published; kept over a failure, so that the next run takes them up. */
  readonly #unpublished = new Set<string>()
  #hasResumed = false

  constructor(deps: LearningDeps) {
    this.#deps = deps
  }

  async load(): Promise<void> {
    this.#counts = await countEpisodes(this.#deps.ports.store)
  }

  get counts(): { readonly stored: number; readonly waiting: number } {
    return this.#counts
  }

  /** Distils what waited over a restart, and gives entries to drafts that have none yet. */
  start(): void {
    this.#lastCaptureAt = this.#deps.ports.clock.now()
    this.#distilWhenIdle(async () => {
      await this.publishAll()
    })
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#background
    await this.#last
  }

  async capture(transcript: unknown, idempotencyKey?: string): Promise<Result<Captured>> {
    const { clock, store } = this.#deps.ports
    const before = idempotencyKey === undefined ? undefined : episodeOfKey(store, idempotencyKey)
    if (before !== undefined) return { ok: true, value: { episode: before, known: true } }
    const captured = captureValue(transcript, { capturedAt: clock.now(), source: 'api' })
    if (!captured.ok) return captured
    return this.#keep(captured.value, idempotencyKey)
  }

  /** An outcome that came later: the episode is distilled again with it. */
  async outcome(id: EpisodeId, outcome: Outcome): Promise<Result<Captured>> {
    const episode = this.episode(id)
    if (episode === undefined) return noEpisode(id)
    await this.#store({ ...episode, outcome }, undefined)
    return { ok: true, value: { episode: id, known: true } }
  }

  episode(id: EpisodeId): Episode | undefined {
    const body = episodeBody(this.#deps.ports.store, id)
    return body === undefined ? undefined : (JSON.parse(new TextDecoder().decode(body)) as Episode)
  }

  distil(): Promise<DistilReport> {
    return this.#inTurn(() => this.#distilAll())
  }

  /** Encodes, signs and announces whatever the sharing rules allow now and did not before. */
  publishAll(): Promise<number> {
    return this.#inTurn(() => this.#publishAll())
  }

  add(written: NewEntry): Promise<Result<readonly EntryCid[]>> {
    return this.#inTurn(() => this.#deps.publishing.add(written))
  }

  review(cid: EntryCid, verdict: 'approve' | 'reject'): Promise<Result<readonly EntryCid[]>> {
    return this.#inTurn(() => this.#deps.publishing.review(cid, verdict))
  }

  retract(cid: EntryCid): Promise<Result<{ readonly swarms: number }>> {
    return this.#inTurn(() => this.#deps.publishing.retract(cid))
  }

  async preview(
    transcripts: readonly unknown[],
  ): Promise<{ drafts: readonly DraftView[]; failures: readonly string[] }> {
    const { publishing } = this.#deps
    const { clock, distiller } = this.#deps.ports
    const redacted: RedactedEpisode[] = []
    const failures: string[] = []
    for (const [index, transcript] of transcripts.entries()) {
      const captured = captureValue(transcript, { capturedAt: clock.now(), source: 'preview' })
      if (captured.ok) redacted.push(await this.#redact(captured.value))
      else failures.push(`Transcript ${index + 1}: ${captured.message}`)
    }
    const drafts = await distiller.distil(redacted, this.#stopping.signal)
    const home = publishing.home()
    const today = Math.floor(clock.now() / 1000 / secondsPerDay)
    const views: DraftView[] = []
    for (const draft of drafts) {
      const created = Math.floor(clock.now() / 1000)
      const entry = entryOf(draft, { author: home.self, created, firstSeen: today, lastSeen: today })
      const encoded = encodeEntry(entry)
      if (!encoded.ok) {
        failures.push(`A lesson of the pattern ${draft.pattern} was left out: ${encoded.message}`)
        continue
      }
      const heldBack = whyHeldBack(draft, publishing.shareMode(home), undefined)
      views.push({
        pattern: draft.pattern,
        entry,
        cid: encoded.value.cid,
        bytes: encoded.value.bytes,
        episodes: draft.support.map(one => one.episode),
        ...(heldBack === undefined ? {} : { heldBack }),
      })
    }
    return { drafts: views, failures }
  }

  async episodesOf(cid: EntryCid): Promise<readonly EpisodeId[]> {
    const key = this.#deps.kept.get(cid)?.draftKey
    if (key === undefined) return []
    return (await supportOf(this.#deps.ports.store, key)).map(one => one.episode)
  }

  async entriesOf(episode: EpisodeId): Promise<readonly EntryCid[]> {
    const keys = await draftsOfEpisode(this.#deps.ports.store, episode)
    return keys.flatMap(key => this.#deps.kept.ofDraft(key))
  }

  /** Forgets an episode, and what rested on it alone. */
  forget(id: EpisodeId): Promise<Result<{ readonly dropped: number; readonly retracted: number }>> {
    return this.#inTurn(async () => {
      const { publishing } = this.#deps
      const { store } = this.#deps.ports
      const head = episodeHead(store, id)
      if (head === undefined) return noEpisode(id)
      let dropped = 0
      let retracted = 0
      for (const key of await draftsOfEpisode(store, id)) {
        const left = (await supportOf(store, key)).filter(one => one.episode !== id)
        if (left.length > 0) {
          await store.batch(removeSupportOps(key, id))
          await publishing.publish(key)
          continue
        }
        dropped++
        retracted += await publishing.dropEntries(key)
        await store.batch([...removeSupportOps(key, id), ...dropDraftOps(key)])
      }
      const waited = await this.#isWaiting(id)
      await store.batch(forgetEpisodeOps(store, id))
      this.#counts = { stored: this.#counts.stored - 1, waiting: this.#counts.waiting - (waited ? 1 : 0) }
      return { ok: true, value: { dropped, retracted } }
    })
  }

  /** Episodes past their retention go; what was distilled from them stays. */
  async forgetOld(): Promise<void> {
    const { store, clock } = this.#deps.ports
    const before = clock.now() - this.#deps.retentionDays * secondsPerDay * 1000
    for (;;) {
      const old = await episodesBefore(store, before, 100)
      if (old.length === 0) return
      await store.batch(old.flatMap(id => forgetEpisodeOps(store, id)))
      this.#counts = await countEpisodes(store)
    }
  }

  async #keep(episode: Episode, idempotencyKey: string | undefined): Promise<Result<Captured>> {
    const known = episodeHead(this.#deps.ports.store, episode.id) !== undefined
    if (!known) await this.#store(episode, idempotencyKey)
    return { ok: true, value: { episode: episode.id, known } }
  }

  async #store(episode: Episode, idempotencyKey: string | undefined): Promise<void> {
    const { store, clock } = this.#deps.ports
    const { id, ask, source, model, capturedAt, interactions, outcome } = episode
    const head = {
      id,
      ask,
      source,
      ...(model === undefined ? {} : { model }),
      capturedAt,
      interactions: interactions.length,
      ...(outcome === undefined ? {} : { outcome }),
    }
    const body = new TextEncoder().encode(JSON.stringify(episode))
    const known = episodeHead(store, id) !== undefined
    await store.batch(putEpisodeOps(store, head, body, idempotencyKey))
    this.#counts = { stored: this.#counts.stored + (known ? 0 : 1), waiting: this.#counts.waiting + 1 }
    this.#deps.emit({ type: 'episode', episode: id })
    this.#lastCaptureAt = clock.now()
    this.#distilWhenIdle()
  }

  /** In the background, when nothing was captured for a while. */
  #distilWhenIdle(first?: () => Promise<unknown>): void {
    if (this.#background !== undefined || this.#stopping.signal.aborted) return
    const { clock, log } = this.#deps.ports
    const { signal } = this.#stopping
    const run = async (): Promise<void> => {
      await first?.()
      do {
        for (let quietMs = 0; quietMs < idleMs; quietMs = clock.now() - this.#lastCaptureAt) {
          await clock.sleep(idleMs - quietMs, signal)
        }
        await this.distil()
      } while (this.#counts.waiting > 0)
      await this.forgetOld()
    }
    this.#background = run()
      .then(() => {
        this.#background = undefined
        // What was captured while the last step ended would otherwise wait for the next capture.
        if (this.#counts.waiting > 0) this.#distilWhenIdle()
      })
      .catch((cause: unknown) => {
        this.#background = undefined
        if (!signal.aborted)
          log('error', 'Distilling failed; it is tried again with the next episode.', {
            cause: String(cause),
          })
      })
  }

  async #publishAll(): Promise<number> {
    const published = await this.#deps.publishing.publishAll()
    this.#hasResumed = true
    return published
  }

  async #distilAll(): Promise<DistilReport> {
    const { publishing } = this.#deps
    const { store, log } = this.#deps.ports
    const touched = new Set<string>()
    let episodes = 0
    let newDrafts = 0
    for (;;) {
      const waiting = await pendingEpisodes(store, batchEpisodes)
      if (waiting.length === 0) break
      const step = await this.#distilBatch(waiting)
      episodes += waiting.length
      newDrafts += step.created
      for (const key of step.keys) {
        touched.add(key)
        this.#unpublished.add(key)
      }
    }
    // Drafts that an earlier process could not publish any more.
    let published = this.#hasResumed ? 0 : await this.#publishAll()
    for (const key of [...this.#unpublished]) {
      published += await publishing.publish(key)
      this.#unpublished.delete(key)
    }
    if (episodes > 0) log('info', 'Distilled.', { episodes, drafts: touched.size, published })
    this.#counts = await countEpisodes(store)
    return {
      episodes,
      drafts: touched.size,
      newDrafts,
      published,
      local: await publishing.heldBackByReason(),
    }
  }

  async #distilBatch(ids: readonly EpisodeId[]): Promise<{ keys: readonly string[]; created: number }> {
    const { store, cpu, log } = this.#deps.ports
    const fresh = ids.map(id => this.episode(id)).filter(episode => episode !== undefined)
    const beside = await this.#earlierRuns(fresh)
    const redacted: RedactedEpisode[] = []
    for (const episode of [...beside, ...fresh]) redacted.push(await this.#redact(episode))
    await cpu.spend('distil', redacted.length)
    const drafts = await this.#draftsOf(redacted)
    if (drafts === undefined && ids.length > 1) return this.#distilOneByOne(ids)
    if (drafts === undefined)
      log('error', 'An episode is left out: it cannot be distilled.', { episodes: ids })
    const captured = new Map([...beside, ...fresh].map(episode => [episode.id, episode.capturedAt]))
    const ops: StoreOp[] = []
    let created = 0
    for (const draft of drafts ?? []) {
      const stored = getDraft(store, draft.key)
      if (stored === undefined) created++
      const { review } = stored ?? {}
      ops.push(
        ...putDraftOps({
          key: draft.key,
          body: encodeDraft(draft),
          entries: stored?.entries ?? [],
          ...(review === undefined ? {} : { review }),
        }),
      )
      for (const { episode, ask, solved } of draft.support) {
        const capturedAt = captured.get(episode) ?? this.#deps.ports.clock.now()
        ops.push(
          ...addSupportOps(draft.key, {
            episode,
            ask,
            capturedAt,
            ...(solved === undefined ? {} : { solved }),
          }),
        )
      }
    }
    for (const id of ids) {
      const head = episodeHead(store, id)
      if (head !== undefined) ops.push(...distilledOps(head))
    }
    await store.batch(ops)
    return { keys: (drafts ?? []).map(draft => draft.key), created }
  }

  /** One episode that the distiller cannot take must not hold up those around it. */
  async #distilOneByOne(ids: readonly EpisodeId[]): Promise<{ keys: readonly string[]; created: number }> {
    const keys: string[] = []
    let created = 0
    for (const id of ids) {
      const step = await this.#distilBatch([id])
      keys.push(...step.keys)
      created += step.created
    }
    return { keys, created }
  }

  /** Undefined when the distiller failed, or did not end within its time. */
  async #draftsOf(redacted: readonly RedactedEpisode[]): Promise<readonly EntryDraft[] | undefined> {
    const { clock, distiller, log } = this.#deps.ports
    using deadline = clock.deadline(distilMsMax, this.#stopping.signal)
    const { signal } = deadline
    const late = Promise.withResolvers<never>()
    const giveUp = (): void => late.reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await Promise.race([distiller.distil(redacted, signal), late.promise])
    } catch (cause) {
      if (this.#stopping.signal.aborted) throw cause
      log('error', 'The distiller failed.', { episodes: redacted.length, cause: String(cause) })
      return undefined
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  async #earlierRuns(fresh: readonly Episode[]): Promise<readonly Episode[]> {
    const ids = new Set(fresh.map(episode => episode.id))
    const earlier = new Map<EpisodeId, Episode>()
    for (const ask of new Set(fresh.map(episode => episode.ask))) {
      for (const head of await episodesOfAsk(this.#deps.ports.store, ask, earlierRunsMax)) {
        const episode = ids.has(head.id) ? undefined : this.episode(head.id)
        if (episode !== undefined) earlier.set(head.id, episode)
      }
    }
    return [...earlier.values()]
  }

  async #redact(episode: Episode): Promise<RedactedEpisode> {
    await this.#deps.ports.cpu.spend('redact', 1)
    return redact(episode, this.#deps.rules)
  }

  async #isWaiting(id: EpisodeId): Promise<boolean> {
    return (await pendingEpisodes(this.#deps.ports.store, Number.MAX_SAFE_INTEGER)).includes(id)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    // The next turn waits for this one and does not share its failure, which reaches the caller through `turn`.
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

function noEpisode(id: EpisodeId): Result<never> {
  return {
    ok: false,
    code: 'unknown-episode',
    message: `There is no episode ${id} on this node. 'swarmlore episodes ls' lists them.`,
  }
}
