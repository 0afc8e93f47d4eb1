/**
 * A number in a call that was reckoned: a figure of the rules times the length of a list in a record. Where all calls
 * of the tool in solved runs kept to that, it is how the number is found.
 */

import { numbersIn } from '../forms.ts'
import type { Call, Run } from '../runs.ts'
import { domainsOf, pathWord, placeWord, say, toolWord } from '../vocabulary.ts'
import { argumentOf } from './compare.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

/** Smaller figures stand in every text. */
const FIGURE_MIN = 5

export const reckonedArgument: Pattern = {
  id: 'reckoned-argument',
  asksToShare: 2,
  needsSolved: true,
  find(runs) {
    const calls = runs
      .filter(run => run.solved === true)
      .flatMap(run => run.calls.map(call => ({ run, call })))
      .filter(({ call }) => call.result !== undefined && call.result.error === undefined)
    const byArgument = new Map<string, { run: Run; call: Call; value: number }[]>()
    for (const { run, call } of calls) {
      for (const { path, value } of call.leaves) {
        if (typeof value !== 'number' || path.includes('[]')) continue
        const key = `${call.tool}\n${path}`
        byArgument.set(key, [...(byArgument.get(key) ?? []), { run, call, value }])
      }
    }
    return [...byArgument].flatMap(([key, sent]) => explain(key, sent))
  },
}

function explain(
  argument: string,
  sent: readonly { readonly run: Run; readonly call: Call; readonly value: number }[],
): readonly Finding[] {
  const each = sent.map(({ run, call, value }) => listsThatFit(run, call, value))
  const [first, ...rest] = each
  if (first === undefined) return []
  const [tool = '', path = ''] = argument.split('\n')
  // It must hold in all of them, and a list of one element explains nothing.
  const shared = [...first.keys()].filter(list => rest.every(fits => fits.has(list)))
  return shared.flatMap(list => {
    if (!each.some(fits => (fits.get(list) ?? 0) >= 2)) return []
    const [reader = '', listPath = ''] = list.split('\n')
    const lesson = toLesson(tool, path, reader, listPath)
    const group = [tool, path].join('\n')
    return lesson === undefined
      ? []
      : sent.map(({ run }) => ({
          run,
          key: [tool, path, reader, listPath],
          group,
          rank: listPath.length,
          lesson,
        }))
  })
}

/** Lists in earlier results with their length, where the value is that many times a figure of the rules. */
function listsThatFit(run: Run, call: Call, value: number): ReadonlyMap<string, number> {
  const figures = new Set<number>()
  for (const said of run.said)
    if (said.by === 'rule')
      for (const figure of numbersIn(said.text)) if (figure >= FIGURE_MIN) figures.add(figure)
  const fits = new Map<string, number>()
  for (const { tool, result } of run.calls) {
    if (result === undefined || result.error !== undefined || result.at > call.at) continue
    const lengths = new Map<string, Set<string>>()
    for (const { path, place } of result.leaves) {
      const list = /^([^[\]]+)\[\]/.exec(path)?.[1]
      if (list === undefined) continue
      lengths.set(list, (lengths.get(list) ?? new Set()).add(place.slice(0, place.indexOf(']') + 1)))
    }
    for (const [list, { size }] of lengths)
      if (figures.has(value / size))
        fits.set(`${tool}\n${list}`, Math.max(size, fits.get(`${tool}\n${list}`) ?? 0))
  }
  return fits
}

function toLesson(tool: string, path: string, reader: string, list: string): Lesson | undefined {
  const name = toolWord(tool)
  const argument = pathWord(path)
  const place = placeWord(reader, list)
  if (name === undefined || argument === undefined || place === undefined) return undefined
  return {
    kind: 'procedure',
    domains: domainsOf([tool]),
    situation: say`About to call ${name} with ${argument}.`,
    summary: say`${argument} of ${name} is a figure that the rules name times the number of elements in ${place}.`,
    detail: say`It was so in every call of ${name} that went through in a solved run.`,
    action: say`Count the elements of ${place}, take the figure that the rules name for the case, and multiply; do not take the amount from what the user asks for.`,
    tools: [
      { name: tool, arguments: [argumentOf(path)] },
      { name: reader, arguments: [] },
    ],
  }
}
