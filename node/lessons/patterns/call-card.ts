/**
 * One card for each tool whose arguments come from somewhere: how calls that went through in solved runs filled each
 * argument, after which reads, and on records in which state. For a tool that changes something the card says how,
 * never whether: solved is often restraint.
 */

import { conditionsOf, readsOf } from '../cards/conditions.ts'
import { fillingsOf, follows, readersOf, type Shown } from '../cards/fillings.ts'
import { cardLesson } from '../cards/words.ts'
import { originName } from '../origins.ts'
import type { Call, Run } from '../runs.ts'
import { argumentNames } from './compare.ts'
import type { Finding, Pattern, PatternContext } from './pattern.ts'

export const callCard: Pattern = {
  id: 'call-card',
  asksToShare: 2,
  needsSolved: true,
  find(runs, context) {
    const unsolved = acceptedCalls(runs, false, context)
    return [...acceptedCalls(runs, true, context)].flatMap(([tool, calls]) =>
      variantsOf(calls).flatMap(variant => card(tool, variant, unsolved.get(tool) ?? [], context)),
    )
  },
}

function acceptedCalls(
  runs: readonly Run[],
  solved: boolean,
  { batch }: PatternContext,
): ReadonlyMap<string, readonly Shown[]> {
  const accepted = new Map<string, Shown[]>()
  for (const run of runs) {
    if (run.solved !== solved) continue
    for (const call of run.calls) {
      if (!wentThrough(call) || batch.takesText(call.tool)) continue
      const list = accepted.get(call.tool)
      if (list === undefined) accepted.set(call.tool, [{ run, call }])
      else list.push({ run, call })
    }
  }
  return accepted
}

function wentThrough(call: Call): boolean {
  return call.result !== undefined && call.result.error === undefined
}

interface Variant {
  readonly names: ReadonlySet<string>
  readonly calls: Shown[]
}

/** Several services can call a tool alike: calls belong together where one's argument names hold the other's, or most. */
function variantsOf(calls: readonly Shown[]): readonly (readonly Shown[])[] {
  const bySet = new Map<string, Shown[]>()
  for (const shown of calls) {
    const names = argumentNames(shown.call).toSorted().join()
    const list = bySet.get(names)
    if (list === undefined) bySet.set(names, [shown])
    else list.push(shown)
  }
  const variants: Variant[] = []
  for (const [key, list] of [...bySet].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))) {
    const names = new Set(key.split(','))
    const kin = variants.find(variant => areKin(names, variant.names))
    if (kin === undefined) variants.push({ names, calls: [...list] })
    else kin.calls.push(...list)
  }
  return variants.map(variant => variant.calls)
}

function areKin(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const shared = [...a].filter(name => b.has(name)).length
  return shared >= Math.min(a.size, b.size) || shared * 2 > Math.max(a.size, b.size)
}

function card(
  tool: string,
  calls: readonly Shown[],
  unsolved: readonly Shown[],
  context: PatternContext,
): readonly Finding[] {
  const { batch } = context
  const writes = batch.writes(tool)
  const fillings = fillingsOf(calls, writes, context)
  const named = readersOf(fillings)
  const reads = writes ? readsOf(calls, context).filter(read => !named.includes(read)) : []
  const conditions = writes ? conditionsOf(calls, unsolved, context) : []
  // That a tool takes what the user says needs no card.
  if (named.length === 0 && reads.length === 0 && conditions.length === 0) return []
  const before = [...named, ...reads]
  const lesson = cardLesson({ tool, writes, fillings, conditions, before }, batch)
  if (lesson === undefined) return []
  const key = [
    writes ? 'write' : 'read',
    tool,
    ...fillings.flatMap(({ path, places, elsewhere }) =>
      places.length === 0
        ? []
        : [`${path}=${elsewhere ? 'other ' : ''}${places.map(originName).join(' or ')}`],
    ),
    ...conditions.map(({ tool: reader, path, value }) => `if ${reader}.${path}=${value}`),
    ...reads.map(read => `after ${read}`),
  ]
  const supporting = new Set(
    calls.filter(({ run, call }) => follows(call, fillings, context.origins(run))).map(({ run }) => run),
  )
  return [...supporting].map(run => ({ run, key, lesson }))
}
