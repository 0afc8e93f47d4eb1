/**
 * The owner's own redaction rules: regular expressions from the configuration. JavaScript's engine
 * backtracks, so a careless rule could stop the node on hostile text. Each rule is therefore checked when
 * it is read, and applied to short windows of the text.
 */

import type { Failure, Result } from '../../../protocol/types.ts'
import type { Span } from './detectors.ts'

export interface OwnRules {
  readonly forms: readonly RegExp[]
  /** Lower-cased texts that redaction leaves alone. */
  readonly allowed: ReadonlySet<string>
}

/** A match longer than the overlap may be missed where it crosses a window's edge. */
const WINDOW = 1000
const OVERLAP = 200
/** Ways in which one start may be tried, at most: a rule with one `.*` has WINDOW of them. */
const WAYS_MAX = 4 * WINDOW

export function compileOwnRules(
  rules: readonly string[],
  allow: readonly string[],
): Result<OwnRules, 'bad-redact-rule'> {
  const forms: RegExp[] = []
  for (const rule of rules) {
    const compiled = compile(rule)
    if (!compiled.ok) return compiled
    forms.push(compiled.value)
  }
  return { ok: true, value: { forms, allowed: new Set(allow.map(text => text.trim().toLowerCase())) } }
}

export function applyOwnRules(text: string, rules: OwnRules): Span[] {
  const spans: Span[] = []
  for (const form of rules.forms) {
    for (let from = 0; from < text.length; from += WINDOW - OVERLAP) {
      for (const match of text.slice(from, from + WINDOW).matchAll(form)) {
        const start = from + match.index
        if (match[0] !== '') spans.push({ start, end: start + match[0].length, type: 'own' })
      }
    }
  }
  return spans
}

function compile(rule: string): Result<RegExp, 'bad-redact-rule'> {
  if (rule.length > 500) return bad(rule, 'is longer than 500 characters')
  let form: RegExp
  try {
    form = new RegExp(rule, 'gu')
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    return bad(rule, `is not a regular expression (${cause.message})`)
  }
  const risk = riskOf(rule)
  if (risk !== undefined) return bad(rule, risk)
  if (new RegExp(rule, 'u').test('')) return bad(rule, 'matches the empty text')
  return { ok: true, value: form }
}

function bad(rule: string, reason: string): Failure<'bad-redact-rule'> {
  return {
    ok: false,
    code: 'bad-redact-rule',
    message: `The redaction rule ${JSON.stringify(rule.slice(0, 80))} ${reason}.`,
  }
}

const TOKEN =
  /\\[bBdDsSwW]|\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\k<[^>]*>|\\.|\[(?:\\.|[^\]\\])*\]|\(\?<?[=!]|\(\?:|\(\?<[^>]*>|\(|\)|\||\{\d+(?:,\d*)?\}|[*+?]|[\s\S]/gu

/**
 * Why the rule could take long: backreferences, a repeated group that itself repeats or chooses, or too many ways to
 * divide a text among its repetitions. Stricter than need be; the sentence says what to simplify.
 */
function riskOf(rule: string): string | undefined {
  const groups: { varies: boolean }[] = [{ varies: false }]
  let closed: { varies: boolean } | undefined
  let ways = 1
  for (const [token] of rule.matchAll(TOKEN)) {
    if (/^\\[1-9k]/.test(token)) return 'uses a backreference'
    const repeat = repetition(token)
    if (repeat !== undefined) {
      if (closed?.varies === true && repeat.most > 1)
        return 'repeats a group that itself repeats or chooses, which can take very long'
      ways *= repeat.most - repeat.least + 1
      const group = groups.at(-1)
      if (group !== undefined && repeat.most > repeat.least) group.varies = true
      if (ways > WAYS_MAX)
        return 'has several open repetitions, which can take very long; give them upper bounds'
      continue
    }
    closed = undefined
    if (token.startsWith('(')) groups.push({ varies: false })
    else if (token === ')') {
      closed = groups.pop()
      const outer = groups.at(-1)
      if (closed?.varies === true && outer !== undefined) outer.varies = true
    } else if (token === '|') {
      const group = groups.at(-1)
      if (group !== undefined) group.varies = true
      ways *= 2
    }
  }
  return undefined
}

function repetition(token: string): { readonly least: number; readonly most: number } | undefined {
  if (token === '*') return { least: 0, most: WINDOW }
  if (token === '+') return { least: 1, most: WINDOW }
  if (token === '?') return { least: 0, most: 1 }
  const bounds = /^\{(\d+)(,?)(\d*)\}$/.exec(token)
  if (bounds === null) return undefined
  const least = Number(bounds[1])
  const most = bounds[2] === '' ? least : bounds[3] === '' ? WINDOW : Number(bounds[3])
  return { least, most }
}
