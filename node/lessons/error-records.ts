/**
 * Errors in structured results: what services, tool protocols and frameworks answer in place of what was asked for. A
 * record that merely has a field `error` beside its data (a job that failed, looked at afterwards) is no error of the call.
 */

import type { Json } from '../ports.ts'
import { firstLine } from './first-line.ts'
import { isErrorStatus, statusMessage } from './http-status.ts'
import { isRecord } from './leaves.ts'

type JsonObject = { readonly [key: string]: Json }
/** The error's words in a text, or undefined where it is none. */
export type OfText = (text: string) => string | undefined

const ERROR_KEYS = ['error', 'errors', 'exception', 'error_message', 'errorMessage', 'errorMessages']
const EXIT_KEYS = ['returncode', 'return_code', 'exit_code', 'exitCode']
const CODE_KEYS = ['status', 'statusCode', 'status_code', 'code', 'error_code', 'errorCode']
/** Under these a service says in a sentence what went wrong, the plainest first. */
const SAID_KEYS =
  'message msg error_message errorMessage description error_description detail details reason title error stderr'.split(
    ' ',
  )
/** What services add to an error; whatever else has a value is data. */
const BESIDE = new Set(
  `${SAID_KEYS.join(' ')} ${CODE_KEYS.join(' ')} ${EXIT_KEYS.join(' ')} errors exception success ok is_error isError type
  name kind severity level path url uri method instance timestamp time date trace traceback stack trace_id traceId
  request_id requestId correlation_id id jsonrpc hint help suggestion documentation_url param params parameter field fields
  context extensions locations source args arguments input retry retryable retry_after retryAfter content data result
  results output stdout meta metadata version`.split(/\s+/),
)
/** More data than this is a record; an error repeats an argument or two. */
const DATA_MAX = 2
/** What some services answer that have nothing else to say: a state or a status code beside a sentence. */
const ANSWER_KEYS = new Set([...CODE_KEYS, 'message', 'detail', 'reason', 'title', 'type', 'instance'])
/** A sentence under one of these alone is the whole result. */
const SOLE_KEYS = new Set(['message', 'msg', 'result', 'output', 'text', 'response', 'content', 'body'])
/** What web services put beside a refusal that say nothing of any record: where the manual is, which request it was. */
const REQUEST_KEYS = new Set(
  'documentation_url errors hint help path timestamp request_id requestId trace_id traceId'.split(' '),
)
/** Words that a code is made of where it names an error, such as `order_not_found`. */
export const CODE_SIGN =
  /(?:^|[_\s.-])(?:error|err|not|no|invalid|denied|unauthori[sz]ed|forbidden|fail(?:ed|ure)?|timeout|exceeded|missing|expired|conflict|unavailable|exception)(?:$|[_\s.-])|(?:Error|Exception)$|^E[A-Z]{4,}$/
/** The same said by a state, or by an HTTP status that is written as text. */
const FAILED = /^(?:failed|failure|[45]\d\d)$/i
/** No error, whatever the field is called. */
const NO_ERROR = /^\s*(?:none|null|nil|no|n\/a|false|0|ok|success|no errors?)?\s*\.?\s*$/i

/** Lists nest no deeper than this in any form that is read here. */
const DEPTH_MAX = 4

export function messageOfRecord(value: JsonObject, ofText: OfText): string | undefined {
  if (value.success === true || value.ok === true) return undefined
  if (value.isError === true || value.is_error === true) return saidIn(value, ofText) ?? 'failed'
  const data = dataIn(value)
  for (const key of ERROR_KEYS) {
    if (data > DATA_MAX || (key === 'errors' && hasAnswer(value))) continue
    const said = wordsOf(value[key], DEPTH_MAX)
    // `{"error": true, "message": …}`, `{"error": "not_found", "message": …}`: the sentence says more.
    if (said !== undefined) return isBare(value[key]) ? (saidIn(value, ofText) ?? said) : said
  }
  if (hasFailed(value)) return saidIn(value, ofText) ?? 'failed'
  const parts = value.content
  if (Array.isArray(parts)) return isErrorContent(parts, ofText)
  const [only, ...others] = Object.entries(value).filter(([key]) => !REQUEST_KEYS.has(key))
  if (only === undefined || others.length > 0 || !SOLE_KEYS.has(only[0])) return undefined
  return typeof only[1] === 'string' ? ofText(only[1]) : undefined
}

/** Content parts of a tool protocol (`[{"type": "text", "text": …}]`): their text is the result. */
export function isErrorContent(parts: readonly Json[], ofText: OfText): string | undefined {
  const text = textOf(parts)
  if (text === undefined) return undefined
  const value = parsed(text)
  return isRecord(value) ? messageOfRecord(value, ofText) : ofText(text)
}

function textOf(parts: readonly Json[]): string | undefined {
  const texts: string[] = []
  for (const part of parts) {
    if (!isRecord(part) || part.type !== 'text' || typeof part.text !== 'string') return undefined
    texts.push(part.text)
  }
  return texts.length === 0 ? undefined : texts.join('\n')
}

function parsed(text: string): Json | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

function dataIn(value: JsonObject): number {
  return Object.entries(value).filter(([key, item]) => !BESIDE.has(key) && !isEmpty(item)).length
}

/** A list of errors beside an answer tells of parts of it (GraphQL). */
function hasAnswer({ data }: JsonObject): boolean {
  return isRecord(data) && Object.values(data).some(item => !isEmpty(item))
}

function isEmpty(item: Json | undefined): boolean {
  if (item === undefined || item === null || item === '' || item === false) return true
  return Array.isArray(item) ? item.length === 0 : isRecord(item) && Object.keys(item).length === 0
}

function hasFailed(value: JsonObject): boolean {
  if (value.success === false || value.ok === false || value.status === 'error') return true
  if (EXIT_KEYS.some(key => typeof value[key] === 'number' && value[key] !== 0)) return true
  const keys = Object.keys(value).filter(key => !REQUEST_KEYS.has(key))
  if (keys.length === 0 || !keys.every(key => ANSWER_KEYS.has(key))) return false
  const codes = CODE_KEYS.map(key => value[key])
  if (codes.some(isErrorStatus)) return true
  if (codes.some(code => typeof code === 'string' && (FAILED.test(code) || CODE_SIGN.test(code)))) return true
  // FastAPI answers an error with `detail` alone.
  if (keys.length !== 1) return false
  const { detail } = value
  return typeof detail === 'string' || (Array.isArray(detail) && detail.some(isFieldError))
}

function isFieldError(item: Json): boolean {
  return isRecord(item) && typeof item.msg === 'string'
}

/** What the record says of its error: a sentence, else the content's text, else its code. */
function saidIn(value: JsonObject, ofText: OfText): string | undefined {
  for (const key of SAID_KEYS) {
    const item = value[key]
    if (item === undefined || isBare(item)) continue
    const said = wordsOf(item, DEPTH_MAX)
    if (said !== undefined) return said
  }
  if (Array.isArray(value.content)) {
    const text = textOf(value.content)
    if (text !== undefined) return isErrorContent(value.content, ofText) ?? wordsOf(text, 1)
  }
  for (const key of [...SAID_KEYS, ...CODE_KEYS, 'type']) {
    const said = value[key] === true ? undefined : wordsOf(value[key], 1)
    if (said !== undefined && !NAMELESS.test(said)) return said
  }
  return undefined
}

/** Says that there is an error, and nothing of it. */
const NAMELESS = /^(?:error|failed|failure)$/i

/** A flag, a number or a single word names an error without saying what it is. */
function isBare(item: Json | undefined): boolean {
  return typeof item === 'string'
    ? !/\S\s+\S/.test(item)
    : typeof item === 'boolean' || typeof item === 'number'
}

function wordsOf(item: Json | undefined, depth: number): string | undefined {
  if (typeof item === 'string') return NO_ERROR.test(item) ? undefined : firstLine(spokenCode(item))
  if (typeof item === 'number')
    return isErrorStatus(item) ? (statusMessage(item) ?? `status ${item}`) : undefined
  if (item === true) return 'failed'
  if (depth === 0) return undefined
  if (Array.isArray(item)) {
    for (const one of item.slice(0, 20)) {
      const said = isRecord(one) ? fieldError(one, depth) : wordsOf(one, depth - 1)
      if (said !== undefined) return said
    }
    return undefined
  }
  return isRecord(item) ? wordsOfError(item, depth) : undefined
}

/** `{"code": …, "message": …}` and its kin; `{"amount": ["is required"]}` names the field. */
function wordsOfError(item: JsonObject, depth: number): string | undefined {
  for (const key of SAID_KEYS) {
    const said = isBare(item[key]) ? undefined : wordsOf(item[key], depth - 1)
    if (said !== undefined) return said
  }
  for (const key of [...SAID_KEYS, ...CODE_KEYS, 'type', 'name']) {
    const said = item[key] === true ? undefined : wordsOf(item[key], 1)
    if (said !== undefined) return said
  }
  for (const [field, said] of Object.entries(item).slice(0, 20)) {
    if (!FIELD_NAME.test(field) || BESIDE.has(field)) continue
    const words = typeof said === 'string' || Array.isArray(said) ? wordsOf(said, depth - 1) : undefined
    if (words !== undefined && words !== 'failed') return `${field}: ${words}`
  }
  return undefined
}

const FIELD_NAME = /^[A-Za-z_][\w-]{0,47}$/

/** `{"loc": ["body", "amount"], "msg": "field required"}`: the field, and what is said of it. */
function fieldError(item: JsonObject, depth: number): string | undefined {
  const said = wordsOfError(item, depth - 1)
  if (said === undefined) return undefined
  const place = Array.isArray(item.loc) ? item.loc.findLast(part => typeof part === 'string') : item.field
  return typeof place === 'string' && FIELD_NAME.test(place) && !said.includes(place)
    ? `${place}: ${said}`
    : said
}

/** `ORDER_NOT_FOUND` and `orderNotFound` as words. */
function spokenCode(text: string): string {
  if (/\s/.test(text) || !/^[A-Za-z][A-Za-z_-]*$/.test(text)) return text
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase()
}
