/**
 * Two lists in a call that belong together. Every call that failed with certain words broke a relation between
 * them (as many elements in both; no element in both; no element twice), and every call of the tool that
 * went through kept it: the relation is what the tool asks for.
 */

import { isList, isRecord } from '../leaves.ts'
import { laterSuccess } from '../origins.ts'
import type { Call, Run } from '../runs.ts'
import { type Allowed, domainsOf, errorWords, pathWord, say, toolWord } from '../vocabulary.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

type Relation = 'same-length' | 'nothing-shared' | 'no-repeats'
const RELATIONS: readonly Relation[] = ['same-length', 'nothing-shared', 'no-repeats']
/** From so many asks that failed, and as many that went through, chance does not keep a relation. */
const PLAIN_ASKS = 3
/** Lists of a call that are compared with each other. */
const LISTS_MAX = 6

export const listRelation: Pattern = {
  id: 'list-relation',
  asksToShare: 2,
  needsSolved: false,
  find(runs) {
    const accepted = new Map<string, Made[]>()
    const refused = new Map<string, Made[]>()
    for (const run of runs) {
      for (const call of run.calls) {
        if (call.result === undefined || !isRecord(call.arguments)) continue
        const { error } = call.result
        const key = error === undefined ? call.tool : `${call.tool}\n${error.template}`
        if (error === undefined) accepted.set(key, [...(accepted.get(key) ?? []), { run, call }])
        else refused.set(key, [...(refused.get(key) ?? []), { run, call }])
      }
    }
    const findings: Finding[] = []
    for (const failures of refused.values()) {
      const tool = failures[0]?.call.tool ?? ''
      findings.push(...relationsOf(failures, accepted.get(tool) ?? []))
    }
    return findings
  },
}

interface Made {
  readonly run: Run
  readonly call: Call
}

function relationsOf(failures: readonly Made[], successes: readonly Made[]): Finding[] {
  const names = [...new Set(failures.flatMap(({ call }) => listNames(call)))].sort().slice(0, LISTS_MAX)
  const findings: Finding[] = []
  for (const relation of RELATIONS) {
    for (const [a, b] of relation === 'no-repeats'
      ? names.map(name => [name, name] as const)
      : pairs(names)) {
      const broken = failures.every(({ call }) => keeps(call, relation, a, b) === false)
      const kept =
        successes.length > 0 && successes.every(({ call }) => keeps(call, relation, a, b) !== false)
      const shown = successes.filter(({ call }) => keeps(call, relation, a, b) === true)
      // In one run at least the same tool then went through: the relation was mended, not given up.
      const mended = failures.some(
        ({ run, call }) => run.solved === true && laterSuccess(run, call) !== undefined,
      )
      const plain = askCount(failures) >= PLAIN_ASKS && askCount(shown) >= PLAIN_ASKS
      if (!broken || !kept || shown.length === 0 || !(mended || plain)) continue
      for (const { run, call } of failures) {
        const template = call.result?.error?.template ?? ''
        const lesson = toLesson(call.tool, relation, a, b, template)
        const group = [call.tool, template].join('\n')
        if (lesson !== undefined)
          findings.push({
            run,
            key: [relation, call.tool, a, b, template],
            group,
            rank: RELATIONS.indexOf(relation),
            lesson,
          })
      }
    }
  }
  return findings
}

function askCount(made: readonly Made[]): number {
  return new Set(made.map(({ run }) => run.ask)).size
}

function listNames(call: Call): readonly string[] {
  if (!isRecord(call.arguments)) return []
  return Object.entries(call.arguments)
    .filter(([, value]) => isList(value))
    .map(([name]) => name)
}

function pairs(names: readonly string[]): readonly (readonly [string, string])[] {
  return names.flatMap((a, index) => names.slice(index + 1).map(b => [a, b] as const))
}

/** Undefined where the call does not have both lists. */
function keeps(call: Call, relation: Relation, a: string, b: string): boolean | undefined {
  if (!isRecord(call.arguments)) return undefined
  const left = call.arguments[a]
  const right = call.arguments[b]
  if (!isList(left) || !isList(right)) return undefined
  const leftItems = left.map(item => JSON.stringify(item))
  const rightItems = new Set(right.map(item => JSON.stringify(item)))
  if (relation === 'same-length') return left.length === right.length
  if (relation === 'no-repeats') return new Set(leftItems).size === left.length
  return !leftItems.some(item => rightItems.has(item))
}

function toLesson(
  tool: string,
  relation: Relation,
  a: string,
  b: string,
  template: string,
): Lesson | undefined {
  const name = toolWord(tool)
  const left = pathWord(a)
  const right = pathWord(b)
  const error = errorWords(template)
  if (name === undefined || left === undefined || right === undefined || error === undefined) return undefined
  const { asks, does } = relationWords(relation, left, right)
  const both = a === b ? left : say`${left} and ${right}`
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`About to call ${name} with ${both}, or it failed with ${error}.`,
    summary: say`${name} asks for ${asks}; else it fails with ${error}.`,
    detail: say`Every call that failed in these words broke this, and every call of ${name} that went through kept it.`,
    action: does,
    tools: [{ name: tool, arguments: [...new Set([a, b])] }],
  }
}

function relationWords(
  relation: Relation,
  left: Allowed,
  right: Allowed,
): { readonly asks: Allowed; readonly does: Allowed } {
  switch (relation) {
    case 'same-length':
      return {
        asks: say`as many elements in ${left} as in ${right}`,
        does: say`Pair them before calling: one element of ${left} for each element of ${right}, in the same order.`,
      }
    case 'nothing-shared':
      return {
        asks: say`no element that stands in both ${left} and ${right}`,
        does: say`Leave out of both what would stay the same in ${left} and ${right}.`,
      }
    case 'no-repeats':
      return {
        asks: say`no element twice in ${left}`,
        does: say`List each element of ${left} once.`,
      }
  }
}
