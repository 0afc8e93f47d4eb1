/**
 * A value used up by an earlier call: the same argument was accepted before in the run, by a tool that changes
 * something, and is then refused. What the first call did cannot be done twice.
 */

import type { Call, Run } from '../runs.ts'
import { domainsOf, errorWords, pathWord, say, toolWord } from '../vocabulary.ts'
import { argumentOf, sameArguments } from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

export const usedUp: Pattern = {
  id: 'used-up',
  asksToShare: 2,
  needsSolved: false,
  find(runs, context) {
    const again = acceptedAgain(runs, context)
    return runs
      .flatMap(run => refusals(run, context))
      .filter(({ key }) => !again.has(key.slice(0, 3).join('\n')))
  },
}

function refusals(run: Run, { batch }: PatternContext): readonly Finding[] {
  const findings: Finding[] = []
  for (const [index, call] of run.calls.entries()) {
    const template = call.result?.error?.template
    if (template === undefined || !batch.writes(call.tool)) continue
    for (const { first, path } of usesBefore(run.calls.slice(0, index), call)) {
      if (!batch.writes(first.tool) || !speaksOf(call, path)) continue
      const lesson = toLesson(first.tool, call.tool, path, template)
      if (lesson !== undefined) findings.push({ run, key: [first.tool, call.tool, path, template], lesson })
    }
  }
  return findings
}

/** The error is about the argument: it repeats its value, which the template shows as the argument's name. */
function speaksOf(call: Call, path: string): boolean {
  const name = path.split(/[.[\]]+/).findLast(part => part !== '') ?? ''
  return name !== '' && (call.result?.error?.template ?? '').includes(`<${name}>`)
}

function usesBefore(
  before: readonly Call[],
  call: Call,
): readonly { readonly first: Call; readonly path: string }[] {
  const found = new Map<string, { readonly first: Call; readonly path: string }>()
  for (const first of before) {
    if (first.result === undefined || first.result.error !== undefined || sameArguments(first, call)) continue
    for (const leaf of call.leaves) {
      if (typeof leaf.value !== 'string' || leaf.value.length < 4) continue
      if (first.leaves.some(other => other.path === leaf.path && other.value === leaf.value))
        found.set(`${first.tool}\n${leaf.path}`, { first, path: leaf.path })
    }
  }
  return [...found.values()]
}

/** Pairs of tools that some run called with the same value, and both went through. */
function acceptedAgain(runs: readonly Run[], { batch }: PatternContext): ReadonlySet<string> {
  const pairs = new Set<string>()
  for (const run of runs) {
    const writes = run.calls.filter(
      call => call.result !== undefined && call.result.error === undefined && batch.writes(call.tool),
    )
    for (const [index, call] of writes.entries())
      for (const { first, path } of usesBefore(writes.slice(0, index), call))
        pairs.add([first.tool, call.tool, path].join('\n'))
  }
  return pairs
}

function toLesson(first: string, second: string, path: string, template: string): Lesson | undefined {
  const before = toolWord(first)
  const after = toolWord(second)
  const argument = pathWord(path)
  const error = errorWords(template)
  if (before === undefined || after === undefined || argument === undefined || error === undefined)
    return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([second]),
    situation: say`About to call ${after} with an ${argument} that ${before} has already taken in this conversation, or it failed with ${error}.`,
    summary: say`After ${before} with the same ${argument} went through, ${after} refuses it with ${error}.`,
    detail: say`The first call used the ${argument} up or changed its state; a second use in the same conversation failed in every run that tried.`,
    action: say`Settle everything that concerns one ${argument} before the first call, and make that one call. For anything after it take another ${argument}, or tell the user that it cannot be done twice.`,
    tools: [
      { name: second, arguments: [argumentOf(path)] },
      { name: first, arguments: [argumentOf(path)] },
    ],
  }
}
