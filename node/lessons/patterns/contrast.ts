/**
 * What sets solved runs of an ask apart from unsolved runs of the same ask: a feature that all of the one and none
 * of the other have. Chance makes many of these within one ask, so a contrast counts from two asks, with no ask that
 * shows the opposite, and only where shuffled outcomes give clearly fewer.
 */

import { type Feature, featureId, featuresOf } from '../features.ts'
import type { Run } from '../runs.ts'
import { type Allowed, domainsOf, own, pathWord, placeWord, say, seenState, toolWord } from '../vocabulary.ts'
import { argumentOf } from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

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
    const asks = [...context.batch.asks.values()]
      .map(runs => runs.filter(run => run.solved !== undefined))
      .filter(runs => runs.some(run => run.solved === true) && runs.some(run => run.solved === false))
      .map(runs => toAsk(runs, context))
    const found = separators(asks.map(ask => ({ ...ask, labels: ask.runs.map(run => run.solved === true) })))
    const least = trustedFrom(found, asks)
    return found
      .filter(({ feature, good }) => SAYS[feature.what].includes(good))
      .flatMap(separator => {
        // What chance could have made stays a matter of one ask: kept on this node, and not published.
        const trusted = least !== undefined && separator.asks.length >= least
        return toFindings(trusted ? separator : { ...separator, asks: separator.asks.slice(0, 1) })
      })
  },
}

interface Ask {
  readonly runs: readonly Run[]
  /** For each feature, which of the runs have it. */
  readonly having: ReadonlyMap<string, readonly boolean[]>
  readonly features: ReadonlyMap<string, Feature>
}

interface Separator {
  readonly feature: Feature
  /** Solved runs have the feature, or lack it. */
  readonly good: boolean
  readonly asks: readonly Ask[]
}

function toAsk(runs: readonly Run[], context: PatternContext): Ask {
  const each = runs.map(run => featuresOf(run, context))
  const features = new Map<string, Feature>()
  for (const own of each) for (const [id, feature] of own) features.set(id, feature)
  const having = new Map([...features.keys()].map(id => [id, each.map(own => own.has(id))] as const))
  return { runs, having, features }
}

function separators(asks: readonly (Ask & { readonly labels: readonly boolean[] })[]): readonly Separator[] {
  const votes = new Map<string, { feature: Feature; yes: Ask[]; no: Ask[] }>()
  for (const ask of asks) {
    for (const [id, has] of ask.having) {
      const same = has.every((one, index) => one === ask.labels[index])
      const opposite = !same && has.every((one, index) => one !== ask.labels[index])
      const feature = ask.features.get(id)
      if ((!same && !opposite) || feature === undefined) continue
      const vote = votes.get(id) ?? { feature, yes: [], no: [] }
      votes.set(id, vote)
      if (same) vote.yes.push(ask)
      else vote.no.push(ask)
    }
  }
  return [...votes.values()].flatMap(({ feature, yes, no }) => {
    if (yes.length > 0 && no.length > 0) return []
    return [{ feature, good: yes.length > 0, asks: yes.length > 0 ? yes : no }]
  })
}

/**
 * From how many asks on a contrast is more than chance: outcomes are shuffled within each ask (the same number of solved
 * runs, another lot of them), and with many asks more of them are wanted.
 */
function trustedFrom(found: readonly Separator[], asks: readonly Ask[]): number | undefined {
  const most = Math.max(0, ...found.map(separator => separator.asks.length))
  if (most < ASKS_LEAST) return undefined
  const draw = drawer(0x5eed)
  const rounds = Array.from({ length: SHUFFLES }, () => {
    const shuffled = asks.map(ask => ({
      ...ask,
      labels: shuffle(
        ask.runs.map(run => run.solved === true),
        draw,
      ),
    }))
    return separators(shuffled).map(separator => separator.asks.length)
  })
  for (let least = ASKS_LEAST; least <= Math.min(most, ASKS_MOST); least++) {
    const count = (sizes: readonly number[]): number => sizes.filter(size => size >= least).length
    const real = count(found.map(separator => separator.asks.length))
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

function toFindings({ feature, good, asks }: Separator): readonly Finding[] {
  const lesson = toLesson(feature, good)
  if (lesson === undefined) return []
  const key = [good ? 'with' : 'without', featureId(feature)]
  const runs = asks.flatMap(ask => ask.runs)
  // Features that the same runs show say the same thing: the plainest one stands.
  const group = runs
    .map(run => run.episode.id)
    .toSorted()
    .join('\n')
  return runs.map(run => ({
    run,
    key,
    group: `${group}\n${feature.tool}`,
    rank: RANKS[feature.what],
    lesson,
  }))
}

/**
 * Which side of a contrast may be said. That solved runs changed something is no advice to change it: they may have
 * been the ones that were allowed to. That unsolved runs read something harms nobody.
 */
const SAYS: Readonly<Record<Feature['what'], readonly boolean[]>> = {
  reads: [true],
  'reads-whole': [true],
  'reads-first': [true],
  changes: [false],
  'changes-many': [false],
  'on-state': [false],
  // Where a value came from is what the cards say; a contrast of it follows from who was asked for what.
  fills: [],
  'fills-of': [true, false],
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

function toLesson(feature: Feature, good: boolean): Lesson | undefined {
  const tool = toolWord(feature.tool)
  const did = tool === undefined ? undefined : phrase(feature, tool)
  if (tool === undefined || did === undefined) return undefined
  const readers =
    'reader' in feature && feature.reader !== '' && feature.reader !== feature.tool ? [feature.reader] : []
  const argument = 'argument' in feature ? [argumentOf(feature.argument)] : []
  return {
    kind: good ? 'procedure' : 'pitfall',
    domains: domainsOf([feature.tool]),
    situation: say`${did.trigger}.`,
    summary: good
      ? say`Runs that ${did.past} were solved, and runs of the same tasks that did not were not.`
      : say`Runs that ${did.past} were not solved, and runs of the same tasks that did not do so were.`,
    detail: own(
      'Found in several tasks that had both outcomes, with no task that showed the opposite, and more often than chance would give.',
    ),
    action: good ? did.doing : did.avoiding,
    tools: [{ name: feature.tool, arguments: argument }, ...readers.map(name => ({ name, arguments: [] }))],
  }
}

interface Phrase {
  readonly trigger: Allowed
  readonly past: Allowed
  readonly doing: Allowed
  readonly avoiding: Allowed
}

function phrase(feature: Feature, tool: Allowed): Phrase | undefined {
  switch (feature.what) {
    case 'reads':
      return {
        trigger: say`About to decide or to answer without having called ${tool}`,
        past: say`called ${tool}`,
        doing: say`Call ${tool} and hold what the user says against what it returns, before deciding or ending the task.`,
        avoiding: own(''),
      }
    case 'changes':
      return {
        trigger: say`About to call ${tool}`,
        past: say`called ${tool}`,
        doing: own(''),
        avoiding: say`Before calling ${tool} check each condition of the rules against the records; refuse where one is not met.`,
      }
    case 'changes-many':
      return {
        trigger: say`About to end a task in which ${tool} was called`,
        past: say`called ${tool} for more than one record`,
        doing: own(''),
        avoiding: say`Call ${tool} for the one record that the task is about.`,
      }
    case 'reads-whole': {
      const place = placeWord(feature.tool, feature.path)
      const reader = toolWord(feature.reader)
      return place === undefined || reader === undefined
        ? undefined
        : {
            trigger: say`${place} lists several elements that ${reader} reads`,
            past: say`read every element of ${place} with ${reader}`,
            doing: say`Read every element of ${place} with ${reader} before deciding.`,
            avoiding: own(''),
          }
    }
    case 'reads-first': {
      const reader = toolWord(feature.reader)
      return reader === undefined
        ? undefined
        : {
            trigger: say`About to call ${tool}`,
            past: say`called ${reader} on the same thing before ${tool}`,
            doing: say`Call ${reader} before ${tool}.`,
            avoiding: own(''),
          }
    }
    case 'on-state': {
      const place = placeWord(feature.reader, feature.path)
      return place === undefined
        ? undefined
        : {
            trigger: say`About to call ${tool} where ${place} is ${seenState(feature.value)}`,
            past: say`called ${tool} where ${place} was ${seenState(feature.value)}`,
            doing: own(''),
            avoiding: say`Where ${place} is ${seenState(feature.value)}, do not call ${tool} before the rules clearly allow it for that.`,
          }
    }
    case 'fills': {
      const argument = pathWord(feature.argument)
      const place =
        feature.reader === '' ? own('what the user says') : placeWord(feature.reader, feature.path)
      return argument === undefined || place === undefined
        ? undefined
        : {
            trigger: say`About to call ${tool} with ${argument}`,
            past: say`called ${tool} with ${argument} from ${place}`,
            doing: say`Fill ${argument} of ${tool} from ${place}.`,
            avoiding: say`Do not take ${argument} of ${tool} from ${place} without asking whether another one is meant.`,
          }
    }
    case 'fills-of': {
      const argument = pathWord(feature.argument)
      const place = placeWord(feature.reader, feature.path)
      return argument === undefined || place === undefined
        ? undefined
        : {
            trigger: say`About to call ${tool} with ${argument}`,
            past: say`called ${tool} with an ${argument} whose ${place} is ${seenState(feature.value)}`,
            doing: say`Where the user leaves the choice open, prefer for ${tool} an ${argument} whose ${place} is ${seenState(feature.value)}.`,
            avoiding: say`Do not choose for ${tool} an ${argument} whose ${place} is ${seenState(feature.value)} unless the user asks for it.`,
          }
    }
  }
}
