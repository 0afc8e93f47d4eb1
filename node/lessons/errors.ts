/**
 * Which tool results are errors, and the error's own words. The signs are general ones; no tool and no domain is known
 * here. A report of counts or settings that merely begins like an error is none.
 */

import type { Json } from '../ports.ts'
import { isErrorContent, messageOfRecord } from './error-records.ts'
import { cut, firstLine, MESSAGE_LENGTH_MAX } from './first-line.ts'
import { statusWords } from './http-status.ts'
import { isRecord } from './leaves.ts'
import { isReport } from './reports.ts'

/** A long text that merely speaks of an error is no error: these forms hold at its very beginning. */
const BEGINS = /^[\s"'`*[({<]*(?:error|exception|traceback|fatal|panic)\b/i
/** `ErrorRate`, `error-free`, `error_log`: words of their own. `error free since Monday`. */
const OTHER_WORD = /^[\s"'`*[({<]*(?:error|exception|fatal|panic)(?:[-_][a-z]|\s+free\b)/i
/** `An error occurred`, `An unexpected error has occurred while …`. */
const SPOKEN = /^\s*an?\s(?:[a-z]+\s){0,2}(?:error|exception)\b/i
/** `ToolError: slot is taken`, `Validation error: …`; `RoundingError: 0.2 %` measures one. */
const KIND_NAMED =
  /^[\s"'`*[({<]*(?:(?:\w+\.)*[A-Z]\w*(?:Error|Exception)|[A-Za-z]+ (?:error|exception))\s?:\s+["'`(]?(?!(?:none|nil|null|n\/a|no errors?)\b)\p{L}/u
/** Before the code with which a program ended, where it is what the result begins with. */
const RUN_ENDED =
  /^\s*(?:<[\s\S]*|\[|(?:the )?(?:command|process|script) (?:failed|exited) with (?:an? )?(?:non-?zero )?)?$/i
/** Short texts that say that something could not be done. */
const SHORT_LENGTH_MAX = 400
const SHORT_BEGINS =
  /^\s*(?:failed|failure|invalid|could not|couldn't|cannot|can't|can not|unable to|no such|not found|permission denied|access denied|unauthorized|forbidden|(?:the )?request failed|timed? ?out)\b/i
const SHORT_HOLDS =
  /\b(?:not found|does not exist|doesn't exist|no such|is not (?:valid|allowed|permitted)|permission denied)\b/i
/** What was done first, and of what it was done to not everything was found. */
const DONE =
  /\b(?:successful(?:ly)?|succeeded|completed?|finished|saved|updated|passed|all clear)\b.{0,200}[.,;:\n–-]/is
const RETURN_CODE =
  /(?:<returncode>|\b(?:return|exit)[ _]?(?:code|status)\b["']?\s{0,2}[:=]?\s{0,2})(-?\d{1,5})\b/i

/** The error's own words, or undefined where the result is none. */
export function errorMessage(text: string, value: Json | undefined): string | undefined {
  if (isRecord(value)) return messageOfRecord(value, ofText)
  if (Array.isArray(value)) return isErrorContent(value, ofText)
  if (typeof value === 'string' && value !== text) return errorMessage(value, undefined)
  return value === undefined || typeof value === 'string' ? ofText(text) : undefined
}

function ofText(text: string): string | undefined {
  const code = RETURN_CODE.exec(text.slice(0, 200))
  if (code !== null && RUN_ENDED.test(text.slice(0, code.index)))
    return Number(code[1]) === 0 ? undefined : lastWords(text)
  const beginning = text.slice(0, 60)
  const isShort = text.length <= SHORT_LENGTH_MAX
  if (BEGINS.test(beginning)) {
    if (/traceback/i.test(text.slice(0, 40))) return lastWords(text)
    return OTHER_WORD.test(beginning) || isReport(text) ? undefined : firstLine(text)
  }
  if (statusWords(text) !== undefined) return firstLine(text)
  if (!isShort) return undefined
  if (SPOKEN.test(text) || (KIND_NAMED.test(text) && !isReport(text))) return firstLine(text)
  if (SHORT_BEGINS.test(text)) return isReport(text) ? undefined : firstLine(text)
  const holds = SHORT_HOLDS.exec(text)
  return holds === null || DONE.test(text.slice(0, holds.index)) ? undefined : firstLine(text)
}

/** Of a traceback or of a command's output the last line says what went wrong. */
function lastWords(text: string): string {
  const lines = text
    .slice(-4000)
    .split('\n')
    .map(line => line.replace(/<\/?[a-z_]+>/gi, '').trim())
    .filter(line => line !== '')
  const named = lines.findLast(line => /^[\w.]*(?:Error|Exception|Warning)\b/.test(line))
  return cut(named ?? lines.at(-1) ?? 'failed', MESSAGE_LENGTH_MAX)
}

const FIGURE =
  /(?<![\w.#-])-?[$€£]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w-])|(?<![\w.#-])-?[$€£]?\d+(?:\.\d+)?(?![\w-])/g

/** The numbers in an error's words, in order. Ids and dates are none. */
export function figuresIn(message: string): readonly number[] {
  return [...message.matchAll(FIGURE)].map(([figure]) => Number(figure.replace(/[$€£,]/g, ''))).slice(0, 6)
}
