/**
 * The way of this node's own experience: capture → redact → distil → publish. Each step is one atomic batch, and
 * picks up after a crash where the last batch left it: episodes wait in the queue until their drafts are stored,
 * and drafts without an entry are published at the next start.
 */

import { secondsPerDay } from '../../protocol/body.ts'
import { encodeEntry } from '../../protocol/entry.ts'
import type { EntryCid, Result, Seconds } from '../../protocol/types.ts'
import { allDrafts, draftsOfEpisode, dropDraftOps, removeSupportOps, supportOf } from '../../store/drafts.ts'
import { episodeHead, episodesBefore } from '../../store/episodes.ts'
import type {
  Captured,
  DistilPreview,
  DistilReport,
  DraftView,
  Forgotten,
  NewEntry,
  NodeEvent,
  RetractedBefore,
} from '../api.ts'
import { captureValue } from '../pipeline/capture.ts'
import { entryOf, heldBackBy } from '../pipeline/publish.ts'
import type { RedactionRules } from '../pipeline/redact.ts'
import type { EntryDraft, Episode, EpisodeId, Outcome, Ports, RedactedEpisode } from '../ports.ts'
import { createKeyedTurns, createTurns } from '../queue.ts'
import { Capturing, noEpisode } from './capturing.ts'
import { type Distilled, Distilling } from './distilling.ts'
import type { KeptSet } from './kept-set.ts'
import type { Publishing } from './publishing.ts'
import type { TakingBack } from './taking-back.ts'

export interface LearningDeps {
  readonly ports: Ports
  readonly rules: RedactionRules
  readonly retentionDays: number
  readonly kept: KeptSet
  readonly publishing: Publishing
  readonly takingBack: TakingBack
  readonly emit: (event: NodeEvent) => void
}

/** Quiet time after the last capture before distilling starts by itself: the model's own traffic goes first. */
const idleMs = 1_000
/** A model that never pauses is not waited for longer than this. */
const busyMs = 60_000
/**
 * Lessons that are embedded for each run: one run can bring many, and the embedder is what the model's next recall waits
 * for. Those beyond wait for the next run, or for a quiet moment.
 */
const lessonsPerRun = 3
/** Distilling in the background takes at most this share of the time, and never waits longer than ten minutes. */
const backgroundShare = 0.05
const backgroundWaitMsMax = 600_000
/** What is due is looked for at most once a minute, and the clock may be set meanwhile. */
const dueWaitMsMin = 60_000
const dueWaitMsMax = 3_600_000

/** Episodes that are forgotten in one step. */
const forgetBatch = 100

export class Learning {
  readonly #deps: LearningDeps
  readonly #capturing: Capturing
  readonly #distilling: Distilling
  readonly #stopping = new AbortController()
  /** One step that changes drafts at a time. */
  readonly #inTurn = createTurns()
  #lastCaptureAt = 0
  #notBefore = 0
  /** When the first of the episodes that wait was captured. */
  #waitingSince = 0
  #background: Promise<void> | undefined
  /** Waits until the distiller may find more in what it has seen. */
  #later: Promise<void> | undefined
  /** Drafts that have changed since they were published; kept over a failure, so that the next run takes them up. */
  readonly #unpublished = new Set<string>()
  #hasResumed = false

  constructor(deps: LearningDeps) {
    this.#deps = deps
    const { ports, rules } = deps
    const inTurn = createKeyedTurns()
    this.#capturing = new Capturing({ ports, inTurn, onStored: id => this.#onStored(id) })
    this.#distilling = new Distilling({ ports, rules, inTurn, signal: this.#stopping.signal })
  }

  load(): Promise<void> {
    return this.#capturing.load()
  }

  get counts(): { readonly stored: number; readonly waiting: number } {
    return this.#capturing.counts
  }

  /** Distils what waited over a restart, and gives entries to drafts that have none yet. */
  start(): void {
    this.#lastCaptureAt = this.#deps.ports.clock.now()
    this.#waitingSince = this.#lastCaptureAt
    this.#distilWhenIdle(async () => {
      await this.publishAll()
    })
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#background
    await this.#later
    await this.#inTurn(async () => undefined)
  }

  capture(transcript: unknown, idempotencyKey?: string): Promise<Result<Captured>> {
    return this.#capturing.capture(transcript, idempotencyKey)
  }

  outcome(id: EpisodeId, outcome: Outcome): Promise<Result<Captured>> {
    return this.#capturing.outcome(id, outcome)
  }

  episode(id: EpisodeId): Episode | undefined {
    return this.#capturing.episode(id)
  }

  async distil(): Promise<DistilReport> {
    const report = await this.#inTurn(() => this.#distilAll())
    if (report.heldOver > 0) this.#distilWhenIdle()
    this.#distilWhenDue()
    return report
  }

  /** Encodes, signs and announces whatever the sharing rules allow now and did not before. */
  publishAll(): Promise<number> {
    return this.#inTurn(() => this.#publishAll())
  }

  /** Announces again what still stands and would leave the swarms soon. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#deps.publishing.refresh())
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

  async preview(transcripts: readonly unknown[]): Promise<DistilPreview> {
    const { clock, distiller } = this.#deps.ports
    const redacted: RedactedEpisode[] = []
    const episodes: DistilPreview['episodes'][number][] = []
    const failures: DistilPreview['failures'][number][] = []
    for (const [transcript, value] of transcripts.entries()) {
      const captured = captureValue(value, { capturedAt: clock.now(), source: 'preview' })
      if (!captured.ok) {
        failures.push({ transcript, code: captured.code, message: captured.message })
        continue
      }
      const { id, outcome, contradictory } = captured.value
      episodes.push({
        transcript,
        episode: id,
        ...(outcome === undefined ? {} : { solved: outcome.solved }),
        ...(contradictory === undefined ? {} : { contradictory }),
      })
      redacted.push(await this.#distilling.redact(captured.value))
    }
    const drafts = await (distiller.local ?? distiller).distil(redacted, this.#stopping.signal)
    const views: DraftView[] = []
    for (const draft of drafts) {
      const view = this.#viewOf(draft)
      if (view.ok) views.push(view.value)
      else {
        const message = `A lesson of the pattern ${draft.pattern} was left out: ${view.message}`
        failures.push({ code: view.code, message })
      }
    }
    return { drafts: views, episodes, failures }
  }

  /** The draft as it would be shared now. */
  #viewOf(draft: EntryDraft): Result<DraftView> {
    const { publishing } = this.#deps
    const { clock } = this.#deps.ports
    const home = publishing.home()
    const created = Math.floor(clock.now() / 1000)
    const today = Math.floor(created / secondsPerDay)
    const entry = entryOf(draft, { author: home.self, created, firstSeen: today, lastSeen: today })
    const encoded = encodeEntry(entry)
    if (!encoded.ok) return encoded
    const heldBack = heldBackBy(draft, publishing.shareMode(home), undefined)
    return {
      ok: true,
      value: {
        key: draft.key,
        pattern: draft.pattern,
        entry,
        cid: encoded.value.cid,
        bytes: encoded.value.bytes,
        runs: draft.support.map(({ episode, ask, solved }) => ({
          episode,
          ask,
          ...(solved === undefined ? {} : { solved }),
        })),
        ...(heldBack === undefined ? {} : { heldBack }),
      },
    }
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

  retractBefore(before: Seconds): Promise<Result<RetractedBefore>> {
    return this.#inTurn(() => this.#deps.takingBack.retractBefore(before))
  }

  /** Forgets an episode, and what rested on it alone; what rests on others too is distilled anew from these. */
  forget(id: EpisodeId): Promise<Result<Forgotten>> {
    return this.#inTurn(async () =>
      episodeHead(this.#deps.ports.store, id) === undefined
        ? noEpisode(id)
        : { ok: true, value: await this.#forget([id]) },
    )
  }

  /** Forgets all episodes that were captured before this time (milliseconds). */
  forgetBefore(time: number): Promise<Result<Forgotten & { readonly episodes: number }>> {
    const { store } = this.#deps.ports
    return this.#inTurn(async () => {
      const value = { episodes: 0, dropped: 0, retracted: 0 }
      for (let before = -1; before !== this.counts.stored; ) {
        before = this.counts.stored
        const { dropped, retracted } = await this.#forget(await episodesBefore(store, time, forgetBatch))
        value.episodes += before - this.counts.stored
        value.dropped += dropped
        value.retracted += retracted
      }
      return { ok: true, value }
    })
  }

  /** Episodes past their retention go; what was distilled from them stays. */
  forgetOld(): Promise<void> {
    const retentionMs = this.#deps.retentionDays * secondsPerDay * 1000
    return this.#capturing.forgetBefore(this.#deps.ports.clock.now() - retentionMs)
  }

  async #forget(ids: readonly EpisodeId[]): Promise<Forgotten> {
    const { ports, publishing, takingBack } = this.#deps
    const { store } = ports
    const gone = new Set(ids)
    const keys = new Set<string>()
    for (const id of ids) for (const key of await draftsOfEpisode(store, id)) keys.add(key)
    const others = new Set<EpisodeId>()
    let dropped = 0
    let retracted = 0
    for (const key of keys) {
      const support = await supportOf(store, key)
      const removing = support.filter(one => gone.has(one.episode))
      const ops = removing.flatMap(one => removeSupportOps(key, one.episode))
      if (removing.length === support.length) {
        dropped++
        retracted += await takingBack.drop(key)
        await store.batch([...ops, ...dropDraftOps(key)])
        continue
      }
      await store.batch(ops)
      await publishing.publish(key)
      for (const { episode } of support) if (!gone.has(episode)) others.add(episode)
    }
    for (const id of ids) await this.#capturing.forget(id)
    // Its words may have come from what is forgotten.
    if (await this.#capturing.distilAgain(others)) this.#distilWhenIdle()
    return { dropped, retracted }
  }

  #onStored(id: EpisodeId): void {
    this.#deps.emit({ type: 'episode', episode: id })
    this.#lastCaptureAt = this.#deps.ports.clock.now()
    if (this.counts.waiting === 1) this.#waitingSince = this.#lastCaptureAt
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
        for (let waitMs = idleMs; waitMs > 0; waitMs = this.#dueAt() - clock.now())
          await clock.sleep(waitMs, signal)
        const startedAt = clock.now()
        await this.#inTurn(() => this.#distilAll())
        const tookMs = clock.now() - startedAt
        this.#notBefore = clock.now() + Math.min(tookMs / backgroundShare, backgroundWaitMsMax)
      } while (this.#hasWork())
      await this.forgetOld()
    }
    this.#background = run()
      .then(() => {
        this.#background = undefined
        // What was captured while the last step ended would otherwise wait for the next capture.
        if (this.#hasWork()) this.#distilWhenIdle()
        else this.#distilWhenDue()
      })
      .catch((cause: unknown) => {
        this.#background = undefined
        if (!signal.aborted)
          log('error', 'Distilling failed; it is tried again with the next episode.', {
            cause: String(cause),
          })
      })
  }

  /** What a budget or a busy endpoint has put off is not left to wait for the next capture. */
  #distilWhenDue(): void {
    const { clock, distiller } = this.#deps.ports
    const { signal } = this.#stopping
    const dueAt = distiller.dueAt?.()
    if (dueAt === undefined || this.#later !== undefined || signal.aborted) return
    const waitMs = Math.min(Math.max(dueAt - clock.now(), dueWaitMsMin), dueWaitMsMax)
    this.#later = clock.sleep(waitMs, signal).then(
      () => {
        this.#later = undefined
        this.#distilWhenIdle()
      },
      (cause: unknown) => {
        if (!signal.aborted) throw cause
      },
    )
  }

  #hasWork(): boolean {
    return this.counts.waiting > 0 || this.#unpublished.size > 0
  }

  #isDue(): boolean {
    const { clock, distiller } = this.#deps.ports
    const dueAt = distiller.dueAt?.()
    return dueAt !== undefined && dueAt <= clock.now()
  }

  /** When the background may distil: nothing was captured for a while, and the last time is long enough ago. */
  #dueAt(): number {
    const quietAt = Math.min(this.#lastCaptureAt + idleMs, this.#waitingSince + busyMs)
    return Math.max(quietAt, this.#notBefore)
  }

  async #publishAll(): Promise<number> {
    const published = await this.#deps.publishing.publishAll()
    this.#hasResumed = true
    return published
  }

  async #distilAll(): Promise<DistilReport> {
    const { ports, publishing } = this.#deps
    const found = new Set<string>()
    let episodes = 0
    let newDrafts = 0
    const wasDue = this.#isDue()
    const next = async (isFirst: boolean): Promise<Distilled | undefined> =>
      (await this.#distilling.step()) ?? (isFirst && wasDue ? this.#distilling.again() : undefined)
    for (let step = await next(true); step !== undefined; step = await next(false)) {
      episodes += step.episodes
      this.#capturing.distilled(step.done)
      newDrafts += step.created
      for (const key of step.found) found.add(key)
      for (const key of step.changed) this.#unpublished.add(key)
    }
    // Drafts that an earlier process could not publish any more.
    if (!this.#hasResumed) for await (const { key } of allDrafts(ports.store)) this.#unpublished.add(key)
    this.#hasResumed = true
    let published = 0
    let left = lessonsPerRun * Math.max(1, episodes)
    for (const key of this.#unpublished) {
      if (left === 0) break
      const { announced, embedded } = await publishing.publish(key)
      published += announced
      if (embedded) left--
      this.#unpublished.delete(key)
    }
    if (episodes > 0) ports.log('info', 'Distilled.', { episodes, drafts: found.size, published })
    const local = await publishing.heldBackByReason()
    const heldOver = this.#unpublished.size
    return { episodes, drafts: found.size, newDrafts, published, heldOver, local }
  }
}
