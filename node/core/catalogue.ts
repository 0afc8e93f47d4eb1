/**
 * The kept entries as people see them: listed with filters, in detail, and counted.
 */

import type { EntryCid, Result } from '../../protocol/types.ts'
import type { KeptEntry } from '../../store/entries.ts'
import type { EntryDetail, EntryFilter, EntryStatus, EntryView, Page } from '../api.ts'
import type { HeldBackReason } from '../pipeline/publish.ts'
import type { Learning } from './learning.ts'
import { type NeighboursDeps, neighboursOf } from './neighbours.ts'
import type { Publishing } from './publishing.ts'
import { today } from './today.ts'

export interface CatalogueDeps extends NeighboursDeps {
  readonly learning: Learning
  readonly publishing: Publishing
}

const defaultLimit = 50
const limitMax = 500

export class Catalogue {
  readonly #deps: CatalogueDeps

  constructor(deps: CatalogueDeps) {
    this.#deps = deps
  }

  /** In the order of CIDs; the cursor is the last CID of the page before. */
  async list(filter: EntryFilter): Promise<Page<EntryView>> {
    const limit = Math.min(filter.limit ?? defaultLimit, limitMax)
    const { cursor } = filter
    const metas = [...this.#deps.kept.all()]
      .filter(meta => (cursor === undefined || meta.cid > cursor) && this.#matchesMeta(meta, filter))
      .sort((a, b) => (a.cid < b.cid ? -1 : 1))
    const items: EntryView[] = []
    for (const meta of metas) {
      const view = await this.#view(meta)
      if (view === undefined || !matchesView(view, filter)) continue
      if (items.length === limit) {
        const last = items.at(-1)
        return last === undefined ? { items } : { items, next: last.cid }
      }
      items.push(view)
    }
    return { items }
  }

  async show(cid: EntryCid): Promise<Result<EntryDetail>> {
    const meta = this.#deps.kept.get(cid)
    const view = meta === undefined ? undefined : await this.#view(meta)
    if (view === undefined)
      return {
        ok: false,
        code: 'unknown-entry',
        message: `There is no entry ${cid} on this node. 'swarmlore entries ls' lists those there are.`,
      }
    const neighbours = await neighboursOf(this.#deps, cid)
    return {
      ok: true,
      value: { ...view, ...neighbours, episodes: await this.#deps.learning.episodesOf(cid) },
    }
  }

  /** The view of an own lesson in the first swarm that has it. */
  async first(cids: readonly EntryCid[]): Promise<Result<EntryView>> {
    const [cid] = cids
    if (cid === undefined)
      return {
        ok: false,
        code: 'not-kept',
        message: 'The lesson was not kept: sharing and review leave no entry of it.',
      }
    return this.show(cid)
  }

  counts(): { own: number; received: number; quarantined: number } {
    const counts = { own: 0, received: 0, quarantined: 0 }
    for (const meta of this.#deps.kept.all()) {
      const tier = this.#tierOf(meta)
      if (tier === 'own') counts.own++
      else if (tier === 'quarantined') counts.quarantined++
      if (tier !== 'own') counts.received++
    }
    return counts
  }

  async #view(meta: KeptEntry): Promise<EntryView | undefined> {
    const { kept, evidence, ports, publishing } = this.#deps
    const entry = kept.entry(meta.cid)
    if (entry === undefined) return undefined
    const heldBack = await publishing.heldBack(meta.cid)
    return {
      cid: meta.cid,
      swarm: meta.swarm,
      entry,
      size: kept.block(meta.cid)?.length ?? 0,
      tier: this.#tierOf(meta),
      status: statusOf(meta, heldBack),
      ...(heldBack === undefined ? {} : { heldBack: heldBack.message }),
      receivedAt: meta.receivedAt,
      evidence: evidence.ofEntry(meta.cid, today(ports.clock)),
    }
  }

  #tierOf(meta: KeptEntry) {
    const swarm = this.#deps.swarms().find(one => one.id === meta.swarm)
    return swarm === undefined ? 'quarantined' : this.#deps.authors.tierOf(meta.author, swarm.membership)
  }

  #matchesMeta(meta: KeptEntry, filter: EntryFilter): boolean {
    if (filter.author !== undefined && meta.author !== filter.author) return false
    return filter.swarm === undefined || meta.swarm === filter.swarm
  }
}

function statusOf(meta: KeptEntry, heldBack: HeldBackReason | undefined): EntryStatus {
  if (meta.draftKey === undefined) return 'received'
  if (meta.shared) return 'shared'
  return heldBack?.code === 'awaits-review' ? 'review' : 'local'
}

function matchesView({ entry, status }: EntryView, filter: EntryFilter): boolean {
  if (filter.status !== undefined && status !== filter.status) return false
  if (filter.domain !== undefined && !entry.domains.includes(filter.domain)) return false
  if (filter.text === undefined) return true
  const wanted = filter.text.toLowerCase()
  const { summary, detail, action } = entry.insight
  return [entry.situation, summary, detail, action].some(text => text.toLowerCase().includes(wanted))
}
