/**
 * A list in a result, and how much of it a run went through. Where solved runs read every element, and no more
 * of those that read only some of them were solved, the lesson is to go through all before deciding.
 */

import type { Scalar } from '../leaves.ts'
import type { Call, Run } from '../runs.ts'
import { domainsOf, pathWord, placeWord, say, toolWord } from '../vocabulary.ts'
import { argumentOf } from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

/** A list of fewer elements is read whole by accident. */
const ELEMENTS_MIN = 2
const ELEMENTS_MAX = 200

export const coverage: Pattern = {
  id: 'coverage',
  asksToShare: 2,
  needsSolved: true,
  find(runs, context) {
    const byKey = new Map<string, Reading[]>()
    for (const run of runs) {
      for (const reading of readingsOf(run, context)) {
        const id = reading.key.join('\n')
        byKey.set(id, [...(byKey.get(id) ?? []), reading])
      }
    }
    return [...byKey.values()].flatMap(judge)
  },
}

interface Reading {
  readonly run: Run
  /** The tool that returned the list, its path, the tool that reads an element, and its argument. */
  readonly key: readonly [string, string, string, string]
  readonly whole: boolean
}

function judge(readings: readonly Reading[]): readonly Finding[] {
  const known = readings.filter(({ run }) => run.solved !== undefined)
  const whole = known.filter(reading => reading.whole)
  const part = known.filter(reading => !reading.whole)
  const share = (list: readonly Reading[]): number =>
    list.length === 0 ? 0 : list.filter(({ run }) => run.solved === true).length / list.length
  if (share(whole) <= share(part)) return []
  return whole.flatMap(({ run, key }) => {
    const lesson = toLesson(key)
    return lesson === undefined ? [] : [{ run, key, lesson }]
  })
}

function readingsOf(run: Run, { batch }: PatternContext): readonly Reading[] {
  const readings = new Map<string, Reading>()
  for (const call of run.calls) {
    for (const [path, values] of listsOf(call)) {
      const readers = new Map<string, { key: Reading['key']; read: Set<Scalar> }>()
      for (const later of run.calls) {
        if (later.at < call.at || later.result === undefined || later.result.error !== undefined) continue
        if (batch.writes(later.tool) || batch.takesText(later.tool) || later.tool === call.tool) continue
        for (const leaf of later.leaves) {
          if (leaf.path.includes('[]') || !values.has(leaf.value)) continue
          const id = `${later.tool}\n${leaf.path}`
          const reader = readers.get(id) ?? {
            key: [call.tool, path, later.tool, leaf.path] as const,
            read: new Set<Scalar>(),
          }
          readers.set(id, reader)
          reader.read.add(leaf.value)
        }
      }
      for (const { key, read } of readers.values())
        readings.set(key.join('\n'), { run, key, whole: read.size === values.size })
    }
  }
  return [...readings.values()]
}

/** Lists of ids in a result: plain elements, or the field of each element that tells it apart. */
function listsOf(call: Call): ReadonlyMap<string, ReadonlySet<Scalar>> {
  const lists = new Map<string, Set<Scalar>>()
  for (const leaf of call.result?.error === undefined ? (call.result?.leaves ?? []) : []) {
    if (typeof leaf.value !== 'string' || leaf.value.length < 3 || !/\[\](?:\.[\w-]*id)?$/i.test(leaf.path))
      continue
    const values = lists.get(leaf.path) ?? new Set<Scalar>()
    lists.set(leaf.path, values)
    if (values.size <= ELEMENTS_MAX) values.add(leaf.value)
  }
  for (const [path, values] of lists) {
    if (values.size < ELEMENTS_MIN || values.size > ELEMENTS_MAX) lists.delete(path)
  }
  return lists
}

function toLesson([source, path, reader, argument]: Reading['key']): Lesson | undefined {
  const place = placeWord(source, path)
  const read = toolWord(reader)
  const from = toolWord(source)
  const name = pathWord(argument)
  if (place === undefined || read === undefined || from === undefined || name === undefined) return undefined
  return {
    kind: 'procedure',
    domains: domainsOf([reader, source]),
    situation: say`The user speaks of several things, or does not know ${name}; ${place} lists them, and ${read} reads one.`,
    summary: say`Go through every element of ${place} with ${read} before deciding or answering.`,
    detail: say`Runs that read the whole list were solved more often than runs that stopped after some of its elements: what the task asks for can stand in any of them.`,
    action: say`Call ${from}, then ${read} once for each element of ${place}; only then choose, count, or tell the user that there is none.`,
    tools: [
      { name: reader, arguments: [argumentOf(argument)] },
      { name: source, arguments: [] },
    ],
  }
}
