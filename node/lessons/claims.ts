/**
 * What a lesson advises and what it refuses, read from its draft's key: a key holds everything that the text shows, so
 * that claims can be compared without reading English. One reader for each pattern; a pattern without one is not
 * checked, which a test forbids.
 */

/** One thing that a lesson says. */
export interface Claim {
  /** What is decided: where a value comes from, in which state a call is made, what comes first. */
  readonly about: string
  /** Undefined: of every tool that has such an argument. */
  readonly tool: string | undefined
  /** The argument, field, or tools that it is said of. */
  readonly of: string
  /** Any of these will do. */
  readonly advises: readonly string[]
  readonly refuses: readonly string[]
  /** Nothing but what is advised will do. */
  readonly only: boolean
  readonly when: readonly Condition[]
}

export interface Condition {
  readonly about: string
  readonly is: string
}

type Parts = readonly string[]
type Reader = (parts: Parts) => readonly Claim[] | undefined

/** Undefined where the key cannot be read: its pattern is not known here, or writes its keys in another way now. */
export function claimsOf(key: string): readonly Claim[] | undefined {
  const [pattern = '', ...parts] = key.split('|')
  return readers.get(pattern)?.(parts)
}

export function knowsPattern(id: string): boolean {
  return readers.has(id)
}

/** They say what can be, what else there is, or what somebody wrote: no other lesson of these kinds speaks against it. */
const silent: Reader = () => []

const readers: ReadonlyMap<string, Reader> = new Map([
  ['asked-in-vain', askedInVain],
  ['call-card', callCard],
  ['changed-argument', changedArgument],
  ['check-after', checkAfter],
  ['cleared-by', clearedBy],
  ['contrast', contrast],
  ['coverage', coverage],
  ['explained-figures', explainedFigures],
  ['limit-exceeded', limitExceeded],
  ['list-relation', listRelation],
  ['reckoned-argument', reckonedArgument],
  ['record-field', recordField],
  ['same-call-again', sameCallAgain],
  ['used-up', usedUp],
  ['written-form', writtenForm],
  ['claim-against-record', silent],
  ['confirmed-answer', silent],
  ['nothing-found', silent],
  ['other-tool', silent],
  ['record-denies', silent],
  ['repaired-attempt', silent],
])

function claim(about: string, tool: string | undefined, of: string, more: Partial<Claim>): Claim {
  return { about, tool, of, advises: [], refuses: [], only: false, when: [], ...more }
}

const given = (tool: string, path: string): Claim => claim('given', tool, path, { advises: ['given'] })
const left = (tool: string, path: string): Claim => claim('given', tool, path, { refuses: ['given'] })
const again = 'the same call'
/** The error has a cause in the call or in its record: unchanged it fails again. */
const lasts = (tool: string, error: string): Claim => claim(`after ${error}`, tool, '', { refuses: [again] })

/** Of two tools, which one comes first. */
function order(first: string, second: string, more: Partial<Claim> = {}): Claim {
  const pair = [first, second].sort().join(' and ')
  return claim('order', undefined, pair, { advises: [first], only: true, ...more })
}

function askedInVain([name, place]: Parts): readonly Claim[] | undefined {
  if (name === undefined || place === undefined) return undefined
  return [claim('source', undefined, name, { advises: [place], refuses: ['user'] })]
}

/** `write|tool|path=place or place|path=other place|if reader.path=state|after reader`. */
function callCard([what, tool, ...said]: Parts): readonly Claim[] | undefined {
  if (what === undefined || tool === undefined) return undefined
  const states = said.flatMap(part => /^if (.+)=([^=]*)$/.exec(part)?.slice(1, 3) ?? [])
  const when: Condition[] = []
  for (let at = 0; at + 1 < states.length; at += 2)
    when.push({ about: states[at] ?? '', is: (states[at + 1] ?? '').toLowerCase() })
  const claims = when.map(({ about, is }) => claim('state', tool, about, { advises: [is], only: true }))
  for (const part of said) {
    const after = /^after (.+)$/.exec(part)?.[1]
    if (after !== undefined) claims.push(order(after, tool))
    const [, path, places] = /^(?!if |after )([^=]+)=(.+)$/.exec(part) ?? []
    if (path === undefined || places === undefined) continue
    const advises = places.split(' or ')
    claims.push(claim('source', tool, path, { advises, only: true, when }), given(tool, path))
    const from = new Set(advises.map(readerOf))
    const [first] = from
    if (from.size === 1 && first !== undefined && first !== tool) claims.push(order(first, tool))
  }
  return claims
}

/** The tool whose result is the place, where it is one. */
function readerOf(place: string): string | undefined {
  if (/^(?:user|rule|computed|observation|nobody|error of .*)$/.test(place)) return undefined
  return /^(?:other |text of )?([^.[\s]+)/.exec(place)?.[1]
}

function changedArgument([how, tool, path, ...rest]: Parts): readonly Claim[] | undefined {
  if (tool === undefined || path === undefined) return undefined
  const [a, b] = rest
  const claims = [lasts(tool, rest.at(-1) ?? '')]
  if (how === 'added') return [...claims, given(tool, path)]
  if (how === 'removed') return [...claims, left(tool, path)]
  if (a === undefined || b === undefined) return undefined
  if (how === 'renamed') return [...claims, left(tool, path), given(tool, a)]
  if (how === 'type')
    return [...claims, claim('type', tool, path, { advises: [b], refuses: [a], only: true })]
  if (how === 'origin')
    return [...claims, claim('source', tool, path, { advises: [b], refuses: [a], only: true })]
  if (how !== 'form' && how !== 'day' && how !== 'part') return undefined
  return a === '' ? claims : [...claims, claim('form', tool, path, { advises: [a], only: true })]
}

function checkAfter([change, read]: Parts): readonly Claim[] | undefined {
  return change === undefined || read === undefined ? undefined : [order(read, change)]
}

/** `tool|remedy|argument|…|error`. */
function clearedBy([tool, remedy, ...rest]: Parts): readonly Claim[] | undefined {
  const error = rest.at(-1)
  if (tool === undefined || remedy === undefined || error === undefined) return undefined
  return [claim(`remedy of ${error}`, tool, '', { advises: [remedy], only: true }), lasts(tool, error)]
}

/** `with|feature|…` is what solved runs did, `without|feature|…` what unsolved ones did. */
function contrast([side, what, tool, ...rest]: Parts): readonly Claim[] | undefined {
  if (side === undefined || what === undefined || tool === undefined) return undefined
  const [reader = '', path = '', value = ''] = rest
  const good = side === 'with'
  // That unsolved runs changed something is said as: check the conditions first.
  if (what === 'changes' || what === 'changes-many') return []
  if (what === 'on-state') {
    const state = [value.toLowerCase()]
    return [claim('state', tool, `${reader}.${path}`, good ? { advises: state } : { refuses: state })]
  }
  if (what === 'reads-first')
    return [good ? order(reader, tool) : order(reader, tool, { advises: [], refuses: [reader], only: false })]
  if (what === 'reads-whole') return [wholeList(tool, path, reader, good)]
  return what === 'reads'
    ? [claim('called', tool, '', good ? { advises: ['yes'] } : { refuses: ['yes'] })]
    : undefined
}

function coverage([tool, path, reader]: Parts): readonly Claim[] | undefined {
  return tool === undefined || path === undefined || reader === undefined
    ? undefined
    : [wholeList(tool, path, reader, true)]
}

function wholeList(tool: string, path: string, reader: string, good: boolean): Claim {
  return claim('read whole', tool, `${path} by ${reader}`, good ? { advises: ['yes'] } : { refuses: ['yes'] })
}

function explainedFigures([how, tool, path, ...rest]: Parts): readonly Claim[] | undefined {
  const causes = rest.slice(0, -1)
  const error = rest.at(-1)
  if (how === undefined || tool === undefined || path === undefined || error === undefined) return undefined
  if (causes.length === 0) return undefined
  const advises = how === 'several' ? causes : causes.map(cause => `${how} ${cause}`)
  return [claim(`figure of ${error}`, tool, path, { advises, only: true }), lasts(tool, error)]
}

function limitExceeded([tool, sent, , reader, field, error]: Parts): readonly Claim[] | undefined {
  if (tool === undefined || sent === undefined || field === undefined || error === undefined) return undefined
  const advises = [`${reader}.${field}`]
  return [claim(`limit of ${error}`, tool, sent, { advises, only: true }), lasts(tool, error)]
}

function listRelation([, tool, , , error]: Parts): readonly Claim[] | undefined {
  return tool === undefined || error === undefined ? undefined : [lasts(tool, error)]
}

function reckonedArgument([tool, path, reader, list]: Parts): readonly Claim[] | undefined {
  if (tool === undefined || path === undefined || list === undefined) return undefined
  return [claim('reckoned', tool, path, { advises: [`${reader}.${list}`], only: true })]
}

function recordField([is, tool, , reader, path, value, error]: Parts): readonly Claim[] | undefined {
  if (tool === undefined || value === undefined || error === undefined) return undefined
  const state = [value.toLowerCase()]
  const says = is === 'only' ? { advises: state, only: true } : { refuses: state }
  return [claim('state', tool, `${reader}.${path}`, says), lasts(tool, error)]
}

function sameCallAgain([how, tool, error]: Parts): readonly Claim[] | undefined {
  if (tool === undefined || error === undefined) return undefined
  return how === 'lasts' ? [lasts(tool, error)] : [claim(`after ${error}`, tool, '', { advises: [again] })]
}

/** Only for the same value of the argument. */
function usedUp([first, second, path, error]: Parts): readonly Claim[] | undefined {
  if (first === undefined || second === undefined || path === undefined || error === undefined)
    return undefined
  const when = [{ about: `the same ${path}`, is: 'yes' }]
  return [order(first, second, { advises: [], refuses: [first], only: false, when }), lasts(second, error)]
}

function writtenForm([how, name, place]: Parts): readonly Claim[] | undefined {
  if (name === undefined) return undefined
  const form = how === 'date' ? 'YYYY-MM-DD' : place
  return form === undefined ? undefined : [claim('form', undefined, name, { advises: [form], only: true })]
}
