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

/** `undefined` as value: the transcript says nothing of an outcome. */
export function readOutcome(value: JsonObject): Result<Outcome | undefined, CaptureCode> {
  if (given(value.outcome)) return fromVerdict('outcome', value.outcome)
  if (given(value.feedback)) return fromVerdict('feedback', value.feedback)
  if (given(value.correct)) return fromVerdict('correct', value.correct)
  if (given(value.reward)) return fromReward(value.reward)
  const exit = value.exit_code ?? value.exitCode
  if (given(exit)) {
    if (typeof exit !== 'number' || !Number.isInteger(exit))
      return failure('bad-outcome', 'exit_code must be a whole number.')
    return { ok: true, value: { solved: exit === 0, by: 'exit-code' } }
  }
  for (const name of ['is_solved', 'solved', 'success', 'passed']) {
    const verdict = value[name]
    if (typeof verdict === 'boolean') return { ok: true, value: { solved: verdict, by: 'test' } }
  }
  return { ok: true, value: undefined }
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null
}

function fromReward(reward: unknown): Result<Outcome, CaptureCode> {
  if (typeof reward !== 'number' || !(reward >= 0 && reward <= 1))
    return failure('bad-outcome', 'reward must be a number between 0 and 1.')
  return { ok: true, value: { solved: reward >= SOLVED_REWARD, by: 'reward' } }
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
