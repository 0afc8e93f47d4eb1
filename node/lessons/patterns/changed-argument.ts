/**
 * A call fails; in a solved run the same tool then goes through with one argument changed, and nothing else.
 * The lesson is not the value but what the change says of it: where it was taken from, its type, how it was
 * written, or that it was left out. Of an unsolved run it is only said that it showed the same.
 */

import { isFreeText } from '../argument-values.ts'
import type { Batch } from '../batch.ts'
import type { Scalar } from '../leaves.ts'
import { laterSuccess, type Origin, originName } from '../origins.ts'
import { originWords, readerOf } from '../places.ts'
import type { Call, Run } from '../runs.ts'
import { type Allowed, domainsOf, errorWords, own, pathWord, say, toolWord } from '../vocabulary.ts'
import {
  argumentOf,
  type Change,
  kindOf,
  type Mending,
  mendingOf,
  onlyChange,
  type ValueChange,
} from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

export const changedArgument: Pattern = {
  id: 'changed-argument',
  asksToShare: 2,
  needsSolved: true,
  find(runs, context) {
    const findings: Finding[] = []
    for (const run of runs) {
      if (run.solved === undefined) continue
      for (const failed of run.calls) {
        const success = laterSuccess(run, failed)
        if (failed.result?.error === undefined || success === undefined) continue
        const change = onlyChange(failed, success)
        if (change !== undefined) findings.push(...explain(run, failed, success, change, context))
      }
    }
    const solved = new Set(findings.filter(item => item.run.solved === true).map(item => item.key.join('\n')))
    const opposed = opposedOrigins(runs, findings, context)
    return findings.filter(({ key }) => solved.has(key.join('\n')) && !opposed.has(key.join('\n')))
  },
}

/** Other calls that failed with the same words although the argument came from where the lesson says to take it. */
function opposedOrigins(
  runs: readonly Run[],
  findings: readonly Finding[],
  context: PatternContext,
): Set<string> {
  const opposed = new Set<string>()
  const byTool = new Map<string, Finding[]>()
  for (const finding of findings) {
    const [, tool] = finding.key
    if (finding.key[0] !== 'origin' || tool === undefined) continue
    byTool.set(tool, [...(byTool.get(tool) ?? []), finding])
  }
  for (const run of runs) {
    for (const call of run.calls) {
      const template = call.result?.error?.template
      if (template === undefined) continue
      const origins = context.origins(run)
      for (const { key } of byTool.get(call.tool) ?? []) {
        const [, , path, , good, words] = key
        if (words !== template) continue
        const same = call.leaves.filter(leaf => leaf.path === path)
        if (same.some(leaf => origins.of(leaf.value, call.at).some(origin => originName(origin) === good)))
          opposed.add(key.join('\n'))
      }
    }
  }
  return opposed
}

function explain(run: Run, failed: Call, success: Call, change: Change, context: PatternContext): Finding[] {
  const template = failed.result?.error?.template ?? ''
  const { tool } = failed
  const about = words(tool, change.path, template)
  if (about === undefined) return []
  const make = (key: readonly string[], parts: Parts | undefined, rank = 0): Finding[] => {
    if (parts === undefined) return []
    const group = ['changed', tool, change.path, template].join('\n')
    return [{ key, group, rank, lesson: toLesson(tool, change, about, parts), run }]
  }
  if (change.what === 'added')
    return make(['added', tool, change.path, template], {
      summary: say`${about.tool} needs ${about.argument}: without it the call failed with ${about.error}.`,
      detail: say`The same call went through once ${about.argument} was given; nothing else was changed.`,
      action: say`Give ${about.argument} in the first call of ${about.tool}.`,
    })
  if (change.what === 'removed')
    return make(['removed', tool, change.path, template], {
      summary: say`${about.tool} failed with ${about.error} while ${about.argument} was given.`,
      detail: say`The same call went through once ${about.argument} was left out; nothing else was changed.`,
      action: say`Leave ${about.argument} out of the call of ${about.tool}.`,
    })
  if (change.what === 'renamed')
    return make(['renamed', tool, change.path, change.to, template], renamed(about, change.to))
  return explainValue(run, failed, success, change, context, about, make)
}

function explainValue(
  run: Run,
  failed: Call,
  success: Call,
  change: ValueChange,
  { batch, origins: originsIn }: PatternContext,
  about: Words,
  make: (key: readonly string[], parts: Parts | undefined, rank?: number) => Finding[],
): Finding[] {
  const { tool } = failed
  const template = failed.result?.error?.template ?? ''
  const { from, to } = change
  if (isFreeText(from.value) || isFreeText(to.value)) return []
  const kinds = [kindOf(from.value), kindOf(to.value)] as const
  if (kinds[0] !== kinds[1])
    return make(['type', tool, change.path, ...kinds, template], {
      summary: say`${about.tool} failed with ${about.error} while ${about.argument} was ${own(kinds[0])}.`,
      detail: say`The same call went through once ${about.argument} was ${own(kinds[1])} in place of ${own(kinds[0])}; nothing else was changed.`,
      action: say`Send ${about.argument} as ${own(kinds[1])}, not as ${own(kinds[0])}.`,
    })
  const origins = originsIn(run)
  const bad = origins.of(from.value, failed.at)
  const good = origins.of(to.value, success.at)
  const mending = mendingOf(from.value, to.value)
  if (mending !== undefined) {
    const [name, parts] = mended(about, mending, to.value, good)
    return make([mending, tool, change.path, name, template], parts)
  }
  // What was reckoned is a matter of figures, not of where to read.
  if ([...bad, ...good].some(origin => origin.from === 'computed')) return []
  if (isLess(change, bad, good)) return []
  const known = new Set(bad.map(originName))
  const gained = good.filter(origin => !known.has(originName(origin)))
  const shared = gained.length === 0 ? undefined : describeBad(bad)
  if (shared === undefined) return []
  return gained.flatMap(origin => {
    const parts = moved(about, shared, origin, batch)
    return make(
      ['origin', tool, change.path, shared.name, originName(origin), template],
      parts,
      rankOf(origin),
    )
  })
}

/** The user wanted more than went through: a limit, and no wrong place to take the number from. */
function isLess({ from, to }: ValueChange, bad: readonly Origin[], good: readonly Origin[]): boolean {
  if (typeof from.value !== 'number' || typeof to.value !== 'number' || to.value >= from.value) return false
  const isId = good.some(origin => origin.from === 'result' && origin.identity)
  return !isId && bad.some(origin => origin.from === 'user')
}

/** Where a record is defined comes before where it is mentioned; an error's own list before what the user says. */
function rankOf(origin: Origin): number {
  if (origin.from === 'result') return (origin.identity ? 0 : 1000) + Math.min(999, originName(origin).length)
  const order = { error: 2000, text: 2001, user: 3000, observation: 3001, rule: 3002, computed: 3003 }
  return order[origin.from]
}

interface Bad {
  readonly name: string
  readonly words: Allowed
}

function describeBad(origins: readonly Origin[]): Bad | undefined {
  const [first] = [...origins].sort(
    (a, b) => rankOf(a) - rankOf(b) || (originName(a) < originName(b) ? -1 : 1),
  )
  if (first === undefined)
    return {
      name: 'nobody',
      words: own('made up (neither the user nor any result had given it)'),
    }
  const place = originWords(first)
  return place === undefined ? undefined : { name: originName(first), words: say`a value from ${place}` }
}

interface Parts {
  readonly summary: Allowed
  readonly detail: Allowed
  readonly action: Allowed
}

function moved(about: Words, bad: Bad, good: Origin, batch: Batch): Parts | undefined {
  const place = originWords(good)
  if (place === undefined) return undefined
  const summary = say`${about.tool} fails with ${about.error} when ${about.argument} is ${bad.words}; with a value from ${place} it goes through.`
  const detail = say`In the failing call ${about.argument} was ${bad.words}. The same call went through when only ${about.argument} was changed, to a value from ${place}.`
  if (good.from === 'user')
    return {
      summary,
      detail,
      action: say`Ask the user for ${about.argument}; do not guess it before calling ${about.tool}.`,
    }
  if (good.from === 'error')
    return {
      summary,
      detail,
      action: say`Use for ${about.argument} exactly one of the values that the error names.`,
    }
  // A tool that changes something is not called to read from it.
  const reader = readerOf(good)
  const read = reader === undefined || batch.writes(reader) ? undefined : toolWord(reader)
  const first = read === undefined ? own('') : say` Call ${read} first where it has not been read.`
  return { summary, detail, action: say`Take ${about.argument} from ${place}, as it stands there.${first}` }
}

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/

/** What mended it, by name and in words. */
function mended(
  about: Words,
  mending: Mending,
  accepted: Scalar,
  good: readonly Origin[],
): readonly [string, Parts] {
  const [first] = [...good].sort((a, b) => rankOf(a) - rankOf(b))
  const place = first === undefined || first.from === 'user' ? undefined : originWords(first)
  const isIso = mending === 'day' && typeof accepted === 'string' && ISO_DAY.test(accepted)
  const where = isIso
    ? own('as YYYY-MM-DD')
    : place === undefined
      ? own('as the tool expects it')
      : say`exactly as it stands in ${place}`
  const name = isIso ? 'YYYY-MM-DD' : first === undefined || place === undefined ? '' : originName(first)
  const { has, changed, write } = MENDING_WORDS[mending]
  return [
    name,
    {
      summary: say`${about.tool} fails with ${about.error} when ${about.argument} ${has}.`,
      detail: say`The same call went through when only ${about.argument} was changed: ${changed}.`,
      action: say`Write ${about.argument} ${where}${write}.`,
    },
  ]
}

const MENDING_WORDS = {
  form: {
    has: own('has the right letters and digits in another form'),
    changed: own('in case, spaces, or a sign before it'),
    write: own(', with its case and signs'),
  },
  day: {
    has: own('is the right day in another form'),
    changed: own('the same day was written in the form that the tool takes'),
    write: own(''),
  },
  part: {
    has: own('is only a part of the value, such as an id without what stands before its number'),
    changed: own('the whole of which the refused value was a part was given'),
    write: own(', and leave nothing of it out'),
  },
}

function renamed(about: Words, to: string): Parts | undefined {
  const name = pathWord(to)
  if (name === undefined) return undefined
  return {
    summary: say`${about.tool} does not take ${about.argument} (${about.error}); it takes ${name}.`,
    detail: say`The same call went through with the same value under the name ${name}.`,
    action: say`Call ${about.tool} with ${name}, not with ${about.argument}.`,
  }
}

interface Words {
  readonly tool: Allowed
  readonly argument: Allowed
  readonly error: Allowed
}

function words(tool: string, path: string, template: string): Words | undefined {
  const name = toolWord(tool)
  const argument = pathWord(path)
  const error = errorWords(template)
  return name === undefined || argument === undefined || error === undefined
    ? undefined
    : { tool: name, argument, error }
}

function toLesson(tool: string, change: Change, about: Words, parts: Parts): Lesson {
  const names = new Set([
    argumentOf(change.path),
    ...(change.what === 'renamed' ? [argumentOf(change.to)] : []),
  ])
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`About to call ${about.tool} with ${about.argument}, or it failed with ${about.error}.`,
    ...parts,
    tools: [{ name: tool, arguments: [...names] }],
  }
}
