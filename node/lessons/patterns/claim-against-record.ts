/**
 * What the user says of themselves against what a record holds. Only fields that no tool can be asked to change
 * count (else the words may be a wish), of records that a run reads one of, and only where both the said and the
 * recorded word are states of that field. The lesson names the field alone: that few records have shown a state
 * is no matter here, as long as it is no name.
 */

import { stateValue } from '../batch.ts'
import { isCommonWord } from '../dictionary.ts'
import { lastField } from '../roles.ts'
import type { Call, Run } from '../runs.ts'
import { holdsWord } from '../text-index.ts'
import { domainsOf, pathWord, placeWord, say, toolWord } from '../vocabulary.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

/** Shorter words (`yes`, `no`, `on`) are said of everything. */
const STATE_LENGTH_MIN = 4
/** A field with more values than this is no state. */
const STATES_MAX = 6
/** Records for each value of the field. */
const RECORDS_PER_STATE = 3

export const claimAgainstRecord: Pattern = {
  id: 'claim-against-record',
  asksToShare: 2,
  needsSolved: false,
  find(runs, context) {
    const settable = new Set(
      runs.flatMap(run => run.calls.flatMap(call => call.leaves.map(leaf => lastField(leaf.path)))),
    )
    const words = statesByField(runs, context)
    return runs.flatMap(run => claimsOf(run, words, settable, context))
  },
}

type States = ReadonlyMap<string, ReadonlySet<string>>

/** For each field of a record the words that it can hold. */
function statesByField(runs: readonly Run[], context: PatternContext): States {
  const fields = new Map<string, string[]>()
  for (const run of runs) {
    for (const call of singleReads(run, context)) {
      for (const leaf of call.result?.leaves ?? []) {
        const value = stateValue(leaf.value)
        if (typeof value !== 'string' || leaf.path.includes('[]')) continue
        const key = `${call.tool}\n${leaf.path}`
        const values = fields.get(key)
        if (values === undefined) fields.set(key, [value])
        else values.push(value)
      }
    }
  }
  const states = new Map<string, ReadonlySet<string>>()
  for (const [key, values] of fields) {
    const words = new Set(values)
    if (words.size > STATES_MAX || values.length < words.size * RECORDS_PER_STATE) continue
    if ([...words].every(isState)) states.set(key, words)
  }
  return states
}

/** Names of people and places begin with a capital, and seldom are common words. */
function isState(value: string): boolean {
  const words = value.toLowerCase().split(/[_ -]+/)
  return value.length >= STATE_LENGTH_MIN && (/^\p{Ll}/u.test(value) || words.every(isCommonWord))
}

/** Calls of tools with which the run read one record only: then it is clear of which the user speaks. */
function singleReads(run: Run, { batch }: PatternContext): readonly Call[] {
  const subjects = new Map<string, Set<string>>()
  const good = run.calls.filter(
    ({ tool, result }) => result !== undefined && result.error === undefined && !batch.writes(tool),
  )
  for (const call of good) {
    const subject = call.leaves.map(leaf => String(leaf.value)).join('\n')
    subjects.set(call.tool, (subjects.get(call.tool) ?? new Set()).add(subject))
  }
  return good.filter(call => subjects.get(call.tool)?.size === 1)
}

function claimsOf(
  run: Run,
  states: States,
  settable: ReadonlySet<string>,
  context: PatternContext,
): readonly Finding[] {
  const findings: Finding[] = []
  for (const call of singleReads(run, context)) {
    for (const leaf of call.result?.leaves ?? []) {
      const words = states.get(`${call.tool}\n${leaf.path}`)
      if (words === undefined || typeof leaf.value !== 'string' || settable.has(lastField(leaf.path)))
        continue
      const said = [...words].filter(word => saysOfSelf(run, word))
      if (said.length !== 1 || said[0] === leaf.value) continue
      const lesson = toLesson(call.tool, leaf.path)
      if (lesson !== undefined) findings.push({ run, key: [call.tool, leaf.path], lesson })
    }
  }
  return findings
}

function saysOfSelf(run: Run, word: string): boolean {
  const spoken = word.toLowerCase().replace(/_/g, ' ')
  return run.said.some(({ by, text }) => by === 'user' && holdsWord(text.toLowerCase(), spoken))
}

function toLesson(tool: string, path: string): Lesson | undefined {
  const place = placeWord(tool, path)
  const name = pathWord(lastField(path))
  const reader = toolWord(tool)
  if (place === undefined || name === undefined || reader === undefined) return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`The user states their ${name}, or what they may have depends on ${name}.`,
    summary: say`What users state of their ${name} can differ from ${place}; the record counts.`,
    detail: say`In several runs the user named another ${name} than ${place} holds, sometimes with insistence.`,
    action: say`Call ${reader} and read ${place} before deciding what the rules allow for this ${name}; where they differ, go by the record and say so.`,
    tools: [{ name: tool, arguments: [] }],
  }
}
