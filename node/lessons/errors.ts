/**
 * Which tool results are errors, and the template of an error: its words with every value taken out. The
 * signs are general ones; no tool and no domain is known here.
 */

import type { Json } from '../ports.ts'
import { isRecord, type Leaf } from './leaves.ts'

/** A long text that merely speaks of an error is no error: these forms hold at its very beginning. */
const BEGINS = /^[\s"'`*[({<]*(?:error|exception|traceback|fatal|panic)\b/i
/** Short texts that say that something could not be done. */
const SHORT_LENGTH_MAX = 400
const SHORT_BEGINS =
  /^\s*(?:failed|failure|invalid|could not|couldn't|cannot|can't|can not|unable to|no such|not found|permission denied|access denied|unauthorized|forbidden|timed? ?out)\b/i
const SHORT_HOLDS =
  /\b(?:not found|does not exist|doesn't exist|no such|is not (?:valid|allowed|permitted)|permission denied)\b/i
const RETURN_CODE =
  /(?:<returncode>|\b(?:return|exit)[ _]?(?:code|status)\b["']?\s{0,2}[:=]?\s{0,2})(-?\d{1,5})\b/i

const ERROR_KEYS = ['error', 'errors', 'exception', 'error_message', 'errorMessage']
const CODE_KEYS = ['returncode', 'return_code', 'exit_code', 'exitCode']

/** The error's own words, or undefined where the result is none. */
export function errorMessage(text: string, value: Json | undefined): string | undefined {
  if (isRecord(value)) return errorOfRecord(value)
  if (typeof value === 'string' && value !== text) return errorMessage(value, undefined)
  if (value !== undefined && typeof value !== 'string') return undefined
  const code = RETURN_CODE.exec(text.slice(0, 200))
  if (code !== null && text.trimStart().startsWith('<'))
    return Number(code[1]) === 0 ? undefined : lastWords(text)
  if (BEGINS.test(text.slice(0, 60)))
    return /traceback/i.test(text.slice(0, 40)) ? lastWords(text) : firstLine(text)
  if (text.length > SHORT_LENGTH_MAX) return undefined
  return SHORT_BEGINS.test(text) || SHORT_HOLDS.test(text) ? firstLine(text) : undefined
}

function errorOfRecord(value: { readonly [key: string]: Json }): string | undefined {
  for (const key of ERROR_KEYS) {
    const found = value[key]
    if (typeof found === 'string' && found !== '') return firstLine(found)
    if (isRecord(found)) {
      const { message } = found
      return firstLine(typeof message === 'string' ? message : JSON.stringify(found))
    }
    if (found === true || (Array.isArray(found) && found.length > 0)) {
      const { message } = value
      return firstLine(typeof message === 'string' ? message : JSON.stringify(found))
    }
  }
  const failed =
    value.success === false ||
    value.ok === false ||
    value.status === 'error' ||
    value.is_error === true ||
    value.isError === true ||
    saysOnlyThatItFailed(value) ||
    CODE_KEYS.some(key => typeof value[key] === 'number' && value[key] !== 0)
  if (!failed) return undefined
  const said = value.message ?? value.detail ?? value.reason ?? value.stderr
  return typeof said === 'string' && said !== '' ? firstLine(said) : 'failed'
}

/** What services answer that have nothing else to say: a state or a status code beside a sentence, or the sentence alone. */
const FAILURE_KEYS = new Set('status statusCode status_code code message detail reason title'.split(' '))

function saysOnlyThatItFailed(value: { readonly [key: string]: Json }): boolean {
  const keys = Object.keys(value)
  if (keys.length === 0 || !keys.every(key => FAILURE_KEYS.has(key))) return false
  const codes = [value.status, value.statusCode, value.status_code, value.code]
  if (codes.some(code => typeof code === 'number' && code >= 400 && code < 600)) return true
  if (codes.some(code => code === 'failed' || code === 'failure')) return true
  return keys.length === 1 && typeof value.detail === 'string'
}

/** Longer lines are cut: the first words of an error name it. */
const MESSAGE_LENGTH_MAX = 240

function firstLine(text: string): string {
  const line = text.split('\n', 20).find(part => part.trim() !== '') ?? text
  return cut(line.trim(), MESSAGE_LENGTH_MAX)
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

/** Cut between words: the beginning of a name would not be known as one. */
function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : text.slice(0, lengthMax).replace(/\S+$/, '').trimEnd()
}

const QUOTED = /'[^']{0,120}'|"[^"]{0,120}"|`[^`]{0,120}`|“[^”]{0,120}”|\[[^\]]{0,2000}\]?/g
const PLACEHOLDER = /<([a-z]{2,8}):\d+>/g
const HIDDEN = /<[^<>]{1,60}>|\S+/g

/**
 * The error's words, in small letters. What the call's arguments hold becomes the argument's name, quoted parts and
 * whatever has a digit become `<value>` and `<number>`; so do capitalised words within a sentence, and what
 * `isValue` knows as a name or an id from the run.
 */
export function errorTemplate(
  message: string,
  leaves: readonly Leaf[],
  isValue: (word: string) => boolean,
): string {
  let text = message.replace(/^[\s"'`*[({]*(?:error|exception)\s*[:-]\s*/i, '')
  const longestFirst = leaves
    .filter(leaf => typeof leaf.value === 'string' && leaf.value.trim().length >= 3)
    .sort((a, b) => String(b.value).length - String(a.value).length)
  for (const leaf of longestFirst) {
    const value = String(leaf.value)
    if (text.includes(value)) text = text.split(value).join(` <${shortName(leaf.path)}> `)
  }
  text = text.replace(PLACEHOLDER, '<$1>').replace(QUOTED, '<value>')
  const tokens = [...text.matchAll(HIDDEN)].map(([token]) => token)
  // In `503 Service Unavailable` capitals mean nothing; within a sentence they mean a name.
  const titled = tokens.filter(token => /^\p{Lu}/u.test(token)).length * 2 > tokens.length
  const words = tokens.map((token, index) => {
    const starts = index === 0 || /[.:!?]$/.test(tokens[index - 1] ?? '')
    return maskWord(token, isValue, !starts && !titled)
  })
  return cut(firstSentence(joinedWords(words).toLowerCase()), TEMPLATE_LENGTH_MAX)
}

/**
 * The sentence that names the error. What comes after it is advice or somebody's, and would go to other models: text that
 * a tool was made to say must not become their instructions.
 */
function firstSentence(text: string): string {
  for (const { index } of text.matchAll(/[.!?;]\s/g)) {
    const sentence = text.slice(0, index)
    // `error.` or `400.` alone names nothing.
    if (/\p{L}{2,}\P{L}+\p{L}{2,}/u.test(sentence)) return sentence
  }
  return text
}

/** The template without the words that are somebody's, which only other runs tell. */
export function maskTemplate(template: string, isPersonal: (token: string) => boolean): string {
  const words = [...template.matchAll(HIDDEN)].map(([token]) => {
    if (token === '<value>' || token === '<number>' || !isPersonal(token)) return token
    return `<value>${/[.,:;!?]$/.exec(token)?.[0] ?? ''}`
  })
  return cut(joinedWords(words), TEMPLATE_LENGTH_MAX)
}

/** Longer ones say no more. */
const TEMPLATE_LENGTH_MAX = 160

function joinedWords(words: readonly string[]): string {
  return words
    .join(' ')
    .replace(/(?:<value>[\s,]*){2,}/g, '<value> ')
    .replace(/\s+([.,:;!?])/g, '$1')
    .replace(/[\s.,:;!?]+$/, '')
    .trim()
}

function maskWord(word: string, isValue: (word: string) => boolean, capitalIsName: boolean): string {
  if (word.startsWith('<') && word.endsWith('>')) return word
  const bare = word.replace(/^[^\p{L}\p{N}#]+|[^\p{L}\p{N}]+$/gu, '')
  const tail = /[.,:;!?]$/.exec(word)?.[0] ?? ''
  if (/^[#$€£]?[\d.,]+%?$/.test(bare) && /\d/.test(bare)) return `<number>${tail}`
  if (/\d|[@/\\]|::/.test(bare)) return `<value>${tail}`
  const named = /^\p{Lu}[\p{L}'-]*\p{Ll}/u.test(bare)
  if ((named && (capitalIsName || isValue(bare))) || (/[-_.]/.test(bare) && isValue(bare)))
    return `<value>${tail}`
  return word
}

function shortName(path: string): string {
  const parts = path.split(/[.[\]]+/).filter(part => part !== '')
  return parts.at(-1) ?? 'value'
}

const FIGURE =
  /(?<![\w.#-])-?[$€£]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w-])|(?<![\w.#-])-?[$€£]?\d+(?:\.\d+)?(?![\w-])/g

/** The numbers in an error's words, in order. Ids and dates are none. */
export function figuresIn(message: string): readonly number[] {
  return [...message.matchAll(FIGURE)].map(([figure]) => Number(figure.replace(/[$€£,]/g, ''))).slice(0, 6)
}
