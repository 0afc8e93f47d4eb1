/**
 * When this node has found something out: who among the strangers had said so before, and who the opposite. What counts is
 * decided by `trust/shadow`; this finds the kept lessons on the same situation and notes the outcome.
 */

import type { EntryCid } from '../../protocol/types.ts'
import type { Pause } from '../../store/ports.ts'
import { relate } from '../pipeline/reconcile.ts'
import type { Ports } from '../ports.ts'
import { createTurns } from '../queue.ts'
import type { Authors } from '../trust/authors.ts'
import { type SeenLesson, shadowEvidence } from '../trust/shadow.ts'
import type { KeptSet } from './kept-set.ts'
import type { RecallOutcomes } from './recall-outcomes.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface ShadowDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly authors: Authors
  readonly outcomes: RecallOutcomes
  readonly swarms: () => readonly Swarm[]
}

/** Kept lessons near an own one that are looked at, of each kind of search. */
const nearMax = 50

/** Lessons that this node found out itself: each may show who had said so before. One is held against others at a time. */
export class OwnLessons {
  readonly #deps: ShadowDeps & { readonly signal: AbortSignal }
  readonly #inTurn = createTurns()

  constructor(deps: ShadowDeps & { readonly signal: AbortSignal }) {
    this.#deps = deps
  }

  /** An own lesson was just kept or published. */
  found(cid: EntryCid): void {
    const { ports, signal } = this.#deps
    if (signal.aborted) return
    this.#inTurn(() => countShadow(this.#deps, cid)).catch((cause: unknown) =>
      ports.log('error', 'What strangers had said of an own lesson could not be counted.', {
        cid,
        cause: String(cause),
      }),
    )
  }

  close(): Promise<void> {
    return this.#inTurn(async () => undefined)
  }
}

async function countShadow(deps: ShadowDeps, cid: EntryCid): Promise<void> {
  const { kept, ports } = deps
  const own = kept.known(cid)
  const meta = kept.get(cid)
  // A successor was preceded by a version that others could read.
  if (own === undefined || meta?.draftKey === undefined || own.entry.supersedes !== undefined) return
  const { solved, unsolved } = own.entry.support
  const outcomes = solved + unsolved
  const seen = outcomes === 0 ? [] : await lessonsBeside(deps, cid)
  const day = today(ports.clock)
  for (const { author, cid: theirs, outcome } of shadowEvidence(
    { outcomes, publishedAt: publishedAt(kept, meta.draftKey) },
    seen,
  )) {
    // One for each pair: a lesson that stands in several swarms, or is published again, counts once.
    const recallId = `shadow-${own.duplicateKey.slice(0, 48)}`
    await deps.outcomes.note({ recallId, cid: theirs, author, outcome, day, shadow: true })
  }
}

/** Milliseconds: when the first of a draft's entries went to a swarm. Entries of later swarms say the same. */
function publishedAt(kept: KeptSet, draftKey: string): number | undefined {
  const shared = kept.ofDraft(draftKey).filter(cid => kept.get(cid)?.shared === true)
  const times = shared.map(cid => kept.entry(cid)?.created).filter(created => created !== undefined)
  return times.length === 0 ? undefined : 1000 * Math.min(...times)
}

async function lessonsBeside(deps: ShadowDeps, cid: EntryCid): Promise<readonly SeenLesson[]> {
  const { authors, kept, ports } = deps
  const own = kept.known(cid)
  if (own === undefined) return []
  const pause: Pause = units => ports.cpu.spend('scan', units)
  const near = new Set<string>()
  const isOther = (other: EntryCid): boolean => kept.get(other)?.draftKey === undefined
  if (own.vector !== undefined)
    for (const { id } of await kept.searchMeaning(own.vector, nearMax, pause, isOther)) near.add(id)
  for (const { id } of await kept.searchWords(own.entry.situation, nearMax, pause, isOther)) near.add(id)
  const swarms = new Map(deps.swarms().map(swarm => [swarm.id, swarm]))
  const seen: SeenLesson[] = []
  for (const id of near) {
    const other = kept.known(id as EntryCid)
    const meta = kept.get(id as EntryCid)
    const swarm = meta === undefined ? undefined : swarms.get(meta.swarm)
    if (other === undefined || meta === undefined || swarm === undefined) continue
    const relation = relate(other, own)
    if (relation !== 'corroborates' && relation !== 'alternative') continue
    const { author } = other.entry
    const tier = authors.tierOf(author, swarm.membership)
    seen.push({
      cid: other.cid,
      author,
      seenAt: meta.receivedAt,
      isQuarantined: tier === 'quarantined' && !authors.isBlocked(author, other.entry.created),
      stands: relation === 'corroborates' ? 'agrees' : 'disagrees',
      textKey: other.duplicateKey,
    })
  }
  return seen
}
