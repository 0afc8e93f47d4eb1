/**
 * A search that finds nothing, and what solved runs did next: another tool with the same arguments, or the same one
 * with one argument changed.
 */

import { isList, isRecord } from '../leaves.ts'
import type { Call, Run } from '../runs.ts'
import { type Allowed, domainsOf, own, pathWord, say, toolWord } from '../vocabulary.ts'
import { argumentNames, argumentOf, onlyChange, sameArguments } from './compare.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

export const nothingFound: Pattern = {
  id: 'nothing-found',
  asksToShare: 2,
  needsSolved: true,
  find(runs) {
    return runs.filter(run => run.solved !== undefined).flatMap(nextSteps)
  },
}

function nextSteps(run: Run): readonly Finding[] {
  const findings: Finding[] = []
  for (const [index, empty] of run.calls.entries()) {
    if (!foundNothing(empty)) continue
    const next = run.calls[index + 1]
    if (
      next === undefined ||
      next.result === undefined ||
      next.result.error !== undefined ||
      foundNothing(next)
    )
      continue
    const step = stepOf(empty, next)
    if (step !== undefined) findings.push({ run, ...step })
  }
  return findings
}

function foundNothing({ result }: Call): boolean {
  if (result === undefined || result.error !== undefined) return false
  const { value } = result
  if (value === undefined) return false
  return isList(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0
}

function stepOf(
  empty: Call,
  next: Call,
): { readonly key: readonly string[]; readonly lesson: Lesson } | undefined {
  const name = toolWord(empty.tool)
  const other = toolWord(next.tool)
  if (name === undefined || other === undefined) return undefined
  if (next.tool !== empty.tool) {
    if (!sameArguments(empty, next)) return undefined
    const lesson = toLesson(empty, [next.tool], name, {
      summary: say`Where ${name} finds nothing, ${other} with the same arguments may.`,
      action: say`Call ${other} with the same arguments before telling the user that there is none.`,
    })
    return { key: ['tool', empty.tool, next.tool], lesson }
  }
  const change = onlyChange(empty, next)
  const argument = change?.what === 'value' ? pathWord(change.path) : undefined
  if (change === undefined || argument === undefined) return undefined
  const lesson = toLesson(empty, [], name, {
    summary: say`Where ${name} finds nothing, the same search with another ${argument} may.`,
    action: say`Try another ${argument}, as far as the user's wishes allow it, before telling the user that there is none.`,
  })
  return { key: ['argument', empty.tool, change.path], lesson }
}

function toLesson(
  empty: Call,
  others: readonly string[],
  name: Allowed,
  parts: { readonly summary: Allowed; readonly action: Allowed },
): Lesson {
  return {
    kind: 'procedure',
    domains: domainsOf([empty.tool]),
    situation: say`${name} returned nothing.`,
    summary: parts.summary,
    detail: own('An empty result is no failure: solved runs went on searching at once.'),
    action: parts.action,
    tools: [
      {
        name: empty.tool,
        arguments: argumentNames(empty)
          .filter(arg => pathWord(arg) !== undefined)
          .map(argumentOf)
          .sort(),
      },
      ...others.map(tool => ({ name: tool, arguments: [] })),
    ],
  }
}
