/**
 * Episodes for tests of the lessons: short scripts of what was said and called become chat transcripts, which go
 * the whole way through capture and redaction, so that a test sees what a node would see.
 */

import { createDistiller } from '../../../../node/lessons/distiller.ts'
import { captureValue } from '../../../../node/pipeline/capture.ts'
import { heldBackBy } from '../../../../node/pipeline/publish.ts'
import { redact, redactionRules } from '../../../../node/pipeline/redact.ts'
import type { EntryDraft, Episode, RedactedEpisode } from '../../../../node/ports.ts'

export type Step =
  | { readonly user: string }
  | { readonly rule: string }
  | { readonly tool: string; readonly arguments: unknown; readonly result: unknown }

export interface Script {
  readonly task: string
  readonly trial?: number
  readonly reward?: number
  readonly steps: readonly Step[]
}

const made = redactionRules({ redactRules: [], redactAllow: [] })
if (!made.ok) throw new TypeError(made.message)
export const noOwnRules = made.value

export function captured(value: unknown): Episode {
  const episode = captureValue(value, { capturedAt: 0, source: 'test' })
  if (!episode.ok) throw new TypeError(`${episode.code}: ${episode.message}`)
  return episode.value
}

export function redacted(value: unknown): Promise<RedactedEpisode> {
  return redact(captured(value), noOwnRules)
}

export function transcript({ task, trial, reward, steps }: Script): unknown {
  const messages = steps.flatMap((step, index): unknown[] => {
    if ('user' in step) return [{ role: 'user', content: step.user }]
    if ('rule' in step) return [{ role: 'system', content: step.rule }]
    const { tool, result } = step
    const call = { id: `c${index}`, function: { name: tool, arguments: JSON.stringify(step.arguments) } }
    const content = typeof result === 'string' ? result : JSON.stringify(result)
    return [
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content },
    ]
  })
  return { task_id: task, trial, ...(reward === undefined ? {} : { reward }), messages }
}

export async function distilled(values: readonly unknown[]): Promise<readonly EntryDraft[]> {
  const episodes = await Promise.all(values.map(redacted))
  return createDistiller().distil(episodes, new AbortController().signal)
}

export function lessonsOf(scripts: readonly Script[]): Promise<readonly EntryDraft[]> {
  return distilled(scripts.map(transcript))
}

export function asksOf(draft: EntryDraft): number {
  return new Set(draft.support.map(one => one.ask)).size
}

/** As the node decides it, with sharing on and no review. */
export function isShareable(draft: EntryDraft): boolean {
  return heldBackBy(draft, 'verified', undefined) === undefined
}

export function textOf({ situation, insight, context, domains }: EntryDraft): string {
  return JSON.stringify([situation, insight, context, domains])
}
