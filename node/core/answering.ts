/**
 * The way back: recall and feedback. Gathers the candidates and what is known of them for the pure ranking of
 * `pipeline/recall`, and notes what was handed out, so that feedback finds it again.
 */

import { toHex } from '../../crypto/bytes.ts'
import { secondsPerDay } from '../../protocol/body.ts'
import { duplicateKey } from '../../protocol/entry-text.ts'
import type { Day, EntryCid, Result } from '../../protocol/types.ts'
import type { Evidence, Feedback } from '../../store/evidence.ts'
import type { Pause, StoreOp } from '../../store/ports.ts'
import { forgetRecallsOps, getRecall, putRecallOps, type StoredRecall } from '../../store/recalls.ts'
import type {
  EntryDetail,
  FeedbackOutcome,
  FeedbackReport,
  NodeEvent,
  RecallRequest,
  RecallResult,
  Worth,
} from '../api.ts'
import type { NodeConfig } from '../config.ts'
import { promptBlock } from '../pipeline/prompt-block.ts'
import { admit, type Candidate, choose, fuse, type Group, queryTexts } from '../pipeline/recall.ts'
import { type Cluster, cluster, type Known } from '../pipeline/reconcile.ts'
import { isRefuted } from '../pipeline/refine/usefulness.ts'
import type { Ports } from '../ports.ts'
import { createTurns } from '../queue.ts'
import type { Authors } from '../trust/authors.ts'
import type { Voice } from '../trust/corroboration.ts'
import { corroborators } from './agreeing.ts'
import { type Arm, rankArms, rankClaims } from './arms.ts'
import type { BaseRates } from './base-rates.ts'
import { Control } from './control.ts'
import type { KeptSet } from './kept-set.ts'
import type { RecentQueries } from './recent-queries.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface AnsweringDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly authors: Authors
  readonly queries: RecentQueries
  readonly baseRates: BaseRates
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
}

/** Candidates taken from each list. */
const listLength = 50
/** Candidates that are looked at more closely, best first. */
const candidatesMax = 100
/** Admitted candidates among which agreement and disagreement are looked for. */
const clusteredMax = 40
/** Recalls are forgotten after this many days; the evidence from them stays. */
const recallDays = 30

interface Found {
  /** Ranked lists of admissible entries. */
  readonly lists: EntryCid[][]
  /** Entries of strangers that stood among the best: counted, and handed out only where independent ones agree. */
  readonly strangers: Set<EntryCid>
  /** Ranked lists in which they stood. */
  readonly mixedLists: EntryCid[][]
  readonly cosine: Map<EntryCid, number>
  readonly coverage: Map<EntryCid, number>
}

export class Answering {
  readonly #deps: AnsweringDeps
  /** Recalls on their way to the disk. */
  readonly #unwritten = new Map<string, StoredRecall>()
  readonly #writes = new Set<Promise<void>>()
  /** Counts are read, changed and written: two changes at once would lose one. */
  readonly #inTurn = createTurns()
  #recalls = 0
  readonly #control: Control

  constructor(deps: AnsweringDeps) {
    this.#deps = deps
    const { baseRates, config, ports } = deps
    this.#control = new Control({ ports, baseRates, share: config.controlShare, days: recallDays })
  }

  load(): Promise<void> {
    return this.#control.load()
  }

  worth(): Worth | undefined {
    return this.#control.worth()
  }

  get recalls(): number {
    return this.#recalls
  }

  async recall(request: RecallRequest): Promise<RecallResult> {
    const { clock, random } = this.#deps.ports
    const { config, kept } = this.#deps
    const startedAt = clock.now()
    const recallId = toHex(random.bytes(12))
    const budgetMs = request.timeBudgetMs ?? config.recallTimeBudgetMs
    const found = await this.#search(request, budgetMs)
    const candidates = await this.#candidates(found)
    const { admitted, heldBack } = this.#admit(candidates, request, startedAt)
    const explores = config.recallExploration > 0 && random.below(1_000) < config.recallExploration * 1_000
    const clusters = cluster(admitted.slice(0, clusteredMax))
    const groups = clusters.map((group): Group => {
      const ranked = rankArms(group, explores ? random.below(1_000) / 1_000 : undefined)
      return { ...ranked, independent: this.#independent(ranked, admitted) }
    })
    const own = new Set(this.#deps.swarms().map(swarm => swarm.self))
    const limits = {
      limit: request.limit ?? config.recallLimit,
      tokenBudget: request.tokenBudget ?? config.recallTokenBudget,
    }
    const chosen = choose(groups, limits, own)
    const side = chosen.length > 0 && request.control !== false ? this.#control.draw() : undefined
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
      this.#write(recall, [...use.ops, ...putRecallOps(recall, JSON.stringify(queryTexts(request)))])
    }
    const prompt = promptBlock(items, toHex(random.bytes(8)))
    return { recallId, items, prompt, heldBack, withheld, tookMs: clock.now() - startedAt }
  }

  /** Outcomes for what was handed out; without `item`, for the one item that it had. */
  feedback(recallId: string, outcome: FeedbackOutcome, item?: EntryCid): Promise<Result<FeedbackReport>> {
    return this.#inTurn(() => this.#feedback(recallId, outcome, item))
  }

  /** How the task of a recall ended. */
  outcome(recallId: string, solved: boolean): Promise<Result<{ readonly counted: boolean }>> {
    return this.#inTurn(async () => {
      const recall = this.#recallOf(recallId)
      if (recall === undefined) return unknownRecall(recallId)
      const told = await this.#control.tell(recall, solved)
      if (recall.withheld !== undefined) this.#deps.authors.changed()
      return told
    })
  }

  /** Evidence of another kind than an owner's feedback. */
  note(told: Feedback): Promise<void> {
    return this.#inTurn(() => this.#note(told))
  }

  /** Entries that say the same as this one, or something else for the same situation. */
  async neighbours(
    cid: EntryCid,
  ): Promise<Pick<EntryDetail, 'alternatives' | 'corroboratedBy' | 'merged' | 'standing'>> {
    const { kept } = this.#deps
    const self = kept.known(cid)
    if (self === undefined) return { alternatives: [], corroboratedBy: [] }
    const near = new Set<EntryCid>()
    if (self.vector !== undefined) {
      for (const hit of await kept.searchMeaning(self.vector, listLength, this.#pause()))
        near.add(hit.id as EntryCid)
    }
    for (const hit of await kept.searchWords(self.entry.situation, listLength, this.#pause()))
      near.add(hit.id as EntryCid)
    near.delete(cid)
    const others = [...near]
      .sort()
      .map(other => kept.known(other))
      .filter(other => other !== undefined)
    const group = cluster([self, ...others]).find(one => one.head.cid === cid)
    const own = new Set(this.#deps.swarms().map(swarm => swarm.self))
    const ranked = group === undefined ? undefined : rankClaims(group, one => this.#claim(one))
    const baseRate = this.#deps.baseRates.ofEntry(cid, self.entry.author)
    const isOut = isRefuted(this.#deps.evidence.ofEntry(cid, this.#today()), baseRate)
    const isContested = ranked?.contested.some(one => one.cid === cid) === true
    const merged = ranked?.mergeOf(self).parents ?? []
    return {
      ...(merged.length > 1 ? { merged } : {}),
      ...(isOut ? { standing: 'refuted' } : isContested ? { standing: 'contested' } : {}),
      alternatives: group?.alternatives.map(other => other.cid) ?? [],
      corroboratedBy: group?.corroboratedBy.filter(author => !own.has(author)) ?? [],
    }
  }

  #claim({ cid, entry }: Known): Arm {
    const { authors, evidence, kept } = this.#deps
    const swarm = this.#deps.swarms().find(one => one.id === kept.get(cid)?.swarm)
    const standing = swarm === undefined ? undefined : authors.standing(entry.author, swarm.membership)
    return {
      ...evidence.ofEntry(cid, this.#today()),
      trust: standing?.trust ?? 0,
      tier: standing?.tier ?? 'quarantined',
    }
  }

  async forgetOld(): Promise<void> {
    const { store, clock } = this.#deps.ports
    const today = this.#today()
    await store.batch(this.#deps.evidence.pruneOps(today))
    for (let before = clock.now() - recallDays * secondsPerDay * 1000, found = 0; ; found++) {
      const ops = await forgetRecallsOps(store, before, 200)
      await store.batch(ops)
      if (ops.length > 0) continue
      if (found === 0) return
      await this.#inTurn(() => this.#control.load())
      this.#deps.authors.changed()
      return
    }
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => undefined)
    await Promise.all(this.#writes)
  }

  async #feedback(
    recallId: string,
    outcome: FeedbackOutcome,
    item?: EntryCid,
  ): Promise<Result<FeedbackReport>> {
    const { authors, kept, ports } = this.#deps
    const recall = this.#recallOf(recallId)
    if (recall === undefined) return unknownRecall(recallId)
    const only = recall.items.length === 1 ? recall.items[0]?.cid : undefined
    const cid = item ?? only
    if (cid === undefined) {
      return {
        ok: false,
        code: 'which-item',
        message: `That recall handed out ${recall.items.length} lessons. Say which one the answer used: --item CID.`,
      }
    }
    const handed = recall.items.find(one => one.cid === cid)
    if (handed === undefined)
      return {
        ok: false,
        code: 'not-handed-out',
        message: `${cid} was not among the lessons of that recall.`,
      }
    const { author } = handed
    const own = this.#deps.swarms().some(swarm => swarm.self === author)
    await this.#note({ recallId, cid, author, outcome, day: this.#today() })
    const swarm = this.#deps.swarms().find(one => one.id === handed.swarm)
    const standing = swarm === undefined ? undefined : authors.standing(author, swarm.membership)
    if (standing !== undefined && !own)
      this.#deps.emit({ type: 'trust', peer: author, tier: standing.tier, trust: standing.trust })
    ports.log('debug', 'Feedback.', { recallId, cid, outcome, kept: kept.get(cid) !== undefined })
    return { ok: true, value: { counted: [{ cid, author, trust: standing?.trust ?? 0 }] } }
  }

  #recallOf(id: string): StoredRecall | undefined {
    return this.#unwritten.get(id) ?? getRecall(this.#deps.ports.store, id)
  }

  async #note(told: Feedback): Promise<void> {
    const { authors, evidence, ports } = this.#deps
    const change = evidence.feedback(told)
    // Evidence that no recall stands behind is forgotten like one.
    const ops =
      told.authorOnly || told.shadow
        ? putRecallOps({ id: told.recallId, at: ports.clock.now(), items: [] }, '')
        : []
    await ports.store.batch([...change.ops, ...ops])
    change.apply()
    authors.changed()
  }

  async #search(request: RecallRequest, budgetMs: number): Promise<Found> {
    const { kept } = this.#deps
    const texts = queryTexts(request)
    const pause = this.#pause()
    const found: Found = {
      lists: [],
      strangers: new Set(),
      mixedLists: [],
      cosine: new Map(),
      coverage: new Map(),
    }
    const lexical = async (): Promise<void> => {
      for (const { words } of texts) {
        await this.#gather(
          found,
          accept => kept.searchWords(words, listLength, pause, accept),
          hit => raise(found.coverage, hit.id as EntryCid, hit.coverage),
        )
      }
    }
    // The model works on a thread of its own while the words are looked up.
    const meanings = texts.map(({ meaning }) => meaning)
    const [vectors] = await Promise.all([this.#embed(meanings, budgetMs), lexical()])
    for (const vector of vectors) {
      let served = 0
      await this.#gather(
        found,
        accept => kept.searchMeaning(vector, listLength, pause, accept),
        hit => {
          raise(found.cosine, hit.id as EntryCid, hit.cosine)
          if (this.#isAdmissible(hit.id as EntryCid)) served = Math.max(served, hit.cosine)
        },
      )
      this.#deps.queries.note(vector, served)
    }
    return found
  }

  /** Searches once; and once more among the admissible when strangers stand in the way, so that a flood hides nothing. */
  async #gather<Hit extends { readonly id: string }>(
    found: Found,
    search: (accept?: (cid: EntryCid) => boolean) => Promise<readonly Hit[]>,
    note: (hit: Hit) => void,
  ): Promise<void> {
    const admissible = (cid: EntryCid): boolean => this.#isAdmissible(cid)
    let hits = await search()
    const strangers = hits.filter(hit => !admissible(hit.id as EntryCid))
    if (strangers.length > 0) {
      found.mixedLists.push(hits.map(hit => hit.id as EntryCid))
      hits = await search(admissible)
    }
    for (const hit of strangers) found.strangers.add(hit.id as EntryCid)
    for (const hit of [...hits, ...strangers]) note(hit)
    found.lists.push(hits.map(hit => hit.id as EntryCid))
  }

  #isAdmissible(cid: EntryCid): boolean {
    const meta = this.#deps.kept.get(cid)
    const swarm = this.#deps.swarms().find(one => one.id === meta?.swarm)
    if (meta === undefined || swarm === undefined) return false
    return this.#deps.authors.standing(meta.author, swarm.membership).tier !== 'quarantined'
  }

  /** Nothing when the model does not answer within the budget: words alone are better than no answer. */
  async #embed(texts: readonly string[], budgetMs: number): Promise<readonly Float32Array[]> {
    const { clock, embedder, log } = this.#deps.ports
    if (texts.length === 0) return []
    return await clock.within(budgetMs, undefined, async signal => {
      try {
        return await embedder.embed(texts, signal)
      } catch (cause) {
        if (signal.aborted) log('debug', 'The query was not embedded in time.', { budgetMs })
        else
          log('error', 'The query could not be embedded; it is answered by words.', { cause: String(cause) })
        return []
      }
    })
  }

  async #candidates(found: Found): Promise<readonly Candidate[]> {
    const { authors, evidence, kept, ports } = this.#deps
    const today = this.#today()
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
      const { helped, hurt } = evidence.ofEntry(cid, today)
      // Retired, own lessons too: it is there to be seen.
      if (isRefuted({ helped, hurt }, this.#deps.baseRates.ofEntry(cid, entry.author))) continue
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
  #admit(candidates: readonly Candidate[], request: RecallRequest, nowMs: number) {
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

  #independent({ head, corroboratedBy }: Pick<Group, 'head' | 'corroboratedBy'>, all: readonly Candidate[]) {
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

  #write(recall: StoredRecall, ops: readonly StoreOp[]): void {
    const { store, log } = this.#deps.ports
    this.#unwritten.set(recall.id, recall)
    const writing = store
      .batch(ops)
      .catch((cause: unknown) =>
        log('error', 'A recall could not be noted; feedback on it is lost.', { cause: String(cause) }),
      )
      .finally(() => {
        this.#unwritten.delete(recall.id)
        this.#writes.delete(writing)
      })
    this.#writes.add(writing)
  }

  #pause(): Pause {
    return units => this.#deps.ports.cpu.spend('scan', units)
  }

  #today(): Day {
    return today(this.#deps.ports.clock)
  }
}

function unknownRecall(id: string): Result<never> {
  return {
    ok: false,
    code: 'unknown-recall',
    message: `There is no recall ${id}: feedback is possible for ${recallDays} days, on what was handed out.`,
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

function raise(best: Map<EntryCid, number>, cid: EntryCid, value: number): void {
  if (value > (best.get(cid) ?? 0)) best.set(cid, value)
}
