/**
 * What sets solved runs of a problem apart from unsolved runs of the same problem: a feature that all of the one and none
 * of the other have. Chance makes many of these within one ask, so a contrast counts from two asks, with no ask that
 * shows the opposite, and only where shuffled outcomes give clearly fewer.
 */

import { type Feature, featureId, featuresOf } from '../features.ts'
import type { Run } from '../runs.ts'
import { contrastLesson } from './contrast-words.ts'
import type { Finding, Pattern, PatternContext } from './pattern.ts'

const SHUFFLES = 200
/** A contrast counts from two different asks; looking for a bound beyond five would be looking for luck. */
const ASKS_LEAST = 2
const ASKS_MOST = 5
/** Share of shuffles that may show as many contrasts as the real outcomes do. */
const CHANCE_MAX = 0.05
/** Contrasts that shuffled outcomes give on average, as a share of the real ones. */
const FALSE_SHARE_MAX = 0.25

export const contrast: Pattern = {
  id: 'contrast',
  asksToShare: 2,
  needsSolved: true,
  find(_runs, context) {
    const problems = [...context.batch.problems.values()]
      .map(runs => runs.filter(run => run.solved !== undefined))
      .filter(runs => runs.some(run => run.solved === true) && runs.some(run => run.solved === false))
      .map(runs => toProblem(runs, context))
    const found = separators(
      problems.map(problem => ({ ...problem, labels: problem.runs.map(run => run.solved === true) })),
    )
    const least = trustedFrom(found, problems)
    return found.flatMap(separator => {
      // What chance could have made stays a matter of one ask: kept on this node, and not published.
      const trusted = least !== undefined && askCount(separator) >= least
      const shown = trusted ? separator : { ...separator, problems: separator.problems.slice(0, 1) }
      return toFindings(shown, context)
    })
  },
}

/** Runs of one problem; several problems can lie in one ask, and count as one. */
interface Problem {
  readonly ask: string
  readonly runs: readonly Run[]
  /** For each feature, which of the runs have it. */
  readonly having: ReadonlyMap<string, readonly boolean[]>
  readonly features: ReadonlyMap<string, Feature>
}

interface Separator {
  readonly feature: Feature
  /** Solved runs have the feature, or lack it. */
  readonly good: boolean
  readonly problems: readonly Problem[]
}

function askCount({ problems }: Separator): number {
  return new Set(problems.map(problem => problem.ask)).size
}

function toProblem(runs: readonly Run[], context: PatternContext): Problem {
  const each = runs.map(run => featuresOf(run, context))
  const features = new Map<string, Feature>()
  for (const own of each) for (const [id, feature] of own) features.set(id, feature)
  const having = new Map([...features.keys()].map(id => [id, each.map(own => own.has(id))] as const))
  return { ask: runs[0]?.ask ?? '', runs, having, features }
}

type Labelled = Problem & { readonly labels: readonly boolean[] }

/** What was read before a call can only set apart runs that made the call: the others may have read it as well. */
function comparable(problem: Labelled, feature: Feature): Labelled {
  if (feature.what !== 'reads-first') return problem
  const called = problem.having.get(featureId({ what: 'changes', tool: feature.tool })) ?? []
  const those = <Item>(list: readonly Item[]): readonly Item[] => list.filter((_, index) => called[index])
  const id = featureId(feature)
  return {
    ...problem,
    runs: those(problem.runs),
    labels: those(problem.labels),
    having: new Map([[id, those(problem.having.get(id) ?? [])]]),
  }
}

function separators(problems: readonly Labelled[]): readonly Separator[] {
  const votes = new Map<string, { feature: Feature; yes: Problem[]; no: Problem[] }>()
  for (const whole of problems) {
    for (const [id, feature] of whole.features) {
      const problem = comparable(whole, feature)
      const has = problem.having.get(id) ?? []
      const same = has.every((one, index) => one === problem.labels[index])
      const opposite = !same && has.every((one, index) => one !== problem.labels[index])
      if (new Set(problem.labels).size < 2 || (!same && !opposite)) continue
      const vote = votes.get(id) ?? { feature, yes: [], no: [] }
      votes.set(id, vote)
      if (same) vote.yes.push(problem)
      else vote.no.push(problem)
    }
  }
  return [...votes.values()].flatMap(({ feature, yes, no }) => {
    if (yes.length > 0 && no.length > 0) return []
    return [{ feature, good: yes.length > 0, problems: yes.length > 0 ? yes : no }]
  })
}

/**
 * From how many asks on a contrast is more than chance: outcomes are shuffled within each problem (the same number of solved
 * runs, another lot of them), and with many asks more of them are wanted.
 */
function trustedFrom(found: readonly Separator[], problems: readonly Problem[]): number | undefined {
  const most = Math.max(0, ...found.map(askCount))
  if (most < ASKS_LEAST) return undefined
  const draw = drawer(0x5eed)
  const rounds = Array.from({ length: SHUFFLES }, () => {
    const shuffled = problems.map(problem => ({
      ...problem,
      labels: shuffle(
        problem.runs.map(run => run.solved === true),
        draw,
      ),
    }))
    return separators(shuffled).map(askCount)
  })
  for (let least = ASKS_LEAST; least <= Math.min(most, ASKS_MOST); least++) {
    const count = (sizes: readonly number[]): number => sizes.filter(size => size >= least).length
    const real = count(found.map(askCount))
    const counts = rounds.map(count)
    const chance = (counts.filter(one => one >= real).length + 1) / (SHUFFLES + 1)
    const mean = counts.reduce((sum, one) => sum + one, 0) / SHUFFLES
    if (chance <= CHANCE_MAX && mean <= real * FALSE_SHARE_MAX) return least
  }
  return undefined
}

/** Fisher–Yates. */
function shuffle(labels: readonly boolean[], draw: (below: number) => number): readonly boolean[] {
  const mixed = [...labels]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = draw(i + 1)
    const a = mixed[i] ?? false
    mixed[i] = mixed[j] ?? false
    mixed[j] = a
  }
  return mixed
}

/** The same numbers in every run, so that the same episodes give the same drafts (xorshift32). */
function drawer(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

function toFindings({ feature, good, problems }: Separator, { batch }: PatternContext): readonly Finding[] {
  // To change something first is no advice: the solved runs may have been asked for both.
  if (good && feature.what === 'reads-first' && batch.writes(feature.reader)) return []
  const lesson = contrastLesson(feature, good)
  if (lesson === undefined) return []
  const key = [good ? 'with' : 'without', featureId(feature)]
  const runs = problems.flatMap(problem => problem.runs)
  // Features that the same runs show say the same thing: the plainest one stands.
  const group = [feature.tool, ...runs.map(run => run.episode.id).toSorted()].join('\n')
  return runs.map(run => ({ run, key, group, rank: RANKS[feature.what], lesson }))
}

const RANKS: Readonly<Record<Feature['what'], number>> = {
  reads: 0,
  'reads-whole': 1,
  changes: 2,
  'fills-of': 3,
  'on-state': 4,
  fills: 5,
  'reads-first': 6,
  'changes-many': 7,
}
