/**
 * The way of this node's own experience: capture → redact → distil → publish. Each step is one atomic batch, and
 * picks up after a crash where the last batch left it: episodes wait in the queue until their drafts are stored,
 * and drafts without an entry are published at the next start.
 */

import { secondsPerDay } from '../../protocol/body.ts'
import { encodeEntry } from '../../protocol/entry.ts'
import { embeddingText } from '../../protocol/entry-text.ts'
import { signRecord } from '../../protocol/envelope.ts'
import { cidOf } from '../../protocol/identity.ts'
import { sketchOf } from '../../protocol/sketch.ts'
import { shardOf } from '../../protocol/swarm.ts'
import type { DigestRecord, Entry, EntryCid, Result } from '../../protocol/types.ts'
import {
  addSupportOps,
  allDrafts,
  draftsOfEpisode,
  dropDraftOps,
  getDraft,
  putDraftOps,
  removeSupportOps,
  type StoredDraft,
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
import type { Captured, DistilReport, DraftView, NewEntry, NodeEvent, ShareMode } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import { captureValue } from '../pipeline/capture.ts'
import { entryOf, needsSuccessor, whyHeldBack } from '../pipeline/publish.ts'
import { type RedactionRules, redact } from '../pipeline/redact.ts'
import type {
  DraftSupport,
  EntryDraft,
  Episode,
  EpisodeId,
  Outcome,
  Ports,
  RedactedEpisode,
} from '../ports.ts'
import type { KeptSet } from './kept-set.ts'
import { retractionOf } from './retracting.ts'
import type { Swarm } from './swarm.ts'

export interface LearningDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly rules: RedactionRules
  readonly kept: KeptSet
  /** Every swarm of this node, its home first. */
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
  /** After entries were added: room may have to be made. */
  readonly onKept: () => Promise<void>
}

/** Episodes distilled together: few enough that a crash repeats little, and the loop gets its turns. */
const batchEpisodes = 32
/** Earlier runs of the same ask that are looked at again beside a new one. */
const earlierRunsMax = 8
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
    return this.#inTurn(async () => {
      let published = 0
      for await (const draft of allDrafts(this.#deps.ports.store)) published += await this.#publish(draft.key)
      return published
    })
  }

  async preview(
    transcripts: readonly unknown[],
  ): Promise<{ drafts: readonly DraftView[]; failures: readonly string[] }> {
    const { clock, distiller } = this.#deps.ports
    const redacted: RedactedEpisode[] = []
    const failures: string[] = []
    for (const [index, transcript] of transcripts.entries()) {
      const captured = captureValue(transcript, { capturedAt: clock.now(), source: 'preview' })
      if (captured.ok) redacted.push(await this.#redact(captured.value))
      else failures.push(`Transcript ${index + 1}: ${captured.message}`)
    }
    const drafts = await distiller.distil(redacted, this.#stopping.signal)
    const home = this.#home()
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
      const heldBack = whyHeldBack(draft, this.shareMode(home), undefined)
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

  shareMode(swarm: Swarm): ShareMode {
    const { config } = this.#deps
    return swarm.descriptor.visibility === 'private' ? config.sharePrivate : config.shareOpen
  }

  /** Why an own entry is not shared in its swarm; undefined when it is. */
  async heldBack(cid: EntryCid): Promise<string | undefined> {
    const meta = this.#deps.kept.get(cid)
    if (meta?.draftKey === undefined || meta.shared) return undefined
    const draft = await this.#draft(meta.draftKey)
    const swarm = this.#deps.swarms().find(one => one.id === meta.swarm)
    if (draft === undefined || swarm === undefined) return undefined
    return whyHeldBack(draft.draft, this.shareMode(swarm), draft.stored.review)
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
      const { store } = this.#deps.ports
      const head = episodeHead(store, id)
      if (head === undefined) return noEpisode(id)
      let dropped = 0
      let retracted = 0
      for (const key of await draftsOfEpisode(store, id)) {
        const left = (await supportOf(store, key)).filter(one => one.episode !== id)
        if (left.length > 0) {
          await store.batch(removeSupportOps(key, id))
          await this.#publish(key)
          continue
        }
        dropped++
        retracted += await this.#dropEntries(key)
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
    const before = clock.now() - this.#deps.config.retentionDays * secondsPerDay * 1000
    for (;;) {
      const old = await episodesBefore(store, before, 100)
      if (old.length === 0) return
      await store.batch(old.flatMap(id => forgetEpisodeOps(store, id)))
      this.#counts = await countEpisodes(store)
    }
  }

  /** A lesson that a person wrote: approved by being written. */
  async add(written: NewEntry): Promise<Result<readonly EntryCid[]>> {
    const { kind, domains, situation, insight, tools, swarm } = written
    const target = this.#deps.swarms().find(one => swarm === undefined || one.id === swarm)
    if (target === undefined)
      return {
        ok: false,
        code: 'unknown-swarm',
        message: `This node is in no swarm ${swarm}. 'swarmlore swarms' lists those it is in.`,
      }
    const key = `owner|${cidOf(new TextEncoder().encode(JSON.stringify([kind, situation, insight])))}`
    const draft: EntryDraft = {
      key,
      pattern: 'owner',
      kind,
      domains,
      situation,
      insight: { summary: insight.summary, detail: insight.detail ?? '', action: insight.action },
      context:
        tools === undefined
          ? {}
          : { tools: tools.map(tool => ({ name: tool.name, arguments: tool.arguments ?? [] })) },
      support: [],
      asksToShare: 0,
    }
    const trial = encodeEntry(
      entryOf(draft, {
        author: target.self,
        created: Math.floor(this.#deps.ports.clock.now() / 1000),
        firstSeen: 0,
        lastSeen: 0,
      }),
    )
    if (!trial.ok) return trial
    return this.#inTurn(async () => {
      const stored: StoredDraft = { key, body: encodeDraft(draft), review: 'approved', entries: [] }
      await this.#deps.ports.store.batch(putDraftOps(getDraft(this.#deps.ports.store, key) ?? stored))
      await this.#publish(key, swarm === undefined ? undefined : target)
      return { ok: true, value: this.#deps.kept.ofDraft(key) }
    })
  }

  /** The owner's word on an own lesson. */
  review(cid: EntryCid, verdict: 'approve' | 'reject'): Promise<Result<readonly EntryCid[]>> {
    return this.#inTurn(async () => {
      const { store } = this.#deps.ports
      const key = this.#deps.kept.get(cid)?.draftKey
      const stored = key === undefined ? undefined : getDraft(store, key)
      if (key === undefined || stored === undefined) return notOwn(cid)
      await store.batch(putDraftOps({ ...stored, review: verdict === 'approve' ? 'approved' : 'rejected' }))
      await this.#publish(key)
      return { ok: true, value: this.#deps.kept.ofDraft(key) }
    })
  }

  /** Takes an own lesson back everywhere; it is not shared again. */
  retract(cid: EntryCid): Promise<Result<{ readonly swarms: number }>> {
    return this.#inTurn(async () => {
      const { store } = this.#deps.ports
      const key = this.#deps.kept.get(cid)?.draftKey
      const stored = key === undefined ? undefined : getDraft(store, key)
      if (key === undefined || stored === undefined) return notOwn(cid)
      const swarms = await this.#dropEntries(key)
      await store.batch(putDraftOps({ ...stored, review: 'rejected', entries: [] }))
      return { ok: true, value: { swarms } }
    })
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
    await store.batch(putEpisodeOps(store, head, body, idempotencyKey))
    this.#counts = { stored: this.#counts.stored + 1, waiting: this.#counts.waiting + 1 }
    this.#deps.emit({ type: 'episode', episode: id })
    this.#lastCaptureAt = clock.now()
    this.#distilWhenIdle()
  }

  #distilWhenIdle(first?: () => Promise<void>): void {
    if (this.#background !== undefined || this.#stopping.signal.aborted) return
    const { clock, log } = this.#deps.ports
    const run = async (): Promise<void> => {
      await first?.()
      do {
        let quietMs = clock.now() - this.#lastCaptureAt
        while (quietMs < idleMs) {
          await clock.sleep(idleMs - quietMs, this.#stopping.signal)
          quietMs = clock.now() - this.#lastCaptureAt
        }
        await this.distil()
      } while (this.#counts.waiting > 0)
      await this.forgetOld()
    }
    this.#background = run()
      .catch((cause: unknown) => {
        if (!this.#stopping.signal.aborted)
          log('error', 'Distilling failed; it is tried again with the next episode.', {
            cause: String(cause),
          })
      })
      .finally(() => {
        this.#background = undefined
      })
  }

  async #distilAll(): Promise<DistilReport> {
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
      for (const key of step.keys) touched.add(key)
    }
    let published = 0
    for (const key of touched) published += await this.#publish(key)
    if (episodes > 0) log('info', 'Distilled.', { episodes, drafts: touched.size, published })
    this.#counts = await countEpisodes(store)
    return { episodes, drafts: touched.size, newDrafts, published, local: await this.#heldBackByReason() }
  }

  async #distilBatch(ids: readonly EpisodeId[]): Promise<{ keys: readonly string[]; created: number }> {
    const { store, distiller, cpu, log } = this.#deps.ports
    const signal = this.#stopping.signal
    const fresh = ids.map(id => this.episode(id)).filter(episode => episode !== undefined)
    const beside = await this.#earlierRuns(fresh)
    const redacted: RedactedEpisode[] = []
    for (const episode of [...beside, ...fresh]) redacted.push(await this.#redact(episode))
    await cpu.spend('distil', redacted.length)
    let drafts: readonly EntryDraft[] = []
    try {
      drafts = await distiller.distil(redacted, signal)
    } catch (cause) {
      if (signal.aborted) throw cause
      // One batch that the distiller cannot take must not hold up all that come after it.
      log('error', 'The distiller failed on some episodes; they are left out.', {
        episodes: ids,
        cause: String(cause),
      })
    }
    const captured = new Map([...beside, ...fresh].map(episode => [episode.id, episode.capturedAt]))
    const ops: StoreOp[] = []
    let created = 0
    for (const draft of drafts) {
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
    return { keys: drafts.map(draft => draft.key), created }
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

  /** Makes the draft's entry in each swarm what it should be now. Returns how many were announced. */
  async #publish(key: string, only?: Swarm): Promise<number> {
    let published = 0
    for (const [index, swarm] of this.#deps.swarms().entries()) {
      if (only !== undefined && swarm !== only) continue
      // Read anew for each swarm: the step before has changed what is stored.
      const found = await this.#draft(key)
      if (found === undefined) return published
      if (await this.#publishIn(swarm, found, index === 0 || swarm === only)) published++
    }
    await this.#deps.onKept()
    return published
  }

  /** `keepLocal`: an entry that may not be shared is still kept in this swarm, for this node's own recall. */
  async #publishIn(swarm: Swarm, found: FoundDraft, keepLocal: boolean): Promise<boolean> {
    const { kept, ports } = this.#deps
    const { draft, stored, firstSeen, lastSeen } = found
    const shared = whyHeldBack(draft, this.shareMode(swarm), stored.review) === undefined
    if (!shared && !keepLocal) return false
    const standing = stored.entries.find(one => one.swarm === swarm.id)?.cid
    const standingEntry = standing === undefined ? undefined : kept.entry(standing)
    const standingShared = standing !== undefined && kept.get(standing)?.shared === true
    if (standing !== undefined && standingEntry !== undefined) {
      // What was announced is replaced, never taken back silently; what was not may simply be rewritten.
      if (standingShared && (!shared || !needsSuccessor(standingEntry, draft))) return false
      if (!standingShared && !shared && !changed(standingEntry, draft)) return false
    } else if (stored.review === 'rejected') return false
    const nowS = Math.floor(ports.clock.now() / 1000)
    const entry = entryOf(draft, {
      author: swarm.self,
      created: nowS,
      firstSeen,
      lastSeen,
      ...(standingShared && standing !== undefined ? { supersedes: standing } : {}),
    })
    const encoded = encodeEntry(entry)
    if (!encoded.ok) {
      ports.log('warn', 'A lesson was left out.', { pattern: draft.pattern, reason: encoded.message })
      return false
    }
    const { bytes, cid } = encoded.value
    await ports.cpu.spend('embed', 1)
    const [vector] = await ports.embedder.embed([embeddingText(entry)])
    if (vector === undefined) throw new TypeError('the embedder gave no vector')
    const meta = {
      swarm: swarm.id,
      cid,
      author: swarm.self,
      shared,
      receivedAt: ports.clock.now(),
      draftKey: draft.key,
      uses: 0,
    }
    const keeping = kept.put(meta, entry, bytes, vector)
    const dropping = standing !== undefined && standing !== cid ? kept.drop(standing) : undefined
    const entries = [...stored.entries.filter(one => one.swarm !== swarm.id), { swarm: swarm.id, cid }]
    const ops = [...(dropping?.ops ?? []), ...keeping.ops, ...putDraftOps({ ...stored, entries })]
    if (shared) await swarm.publish(this.#digest(swarm, entry, cid, bytes.length, vector), ops)
    else await ports.store.batch(ops)
    dropping?.apply()
    keeping.apply()
    this.#deps.emit({ type: 'entry', cid, author: swarm.self, own: true })
    return shared
  }

  #digest(swarm: Swarm, entry: Entry, cid: EntryCid, size: number, vector: Float32Array): DigestRecord {
    const body = {
      cid,
      size,
      shard: shardOf(entry.domains[0] ?? '', swarm.descriptor.shards),
      created: entry.created,
      space: this.#deps.ports.embedder.space,
      sketch: sketchOf(vector),
      ...(entry.expires === undefined ? {} : { expires: entry.expires }),
      ...(entry.supersedes === undefined ? {} : { supersedes: entry.supersedes }),
    }
    return signRecord({ swarm: swarm.id, kind: 'digest', t: entry.created, body }, swarm.pair)
  }

  /** Retracts the shared entries of a draft and drops the local ones. Returns how many were retracted. */
  async #dropEntries(key: string): Promise<number> {
    const { kept, ports, swarms } = this.#deps
    let retracted = 0
    for (const cid of kept.ofDraft(key)) {
      const meta = kept.get(cid)
      const swarm = swarms().find(one => one.id === meta?.swarm)
      const dropping = kept.drop(cid)
      if (meta?.shared === true && swarm !== undefined) {
        await swarm.publish(retractionOf(swarm, cid, ports.clock.now()), dropping.ops)
        retracted++
      } else await ports.store.batch(dropping.ops)
      dropping.apply()
      this.#deps.emit({ type: 'retracted', cid, author: meta?.author ?? this.#home().self })
    }
    return retracted
  }

  async #draft(key: string): Promise<FoundDraft | undefined> {
    const { store, clock } = this.#deps.ports
    const stored = getDraft(store, key)
    if (stored === undefined) return undefined
    const support = await supportOf(store, key)
    const days = support.map(one => Math.floor(one.capturedAt / 1000 / secondsPerDay))
    const today = Math.floor(clock.now() / 1000 / secondsPerDay)
    const draft: EntryDraft = {
      ...decodeDraft(stored.body),
      support: support.map(
        (one): DraftSupport => ({ episode: one.episode, ask: one.ask, solved: one.solved }),
      ),
    }
    return {
      stored,
      draft,
      firstSeen: Math.min(today, ...days),
      lastSeen: days.length === 0 ? today : Math.max(...days),
    }
  }

  async #heldBackByReason(): Promise<Readonly<Record<string, number>>> {
    const reasons: Record<string, number> = {}
    const home = this.#home()
    for await (const { key } of allDrafts(this.#deps.ports.store)) {
      const found = await this.#draft(key)
      const reason =
        found === undefined ? undefined : whyHeldBack(found.draft, this.shareMode(home), found.stored.review)
      if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1
    }
    return reasons
  }

  #home(): Swarm {
    const home = this.#deps.swarms()[0]
    if (home === undefined) throw new TypeError('a node is always in its own swarm')
    return home
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

interface FoundDraft {
  readonly stored: StoredDraft
  readonly draft: EntryDraft
  readonly firstSeen: number
  readonly lastSeen: number
}

/** A draft without its support, which stands in rows of its own. */
function encodeDraft(draft: EntryDraft): Uint8Array {
  const { support: _support, ...body } = draft
  return new TextEncoder().encode(JSON.stringify(body))
}

function decodeDraft(body: Uint8Array): Omit<EntryDraft, 'support'> {
  return JSON.parse(new TextDecoder().decode(body)) as Omit<EntryDraft, 'support'>
}

function changed(standing: Entry, draft: EntryDraft): boolean {
  return needsSuccessor(standing, draft) || standing.support.episodes !== draft.support.length
}

function noEpisode(id: EpisodeId): Result<never> {
  return {
    ok: false,
    code: 'unknown-episode',
    message: `There is no episode ${id} on this node. 'swarmlore episodes ls' lists them.`,
  }
}

function notOwn(cid: EntryCid): Result<never> {
  return {
    ok: false,
    code: 'not-own',
    message: `${cid} is not an entry of this node; only own entries can be reviewed or retracted.`,
  }
}
