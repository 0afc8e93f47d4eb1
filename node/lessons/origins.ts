/**
 * Where the values of a run came from. Each value of a call's arguments was said by the user, held by an
 * earlier result at some path, given by a rule (the system's message), observed, or made up by the model.
 * Exact match first, then without case and punctuation.
 */

import type { Scalar } from './leaves.ts'
import type { Call, Run } from './runs.ts'

export type Origin =
  | { readonly from: 'result'; readonly tool: string; readonly path: string; readonly identity: boolean }
  /** The text of a result that is not JSON. */
  | { readonly from: 'text'; readonly tool: string }
  /** The words of an error, such as a list of what is allowed. */
  | { readonly from: 'error'; readonly tool: string }
  | { readonly from: 'user' | 'rule' | 'observation' }

export interface Origins {
  /** Every distinct place that held the value before the interaction at `before`, in the order in which they came. */
  of(value: Scalar, before: number): readonly Origin[]
}

/** How a lesson names an origin: also its identity. */
export function originName(origin: Origin): string {
  if (origin.from === 'result')
    return origin.path === '' ? origin.tool : `${origin.tool}.${origin.path}`.replace('.[]', '[]')
  if (origin.from === 'text') return `text of ${origin.tool}`
  return origin.from === 'error' ? `error of ${origin.tool}` : origin.from
}

/** Without case and punctuation: `W-123 45` and `w12345` are the same. */
export function normalised(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}

interface Occurrence {
  readonly at: number
  readonly exact: string
  readonly origin: Origin
}

/** The index of one run's results is built once, on the first question. */
export function originsOf(run: Run): Origins {
  let index: Map<string, Occurrence[]> | undefined
  return {
    of(value, before) {
      if (value === null || typeof value === 'boolean') return []
      const exact = String(value)
      // One letter or digit stands everywhere: that says nothing of where it came from.
      const plain = normalised(exact)
      if (plain.length < 2) return []
      index ??= buildIndex(run)
      const held = (index.get(plain) ?? []).filter(found => found.at < before)
      const same = held.filter(found => found.exact === exact)
      const found = (same.length > 0 ? same : held).map(occurrence => occurrence.origin)
      return distinct([...found, ...inTexts(run, exact, plain, before)])
    },
  }
}

function buildIndex(run: Run): Map<string, Occurrence[]> {
  const index = new Map<string, Occurrence[]>()
  for (const { tool, result } of run.calls) {
    if (result === undefined || result.error !== undefined) continue
    for (const leaf of result.leaves) {
      if (leaf.value === null || typeof leaf.value === 'boolean') continue
      const exact = String(leaf.value)
      const plain = normalised(exact)
      if (plain.length < 2) continue
      const origin: Origin = { from: 'result', tool, path: leaf.path, identity: leaf.identity }
      const list = index.get(plain)
      if (list === undefined) index.set(plain, [{ at: result.at, exact, origin }])
      else list.push({ at: result.at, exact, origin })
    }
  }
  return index
}

function inTexts(run: Run, exact: string, plain: string, before: number): Origin[] {
  const origins: Origin[] = []
  for (const said of run.said) {
    if (said.at < before && holds(said.text, exact, plain)) origins.push({ from: said.by })
  }
  for (const { tool, result, leaves } of run.calls) {
    if (result === undefined || result.at >= before) continue
    if (result.error !== undefined) {
      // An error often repeats what it was asked for: that is an echo, not an offer.
      const echo = leaves.some(leaf => leaf.value === exact)
      if (!echo && lists(result.text, exact)) origins.push({ from: 'error', tool })
    } else if (result.value === undefined && holds(result.text, exact, plain))
      origins.push({ from: 'text', tool })
  }
  return origins
}

/** Whether a text holds the value as a whole word, exactly or without case and punctuation. */
export function holds(text: string, exact: string, plain: string): boolean {
  if (holdsWord(text, exact)) return true
  // Words run together when punctuation goes, so this is only for values long enough not to arise by chance.
  return plain.length >= 5 && normalised(text).includes(plain)
}

/** Whether an error names the value as an item: in quotes, or between the commas and brackets of a list. */
function lists(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text.slice(Math.max(0, at - 2), at)
    const after = text.slice(at + word.length, at + word.length + 1)
    if (/(?:['"`‘“]|[[(,:|] ?)$/.test(before) && /^(?:['"`’”]|[\]),.;|]|$)/.test(after)) return true
  }
  return false
}

function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = at === 0 ? '' : (text[at - 1] ?? '')
    const after = text[at + word.length] ?? ''
    if (!/[\p{L}\p{N}_]/u.test(before) && !/[\p{L}\p{N}_]/u.test(after)) return true
  }
  return false
}

function distinct(origins: readonly Origin[]): Origin[] {
  const byName = new Map<string, Origin>()
  for (const origin of origins) {
    const name = originName(origin)
    if (!byName.has(name)) byName.set(name, origin)
  }
  return [...byName.values()]
}

/** Calls of the same tool after this one that went through, in order. */
export function laterSuccess(run: Run, call: Call): Call | undefined {
  return run.calls.find(
    other =>
      other.at > call.at &&
      other.tool === call.tool &&
      other.result !== undefined &&
      other.result.error === undefined,
  )
}
