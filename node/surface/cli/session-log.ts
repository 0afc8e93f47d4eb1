/**
 * Session logs of coding agents: one event a line, and many lines make one conversation. Two shapes are common:
 * events with a `sessionId` and a chat `message`, and events with a `payload` that is a message, a function call or
 * its output. Each session becomes one chat transcript; events of other kinds say nothing that a lesson needs.
 */

type JsonObject = { readonly [key: string]: unknown }

const payloadEvents: ReadonlySet<unknown> = new Set([
  'session_meta',
  'response_item',
  'event_msg',
  'turn_context',
])

export function isSessionEvent(value: unknown): boolean {
  if (!isObject(value)) return false
  return (
    (typeof value.sessionId === 'string' && typeof value.type === 'string' && !('messages' in value)) ||
    (payloadEvents.has(value.type) && isObject(value.payload))
  )
}

interface Session {
  readonly messages: JsonObject[]
  size: number
}

export class SessionLog {
  readonly #sessions = new Map<string, Session>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** False when the session has grown beyond its bound; the event is left out. */
  add(event: unknown, size: number): boolean {
    const message = messageOf(event)
    if (message === undefined) return true
    const id = isObject(event) && typeof event.sessionId === 'string' ? event.sessionId : ''
    const session = this.#sessions.get(id) ?? { messages: [], size: 0 }
    this.#sessions.set(id, session)
    session.size += size
    if (session.size > this.#sizeMax) return false
    session.messages.push(message)
    return true
  }

  transcripts(): { readonly messages: readonly JsonObject[] }[] {
    return [...this.#sessions.values()].map(({ messages }) => ({ messages }))
  }
}

function messageOf(event: unknown): JsonObject | undefined {
  if (!isObject(event)) return undefined
  // A side conversation with a helper is another one; its answer stands in this one as a tool's result.
  if (event.isSidechain === true) return undefined
  if (isObject(event.message)) return typeof event.message.role === 'string' ? event.message : undefined
  return event.type === 'response_item' && isObject(event.payload) ? fromPayload(event.payload) : undefined
}

function fromPayload(payload: JsonObject): JsonObject | undefined {
  switch (payload.type) {
    case 'message':
      return typeof payload.role === 'string' ? { role: payload.role, content: payload.content } : undefined
    case 'function_call': {
      const { name, arguments: given, call_id: id } = payload
      return { role: 'assistant', tool_calls: [{ id, function: { name, arguments: given } }] }
    }
    case 'function_call_output':
      return { role: 'tool', tool_call_id: payload.call_id, content: payload.output }
    default:
      return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
