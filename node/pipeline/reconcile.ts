/**
 * How two entries stand to each other (behaviour.md, "Reconcile"): a pure function of the two, so that the
 * answer needs no state and cannot go stale. Objective first (same text, supersession), then by meaning.
 */

import { dayOf } from '../../protocol/body.ts'
import type { Entry, EntryCid, PeerId } from '../../protocol/types.ts'

export interface Known {
  readonly cid: EntryCid
  readonly entry: Entry
  /** Unit vector of the situation; absent while it waits for the embedder. */
  readonly vector: Float32Array | undefined
  /** Hash of the normalised text. */
  readonly duplicateKey: string
}

export type Relation =
  | 'same'
  | 'supersedes'
  | 'superseded'
  | 'duplicate'
  | 'corroborates'
  | 'alternative'
  | 'unrelated'

/** Cosine from which two situations may be one. Higher than for search: two errors of one tool are near, and not the same. */
const sameSituationCosine = 0.9
/** Share of action words in common from which two entries say the same. */
const sameActionOverlap = 0.6

/** The relation of `a` to `b`. */
export function relate(a: Known, b: Known): Relation {
  if (a.cid === b.cid) return 'same'
  const sameAuthor = a.entry.author === b.entry.author
  if (sameAuthor && a.entry.supersedes === b.cid) return 'supersedes'
  if (sameAuthor && b.entry.supersedes === a.cid) return 'superseded'
  if (a.duplicateKey === b.duplicateKey) return sameAuthor ? 'duplicate' : 'corroborates'
  if (!sameSituation(a, b) && !(sameAuthor && haveOnePredecessor(a.entry, b.entry))) return 'unrelated'
  if (agree(a.entry, b.entry)) return sameAuthor ? 'duplicate' : 'corroborates'
  // Each holds in its own context: that explains why they differ.
  if (areScopedApart(a.entry, b.entry)) return 'unrelated'
  if (sameAuthor && haveOnePredecessor(a.entry, b.entry)) return 'alternative'
  return sameAuthor && areTwoLessons(a.entry, b.entry) ? 'unrelated' : 'alternative'
}

/** Two successors of one entry, as two devices of an author may make them: there is no clock to say which one holds. */
function haveOnePredecessor(a: Entry, b: Entry): boolean {
  return a.supersedes !== undefined && a.supersedes === b.supersedes
}

/** Another version of what they are about, another family of models, or another time. */
function areScopedApart({ context: a, ...first }: Entry, { context: b, ...second }: Entry): boolean {
  if (a.modelFamily !== undefined && b.modelFamily !== undefined && a.modelFamily !== b.modelFamily)
    return true
  const versions = new Set(a.versions ?? [])
  const named = b.versions ?? []
  if (versions.size > 0 && named.length > 0 && !named.some(version => versions.has(version))) return true
  return first.expires !== undefined && second.expires !== undefined && areTimesApart(first, second)
}

/** Both say until when they hold, and one ends before the other begins. */
function areTimesApart(
  a: Pick<Entry, 'created' | 'expires'>,
  b: Pick<Entry, 'created' | 'expires'>,
): boolean {
  const dayOfCreation = (one: Pick<Entry, 'created'>): number => dayOf(one.created)
  return (a.expires ?? 0) < dayOfCreation(b) || (b.expires ?? 0) < dayOfCreation(a)
}

/** What one author says of like situations in other words, or found in another way, is no quarrel. */
function areTwoLessons(a: Entry, b: Entry): boolean {
  return textsOf(a).situation !== textsOf(b).situation || a.lineage.method !== b.lineage.method
}

export interface Cluster<T extends Known> {
  /** The best of the cluster, by the order of the input. */
  readonly head: T
  readonly alternatives: readonly T[]
  /** What says the same as the head or as one of the alternatives, whoever said it. */
  readonly same: readonly T[]
  readonly corroboratedBy: readonly PeerId[]
}

/**
 * Groups entries, best first, so that each situation stands once: what says the same joins its head, what says
 * something else becomes an alternative of it. An entry superseded by another of the list is left out.
 */
export function cluster<T extends Known>(best: readonly T[]): readonly Cluster<T>[] {
  const replaced = new Set<EntryCid>()
  const authorOf = new Map(best.map(item => [item.cid, item.entry.author]))
  for (const { entry } of best) {
    if (entry.supersedes !== undefined && authorOf.get(entry.supersedes) === entry.author)
      replaced.add(entry.supersedes)
  }
  const clusters: { head: T; alternatives: T[]; same: T[]; corroboratedBy: Set<PeerId> }[] = []
  for (const item of best) {
    if (replaced.has(item.cid)) continue
    const home = clusters.find(({ head }) => relate(item, head) !== 'unrelated')
    if (home === undefined) {
      clusters.push({ head: item, alternatives: [], same: [], corroboratedBy: new Set() })
      continue
    }
    const relation = relate(item, home.head)
    if (relation === 'alternative') {
      // The same alternative from a second author is not a second alternative.
      if (home.alternatives.some(other => relate(item, other) !== 'alternative')) home.same.push(item)
      else home.alternatives.push(item)
    } else {
      home.same.push(item)
      if (relation === 'corroborates') home.corroboratedBy.add(item.entry.author)
    }
  }
  return clusters.map(({ head, alternatives, same, corroboratedBy }) => ({
    head,
    alternatives,
    same,
    corroboratedBy: [...corroboratedBy],
  }))
}

/** The cluster that one entry is the head of, among others; undefined where one of them replaces it. */
export function groupOf<T extends Known>(head: T, others: readonly T[]): Cluster<T> | undefined {
  const near = others.filter(one => relate(one, head) !== 'unrelated')
  const cids = new Set(near.map(one => one.cid))
  // What replaces one of the near ones takes it out, near or not.
  const replacing = others.filter(
    ({ cid, entry }) => entry.supersedes !== undefined && cids.has(entry.supersedes) && !cids.has(cid),
  )
  return cluster([head, ...near, ...replacing]).find(one => one.head.cid === head.cid)
}

function sameSituation(a: Known, b: Known): boolean {
  if (a.entry.kind !== b.entry.kind) return false
  const left = textsOf(a.entry)
  const right = textsOf(b.entry)
  if (left.situation === right.situation) return true
  // A lesson about one tool never competes with a lesson about another.
  if (left.tools !== right.tools || left.marks !== right.marks) return false
  if (a.vector === undefined || b.vector === undefined || a.vector.length !== b.vector.length) return false
  return dot(a.vector, b.vector) >= sameSituationCosine
}

/** Whether two entries advise the same: nearly the same words of advice, and the same figures and names in code spelling. */
function agree(a: Entry, b: Entry): boolean {
  const left = textsOf(a)
  const right = textsOf(b)
  const union = new Set([...left.advice, ...right.advice])
  if (union.size === 0) return true
  let common = 0
  for (const word of left.advice) if (right.advice.has(word)) common++
  return common / union.size >= sameActionOverlap && left.exact === right.exact
}

/** What of an entry is compared, in the form in which it is compared. */
interface Texts {
  readonly situation: string
  /** Names of tools. */
  readonly tools: string
  /** Names and error words as they are quoted in the situation: another error of the same tool is another situation. */
  readonly marks: string
  readonly advice: ReadonlySet<string>
  /** Those of the advice's words that are figures, or names in code spelling. */
  readonly exact: string
}

/** Made once for each entry: one that is near many others is held against all of them. */
const known = new WeakMap<Entry, Texts>()

function textsOf(entry: Entry): Texts {
  const before = known.get(entry)
  if (before !== undefined) return before
  const { context, insight, kind, situation } = entry
  const advice = words(kind === 'fact' ? insight.summary : insight.action)
  const texts: Texts = {
    situation: normal(situation),
    tools: sorted((context.tools ?? []).map(tool => tool.name)),
    marks: sorted(new Set(situation.match(/`[^`]+`|"[^"]+"/g) ?? [])),
    advice,
    exact: sorted([...advice].filter(word => /[\d_.]/.test(word))),
  }
  known.set(entry, texts)
  return texts
}

function sorted(texts: Iterable<string>): string {
  return [...texts].sort().join(' ')
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}_.]*[\p{L}\p{N}_]/gu) ?? [])
}

function normal(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}
