/**
 * From drafts to entries in swarms: which lesson stands where, shared or kept to this node, and how it is replaced.
 * A draft and its entry change in one atomic batch with the digest that announces it.
 */

import { type EncodedEntry, encodeEntry } from '../../protocol/entry.ts'
import { embeddingText } from '../../protocol/entry-text.ts'
import { cidOf } from '../../protocol/identity.ts'
import type { Entry, EntryCid, Result } from '../../protocol/types.ts'
import { allDrafts, dropDraftOps, getDraft, putDraftOps, type StoredDraft } from '../../store/drafts.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { NewEntry, NodeEvent, ShareMode } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import { digestOf, entryOf, type HeldBackReason, heldBackBy, needsSuccessor } from '../pipeline/publish.ts'
import type { EntryDraft, Ports } from '../ports.ts'
import { encodeDraft, type FoundDraft, findDraft, ownerPattern } from './found-draft.ts'
import type { KeptSet } from './kept-set.ts'
import { refresh, stillStands } from './refreshing.ts'
import type { Swarm } from './swarm.ts'
import type { TakingBack } from './taking-back.ts'

export interface PublishingDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly takingBack: TakingBack
  /** Every swarm of this node, its home first. */
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
  /** After entries were added: room may have to be made. */
  readonly onKept: () => Promise<void>
}

export interface Published {
  /** Into how many swarms the entry was announced. */
  readonly announced: number
  /** The entry has words that are new, and the embedder was given them. */
  readonly embedded: boolean
}

const lapsed: HeldBackReason = {
  code: 'lapsed',
  message: 'No run has shown it for half a year, and it has helped nobody here.',
}

/** Its methods must not run at the same time: the caller takes turns. */
export class Publishing {
  readonly #deps: PublishingDeps

  constructor(deps: PublishingDeps) {
    this.#deps = deps
  }

  /** Encodes, signs and announces whatever the sharing rules allow now and did not before. */
  async publishAll(): Promise<number> {
    let published = 0
    for await (const draft of allDrafts(this.#deps.ports.store))
      published += (await this.publish(draft.key)).announced
    return published
  }

  /** Announces again what still stands and would leave the swarms soon. */
  async refresh(): Promise<void> {
    const refreshed = await refresh({ ...this.#deps, shareMode: swarm => this.shareMode(swarm) })
    if (refreshed > 0) this.#deps.ports.log('info', 'Lessons were announced again.', { refreshed })
  }

  shareMode(swarm: Swarm): ShareMode {
    const { config } = this.#deps
    return swarm.descriptor.visibility === 'private' ? config.sharePrivate : config.shareOpen
  }

  /** Why an own entry is not shared in its swarm; undefined when it is. */
  async heldBack(cid: EntryCid): Promise<HeldBackReason | undefined> {
    const meta = this.#deps.kept.get(cid)
    if (meta?.draftKey === undefined || meta.shared) return undefined
    const draft = await findDraft(this.#deps.ports, meta.draftKey)
    const swarm = this.#deps.swarms().find(one => one.id === meta.swarm)
    if (draft === undefined || swarm === undefined) return undefined
    const heldBack = heldBackBy(draft.draft, this.shareMode(swarm), draft.stored.review)
    return heldBack ?? (stillStands(draft, cid, this.#deps) ? undefined : lapsed)
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
    const key = `${ownerPattern}|${cidOf(new TextEncoder().encode(JSON.stringify([kind, situation, insight])))}`
    const draft: EntryDraft = {
      key,
      pattern: ownerPattern,
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
      needsSolved: false,
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
    // The same words again after a retraction are meant.
    const { entries = [] } = getDraft(this.#deps.ports.store, key) ?? {}
    await this.#deps.ports.store.batch(
      putDraftOps({ key, body: encodeDraft(draft), review: 'approved', entries }),
    )
    await this.publish(key, swarm === undefined ? undefined : target)
    return { ok: true, value: this.#deps.kept.ofDraft(key) }
  }

  /** The owner's word on an own lesson. */
  async review(cid: EntryCid, verdict: 'approve' | 'reject'): Promise<Result<readonly EntryCid[]>> {
    const { store } = this.#deps.ports
    const key = this.#deps.kept.get(cid)?.draftKey
    const stored = key === undefined ? undefined : getDraft(store, key)
    if (key === undefined || stored === undefined) return this.#notOwn(cid)
    await store.batch(putDraftOps({ ...stored, review: verdict === 'approve' ? 'approved' : 'rejected' }))
    await this.publish(key)
    return { ok: true, value: this.#deps.kept.ofDraft(key) }
  }

  /** Takes an own lesson back everywhere; it is not shared again. */
  async retract(cid: EntryCid): Promise<Result<{ readonly swarms: number }>> {
    const value = await this.#deps.takingBack.retract(cid)
    return value === undefined ? this.#notOwn(cid) : { ok: true, value }
  }

  #notOwn(cid: EntryCid): Result<never> {
    if (this.#deps.kept.get(cid) === undefined)
      return {
        ok: false,
        code: 'unknown-entry',
        message: `There is no entry ${cid} on this node. A review or new runs give a lesson another name: 'swarmlore entries ls' lists those there are.`,
      }
    return {
      ok: false,
      code: 'not-own',
      message: `${cid} is not an entry of this node; only own entries can be reviewed or retracted.`,
    }
  }

  /** Makes the draft's entry in each swarm what it should be now. */
  async publish(key: string, only?: Swarm): Promise<Published> {
    const { store } = this.#deps.ports
    const now = await findDraft(this.#deps.ports, key)
    if (now !== undefined && now.draft.pattern !== ownerPattern && now.draft.support.length === 0) {
      // No run shows it any more.
      await this.#deps.takingBack.drop(key)
      await store.batch(dropDraftOps(key))
      return { announced: 0, embedded: false }
    }
    let announced = 0
    let embedded = false
    for (const [index, swarm] of this.#deps.swarms().entries()) {
      if (only !== undefined && swarm !== only) continue
      // Nobody would take it from who is no member (any more).
      if (swarm.membership.chain() === undefined) continue
      // Read anew for each swarm: the step before has changed what is stored.
      const found = await findDraft(this.#deps.ports, key)
      if (found === undefined) break
      const made = await this.#publishIn(swarm, found, index === 0 || swarm === only)
      if (made?.announced === true) announced++
      if (made?.embedded === true) embedded = true
    }
    await this.#deps.onKept()
    return { announced, embedded }
  }

  /**
   * Undefined where nothing had to change. `keepLocal`: an entry that may not be shared is still kept in this swarm, for
   * this node's own recall.
   */
  async #publishIn(
    swarm: Swarm,
    found: FoundDraft,
    keepLocal: boolean,
  ): Promise<{ readonly announced: boolean; readonly embedded: boolean } | undefined> {
    const { kept, ports, takingBack } = this.#deps
    const { draft, stored } = found
    const elsewhere = stored.entries.filter(one => one.swarm !== swarm.id)
    const stood = stored.entries.find(one => one.swarm === swarm.id)
    if (
      stood !== undefined &&
      kept.get(stood.cid) === undefined &&
      !(await this.#mayReturn(swarm, stored, stood))
    )
      return undefined
    const announced = stood?.cid
    const shared =
      heldBackBy(draft, this.shareMode(swarm), stored.review) === undefined &&
      // What has lapsed is not announced anew; what stands may be.
      ((announced !== undefined && kept.get(announced)?.shared === true) ||
        stillStands(found, announced, this.#deps))
    const isTakenBack = announced !== undefined && !shared && kept.get(announced)?.shared === true
    if (isTakenBack) {
      // Sharing that is switched off later leaves what was announced; a lesson that no longer holds is taken back.
      if (this.shareMode(swarm) === 'none' && stored.review !== 'rejected') return undefined
      await takingBack.takeBack(swarm, announced, putDraftOps({ ...stored, entries: elsewhere }))
    }
    if (!shared && !keepLocal) return undefined
    const standing = isTakenBack ? undefined : announced
    const standingEntry = standing === undefined ? undefined : kept.entry(standing)
    const standingShared = standing !== undefined && kept.get(standing)?.shared === true
    if (standing !== undefined && standingEntry !== undefined) {
      // What was announced is replaced by a successor; what was not may simply be rewritten.
      if (standingShared && !needsSuccessor(standingEntry, draft)) return undefined
      if (!standingShared && !shared && !changed(standingEntry, draft)) return undefined
    } else if (stored.review === 'rejected') return undefined
    const made = this.#entryFor(swarm, found, standingShared ? standing : undefined)
    if (!made.ok) {
      ports.log('warn', 'A lesson was left out.', { pattern: draft.pattern, reason: made.message })
      return undefined
    }
    const { bytes, cid, entry } = made.value
    if (swarm.set.isRetracted(cid, swarm.self, found.lastCapturedS)) {
      // All that it rests on is older than what was taken back in one word.
      await takingBack.drop(draft.key)
      return undefined
    }
    const isSameText = standingEntry !== undefined && embeddingText(standingEntry) === embeddingText(entry)
    const known = isSameText && standing !== undefined ? kept.vector(standing) : undefined
    const vector = known ?? (await this.#embed(entry))
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
    const entries = [...elsewhere, { swarm: swarm.id, cid, created: entry.created }]
    const ops = [...(dropping?.ops ?? []), ...keeping.ops, ...putDraftOps({ ...stored, entries })]
    if (shared)
      await swarm.publish(
        digestOf(swarm, {
          entry,
          cid,
          size: bytes.length,
          vector,
          space: ports.embedder.space,
          t: entry.created,
        }),
        ops,
      )
    else await ports.store.batch(ops)
    dropping?.apply()
    keeping.apply()
    // A replaced digest counts against the author's allowance until it is retracted (SPEC, "The replicated set").
    if (standingShared && standing !== undefined) await takingBack.takeBack(swarm, standing)
    this.#deps.emit({ type: 'entry', cid, author: swarm.self, own: true })
    return { announced: shared, embedded: known === undefined }
  }

  /**
   * Whether a lesson whose entry left from outside may have another one. Not when this node's own key took it back: then
   * this is an older backup, and the lesson stays here or stands as the entry that replaced it.
   */
  async #mayReturn(
    swarm: Swarm,
    stored: StoredDraft,
    stood: StoredDraft['entries'][number],
  ): Promise<boolean> {
    const { cid, created = 0 } = stood
    // On its way here, from a peer.
    if (swarm.announces(swarm.self, cid)) return false
    if (!swarm.set.isRetracted(cid, swarm.self, created)) return true
    const [successor] = swarm.set.successors(cid, swarm.self)
    if (successor === undefined) {
      await this.#deps.takingBack.drop(stored.key)
      return false
    }
    const entries = stored.entries.map(one => (one === stood ? { swarm: swarm.id, cid: successor } : one))
    await this.#deps.ports.store.batch(putDraftOps({ ...stored, entries }))
    return false
  }

  async #embed(entry: Entry): Promise<Float32Array> {
    const { cpu, embedder } = this.#deps.ports
    await cpu.spend('embed', 1)
    const [vector] = await embedder.embed([embeddingText(entry)])
    if (vector === undefined) throw new TypeError('the embedder gave no vector')
    return vector
  }

  /** Under a second of its own, should the very same entry have been retracted in this one. */
  #entryFor(
    swarm: Swarm,
    found: FoundDraft,
    supersedes: EntryCid | undefined,
  ): Result<EncodedEntry & { entry: Entry }> {
    const { draft, firstSeen, lastSeen } = found
    for (let created = Math.floor(this.#deps.ports.clock.now() / 1000); ; created++) {
      const making = { author: swarm.self, created, firstSeen, lastSeen }
      const entry = entryOf(draft, supersedes === undefined ? making : { ...making, supersedes })
      const encoded = encodeEntry(entry)
      if (!encoded.ok) return encoded
      if (swarm.set.isRetracted(encoded.value.cid, swarm.self, created)) continue
      return { ok: true, value: { ...encoded.value, entry } }
    }
  }

  async heldBackByReason(): Promise<Readonly<Record<string, number>>> {
    const reasons: Record<string, number> = {}
    const home = this.home()
    for await (const { key } of allDrafts(this.#deps.ports.store)) {
      const found = await findDraft(this.#deps.ports, key)
      const reason =
        found === undefined ? undefined : heldBackBy(found.draft, this.shareMode(home), found.stored.review)
      if (reason !== undefined) reasons[reason.message] = (reasons[reason.message] ?? 0) + 1
    }
    return reasons
  }

  home(): Swarm {
    const home = this.#deps.swarms()[0]
    if (home === undefined) throw new TypeError('a node is always in its own swarm')
    return home
  }
}

function changed(standing: Entry, draft: EntryDraft): boolean {
  return needsSuccessor(standing, draft) || standing.support.episodes !== draft.support.length
}
