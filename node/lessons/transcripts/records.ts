/**
 * Records that are no conversation: a question with its answer and feedback, an attempt with a verdict, plain
 * observations, and this project's own form of an episode.
 */

import type { Interaction } from '../../ports.ts'
import { withOutcome } from './chat.ts'
import {
  failure,
  isObject,
  type JsonObject,
  label,
  labels,
  readArguments,
  type TranscriptFormat,
} from './input.ts'
import { readOutcome } from './outcome.ts'

/** `{question, answer, outcome | correct | feedback}`. */
export const answeredQuestion: TranscriptFormat = value => {
  if (!('question' in value) || !('answer' in value)) return undefined
  const { question, answer } = value
  if (typeof question !== 'string' || typeof answer !== 'string')
    return failure('bad-field', 'question and answer must be text.')
  const outcome = readOutcome(value)
  if (!outcome.ok) return outcome
  const interactions: Interaction[] = [
    { type: 'message', role: 'user', text: question },
    { type: 'message', role: 'assistant', text: answer },
  ]
  return { ok: true, value: withOutcome(value, interactions, outcome.value) }
}

/** An attempt at a named problem with a verdict, perhaps with what was tried and reflected. */
export const attempt: TranscriptFormat = value => {
  const name = label(value.name ?? value.env ?? value.task)
  const verdict = value.is_solved ?? value.success ?? value.passed ?? value.solved
  if (name === undefined || typeof verdict !== 'boolean') return undefined
  const outcome = readOutcome(value)
  if (!outcome.ok) return outcome
  const interactions: Interaction[] = []
  if (typeof value.prompt === 'string')
    interactions.push({ type: 'message', role: 'user', text: value.prompt })
  if (typeof value.solution === 'string')
    interactions.push({ type: 'message', role: 'assistant', text: value.solution })
  const reflections = value.reflections
  if (Array.isArray(reflections)) {
    for (const reflection of reflections)
      if (typeof reflection === 'string') interactions.push({ type: 'reasoning', text: reflection })
  }
  interactions.push({ type: 'observation', name: 'verdict', value: verdict ? 'solved' : 'not solved' })
  const family = label(value.family)
  const run = label(value.run)
  const trial = [run, label(value.trial)].filter(part => part !== undefined).join('/')
  // With a prompt, the prompt says best which problem it was: names repeat over languages and versions.
  const named =
    typeof value.prompt === 'string' ? {} : { task: family === undefined ? name : `${family}/${name}` }
  const input = {
    ...named,
    ...withOutcome(value, interactions, outcome.value),
    ...(trial === '' ? {} : { trial }),
  }
  return { ok: true, value: input }
}

/** `{observations: [{name, value, at?}]}` or `{observation: {…}}`: a sensor, an environment, a test run. */
export const observations: TranscriptFormat = value => {
  const list = value.observations ?? (value.observation === undefined ? undefined : [value.observation])
  if (list === undefined) return undefined
  if (!Array.isArray(list)) return failure('bad-field', 'observations must be a list of {name, value, at?}.')
  const outcome = readOutcome(value)
  if (!outcome.ok) return outcome
  const interactions: Interaction[] = []
  for (const [index, item] of list.entries()) {
    const observed = isObject(item) ? readObservation(item) : undefined
    if (observed === undefined)
      return failure('bad-field', `observation ${index + 1} must have a name and a value.`)
    interactions.push(observed)
  }
  return { ok: true, value: withOutcome(value, interactions, outcome.value) }
}

/** `{interactions: […]}` as `node/ports.ts` defines them. */
export const nativeEpisode: TranscriptFormat = value => {
  const list = value.interactions
  if (list === undefined) return undefined
  if (!Array.isArray(list)) return failure('bad-field', 'interactions must be a list.')
  const outcome = readOutcome(value)
  if (!outcome.ok) return outcome
  const interactions: Interaction[] = []
  for (const [index, item] of list.entries()) {
    const interaction = isObject(item) ? readInteraction(item) : undefined
    if (interaction === undefined)
      return failure(
        'bad-field',
        `interaction ${index + 1} must be a message, reasoning, call, result or observation with its fields.`,
      )
    interactions.push(interaction)
  }
  const ask = label(value.ask)
  const input = withOutcome(value, interactions, outcome.value)
  return {
    ok: true,
    value: ask === undefined || labels(value).task !== undefined ? input : { ...input, task: ask },
  }
}

function readInteraction(item: JsonObject): Interaction | undefined {
  const { type, text } = item
  if (type === 'observation') return readObservation(item)
  if (type === 'call') {
    const { id, tool } = item
    if (typeof id !== 'string' || typeof tool !== 'string' || tool === '') return undefined
    return { type, id, tool, ...readArguments(item.arguments ?? text) }
  }
  if (typeof text !== 'string') return undefined
  if (type === 'reasoning') return { type, text }
  if (type === 'result') {
    const { callId, tool } = item
    return typeof callId === 'string' && typeof tool === 'string' ? { type, callId, tool, text } : undefined
  }
  const { role } = item
  if (type !== 'message' || (role !== 'system' && role !== 'user' && role !== 'assistant')) return undefined
  return { type, role, text }
}

function readObservation(item: JsonObject): Interaction | undefined {
  const name = label(item.name)
  const raw = item.value
  if (name === undefined || raw === undefined) return undefined
  const value = typeof raw === 'string' ? raw : JSON.stringify(raw)
  const { at } = item
  const timed = typeof at === 'number' && Number.isFinite(at) ? { at } : {}
  return { type: 'observation', name, value, ...timed }
}
