/**
 * What a language model was asked and has answered, so that neither a restart nor a later look asks it again: the
 * lessons that were taken beside each episode (they go with it), and one row on what was spent today.
 */

import { encode, read } from './codec.ts'
import { keyOf, prefixes } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

export interface StoredLlmDay {
  /** Whole days since 1970-01-01 UTC. */
  readonly day: number
  readonly requests: number
  readonly tokens: number
  readonly waiting: number
  /** The last request: when (milliseconds), its failure's code, and a sentence. */
  readonly last?: { readonly at: number; readonly code?: string; readonly message: string }
}

/** The lessons that rest on the episode, opaque here and maybe none; undefined when it was not asked about. */
export function llmLessons(store: Store, episode: string): readonly string[] | undefined {
  const key = keyOf(prefixes.episodeLlm, episode)
  const value = store.get(key)
  return value === undefined ? undefined : read(key, value).strings('lessons')
}

export function putLlmLessonsOps(episode: string, lessons: readonly string[]): StoreOp[] {
  return [{ type: 'put', key: keyOf(prefixes.episodeLlm, episode), value: encode({ lessons }) }]
}

const dayKey = keyOf(prefixes.llmDay, 'last')

export function llmDay(store: Store): StoredLlmDay | undefined {
  const value = store.get(dayKey)
  if (value === undefined) return undefined
  const fields = read(dayKey, value)
  const at = fields.optionalNumber('at')
  const code = fields.optionalString('code')
  return {
    day: fields.number('day'),
    requests: fields.number('requests'),
    tokens: fields.number('tokens'),
    waiting: fields.number('waiting'),
    ...(at === undefined
      ? {}
      : { last: { at, ...(code === undefined ? {} : { code }), message: fields.string('message') } }),
  }
}

export function putLlmDayOps({ day, requests, tokens, waiting, last }: StoredLlmDay): StoreOp[] {
  const row = { day, requests, tokens, waiting, at: last?.at, code: last?.code, message: last?.message }
  return [{ type: 'put', key: dayKey, value: encode(row) }]
}
