/**
 * The very same call after an error. Where it went through in the end with nothing else done in between, the error
 * was a passing one; where it failed in the same words however often, repeating does not help.
 */

import type { Call, Run } from '../runs.ts'
import { domainsOf, errorWords, say, toolWord } from '../vocabulary.ts'
import { sameArguments } from './compare.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

/** Share of the series that must have gone through in the end: a passing error can outlast somebody's patience. */
const PASSING_SHARE = 0.75

export const sameCallAgain: Pattern = {
  id: 'same-call-again',
  asksToShare: 2,
  needsSolved: false,
  find(runs) {
    const all = runs.flatMap(seriesOf)
    const byError = new Map<string, Series[]>()
    for (const series of all) {
      const key = `${series.tool}\n${series.template}`
      byError.set(key, [...(byError.get(key) ?? []), series])
    }
    return [...byError.values()].flatMap(judge)
  },
}

interface Series {
  readonly run: Run
  readonly tool: string
  readonly template: string
  readonly passed: boolean
  /** Something else went through between the repeats: then a success proves nothing. */
  readonly interrupted: boolean
}

function judge(series: readonly Series[]): readonly Finding[] {
  const unbroken = series.filter(one => !one.interrupted)
  const passed = unbroken.filter(one => one.passed)
  const passing = passed.length > 0 && passed.length >= unbroken.length * PASSING_SHARE
  if (!passing && series.some(one => one.passed)) return []
  return (passing ? passed : series).flatMap(({ run, tool, template }) => {
    const lesson = passing ? passingError(tool, template) : lastingError(tool, template)
    return lesson === undefined ? [] : [{ run, key: [passing ? 'passes' : 'lasts', tool, template], lesson }]
  })
}

/** Repeats of failing calls, each with how it ended. */
function seriesOf(run: Run): readonly Series[] {
  const series: Series[] = []
  const counted = new Set<Call>()
  for (const [at, first] of run.calls.entries()) {
    const template = first.result?.error?.template
    if (template === undefined || counted.has(first)) continue
    const { repeats, interrupted } = repeatsOf(run.calls, at, first)
    for (const repeat of repeats) counted.add(repeat)
    const last = repeats.at(-1)
    if (last === undefined) continue
    const error = last.result?.error?.template
    if (error === undefined || error === template)
      series.push({ run, tool: first.tool, template, passed: error === undefined, interrupted })
  }
  return series
}

/** The same call again, up to the first success of its tool: that may have changed what the call depends on. */
function repeatsOf(
  calls: readonly Call[],
  start: number,
  first: Call,
): { readonly repeats: readonly Call[]; readonly interrupted: boolean } {
  const repeats: Call[] = []
  let success = false
  let interrupted = false
  for (const call of calls.slice(start + 1)) {
    if (call.result === undefined) break
    if (call.tool === first.tool && sameArguments(first, call)) {
      repeats.push(call)
      interrupted ||= success
    }
    if (call.result.error !== undefined) continue
    success = true
    if (call.tool === first.tool) break
  }
  return { repeats, interrupted }
}

function passingError(tool: string, template: string): Lesson | undefined {
  const name = toolWord(tool)
  const error = errorWords(template)
  if (name === undefined || error === undefined) return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`${name} failed with ${error}.`,
    summary: say`${error} from ${name} is a passing error: the same call, made again, went through.`,
    detail: say`Repeated with the same arguments and nothing else in between, the call succeeded, now and then only after several tries.`,
    action: say`Make the same call of ${name} again, up to three times, before asking the user or giving up.`,
    tools: [{ name: tool, arguments: [] }],
  }
}

function lastingError(tool: string, template: string): Lesson | undefined {
  const name = toolWord(tool)
  const error = errorWords(template)
  if (name === undefined || error === undefined) return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`${name} failed with ${error}.`,
    summary: say`After ${error} the same call of ${name} fails again.`,
    detail: say`Whenever the call was repeated at once with the same arguments, it failed in the same words; no run shows it going through unchanged.`,
    action: say`Do not repeat the call of ${name} unchanged: change what the error speaks of, or go another way.`,
    tools: [{ name: tool, arguments: [] }],
  }
}
