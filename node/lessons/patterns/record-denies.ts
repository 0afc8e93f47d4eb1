/**
 * The user speaks of something as theirs, by the name of a field, and the record says no. Solved runs read the field
 * before deciding; the lesson is to read it, not what it holds.
 */

import { stateValue } from '../batch.ts'
import { lastField } from '../roles.ts'
import type { Run } from '../runs.ts'
import { domainsOf, pathWord, placeWord, say, seenState, toolWord } from '../vocabulary.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

/** How records in several languages and formats say no. */
const DENIALS = new Set<string | boolean>([false, 'no', 'none', 'false', 'inactive', 'disabled', 'expired'])
/** Shorter names stand in any sentence. */
const NAME_LENGTH_MIN = 5

export const recordDenies: Pattern = {
  id: 'record-denies',
  asksToShare: 2,
  needsSolved: true,
  find(runs, context) {
    return runs.filter(run => run.solved !== undefined).flatMap(run => denials(run, context))
  },
}

function denials(run: Run, { batch }: PatternContext): readonly Finding[] {
  const findings = new Map<string, Finding>()
  for (const { tool, result, at } of run.calls) {
    if (result === undefined || result.error !== undefined || batch.writes(tool)) continue
    for (const { path, value } of result.leaves) {
      const state = stateValue(value)
      if (state === undefined || !DENIALS.has(state) || path.includes('[]')) continue
      if (batch.state(tool, path, state) === undefined || !userNamed(run, path, at)) continue
      const key = [tool, path, String(state)]
      const lesson = toLesson(tool, path, state)
      if (lesson !== undefined) findings.set(key.join('\n'), { run, key, lesson })
    }
  }
  return [...findings.values()]
}

/** Before the record was read: afterwards the assistant may have brought it up. */
function userNamed(run: Run, path: string, before: number): boolean {
  const words = lastField(path).toLowerCase().replace(/[_-]+/g, ' ')
  if (words.length < NAME_LENGTH_MIN) return false
  return run.said.some(
    ({ at, by, text }) => by === 'user' && at < before && text.toLowerCase().includes(words),
  )
}

function toLesson(tool: string, path: string, state: string | boolean): Lesson | undefined {
  const place = placeWord(tool, path)
  const name = pathWord(lastField(path))
  const reader = toolWord(tool)
  if (place === undefined || name === undefined || reader === undefined) return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`The user speaks of ${name} as if there were one, or rests a request on it.`,
    summary: say`Users speak of ${name} where ${place} is ${seenState(state)}.`,
    detail: say`In several solved tasks the user had named ${name}, and the record that was then read said ${seenState(state)}.`,
    action: say`Read ${place} with ${reader} before promising anything that rests on ${name}; where it is ${seenState(state)}, say so and decide by the record.`,
    tools: [{ name: tool, arguments: [] }],
  }
}
