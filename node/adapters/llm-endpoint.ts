/**
 * A language model behind an OpenAI-compatible endpoint (`POST …/chat/completions`): one request, one answer, and
 * every way in which that fails as a value. The answer is read up to a limit, redirects are not followed (the key
 * and the runs go where the owner said and nowhere else), and no message repeats what the endpoint wrote.
 */

import { z } from 'zod'
import type { Llm, LlmCode, LlmFailure, LlmReply, LlmRequest } from '../ports.ts'

export interface LlmEndpointOptions {
  /** Such as `https://api.openai.com/v1`. */
  readonly url: string
  readonly model: string
  readonly key?: string
}

/** Six lessons have some 15 KB; the rest is room for what endpoints add. */
const answerBytesMax = 262_144
/** A larger count is a lie or a mistake, and would spend the budget of a day. */
const tokensMax = 10_000_000

const completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z
    .object({ total_tokens: z.int().min(0).max(tokensMax) })
    .nullish()
    .catch(undefined),
})

/** The name that newer models ask for; most endpoints know only the older one. */
type TokensField = 'max_tokens' | 'max_completion_tokens'

export function llmEndpoint({ url, model, key }: LlmEndpointOptions): Llm {
  const target = `${url.replace(/\/+$/, '')}/chat/completions`
  const headers = {
    accept: 'application/json',
    // Whoever packs an answer could hide a large one in a small one.
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  }
  let tokensField: TokensField = 'max_tokens'

  const post = async (request: LlmRequest, signal: AbortSignal): Promise<Posted> => {
    const body = JSON.stringify(bodyOf(model, request, tokensField))
    const response = await fetch(target, { method: 'POST', headers, body, redirect: 'manual', signal })
    const retryAfterMs = waitOf(response.headers.get('retry-after'), Date.now())
    return { status: response.status, retryAfterMs, ...(await readText(response)) }
  }

  return {
    model,
    url,
    async ask(request, signal) {
      try {
        let posted = await post(request, signal)
        if (posted.status === 400 && posted.text.includes('max_completion_tokens')) {
          tokensField = 'max_completion_tokens'
          posted = await post(request, signal)
        }
        return replyOf(posted)
      } catch (cause) {
        if (signal.aborted) return failure('llm-too-slow', 'It did not answer within its time.')
        return failure('llm-unreachable', `It cannot be reached (${reasonOf(cause)}).`)
      }
    },
  }
}

interface Posted {
  readonly status: number
  readonly retryAfterMs: number | undefined
  /** What was read of it. */
  readonly text: string
  readonly isWhole: boolean
}

function bodyOf(model: string, request: LlmRequest, tokensField: TokensField): object {
  return {
    model,
    messages: [
      { role: 'system', content: request.system },
      { role: 'user', content: request.user },
    ],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'lessons', strict: true, schema: request.schema },
    },
    [tokensField]: request.answerTokensMax,
  }
}

type Reply = { readonly ok: true; readonly value: LlmReply } | LlmFailure

function replyOf({ status, retryAfterMs, text, isWhole }: Posted): Reply {
  const bad = statusFailure(status, retryAfterMs)
  if (bad !== undefined) return bad
  if (!isWhole)
    return failure('llm-answer-too-large', `Its answer is longer than ${answerBytesMax / 1024} KiB.`)
  const parsed = completion.safeParse(jsonOf(text))
  const [choice] = parsed.success ? parsed.data.choices : []
  if (!parsed.success || choice === undefined)
    return failure('llm-answer-malformed', 'What it sent is no chat completion. Is the URL the right one?')
  const { finish_reason: reason, message } = choice
  if (typeof message.refusal === 'string' || reason === 'content_filter')
    return failure('llm-declined', 'It declined to answer.')
  if (reason === 'length')
    return failure('llm-answer-cut', 'Its answer was cut off. Raise llmAnswerTokensMax.')
  if (typeof message.content !== 'string') return failure('llm-answer-invalid', 'It answered without text.')
  return { ok: true, value: { text: message.content, tokens: parsed.data.usage?.total_tokens } }
}

function statusFailure(status: number, retryAfterMs: number | undefined): LlmFailure | undefined {
  if (status >= 200 && status < 300) return undefined
  if (status < 400)
    return failure(
      'llm-redirected',
      `It sent the request elsewhere (HTTP ${status}). Set llmUrl to where it should go.`,
    )
  if (status === 401 || status === 403)
    return failure(
      'llm-unauthorized',
      `It does not accept the key (HTTP ${status}). Mend the file that llmKeyFile names.`,
    )
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status === 429)
    return { ...failure('llm-busy', 'It takes no more requests for now (HTTP 429).'), ...wait }
  if (status >= 500) return { ...failure('llm-failed', `It failed (HTTP ${status}).`), ...wait }
  return failure('llm-refused', `It refused the request (HTTP ${status}). Are llmUrl and llmModel right?`)
}

/** `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). Anything else says nothing. */
function waitOf(said: string | null, now: number): number | undefined {
  const text = said?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  if (!/^[A-Z][a-z]{2},? /.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** Up to the limit; what comes after it is not waited for. */
async function readText({ body }: Response): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  if (body === null) return { text: '', isWhole: true }
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop cancels the rest.
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > answerBytesMax) return { text: '', isWhole: false }
  }
  return { text: new TextDecoder().decode(Buffer.concat(chunks)), isWhole: true }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

/** The system's code alone: messages of libraries hold addresses and headers. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause
  if (inner instanceof Error && 'code' in inner) return String(inner.code)
  return inner instanceof Error ? inner.name : 'unknown'
}

function failure(code: LlmCode, message: string): LlmFailure {
  return { ok: false, code, message }
}
