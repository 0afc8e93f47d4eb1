/**
 * Recall: from a query to the few entries that help. Connects the search, what is known of what it found, and the pure
 * ranking of `pipeline/recall`; what was handed out is remembered, so that feedback finds it again.
 */

import { toHex } from '../../crypto/bytes.ts'
import type { EntryCid } from '../../protocol/types.ts'
import { putRecallOps, type StoredRecall } from '../../store/recalls.ts'
import type { RecallRequest, RecallResult } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import { promptBlock } from '../pipeline/prompt-block.ts'
import { choose, type Group, queryTexts } from '../pipeline/recall.ts'
import { type Cluster, cluster, type Known } from '../pipeline/reconcile.ts'
import type { Ports } from '../ports.ts'
import { rankArms } from './arms.ts'
import { Candidates, type CandidatesDeps } from './candidates.ts'
import type { RecallOutcomes } from './recall-outcomes.ts'
import type { RecentQueries } from './recent-queries.ts'
import { Search } from './search.ts'

export interface AnsweringDeps extends CandidatesDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly queries: RecentQueries
  readonly outcomes: RecallOutcomes
}

/** Admitted candidates among which agreement and disagreement are looked for. */
const clusteredMax = 40

export class Answering {
  readonly #deps: AnsweringDeps
  readonly #candidates: Candidates
  readonly #search: Search
  #recalls = 0

  constructor(deps: AnsweringDeps) {
    this.#deps = deps
    this.#candidates = new Candidates(deps)
    this.#search = new Search({ ...deps, isAdmissible: this.#candidates.isAdmissible })
  }

  get recalls(): number {
    return this.#recalls
  }

  async recall(request: RecallRequest): Promise<RecallResult> {
    const { clock, random } = this.#deps.ports
    const { config, kept, outcomes } = this.#deps
    const startedAt = clock.now()
    const recallId = toHex(random.bytes(12))
    const budgetMs = request.timeBudgetMs ?? config.recallTimeBudgetMs
    const found = await this.#search.find(request, budgetMs)
    const candidates = await this.#candidates.of(found)
    const { admitted, heldBack } = this.#candidates.admit(candidates, request, startedAt)
    const explores = config.recallExploration > 0 && random.below(1_000) < config.recallExploration * 1_000
    const clusters = cluster(admitted.slice(0, clusteredMax))
    const groups = clusters.map((group): Group => {
      const ranked = rankArms(group, explores ? random.below(1_000) / 1_000 : undefined)
      return { ...ranked, independent: this.#candidates.independent(ranked, admitted) }
    })
    const own = new Set(this.#deps.swarms().map(swarm => swarm.self))
    const limits = {
      limit: request.limit ?? config.recallLimit,
      tokenBudget: request.tokenBudget ?? config.recallTokenBudget,
    }
    const chosen = choose(groups, limits, own)
    const side = chosen.length > 0 && request.control !== false ? outcomes.drawSide() : undefined
    const withheld = side === 'withheld'
    const items = withheld ? [] : chosen
    this.#recalls++
    if (chosen.length > 0) {
      const recall = {
        id: recallId,
        at: startedAt,
        items: items.map(({ cid, swarm, author }) => ({ cid, swarm, author })),
        ...(side === undefined ? {} : { side }),
        ...(withheld ? { withheld: lessonsOf(clustersOf(chosen, clusters)) } : {}),
      }
      const use = kept.use(
        items.map(item => item.cid),
        startedAt,
      )
      use.apply()
      outcomes.remember(recall, [...use.ops, ...putRecallOps(recall, JSON.stringify(queryTexts(request)))])
    }
    const prompt = promptBlock(items, toHex(random.bytes(8)))
    return { recallId, items, prompt, heldBack, withheld, tookMs: clock.now() - startedAt }
  }
}

/** The situations of these items. */
function clustersOf(
  items: readonly { readonly cid: EntryCid }[],
  clusters: readonly Cluster<Known>[],
): readonly Cluster<Known>[] {
  const cids = new Set(items.map(({ cid }) => cid))
  return clusters.filter(({ head, alternatives }) => [head, ...alternatives].some(({ cid }) => cids.has(cid)))
}

function lessonsOf(clusters: readonly Cluster<Known>[]): NonNullable<StoredRecall['withheld']> {
  const lessons = clusters.flatMap(({ head, alternatives, same }) => [head, ...alternatives, ...same])
  return lessons.map(({ cid, entry }) => ({ cid, author: entry.author }))
}
