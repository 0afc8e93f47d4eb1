/**
 * OpenTelemetry GenAI spans, one JSON span a line, each an episode of its own. Read are the semantic
 * conventions' message attributes (`gen_ai.input.messages` …), the older event per message
 * (`gen_ai.user.message`, `gen_ai.choice` …), and tool spans (`gen_ai.tool.*`).
 */

import { ChatRecorder, withOutcome } from './chat.ts'
import {
  type EpisodeInput,
  isObject,
  type JsonObject,
  label,
  parseJson,
  type TranscriptFormat,
} from './input.ts'
import { readOutcome } from './outcome.ts'

export const genAiSpan: TranscriptFormat = value => {
  const attributes = readAttributes(value.attributes)
  const events = Array.isArray(value.events) ? value.events.filter(isObject) : []
  const isGenAi = (name: string): boolean => name.startsWith('gen_ai.')
  if (!Object.keys(attributes).some(isGenAi) && !events.some(event => isGenAi(String(event.name))))
    return undefined
  const outcome = readOutcome({ ...attributes, ...value })
  if (!outcome.ok) return outcome
  const recorder = new ChatRecorder()
  addMessages(recorder, attributes['gen_ai.system_instructions'], 'system')
  addMessages(recorder, attributes['gen_ai.input.messages'], 'user')
  addMessages(recorder, attributes['gen_ai.output.messages'], 'assistant')
  addToolSpan(recorder, attributes)
  for (const event of events) addEvent(recorder, event)
  const input: EpisodeInput = withOutcome(value, recorder.interactions, outcome.value)
  const model = label(attributes['gen_ai.response.model'] ?? attributes['gen_ai.request.model'])
  return { ok: true, value: model === undefined ? input : { ...input, model } }
}

/** Attributes as a plain object, or as OTLP's list of `{key, value: {stringValue}}`. */
function readAttributes(raw: unknown): JsonObject {
  if (isObject(raw)) return raw
  if (!Array.isArray(raw)) return {}
  const pairs: [string, unknown][] = []
  for (const item of raw) {
    if (isObject(item) && typeof item.key === 'string') pairs.push([item.key, otlpValue(item.value)])
  }
  return Object.fromEntries(pairs)
}

function otlpValue(raw: unknown): unknown {
  if (!isObject(raw)) return raw
  const { arrayValue, kvlistValue } = raw
  if (isObject(arrayValue) && Array.isArray(arrayValue.values)) return arrayValue.values.map(otlpValue)
  if (isObject(kvlistValue)) return readAttributes(kvlistValue.values)
  if (typeof raw.intValue === 'string') return Number(raw.intValue)
  return raw.stringValue ?? raw.intValue ?? raw.doubleValue ?? raw.boolValue
}

/** Message attributes hold a list of `{role, parts}`, mostly as JSON text. */
function addMessages(recorder: ChatRecorder, raw: unknown, roleWhenMissing: string): void {
  const value: unknown = typeof raw === 'string' ? (parseJson(raw) ?? raw) : raw
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
  for (const item of list) {
    if (typeof item === 'string') recorder.add({ content: item }, roleWhenMissing)
    if (!isObject(item)) continue
    const role = typeof item.role === 'string' ? item.role : roleWhenMissing
    const parts = item.parts ?? item.content
    // A tool's answer is a part of a message in the role `tool`; the part itself says which call it answers.
    const asParts = Array.isArray(parts) && role === 'tool'
    recorder.add(
      { ...item, content: isObject(item) && parts === undefined ? [item] : parts },
      asParts ? 'user' : role,
    )
  }
}

function addToolSpan(recorder: ChatRecorder, attributes: JsonObject): void {
  const tool = label(attributes['gen_ai.tool.name'])
  if (tool === undefined || attributes['gen_ai.operation.name'] !== 'execute_tool') return
  const id = label(attributes['gen_ai.tool.call.id']) ?? ''
  recorder.call(id, tool, attributes['gen_ai.tool.call.arguments'])
  const result = attributes['gen_ai.tool.call.result']
  if (result !== undefined)
    recorder.result(id, tool, typeof result === 'string' ? result : JSON.stringify(result))
}

const EVENT_ROLES = new Map([
  ['gen_ai.system.message', 'system'],
  ['gen_ai.user.message', 'user'],
  ['gen_ai.assistant.message', 'assistant'],
  ['gen_ai.tool.message', 'tool'],
  ['gen_ai.choice', 'assistant'],
])

function addEvent(recorder: ChatRecorder, event: JsonObject): void {
  const role = EVENT_ROLES.get(String(event.name))
  if (role === undefined) return
  const attributes = readAttributes(event.attributes)
  const body = isObject(event.body) ? { ...attributes, ...event.body } : attributes
  const message = isObject(body.message) ? body.message : body
  recorder.add({ ...message, tool_call_id: message.tool_call_id ?? message.id }, role)
}
