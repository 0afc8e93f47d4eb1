/**
 * Chat transcripts: OpenAI messages with tool calls (`messages`, or `traj` in recorded benchmark runs), also
 * with the content parts that other providers use for calls and results, and conversations kept as plain
 * text with a role before each turn. The gold answers that benchmarks add (`info`) are never read.
 */

import type { Interaction } from '../../ports.ts'
import { errorMessage } from '../errors.ts'
import {
  contentText,
  type EpisodeInput,
  failure,
  isObject,
  type JsonObject,
  labels,
  parseJson,
  readArguments,
  type TranscriptFormat,
} from './input.ts'
import { isContradictory, readOutcome } from './outcome.ts'

export const chatTranscript: TranscriptFormat = value => {
  const messages = value.messages ?? value.traj
  if (messages === undefined) return undefined
  if (!Array.isArray(messages))
    return failure('bad-field', 'messages (or traj) must be a list of chat messages.')
  const outcome = readOutcome(value)
  if (!outcome.ok) return outcome
  const recorder = new ChatRecorder()
  for (const [index, message] of messages.entries()) {
    if (!isObject(message) || typeof message.role !== 'string')
      return failure('bad-field', `message ${index + 1} must be an object with a role.`)
    recorder.add(message, message.role)
  }
  return { ok: true, value: withOutcome(value, recorder.interactions, outcome.value) }
}

const TURN = /^(user|assistant|tool|system): /gm

/** One text with a line `user: …`, `assistant: …`, `tool: …` for each turn; it names no tools. */
export const displayedTranscript: TranscriptFormat = value => {
  const text = value.messages_display
  if (typeof text !== 'string') return undefined
  const outcome = readOutcome(value)
  if (!outcome.ok) return outcome
  const recorder = new ChatRecorder()
  const turns = [...text.matchAll(TURN)]
  for (const [index, turn] of turns.entries()) {
    const content = text.slice(turn.index + turn[0].length, turns[index + 1]?.index).trimEnd()
    const role = turn[1] ?? 'user'
    if (!(role === 'assistant' && content === 'None')) recorder.add({ content }, role)
  }
  return { ok: true, value: withOutcome(value, recorder.interactions, outcome.value) }
}

export function withOutcome(
  value: JsonObject,
  interactions: readonly Interaction[],
  outcome: EpisodeInput['outcome'],
): EpisodeInput {
  const input = { ...labels(value), interactions }
  if (outcome !== undefined) return { ...input, outcome }
  return isContradictory(value) ? { ...input, contradictory: true } : input
}

/**
 * Turns messages into interactions. Ids of calls are made unique, and each result goes to the oldest call
 * with its id that still waits for one, so that repeated, missing and invented ids all come out as something definite.
 */
export class ChatRecorder {
  readonly interactions: Interaction[] = []
  readonly #waiting: { readonly given: string; readonly id: string; readonly tool: string }[] = []
  #calls = 0

  add(message: JsonObject, role: string): void {
    if (role === 'tool' || role === 'function') {
      const said = contentText(message.content)
      this.result(text(message.tool_call_id), text(message.name), isMarked(message) ? asError(said) : said)
      return
    }
    for (const name of ['reasoning_content', 'reasoning', 'thinking']) {
      const reasoning = message[name]
      if (typeof reasoning === 'string') this.#push({ type: 'reasoning', text: reasoning })
    }
    this.#content(message.content, speaker(role))
    const calls = message.tool_calls
    if (Array.isArray(calls)) for (const call of calls) this.#toolCall(call)
    const single = message.function_call
    if (isObject(single)) this.call('', text(single.name), single.arguments)
  }

  call(given: string, tool: string, rawArguments: unknown): void {
    this.#calls++
    const id = `call-${this.#calls}`
    const name = tool === '' ? 'unknown' : tool
    this.#waiting.push({ given, id, tool: name })
    this.interactions.push({ type: 'call', id, tool: name, ...readArguments(rawArguments) })
  }

  result(given: string, tool: string, resultText: string): void {
    let at = this.#waiting.findIndex(call => given !== '' && call.given === given)
    if (at < 0 && given === '') at = this.#waiting.findIndex(call => tool === '' || call.tool === tool)
    const call = at < 0 ? undefined : this.#waiting.splice(at, 1)[0]
    const name = call?.tool ?? (tool === '' ? 'unknown' : tool)
    this.interactions.push({ type: 'result', callId: call?.id ?? '', tool: name, text: resultText })
  }

  #toolCall(call: unknown): void {
    if (!isObject(call)) return
    const target = call.function
    const from = isObject(target) ? target : call
    this.call(text(call.id), text(from.name), from.arguments ?? from.input)
  }

  #content(content: unknown, role: 'system' | 'user' | 'assistant'): void {
    if (Array.isArray(content)) {
      for (const part of content) this.#part(part, role)
      return
    }
    this.#push({ type: 'message', role, text: contentText(content) })
  }

  #part(part: unknown, role: 'system' | 'user' | 'assistant'): void {
    if (isObject(part)) {
      const kind = part.type
      if (kind === 'tool_use' || kind === 'tool_call') {
        this.call(text(part.id), text(part.name), part.input ?? part.arguments)
        return
      }
      if (kind === 'tool_result' || kind === 'tool_call_response') {
        const body = part.content ?? part.result ?? part.response
        const said = contentText(body)
        this.result(text(part.tool_use_id ?? part.id), text(part.name), isMarked(part) ? asError(said) : said)
        return
      }
      if (kind === 'thinking' || kind === 'reasoning') {
        this.#push({ type: 'reasoning', text: text(part.thinking ?? part.content ?? part.text) })
        return
      }
    }
    this.#push({ type: 'message', role, text: contentText([part]) })
  }

  #push(interaction: Interaction & { readonly text: string }): void {
    if (interaction.text !== '') this.interactions.push(interaction)
  }
}

function speaker(role: string): 'system' | 'user' | 'assistant' {
  if (role === 'system' || role === 'developer') return 'system'
  return role === 'assistant' || role === 'model' ? 'assistant' : 'user'
}

/** A result that its transcript marks as an error. */
function isMarked(result: JsonObject): boolean {
  return result.is_error === true || result.isError === true || result.status === 'error'
}

/** The mark is kept in the words, where the result's own do not say it. */
function asError(said: string): string {
  return errorMessage(said, parseJson(said)) === undefined ? `Error: ${said}` : said
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
