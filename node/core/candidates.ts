/**
 * What is known here of the entries that a search found, for the pure ranking of `pipeline/recall`: whose they are, what
 * they did, who is independent of whom; and which strangers are let in because independent ones agree.
 */

import { duplicateKey } from '../../protocol/entry-text.ts'
import type { EntryCid } from '../../protocol/types.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { RecallRequest } from '../api.ts'
import { admit, type Candidate, fuse, type Group } from '../pipeline/recall.ts'
import { isRefuted } from '../pipeline/refine/usefulness.ts'
import type { Ports } from '../ports.ts'
import type { Authors } from '../trust/authors.ts'
import type { Voice } from '../trust/corroboration.ts'
import { corroborators } from './agreeing.ts'
import type { BaseRates } from './base-rates.ts'
import type { KeptSet } from './kept-set.ts'
import type { Found } from './search.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface CandidatesDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly authors: Authors
  readonly baseRates: BaseRates
  readonly swarms: () => readonly Swarm[]
}

/** Candidates that are looked at more closely, best first. */
const candidatesMax = 100

export class Candidates {
  readonly #deps: CandidatesDeps

  constructor(deps: CandidatesDeps) {
    this.#deps = deps
  }

  /** Whether its author may be heard here on its own. */
  readonly isAdmissible = (cid: EntryCid): boolean => {
    const meta = this.#deps.kept.get(cid)
    const swarm = this.#deps.swarms().find(one => one.id === meta?.swarm)
    if (meta === undefined || swarm === undefined) return false
    return this.#deps.authors.tierOf(meta.author, swarm.membership) !== 'quarantined'
  }

  async of(found: Found): Promise<readonly Candidate[]> {
    const { authors, baseRates, evidence, kept, ports } = this.#deps
    const day = today(ports.clock)
    const swarms = new Map(this.#deps.swarms().map(swarm => [swarm.id, swarm]))
    const ranked = [...fuse(found.lists)]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, candidatesMax)
    const mixed = fuse(found.mixedLists)
    const strangers = [...found.strangers].map((cid): [EntryCid, number] => [cid, mixed.get(cid) ?? 0])
    ranked.push(...strangers.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)))
    const candidates: Candidate[] = []
    for (const [cid, fused] of ranked) {
      const meta = kept.get(cid)
      const entry = kept.entry(cid)
      const swarm = meta === undefined ? undefined : swarms.get(meta.swarm)
      if (meta === undefined || entry === undefined || swarm === undefined) continue
      await ports.cpu.spend('decode', 1)
      const standing = authors.standing(entry.author, swarm.membership)
      const { helped, hurt } = evidence.ofEntry(cid, day)
      // Retired, own lessons too: it is there to be seen.
      if (isRefuted({ helped, hurt }, baseRates.ofEntry(cid, entry.author))) continue
      candidates.push({
        cid,
        swarm: swarm.id,
        entry,
        vector: kept.vector(cid),
        duplicateKey: duplicateKey(entry),
        draftKey: meta.draftKey,
        tier: standing.tier,
        trust: standing.trust,
        blocked: authors.isBlocked(entry.author, entry.created),
        helped,
        hurt,
        cosine: found.cosine.get(cid),
        coverage: found.coverage.get(cid) ?? 0,
        fused,
      })
    }
    return candidates
  }

  /** Lets in, marked, what strangers say when independent ones say the same. */
  admit(candidates: readonly Candidate[], request: RecallRequest, nowMs: number) {
    const first = admit(candidates, request, nowMs)
    if (first.held.length < 2) return first
    const found = corroborators(first.held, first.admitted, one => this.#voice(one))
    if (found.size === 0) return first
    const raised = candidates.map((one): Candidate => {
      const others = found.get(one.cid)
      return others === undefined ? one : { ...one, tier: 'corroborated', corroborators: others }
    })
    return admit(raised, request, nowMs)
  }

  /** How many of those who say the same are independent of the author of the head, and of each other. */
  independent({ head, corroboratedBy }: Pick<Group, 'head' | 'corroboratedBy'>, all: readonly Candidate[]) {
    const branches = new Set(
      all.filter(one => corroboratedBy.includes(one.entry.author)).map(one => this.#voice(one).branch),
    )
    branches.delete(undefined)
    branches.delete(this.#voice(head).branch)
    return branches.size
  }

  #voice({ entry, swarm: id }: Pick<Candidate, 'entry' | 'swarm'>): Voice {
    const swarm = this.#deps.swarms().find(one => one.id === id)
    const { author } = entry
    if (swarm === undefined) return { author, expected: 0, branch: undefined, isSilenced: true }
    return this.#deps.authors.voice(author, swarm.membership)
  }
}
