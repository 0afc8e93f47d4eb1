/**
 * Own lessons leave again: here at once, with block, vector and words, and by a signed retraction wherever they were
 * announced. What the retraction covers is not made anew (`Publishing`), so that neither an end half-way, nor an old
 * backup, nor a peer that still holds the entry brings it back.
 */

import { signRecord } from '../../protocol/envelope.ts'
import type { EntryCid, Result, RetractBody, RetractRecord, Seconds } from '../../protocol/types.ts'
import { allDrafts, getDraft, putDraftOps, supportOf } from '../../store/drafts.ts'
import type { StoreOp } from '../../store/ports.ts'
import type { NodeEvent, RetractedBefore } from '../api.ts'
import type { Ports } from '../ports.ts'
import type { KeptSet } from './kept-set.ts'
import type { Swarm } from './swarm.ts'

export interface TakingBackDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
}

/** Its methods must not run at the same time, nor beside publishing: the caller takes turns. */
export class TakingBack {
  readonly #deps: TakingBackDeps

  constructor(deps: TakingBackDeps) {
    this.#deps = deps
  }

  /** An own entry, everywhere. Undefined for an entry that this node has neither kept nor announced as its own. */
  async retract(cid: EntryCid): Promise<{ readonly swarms: number } | undefined> {
    const key = this.#deps.kept.get(cid)?.draftKey
    if (key !== undefined && getDraft(this.#deps.ports.store, key) !== undefined)
      return { swarms: await this.drop(key) }
    // Announced with this node's key, and no draft stands behind it here: an older backup does not know of it.
    const swarms = this.#deps.swarms().filter(swarm => swarm.announces(swarm.self, cid))
    for (const swarm of swarms) await this.takeBack(swarm, cid)
    return swarms.length === 0 ? undefined : { swarms: swarms.length }
  }

  /**
   * All of this node's own lessons of which an entry was made before this time, shared or not. One record for each swarm
   * covers also what this node does not remember.
   */
  async retractBefore(before: Seconds): Promise<Result<RetractedBefore>> {
    // No record says more than that; what was made in this very second, `drop` takes back by name.
    const signed = Math.min(before, Math.floor(this.#deps.ports.clock.now() / 1000))
    const standing = (): number => [...this.#ownCids()].length
    const had = standing()
    const keys = await this.#madeBefore(before)
    let swarms = 0
    for (const swarm of this.#deps.swarms()) {
      // Who is no member any more takes back one by one, as of the time when it was: `drop` does.
      if (swarm.membership.chain() === undefined) continue
      await swarm.publish(this.#retractionOf(swarm, { before: signed }))
      swarms++
    }
    for (const key of keys) await this.drop(key)
    return { ok: true, value: { swarms, entries: had - standing() } }
  }

  /** Retracts the shared entries of a draft and drops the local ones. Returns how many were retracted. */
  async drop(key: string): Promise<number> {
    const { kept, ports, swarms } = this.#deps
    const stored = getDraft(ports.store, key)
    // First of all, so that an end half-way cannot bring it back at the next start.
    if (stored !== undefined)
      await ports.store.batch(putDraftOps({ ...stored, review: 'rejected', entries: [] }))
    let retracted = 0
    for (const cid of kept.ofDraft(key)) {
      const meta = kept.get(cid)
      const swarm = swarms().find(one => one.id === meta?.swarm)
      if (swarm === undefined) continue
      if (meta?.shared === true) {
        await this.takeBack(swarm, cid)
        retracted++
        continue
      }
      const dropping = kept.drop(cid)
      await ports.store.batch(dropping.ops)
      dropping.apply()
      this.#deps.emit({ type: 'retracted', cid, author: swarm.self })
    }
    return retracted
  }

  /** One announced entry, with other writes in the same batch. */
  async takeBack(swarm: Swarm, cid: EntryCid, ops: readonly StoreOp[] = []): Promise<void> {
    const dropping = this.#deps.kept.drop(cid)
    await swarm.publish(this.#retractionOf(swarm, { cid }), [...dropping.ops, ...ops])
    // The retraction has taken it out already where it counts here.
    if (this.#deps.kept.get(cid) === undefined) return
    dropping.apply()
    this.#deps.emit({ type: 'retracted', cid, author: swarm.self })
  }

  *#ownCids(): Iterable<EntryCid> {
    const selves = new Set(this.#deps.swarms().map(swarm => swarm.self))
    for (const { cid, author } of this.#deps.kept.all()) if (selves.has(author)) yield cid
  }

  /** Drafts with an entry of before this time; and those with none yet that rest on older runs alone. */
  async #madeBefore(before: Seconds): Promise<ReadonlySet<string>> {
    const { kept, ports } = this.#deps
    const keys = new Set<string>()
    for (const cid of this.#ownCids()) {
      await ports.cpu.spend('decode', 1)
      const { draftKey } = kept.get(cid) ?? {}
      const { created = before } = kept.entry(cid) ?? {}
      if (draftKey !== undefined && created < before) keys.add(draftKey)
    }
    for await (const { key, entries } of allDrafts(ports.store)) {
      if (entries.length > 0 || keys.has(key)) continue
      const support = await supportOf(ports.store, key)
      if (support.length > 0 && support.every(one => one.capturedAt < before * 1000)) keys.add(key)
    }
    return keys
  }

  /** Signed now; by who is no member any more as of the day on which it announced the entry, and was one. */
  #retractionOf(swarm: Swarm, body: RetractBody): RetractRecord {
    const nowS = Math.floor(this.#deps.ports.clock.now() / 1000)
    const said =
      body.cid === undefined || swarm.membership.chain() !== undefined
        ? undefined
        : swarm.set.digests(body.cid).find(digest => digest.author === swarm.self)
    return signRecord({ swarm: swarm.id, kind: 'retract', t: said?.t ?? nowS, body }, swarm.pair)
  }
}
