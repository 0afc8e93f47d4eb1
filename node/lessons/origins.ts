/**
 * Where the values of a run came from. Each value of a call's arguments was said by the user, held by an
 * earlier result at some path, given by a rule (the system's message), observed, computed from numbers that
 * results held, or made up by the model. Exact match first, then without case and punctuation, then as the same
 * date or number in another form.
 */

import { dateOf, numberOf } from './forms.ts'
import type { Scalar } from './leaves.ts'
import type { Call, CallResult, Run } from './runs.ts'
import { type IndexedText, normalised, TextIndex } from './text-index.ts'

export type Origin =
  | { readonly from: 'result'; readonly tool: string; readonly path: string; readonly identity: boolean }
  /** The text of a result that is not JSON. */
  | { readonly from: 'text'; readonly tool: string }
  /** The words of an error, such as a list of what is allowed. */
  | { readonly from: 'error'; readonly tool: string }
  | { readonly from: 'user' | 'rule' | 'observation' | 'computed' }

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

interface Occurrence {
  readonly at: number
  readonly exact: string
  readonly origin: Origin
  readonly echo?: boolean
}

/** The indexes of one run are built once, on the first question. */
export function originsOf(run: Run): Origins {
  let index: RunIndex | undefined
  const known = new Map<string, readonly Occurrence[]>()
  return {
    of(value, before) {
      if (value === null || typeof value === 'boolean') return []
      const exact = String(value)
      const plain = normalised(exact)
      // One letter stands everywhere: that says nothing of where it came from. One digit may be a count.
      if (plain.length < 2 && !/^\d$/.test(plain)) return []
      index ??= indexOf(run)
      let all = known.get(exact)
      if (all === undefined) {
        all = occurrences(index, exact, plain)
        known.set(exact, all)
      }
      const held = all.filter(found => found.at < before)
      // In results an exact match hides one that only ignores case.
      const same = held.filter(found => found.origin.from === 'result' && found.exact === exact)
      const kept = held.filter(
        found => found.origin.from !== 'result' || same.length === 0 || found.exact === exact,
      )
      const fresh = kept.filter(found => found.echo !== true)
      const origins = distinct((fresh.length > 0 ? fresh : kept).map(found => found.origin))
      if (origins.length > 0) return origins
      return typeof value === 'number' && isComputed(index.figures, value, before)
        ? [{ from: 'computed' }]
        : []
    },
  }
}

interface RunIndex {
  readonly leaves: ReadonlyMap<string, readonly Occurrence[]>
  readonly texts: TextIndex<Origin>
  readonly errors: readonly Call[]
  readonly figures: readonly Figure[]
}

interface Figure {
  readonly at: number
  readonly value: number
}

/** An error offers a value only where it lists it; more errors than this say nothing new. */
const ERRORS_MAX = 200
/** Numbers of which a computed one may be made. More of them would make anything by chance. */
const FIGURES_MAX = 150

function indexOf(run: Run): RunIndex {
  const leaves = new Map<string, Occurrence[]>()
  const texts: IndexedText<Origin>[] = run.said.map(({ at, by, text }) => ({ at, kind: { from: by }, text }))
  const errors: Call[] = []
  const figures: Figure[] = []
  for (const call of run.calls) {
    const { tool, result } = call
    if (result === undefined) continue
    if (result.error !== undefined) {
      if (errors.length < ERRORS_MAX) errors.push(call)
    } else if (result.value === undefined) {
      texts.push({ at: result.at, kind: { from: 'text', tool }, text: result.text })
    } else addLeaves(leaves, figures, call, result)
  }
  return { leaves, texts: new TextIndex(texts), errors, figures }
}

function addLeaves(
  index: Map<string, Occurrence[]>,
  figures: Figure[],
  { tool, leaves }: Call,
  result: CallResult,
): void {
  const asked = new Set(leaves.map(leaf => leaf.value))
  for (const leaf of result.leaves) {
    if (leaf.value === null || typeof leaf.value === 'boolean') continue
    if (typeof leaf.value === 'number' && figures.length < FIGURES_MAX)
      figures.push({ at: result.at, value: leaf.value })
    const exact = String(leaf.value)
    const origin: Origin = { from: 'result', tool, path: leaf.path, identity: leaf.identity }
    // A result that repeats what it was asked for is no source of it: the value was there before.
    const occurrence = { at: result.at, exact, origin, echo: asked.has(leaf.value) }
    for (const key of keysOf(exact)) {
      const list = index.get(key)
      if (list === undefined) index.set(key, [occurrence])
      else list.push(occurrence)
    }
  }
}

/** Under which a value is found: its letters and digits, and the day or the number that it is. */
function keysOf(exact: string): readonly string[] {
  const keys: string[] = []
  const plain = normalised(exact)
  if (plain.length >= 2 || /^\d$/.test(plain)) keys.push(plain)
  const date = dateOf(exact)
  if (date !== undefined) keys.push(`day:${date.year ?? ''}-${date.month}-${date.day}`)
  else {
    const number = numberOf(exact)
    if (number !== undefined) keys.push(`number:${number}`)
  }
  return keys
}

function occurrences(
  { leaves, texts, errors }: RunIndex,
  exact: string,
  plain: string,
): readonly Occurrence[] {
  const found = new Set<Occurrence>()
  for (const key of keysOf(exact)) for (const one of leaves.get(key) ?? []) found.add(one)
  const byTime = [...found].sort((a, b) => a.at - b.at)
  for (const { at, kind } of texts.holding(exact, plain)) byTime.push({ at, exact, origin: kind })
  for (const { tool, result, leaves: asked } of errors) {
    // An error often repeats what it was asked for: that is an echo, not an offer.
    const echo = asked.some(leaf => leaf.value === exact)
    if (result !== undefined && !echo && lists(result.text, exact))
      byTime.push({ at: result.at, exact, origin: { from: 'error', tool } })
  }
  return byTime
}

/** A sum, a difference, or a small multiple of numbers that results held. Small numbers arise by chance. */
function isComputed(figures: readonly Figure[], value: number, before: number): boolean {
  if (Math.abs(value) < 20) return false
  const known = new Set(figures.filter(({ at }) => at < before).map(figure => figure.value))
  for (const a of known) {
    if (a === 0) continue
    if (known.has(value - a) || known.has(value + a)) return true
    const factor = value / a
    if (Number.isInteger(factor) && factor >= 2 && factor <= 20) return true
  }
  return false
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
