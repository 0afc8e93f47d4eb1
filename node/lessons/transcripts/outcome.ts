/**
 * How an episode ended, read only from what says so in words: reward, outcome, feedback, exit code, verdict.
 * Nothing is guessed from tone: of recorded conversations that end in thanks, half were failures.
 */

import type { Result } from '../../../protocol/types.ts'
import type { Outcome } from '../../ports.ts'
import { type CaptureCode, failure, isObject, type JsonObject } from './input.ts'

/** Rewards are sums of floats in some logs: 0.9999999 is 1. */
const SOLVED_REWARD = 1 - 1e-6

const POSITIVE = new Set(
  'solved success successful succeeded pass passed ok done correct right true yes positive helped helpful good resolved up 👍 +1 1'.split(
    ' ',
  ),
)
const NEGATIVE = new Set(
  'unsolved failure fail failed error incorrect wrong false no negative hurt unhelpful bad unresolved down 👎 -1 0'.split(
    ' ',
  ),
)

/**
 * `undefined` as value: the transcript says nothing of an outcome, or it says two things: where one sign speaks of success
 * and another of failure, which of them is right is not known, and no advice may rest on it.
 */
export function readOutcome(value: JsonObject): Result<Outcome | undefined, CaptureCode> {
  const stated = firstStated(value)
  if (!stated.ok || stated.value === undefined) return stated
  return contradicts(value, stated.value.solved) ? { ok: true, value: undefined } : stated
}

/** Whether the signs of the transcript contradict each other. */
export function isContradictory(value: JsonObject): boolean {
  const stated = firstStated(value)
  return stated.ok && stated.value !== undefined && contradicts(value, stated.value.solved)
}

/** A sign that cannot be read beside one that can is no sign. */
function contradicts(value: JsonObject, solved: boolean): boolean {
  return SIGNS.some(sign => {
    const { [sign.field]: said } = value
    const read = given(said) ? sign.read(said) : undefined
    return read?.ok === true && read.value !== undefined && read.value.solved !== solved
  })
}

/** The weightiest sign. One that cannot be read is told, so that nobody waits for lessons that cannot come. */
function firstStated(value: JsonObject): Result<Outcome | undefined, CaptureCode> {
  for (const { field, read } of SIGNS) {
    const said = value[field]
    const outcome = given(said) ? read(said) : undefined
    if (outcome !== undefined && (!outcome.ok || outcome.value !== undefined)) return outcome
  }
  return { ok: true, value: undefined }
}

interface Sign {
  readonly field: string
  /** `undefined` as value: in this field it is something else than a sign. */
  readonly read: (said: unknown) => Result<Outcome | undefined, CaptureCode>
}

/** The weightiest first. */
const SIGNS: readonly Sign[] = [
  ...['outcome', 'feedback', 'correct'].map(
    (field): Sign => ({ field, read: said => fromVerdict(field, said) }),
  ),
  { field: 'reward', read: fromReward },
  { field: 'exit_code', read: fromExit },
  { field: 'exitCode', read: fromExit },
  ...['is_solved', 'solved', 'success', 'passed'].map((field): Sign => ({ field, read: fromFlag })),
]

function given(value: unknown): boolean {
  return value !== undefined && value !== null
}

function fromReward(reward: unknown): Result<Outcome, CaptureCode> {
  if (typeof reward !== 'number' || !(reward >= 0 && reward <= 1))
    return failure('bad-outcome', 'reward must be a number between 0 and 1.')
  return { ok: true, value: { solved: reward >= SOLVED_REWARD, by: 'reward' } }
}

function fromExit(exit: unknown): Result<Outcome, CaptureCode> {
  if (typeof exit !== 'number' || !Number.isInteger(exit))
    return failure('bad-outcome', 'exit_code must be a whole number.')
  return { ok: true, value: { solved: exit === 0, by: 'exit-code' } }
}

function fromFlag(verdict: unknown): Result<Outcome | undefined, CaptureCode> {
  const solved = typeof verdict === 'boolean' ? verdict : undefined
  return { ok: true, value: solved === undefined ? undefined : { solved, by: 'test' } }
}

function fromVerdict(field: string, verdict: unknown): Result<Outcome, CaptureCode> {
  if (isObject(verdict) && typeof verdict.solved === 'boolean') {
    const by = whoSays(verdict.by)
    if (by !== undefined) return { ok: true, value: { solved: verdict.solved, by } }
  }
  const solved = isObject(verdict) ? undefined : polarity(verdict)
  if (solved === undefined)
    return failure(
      'bad-outcome',
      `${field} must be true or false, a word such as "solved" or "failed", or {"solved": true, "by": "feedback"}.`,
    )
  return { ok: true, value: { solved, by: 'feedback' } }
}

function whoSays(by: unknown): Outcome['by'] | undefined {
  if (by === undefined) return 'feedback'
  if (by === 'feedback' || by === 'reward' || by === 'exit-code' || by === 'test' || by === 'user') return by
  return undefined
}

function polarity(verdict: unknown): boolean | undefined {
  if (typeof verdict === 'boolean') return verdict
  if (typeof verdict !== 'string' && typeof verdict !== 'number') return undefined
  const word = String(verdict).trim().toLowerCase()
  return POSITIVE.has(word) ? true : NEGATIVE.has(word) ? false : undefined
}
