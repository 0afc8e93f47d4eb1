/**
 * Recall (behaviour.md, "Recall"): from words, the tool call about to be made or the error just seen to the few
 * entries that help. Dense and lexical candidates are fused by rank, weighed by trust, evidence and freshness,
 * grouped by situation, and cut to the limits. Nothing of a quarantined author passes; it is counted instead.
 */

import type { Entry, EntryCid, PeerId, SwarmId } from '../../protocol/types.ts'
import type { HeldBack, RecallItem, RecallRequest, Tier } from '../api.ts'
import { argumentNames } from '../lessons/argument-names.ts'

export interface Candidate {
  readonly cid: EntryCid
  readonly swarm: SwarmId
  readonly entry: Entry
  readonly vector: Float32Array | undefined
  readonly duplicateKey: string
  /** Key of the own draft behind it; own entries in several swarms share it. */
  readonly draftKey: string | undefined
  readonly tier: Tier
  readonly trust: number
  readonly blocked: boolean
  readonly helped: number
  readonly hurt: number
  /** Best cosine over the query's texts; undefined when it was found by words only. */
  readonly cosine: number | undefined
  /** Share of the query's weight of words that the entry holds, 0 to 1. */
  readonly coverage: number
  /** Sum of 1 / (60 + rank) over the lists in which it stood. */
  readonly fused: number
  /** Independent authors that say the same, where only that lets it in. */
  readonly corroborators?: readonly PeerId[]
}

export interface Scored extends Candidate {
  readonly score: number
}

export interface Group {
  readonly head: Scored
  readonly alternatives: readonly Scored[]
  /** Alternatives that have lost against the head: named, and not handed out. */
  readonly contested?: readonly Scored[]
  /** What was merged into the head: it is believed no more than the least of them. */
  readonly merge?: { readonly parents: readonly EntryCid[]; readonly trust: number }
  readonly corroboratedBy: readonly PeerId[]
  /** How many of those are independent of the head's author and of each other. */
  readonly independent: number
}

/** Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009). */
const fusionConstant = 60
/**
 * Cosine below which a situation is not about the query. On CLINC150 with eight utterances an intent in the store,
 * 85 % of in-scope queries find one at 0.5, and 12 % of out-of-scope queries (0.45: 91 and 22; 0.55: 75 and 7).
 */
const helpfulCosine = 0.5
/** Share of the query's words, by weight, that must stand in an entry found by words alone. */
const helpfulCoverage = 0.5
/** Days of age after which an entry's freshness has reached its floor of one half. */
const staleDays = 365

export interface QueryText {
  /** What is looked for by its words. */
  readonly words: string
  /** What is looked for by its meaning: situations are searched, so it is put as a situation is. */
  readonly meaning: string
}

/** The texts to search with: the person's words, the call about to be made, the error just seen. */
export function queryTexts({ query, pendingCall, lastError }: RecallRequest): readonly QueryText[] {
  const texts: QueryText[] = []
  const said = query?.trim().slice(0, 4000) ?? ''
  if (said !== '') texts.push({ words: said, meaning: said })
  const error = lastError?.trim().slice(0, 1000) ?? ''
  const tool = pendingCall?.tool ?? ''
  if (pendingCall !== undefined) {
    const names = argumentNames(pendingCall.arguments)
    const given = names.length === 0 ? '' : ` with ${names.join(', ')}`
    texts.push({ words: [tool, ...names].join(' '), meaning: `About to call ${tool}${given}.` })
  }
  if (error !== '')
    texts.push({ words: `${tool} ${error}`.trim(), meaning: `${tool} failed with "${error}".`.trim() })
  return texts
}

/** Reciprocal rank fusion of ranked lists of ids. */
export function fuse(lists: readonly (readonly EntryCid[])[]): Map<EntryCid, number> {
  const scores = new Map<EntryCid, number>()
  for (const list of lists) {
    for (const [rank, cid] of list.entries()) {
      scores.set(cid, (scores.get(cid) ?? 0) + 1 / (fusionConstant + rank + 1))
    }
  }
  return scores
}

/** Whether the candidate is about the query at all: "nothing that helps" is an answer. */
function isAbout(candidate: Candidate, request: RecallRequest): boolean {
  const tools = candidate.entry.context.tools ?? []
  if (request.tools !== undefined && tools.length > 0) {
    const offered = new Set(request.tools)
    if (!tools.some(tool => offered.has(tool.name))) return false
  }
  if (request.pendingCall !== undefined && tools.length > 0) {
    const pending = request.pendingCall.tool
    if (!tools.some(tool => tool.name === pending)) return false
  }
  if ((candidate.cosine ?? 0) >= helpfulCosine || candidate.coverage >= helpfulCoverage) return true
  return request.lastError !== undefined && quotesError(candidate.entry.situation, request.lastError)
}

/** A lesson on the very tool that is about to be called stands before those that only mention it. */
const ownToolWeight = 1.25
/** More than a rank can do: after an error what is about that error comes first. */
const ownErrorWeight = 2
/** The same words in the same order, and something where the quote has a value: before an error that is merely like it. */
const sameErrorWeight = 2.5
/** Share of the words of a quoted error that must stand in the one just seen, which has values where the quote has none. */
const sameErrorShare = 0.8

function scoreOf(candidate: Candidate, request: RecallRequest, nowMs: number): number {
  const { entry, helped, hurt, fused, trust } = candidate
  const evidence = (helped + 1) / (helped + hurt + 2)
  const ageDays = Math.max(0, nowMs / 86_400_000 - entry.support.lastSeen)
  const freshness = 1 - Math.min(ageDays, staleDays) / staleDays / 2
  // Twice the evidence, so that an untried entry (one half) neither gains nor loses.
  return fused * trust * 2 * evidence * freshness * triggerWeight(entry, request)
}

function triggerWeight({ context, situation }: Entry, { pendingCall, lastError }: RecallRequest): number {
  const [subject] = context.tools ?? []
  const isOwnTool = subject !== undefined && subject.name === pendingCall?.tool
  return (isOwnTool ? ownToolWeight : 1) * errorWeight(situation, lastError)
}

function errorWeight(situation: string, error: string | undefined): number {
  if (error === undefined || !quotesError(situation, error)) return 1
  return quotesIn(situation).some(quoted => isSameError(quoted, error)) ? sameErrorWeight : ownErrorWeight
}

function quotesIn(situation: string): readonly string[] {
  return [...situation.matchAll(/"([^"]{3,300})"/g)].map(([, quoted = '']) => quoted)
}

function isSameError(quoted: string, error: string): boolean {
  const seen = ` ${wordsOf(error).join(' ')} `
  let end = 0
  for (const part of quoted.split(VALUE)) {
    const words = ` ${wordsOf(part).join(' ')} `
    if (words.trim() === '') continue
    // After the first part at least one word stands for the value.
    const at = seen.indexOf(words, end === 0 ? 0 : end + 1)
    if (at < 0) return false
    end = at + words.length - 1
  }
  return end > 0
}

function quotesError(situation: string, error: string): boolean {
  const seen = new Set(wordsOf(error))
  return quotesIn(situation).some(quoted => {
    const words = wordsOf(quoted.replace(VALUE, ' '))
    const held = words.filter(word => seen.has(word)).length
    return words.length > 0 && held >= words.length * sameErrorShare
  })
}

const VALUE = /<[^<>]{1,60}>/g

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []
}

/** Splits what is about the query into what may be handed out, best first, and what is held back: `held`, and by author. */
export function admit(
  candidates: readonly Candidate[],
  request: RecallRequest,
  nowMs: number,
): {
  readonly admitted: readonly Scored[]
  readonly held: readonly Candidate[]
  readonly heldBack: readonly HeldBack[]
} {
  const admitted: Scored[] = []
  const heldCandidates: Candidate[] = []
  const held = new Map<PeerId, { entries: number; blocked: boolean }>()
  const drafts = new Set<string>()
  for (const candidate of candidates) {
    if (!isAbout(candidate, request)) continue
    if (candidate.tier === 'quarantined' || candidate.blocked) {
      const { author } = candidate.entry
      const entries = (held.get(author)?.entries ?? 0) + 1
      held.set(author, { entries, blocked: candidate.blocked })
      heldCandidates.push(candidate)
      continue
    }
    admitted.push({ ...candidate, score: scoreOf(candidate, request, nowMs) })
  }
  admitted.sort((a, b) => b.score - a.score || (a.cid < b.cid ? -1 : 1))
  const unique = admitted.filter(({ draftKey }) => {
    if (draftKey === undefined) return true
    if (drafts.has(draftKey)) return false
    drafts.add(draftKey)
    return true
  })
  const heldBack = [...held].map(
    ([author, { entries, blocked }]): HeldBack => ({
      author,
      entries,
      reason: blocked ? 'blocked' : 'stranger',
      command: blocked ? `swarmlore trust clear ${author}` : `swarmlore trust pin ${author}`,
    }),
  )
  return { admitted: unique, held: heldCandidates, heldBack }
}

/**
 * The items to hand out: each group's head, then its best alternative right after it, so that both sides of a
 * disagreement are seen; at most one of an author in a group; within the limit and the token budget.
 */
export function choose(
  groups: readonly Group[],
  limits: { readonly limit: number; readonly tokenBudget: number },
  own: ReadonlySet<PeerId>,
): readonly RecallItem[] {
  const items: RecallItem[] = []
  let tokens = blockOverheadTokens
  const add = (candidate: Scored, group: Group, contradicts: EntryCid | undefined): void => {
    const cost = tokensOf(candidate.entry)
    if (items.length >= limits.limit || tokens + cost > limits.tokenBudget) return
    tokens += cost
    items.push(itemOf(candidate, group, contradicts, own))
  }
  for (const group of groups) {
    add(group.head, group, undefined)
    const other = group.alternatives.find(alternative => alternative.entry.author !== group.head.entry.author)
    if (other !== undefined) add(other, group, group.head.cid)
  }
  return items
}

function itemOf(
  candidate: Scored,
  group: Group,
  contradicts: EntryCid | undefined,
  own: ReadonlySet<PeerId>,
): RecallItem {
  const { corroborators, entry } = candidate
  const all = [group.head, ...group.alternatives, ...(group.contested ?? [])]
  const merge = contradicts === undefined ? group.merge : undefined
  const agreeing = contradicts === undefined ? group.corroboratedBy.filter(author => !own.has(author)) : []
  return {
    cid: candidate.cid,
    swarm: candidate.swarm,
    kind: entry.kind,
    situation: entry.situation,
    insight: entry.insight,
    author: entry.author,
    tier: candidate.tier,
    trust: merge?.trust ?? candidate.trust,
    evidence: { helped: candidate.helped, hurt: candidate.hurt },
    support: entry.support,
    score: candidate.score,
    why: [...whyChosen(candidate, contradicts), ...whyMerged(merge), ...whyLeft(group, contradicts)],
    alternatives: all.filter(other => other.cid !== candidate.cid).map(other => other.cid),
    corroboratedBy: corroborators ?? agreeing,
    independent: corroborators?.length ?? (agreeing.length === 0 ? 0 : group.independent),
  }
}

function whyChosen(candidate: Candidate, contradicts: EntryCid | undefined): readonly string[] {
  const why: string[] = []
  if (candidate.cosine !== undefined && candidate.cosine >= helpfulCosine) {
    why.push(`Its situation is close in meaning (cosine ${candidate.cosine.toFixed(2)}).`)
  }
  if (candidate.coverage > 0.2)
    why.push(`It holds ${Math.round(candidate.coverage * 100)} % of the query's words, by weight.`)
  const { support } = candidate.entry
  why.push(
    `Its author rests it on ${plural(support.episodes, 'run')} over ${plural(support.asks, 'ask')}, ${support.solved} of them solved.`,
  )
  if (candidate.helped + candidate.hurt > 0.05) {
    why.push(
      `Here it helped ${candidate.helped.toFixed(1)} and hurt ${candidate.hurt.toFixed(1)} times (older outcomes count less).`,
    )
  }
  why.push(whoseWord(candidate))
  if (contradicts !== undefined) why.push(`It says otherwise than ${contradicts}.`)
  return why
}

function whyMerged(merge: Group['merge']): readonly string[] {
  if (merge === undefined || merge.parents.length < 2) return []
  return [
    `Merged from ${merge.parents.join(', ')}; believed no more than the least of them (${merge.trust.toFixed(2)}).`,
  ]
}

function whyLeft({ contested = [] }: Group, contradicts: EntryCid | undefined): readonly string[] {
  if (contested.length === 0 || contradicts !== undefined) return []
  return [`It did better here than ${contested.map(({ cid }) => cid).join(', ')}, which is left out.`]
}

function whoseWord({ corroborators = [], tier, trust }: Candidate): string {
  if (tier === 'own') return 'It is a lesson of this node.'
  if (tier === 'corroborated')
    return `Its author is not trusted here on its own, and ${plural(corroborators.length, 'independent author')} said the same.`
  return `Its author is trusted here (${trust.toFixed(2)}).`
}

/** Four characters a token: the usual rule of thumb for English, on the safe side for code. */
const charactersPerToken = 4
const blockOverheadTokens = 60
const itemOverheadTokens = 40

function tokensOf(entry: Entry): number {
  const { summary, detail, action } = entry.insight
  return (
    Math.ceil(
      (entry.situation.length + summary.length + detail.length + action.length) / charactersPerToken,
    ) + itemOverheadTokens
  )
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
