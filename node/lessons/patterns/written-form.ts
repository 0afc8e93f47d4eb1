/**
 * The user writes a value in one form, and calls that went through had it in another: a date in words, an id
 * without its sign. The lesson is the form, never the value.
 */

import { dateOf } from '../forms.ts'
import type { Leaf } from '../leaves.ts'
import { type Origin, originName } from '../origins.ts'
import { originWords } from '../places.ts'
import { lastField, namedAlike } from '../roles.ts'
import type { Call, Run } from '../runs.ts'
import { holdsWord, normalised } from '../text-index.ts'
import { domainsOf, pathWord, say, toolWord } from '../vocabulary.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

export const writtenForm: Pattern = {
  id: 'written-form',
  asksToShare: 2,
  needsSolved: false,
  find(runs, context) {
    const refused = new Set<string>()
    const findings: Finding[] = []
    const tools = toolsByArgument(runs)
    for (const run of runs) {
      for (const call of run.calls) {
        if (call.result === undefined || context.batch.takesText(call.tool)) continue
        for (const leaf of call.leaves) {
          if (typeof leaf.value !== 'string' || saidAsIs(run, leaf.value, call.at)) continue
          const finding =
            dateForm(run, call, leaf, context, tools) ?? signForm(run, call, leaf, context, tools)
          if (finding === undefined) continue
          if (call.result.error === undefined) findings.push(finding)
          else if (call.result.error.template.includes(`<${lastField(leaf.path)}>`))
            refused.add(finding.key.join('\n'))
        }
      }
    }
    return findings.filter(({ key }) => !refused.has(key.join('\n')))
  },
}

function saidAsIs(run: Run, value: string, before: number): boolean {
  return run.said.some(
    ({ at, by, text }) => by === 'user' && at < before && holdsWord(text, value) && text.includes(value),
  )
}

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/

function dateForm(
  run: Run,
  call: Call,
  leaf: Leaf,
  context: PatternContext,
  tools: ReadonlyMap<string, ReadonlySet<string>>,
): Finding | undefined {
  if (typeof leaf.value !== 'string' || !ISO_DAY.test(leaf.value) || dateOf(leaf.value) === undefined)
    return undefined
  // Not written so by the user, and yet said: then it was said in another form.
  if (
    !context
      .origins(run)
      .of(leaf.value, call.at)
      .some(({ from }) => from === 'user')
  )
    return undefined
  const name = lastField(leaf.path)
  const argument = pathWord(name)
  if (argument === undefined) return undefined
  const users = [...(tools.get(name) ?? [])].filter(tool => toolWord(tool) !== undefined).sort()
  const lesson: Lesson = {
    kind: 'procedure',
    domains: domainsOf(users),
    situation: say`About to make a call with ${argument}, and the user has said the day in words or in another form.`,
    summary: say`${argument} is sent as YYYY-MM-DD, whatever form the user gives it in.`,
    detail: say`Calls that went through had the day so, though the users had written it otherwise and often without a year.`,
    action: say`Write ${argument} as YYYY-MM-DD; where the year is missing, take it from the record that is spoken of or from the current date that the rules name, else ask.`,
    tools: users.slice(0, 8).map(tool => ({ name: tool, arguments: [name] })),
  }
  return { run, key: ['date', name], lesson }
}

/** Tools by the last name of each of their arguments. */
function toolsByArgument(runs: readonly Run[]): ReadonlyMap<string, ReadonlySet<string>> {
  const tools = new Map<string, Set<string>>()
  for (const { tool, leaves } of runs.flatMap(run => run.calls)) {
    for (const { path } of leaves) {
      const name = lastField(path)
      const known = tools.get(name)
      if (known === undefined) tools.set(name, new Set([tool]))
      else known.add(tool)
    }
  }
  return tools
}

/** The letters and digits that the user wrote, with the signs that a record's own form has. */
function signForm(
  run: Run,
  call: Call,
  leaf: Leaf,
  context: PatternContext,
  tools: ReadonlyMap<string, ReadonlySet<string>>,
): Finding | undefined {
  const value = String(leaf.value)
  const plain = normalised(value)
  if (plain.length < 5 || !/\d/.test(value) || plain === value.toLowerCase()) return undefined
  const said = run.said.some(
    ({ at, by, text }) => by === 'user' && at < call.at && normalised(text).includes(plain),
  )
  const origin = said
    ? context
        .origins(run)
        .of(value, call.at)
        .find(one => isOwnForm(one, leaf))
    : undefined
  const place = origin === undefined ? undefined : originWords(origin)
  const name = lastField(leaf.path)
  const argument = pathWord(name)
  if (origin === undefined || place === undefined || argument === undefined) return undefined
  const users = [...(tools.get(name) ?? [])].filter(tool => toolWord(tool) !== undefined).sort()
  const lesson: Lesson = {
    kind: 'procedure',
    domains: domainsOf(users),
    situation: say`About to make a call with ${argument}, and the user has written it without some of its signs.`,
    summary: say`${argument} is sent exactly as ${place} writes it, with every sign, not as users write it.`,
    detail: say`Users leave out signs, spaces or capitals of ${argument}; calls that went through had the form of ${place}.`,
    action: say`Look the value up in ${place} and send it as it stands there.`,
    tools: users.slice(0, 8).map(tool => ({ name: tool, arguments: [name] })),
  }
  return { run, key: ['signs', name, originName(origin)], lesson }
}

function isOwnForm(origin: Origin, leaf: Leaf): boolean {
  return origin.from === 'result' && (origin.identity || namedAlike(leaf.path, origin.path))
}
