/**
 * What cleared an error. A call fails, one other tool that changes something goes through, and the very same call
 * then passes: what it needed was done in between. A call that passed when it was merely made again, or failed again
 * in the same words after that tool, speaks against it.
 */

import type { Call, Run } from '../runs.ts'
import { type Allowed, domainsOf, errorWords, listed, pathWord, say, toolWord } from '../vocabulary.ts'
import { argumentOf, sameArguments } from './compare.ts'
import type { Lesson, Pattern, PatternContext } from './pattern.ts'

/** Arguments that both calls share and that a lesson names. */
const SHARED_MAX = 3

export const clearedBy: Pattern = {
  id: 'cleared-by',
  asksToShare: 2,
  needsSolved: true,
  find(runs, context) {
    const all = runs.flatMap(run => repeatsOf(run, context))
    const opposed = new Set(
      all.filter(one => !one.passed).flatMap(one => one.between.map(tool => keyOf(one, tool))),
    )
    const passing = new Set(all.filter(one => one.passed && one.between.length === 0).map(errorOf))
    const findings = all.flatMap(one => {
      const [only] = one.between
      if (!one.passed || only === undefined || one.between.length > 1) return []
      if (passing.has(errorOf(one)) || opposed.has(keyOf(one, only))) return []
      const lesson = toLesson(one, only)
      return lesson === undefined
        ? []
        : [{ run: one.run, key: [one.failed.tool, only, ...one.shared, templateOf(one)], lesson }]
    })
    const solved = new Set(findings.filter(({ run }) => run.solved === true).map(({ key }) => key.join('\n')))
    return findings.filter(({ run, key }) => run.solved !== undefined && solved.has(key.join('\n')))
  },
}

/** A failed call and the next one with the same arguments. */
interface Repeat {
  readonly run: Run
  readonly failed: Call
  /** It went through; else it failed in the same words. */
  readonly passed: boolean
  /** Other tools that went through and changed something between the two. */
  readonly between: readonly string[]
  /** Arguments of the failed call whose values those tools were given, too. */
  readonly shared: readonly string[]
}

function templateOf({ failed }: Repeat): string {
  return failed.result?.error?.template ?? ''
}

function errorOf(one: Repeat): string {
  return [one.failed.tool, templateOf(one)].join('\n')
}

function keyOf(one: Repeat, tool: string): string {
  return [errorOf(one), tool].join('\n')
}

function repeatsOf(run: Run, { batch }: PatternContext): readonly Repeat[] {
  return run.calls.flatMap((failed, index): Repeat[] => {
    const template = failed.result?.error?.template
    if (template === undefined) return []
    const later = run.calls.slice(index + 1)
    const again = later.findIndex(
      call => call.tool === failed.tool && call.result !== undefined && sameArguments(failed, call),
    )
    const error = later[again]?.result?.error
    if (again < 0 || (error !== undefined && error.template !== template)) return []
    const changes = later
      .slice(0, again)
      .filter(({ tool, result }) => result !== undefined && result.error === undefined && batch.writes(tool))
    // The tool itself, called otherwise, may have done what was wanted.
    if (changes.some(({ tool }) => tool === failed.tool)) return []
    const between = [...new Set(changes.map(({ tool }) => tool))]
    return [{ run, failed, passed: error === undefined, between, shared: sharedArguments(failed, changes) }]
  })
}

function sharedArguments(failed: Call, changes: readonly Call[]): readonly string[] {
  const given = new Set(changes.flatMap(({ leaves }) => leaves.map(leaf => leaf.value)))
  const names = failed.leaves
    .filter(({ value }) => typeof value === 'string' && value.length >= 3 && given.has(value))
    .map(({ path }) => path)
  return [...new Set(names)].sort().slice(0, SHARED_MAX)
}

function toLesson(one: Repeat, only: string): Lesson | undefined {
  const { failed, shared } = one
  const name = toolWord(failed.tool)
  const remedy = toolWord(only)
  const error = errorWords(templateOf(one))
  if (name === undefined || remedy === undefined || error === undefined) return undefined
  const call = withShared(remedy, shared)
  return {
    kind: 'pitfall',
    domains: domainsOf([failed.tool, only]),
    situation: say`${name} failed with ${error}.`,
    summary: say`${name} fails with ${error} until ${remedy} has gone through; then the same call passes.`,
    detail: say`After the error nothing was changed but by ${remedy}, and ${name} with the same arguments then went through.`,
    action: say`Call ${call}, where the rules allow it, and then make the same call of ${name} again.`,
    tools: [
      { name: failed.tool, arguments: [...new Set(shared.map(argumentOf))] },
      { name: only, arguments: [] },
    ],
  }
}

function withShared(tool: Allowed, shared: readonly string[]): Allowed {
  const names = shared.map(pathWord).filter(word => word !== undefined)
  return names.length === 0 ? tool : say`${tool} for the same ${listed(names)}`
}
