/**
 * Two figures in an error, one of them what the call had sent: the lesson is which argument explains the other.
 * A factor that is a list's length, a difference that is another argument, or a rule's figure times an argument.
 * It says what makes the difference, never which figure to send: paying what an error names failed every time.
 */

import { figuresIn } from '../errors.ts'
import { isList, isRecord, type Leaf } from '../leaves.ts'
import type { Call, Run } from '../runs.ts'
import { type Allowed, domainsOf, errorWords, listed, pathWord, say, toolWord } from '../vocabulary.ts'
import { argumentOf } from './compare.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

export const explainedFigures: Pattern = {
  id: 'explained-figures',
  asksToShare: 2,
  needsSolved: false,
  find(runs) {
    const explained: Explained[] = []
    for (const run of runs) for (const call of run.calls) explained.push(...explain(run, call))
    return [...explained.map(({ finding }) => finding), ...together(explained)]
  },
}

/** A number that the call itself held: an argument, or the sum over a list of them. */
interface Quantity {
  readonly path: string
  readonly value: number
  readonly summed: boolean
}

interface Cause {
  readonly how:
    | 'times-length'
    | 'times-argument'
    | 'differs-by-argument'
    | 'differs-by-rule'
    | 'differs-by-rule-length'
  readonly path: string
}

interface Explained {
  readonly finding: Finding
  readonly call: Call
  readonly sent: Quantity
  readonly cause: Cause
}

/** The same error had another cause in another ask: together they say what to check before the call. */
function together(explained: readonly Explained[]): readonly Finding[] {
  const byError = new Map<string, Explained[]>()
  for (const one of explained) {
    const key = [one.call.tool, one.sent.path, one.call.result?.error?.template ?? ''].join('\n')
    byError.set(key, [...(byError.get(key) ?? []), one])
  }
  return [...byError.values()].flatMap(list => {
    const causes = new Map(list.map(({ cause }) => [`${cause.how} ${cause.path}`, cause] as const))
    const asks = new Set(list.map(({ finding }) => finding.run.ask))
    const [first] = list
    if (first === undefined || causes.size < 2 || asks.size < 2) return []
    const sorted = [...causes].sort(([a], [b]) => (a < b ? -1 : 1))
    const lesson = severalCauses(
      first,
      sorted.map(([, cause]) => cause),
    )
    if (lesson === undefined) return []
    const template = first.call.result?.error?.template ?? ''
    const key = ['several', first.call.tool, first.sent.path, ...sorted.map(([id]) => id), template]
    return list.map(({ finding }) => ({ run: finding.run, key, lesson }))
  })
}

function severalCauses({ call, sent }: Explained, causes: readonly Cause[]): Lesson | undefined {
  const tool = toolWord(call.tool)
  const path = pathWord(sent.path)
  const error = errorWords(call.result?.error?.template ?? '')
  const words = causes.map(causeWords).filter(word => word !== undefined)
  if (tool === undefined || path === undefined || error === undefined || words.length < 2) return undefined
  const figure = sent.summed ? say`the sum of ${path}` : path
  return {
    kind: 'pitfall',
    domains: domainsOf([call.tool]),
    situation: say`About to call ${tool} with ${path}, or it failed with ${error}.`,
    summary: say`${tool}, ${error}: what was missing in ${figure} was exactly ${listed(words, 'or')}.`,
    detail: say`In each failing call one of these explained the two figures of the error exactly. No run that then just sent the other figure was solved.`,
    action: say`Reckon ${figure} anew before calling, with ${listed(words)}; check that these arguments are themselves right. Do not just send the figure of the error, and do not repeat the call unchanged.`,
    tools: [
      {
        name: call.tool,
        arguments: [...new Set([sent.path, ...causes.map(one => one.path)].map(argumentOf))],
      },
    ],
  }
}

function causeWords({ how, path }: Cause): Allowed | undefined {
  const argument = pathWord(path)
  if (argument === undefined) return undefined
  switch (how) {
    case 'times-length':
      return say`the same again for each further element of ${argument}`
    case 'times-argument':
      return say`the same again for each further one of ${argument}`
    case 'differs-by-argument':
      return say`the amount of ${argument}`
    case 'differs-by-rule':
      return say`what the rules name for each of ${argument}`
    case 'differs-by-rule-length':
      return say`what the rules name for each element of ${argument}`
  }
}

function explain(run: Run, call: Call): Explained[] {
  const error = call.result?.error
  if (error === undefined) return []
  const figures = figuresIn(error.message)
  if (figures.length < 2) return []
  const quantities = quantitiesOf(call.leaves)
  const findings: Explained[] = []
  for (const sent of quantities) {
    if (!figures.some(figure => same(figure, sent.value))) continue
    for (const expected of figures) {
      if (same(expected, sent.value) || expected <= 0) continue
      const causes = causesOf(run, call, sent, expected, quantities)
      const [only] = causes
      // Two explanations that both fit explain nothing.
      if (only === undefined || causes.length > 1) continue
      const finding = toFinding(run, call, sent, only, error.template)
      if (finding !== undefined) findings.push({ finding, call, sent, cause: only })
    }
  }
  return findings
}

function causesOf(
  run: Run,
  call: Call,
  sent: Quantity,
  expected: number,
  quantities: readonly Quantity[],
): readonly Cause[] {
  const own = argumentOf(sent.path)
  const lists = listLengths(call).filter(list => argumentOf(list.path) !== own)
  const others = quantities.filter(other => argumentOf(other.path) !== own && !other.summed)
  const factor = expected / sent.value
  const gap = Math.abs(expected - sent.value)
  const rule = (path: string): readonly number[] => ruleFigures(run, call.at, path)
  const byRule = (path: string, count: number): boolean =>
    rule(path).some(figure => same(figure * count, gap))
  const causes: readonly Cause[] = [
    ...lists
      .filter(({ length }) => length >= 2 && same(length, factor))
      .map(({ path }) => cause('times-length', path)),
    ...others
      .filter(({ value }) => value >= 2 && same(value, factor))
      .map(({ path }) => cause('times-argument', path)),
    // Small differences arise by chance.
    ...others
      .filter(({ value }) => value >= 5 && same(value, gap))
      .map(({ path }) => cause('differs-by-argument', path)),
    ...others
      .filter(({ path, value }) => value >= 1 && byRule(path, value))
      .map(({ path }) => cause('differs-by-rule', path)),
  ]
  if (causes.length > 0) return causes
  // The weakest link: rules name many figures, and many lists have one element.
  return lists
    .filter(({ path, length }) => length >= 1 && byRule(path, length))
    .map(({ path }) => cause('differs-by-rule-length', path))
}

function cause(how: Cause['how'], path: string): Cause {
  return { how, path }
}

function same(a: number, b: number): boolean {
  return Math.abs(a - b) < 0.005
}

function quantitiesOf(leaves: readonly Leaf[]): readonly Quantity[] {
  const byPath = new Map<string, number[]>()
  for (const { path, value } of leaves) {
    if (typeof value === 'number' && Number.isFinite(value))
      byPath.set(path, [...(byPath.get(path) ?? []), value])
  }
  return [...byPath].map(([path, values]) => ({
    path,
    value: values.reduce((sum, value) => sum + value, 0),
    summed: path.includes('[]'),
  }))
}

/** Lengths of the call's lists, at the top and in its objects. */
function listLengths(call: Call): readonly { readonly path: string; readonly length: number }[] {
  const value = call.arguments
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([path, item]) =>
    isList(item) ? [{ path, length: item.length }] : [],
  )
}

const RULE_FIGURE = /(?<![\w.])[$€£]?(\d{1,6}(?:\.\d{1,2})?)(?![\w.]*\d)/g

/** Figures in those sentences of the rules that speak of the argument by a word of its name. */
function ruleFigures(run: Run, before: number, path: string): readonly number[] {
  const stems = (path.split(/[.[\]]+/).findLast(part => part !== '') ?? '')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(part => part.length >= 5)
    .map(part => part.replace(/e?s$/, ''))
  const figures: number[] = []
  for (const said of run.said) {
    if (said.by !== 'rule' || said.at > before || stems.length === 0) continue
    for (const sentence of said.text.toLowerCase().split(/(?<=[.!?;])\s|\n/)) {
      if (!stems.some(stem => sentence.includes(stem))) continue
      for (const [, figure] of sentence.matchAll(RULE_FIGURE)) figures.push(Number(figure))
    }
  }
  return figures.filter(figure => figure >= 2)
}

function toFinding(
  run: Run,
  call: Call,
  sent: Quantity,
  cause: Cause,
  template: string,
): Finding | undefined {
  const tool = toolWord(call.tool)
  const path = pathWord(sent.path)
  const argument = pathWord(cause.path)
  const error = errorWords(template)
  if (tool === undefined || path === undefined || argument === undefined || error === undefined)
    return undefined
  const figure = sent.summed ? say`the sum of ${path}` : path
  const relation = relationOf(cause, argument)
  return {
    run,
    key: [cause.how, call.tool, sent.path, cause.path, template],
    lesson: {
      kind: 'pitfall',
      domains: domainsOf([call.tool]),
      situation: say`About to call ${tool} with ${path} and ${argument}, or it failed with ${error}.`,
      summary: say`${tool}, ${error}: the expected figure is ${relation.summary} the sent one (${figure}).`,
      detail: say`One figure in the error is ${figure}; ${relation.detail}`,
      action: say`${relation.action} Do not just send the error's other figure: first make clear which of them is right. Repeating the same call changes nothing.`,
      tools: [{ name: call.tool, arguments: [...new Set([argumentOf(sent.path), argumentOf(cause.path)])] }],
    },
  }
}

function relationOf(
  cause: Cause,
  argument: Allowed,
): { readonly summary: Allowed; readonly detail: Allowed; readonly action: Allowed } {
  switch (cause.how) {
    case 'times-length':
      return {
        summary: say`exactly the number of elements in ${argument} times`,
        detail: say`the other one is exactly that times the number of elements in ${argument}.`,
        action: say`Reckon with each element of ${argument} before calling.`,
      }
    case 'times-argument':
      return {
        summary: say`exactly ${argument} times`,
        detail: say`the other one is exactly that times ${argument}.`,
        action: say`Multiply by ${argument} before calling.`,
      }
    case 'differs-by-argument':
      return {
        summary: say`off by exactly ${argument} from`,
        detail: say`the other one differs from it by exactly ${argument}.`,
        action: say`Check whether ${argument} is counted in, and whether it is right, before calling.`,
      }
    case 'differs-by-rule':
      return {
        summary: say`off by exactly what the rules give for each of ${argument} from`,
        detail: say`the other one differs from it by a figure that the rules name together with ${argument}, times ${argument}.`,
        action: say`Check first whether ${argument} is right; then count in what each of it costs by the rules.`,
      }
    case 'differs-by-rule-length':
      return {
        summary: say`off by exactly what the rules give for each element of ${argument} from`,
        detail: say`the other one differs from it by a figure that the rules name together with ${argument}, times the number of its elements.`,
        action: say`Check what the rules add for each element of ${argument} before calling.`,
      }
  }
}
