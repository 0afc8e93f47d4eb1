import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { claimsOf, knowsPattern } from '../../../../node/lessons/claims.ts'
import type { Entry } from '../../../../protocol/types.ts'
import { contradictions, type Published } from '../../../../sim/experiments/e7-contradictions.ts'
import { entry } from '../../node/entry-samples.ts'

/** Keys are what is compared; each entry has a situation of its own unless it is given one. */
function published(key: string, changes: Partial<Entry> = {}): Published {
  const [method = ''] = key.split('|')
  return { key, entry: { ...entry(), situation: key, lineage: { parents: [], method }, ...changes } }
}

function aboutOf(...keys: readonly string[]): readonly string[] {
  return contradictions(keys.map(key => published(key))).map(({ about }) => about)
}

const refused = 'order cannot be paid'

describe('two lessons contradict each other', () => {
  it.each([
    [
      'two places for one argument, each the only one',
      'call-card|read|pay|order_id=get_user.orders[]',
      'call-card|write|pay|order_id=find_order.id',
      'source pay order_id',
    ],
    [
      'a place advised, and refused',
      'call-card|write|pay|card_id=get_order.history[].card_id',
      `changed-argument|origin|pay|card_id|get_order.history[].card_id|user|${refused}`,
      'source pay card_id',
    ],
    [
      'ask the user, and do not ask the user',
      'asked-in-vain|order_id|get_user.orders[]',
      `changed-argument|origin|get_order|order_id|nobody|user|not found`,
      'source get_order order_id',
    ],
    [
      'the same record, and another record',
      'call-card|write|pay|zip=get_user.address.zip',
      'call-card|read|pay|zip=other get_user.address.zip',
      'source pay zip',
    ],
    [
      'call X first, and Y first',
      'call-card|write|pay|after check',
      'call-card|write|check|after pay',
      'order check and pay',
    ],
    [
      'read before the call, and call before the read',
      'check-after|pay|check',
      'call-card|read|check|pay_id=pay.id',
      'order check and pay',
    ],
    [
      'the same call again helps, and two lists must be alike',
      'same-call-again|passes|pay|lists differ',
      'list-relation|same-length|pay|a|b|lists differ',
      'after lists differ pay',
    ],
    [
      'the same call again helps, and the value is used up',
      'same-call-again|passes|pay|spent',
      'used-up|send|pay|card_id|spent',
      'after spent pay',
    ],
    [
      'one call clears an error, and another one alone does',
      'cleared-by|pay|unlock|card_id|locked',
      'cleared-by|pay|confirm|locked',
      'remedy of locked pay',
    ],
    [
      'a whole value from one place, and from another',
      'changed-argument|part|pay|order_id|get_user.orders[]|not found',
      'changed-argument|form|pay|order_id|find_order.id|bad id',
      'form pay order_id',
    ],
    [
      'read before the call, and only after it',
      'contrast|with|reads-first|pay|check',
      'contrast|without|reads-first|pay|check',
      'order check and pay',
    ],
    ['call it, and do not', 'contrast|with|reads|check', 'contrast|without|reads|check', 'called check'],
    [
      'the state must be A, and must be B',
      'call-card|write|pay|if get_order.status=open',
      `record-field|only|pay|order_id|get_order|status|Closed|${refused}`,
      'state pay get_order.status',
    ],
    [
      'one call in two states, each forbidden in the other',
      'call-card|write|pay|card_id=a.id|if get_order.status=open',
      'call-card|write|pay|card_id=b.id|if get_order.status=paid',
      'state pay get_order.status',
    ],
    [
      'a state that is needed, and refused',
      'call-card|write|pay|if get_order.status=open|after get_order',
      'contrast|without|on-state|pay|get_order|status|Open',
      'state pay get_order.status',
    ],
    [
      'needed in one state, and never in it',
      `record-field|only|pay|order_id|get_order|status|open|${refused}`,
      `record-field|never|pay|order_id|get_order|status|open|${refused}`,
      'state pay get_order.status',
    ],
    [
      'the same call again helps, and does not',
      'same-call-again|passes|pay|service unavailable',
      'same-call-again|lasts|pay|service unavailable',
      'after service unavailable pay',
    ],
    [
      'the same call again helps, and the error has a cause',
      `same-call-again|passes|pay|${refused}`,
      `record-field|only|pay|order_id|get_order|status|open|${refused}`,
      `after ${refused} pay`,
    ],
    [
      'an argument to give, and to leave out',
      'changed-argument|added|pay|note|note is required',
      'changed-argument|removed|pay|note|unexpected note',
      'given pay note',
    ],
    [
      'an argument that is filled, and called otherwise',
      'call-card|write|pay|card=get_user.cards[].id',
      'changed-argument|renamed|pay|card|card_id|unexpected card',
      'given pay card',
    ],
    [
      'a number, and a text',
      'changed-argument|type|pay|amount|text|number|bad amount',
      'changed-argument|type|pay|amount|number|text|wrong amount',
      'type pay amount',
    ],
    [
      'two forms of one argument',
      'written-form|date|day',
      'written-form|signs|day|get_order.day',
      'form day',
    ],
    [
      'two causes of one figure',
      'explained-figures|times-length|pay|amount|guests|expected <number>',
      'explained-figures|differs-by-rule|pay|amount|bags|expected <number>',
      'figure of expected <number> pay amount',
    ],
    [
      'two lists to reckon one argument with',
      'reckoned-argument|pay|amount|get_order|guests',
      'reckoned-argument|pay|amount|get_order|bags',
      'reckoned pay amount',
    ],
    [
      'two limits of one figure',
      'limit-exceeded|pay|amount|card_id|get_user|cards[].left|too much',
      'limit-exceeded|pay|amount|card_id|get_user|cards[].limit|too much',
      'limit of too much pay amount',
    ],
    [
      'read the whole list, and do not',
      'coverage|get_user|orders[]|get_order|order_id',
      'contrast|without|reads-whole|get_user|get_order|orders[]',
      'read whole get_user orders[] by get_order',
    ],
  ])('%s', (_name, one, other, about) => {
    expect(aboutOf(one, other)).toEqual([about])
    expect(aboutOf(other, one)).toEqual([about])
  })

  it('that answer one situation in two ways, where keys tell nothing', () => {
    const say = (key: string, action: string, changes: Partial<Entry> = {}): Published =>
      published(key, { situation: 'When?', insight: { summary: 's', detail: '', action }, ...changes })
    const found = (...two: readonly Published[]): number => contradictions(two).length
    expect(found(say('other-tool|a|b||no', 'Call b.'), say('other-tool|a|c||no', 'Call c.'))).toBe(1)
    expect(found(say('other-tool|a|b||no', 'Call b.'), say('nothing-found|tool|a|c', 'Call c.'))).toBe(0)
    expect(found(say('other-tool|a|b||no', 'Call b.'), say('other-tool|a|b||off', 'Call b.'))).toBe(0)
    const fact = { kind: 'fact' } as const
    expect(found(say('confirmed-answer|q|1', '1', fact), say('by-hand|q|2', '2', fact))).toBe(1)
  })
})

describe('two lessons stand side by side', () => {
  it.each([
    [
      'one of two places is common to both',
      'call-card|read|pay|id=a.id or b.id',
      'call-card|write|pay|id=b.id or c.id',
    ],
    [
      'one of several is refused',
      'call-card|write|pay|id=a.id or b.id',
      `changed-argument|origin|pay|id|a.id|b.id|no`,
    ],
    [
      'the exception has a condition',
      'call-card|write|pay|id=a.id|if get.state=new',
      'call-card|read|pay|id=b.id',
    ],
    ['arguments of two tools', 'call-card|read|pay|id=a.id', 'call-card|read|send|id=b.id'],
    ['arguments of one tool', 'call-card|read|pay|from.id=a.id', 'call-card|read|pay|to.id=b.id'],
    ['a value is with a record, whichever', 'asked-in-vain|id|a.id', 'call-card|read|pay|id=b.id'],
    [
      'a call that clears an error, and a call that comes first',
      'cleared-by|pay|unlock|locked',
      'call-card|write|unlock|after pay',
    ],
    ['one order', 'call-card|write|pay|after check', 'check-after|pay|check'],
    ['the order of other tools', 'call-card|write|pay|after check', 'call-card|write|check|after look'],
    ['a second use of the same value', 'call-card|write|send|after pay', 'used-up|pay|send|card_id|spent'],
    [
      'two states that are refused',
      'contrast|without|on-state|pay|get|state|a',
      'contrast|without|on-state|pay|get|state|b',
    ],
    [
      'one state needed, another refused',
      'call-card|write|pay|if get.state=a',
      'contrast|without|on-state|pay|get|state|b',
    ],
    ['states of two fields', 'call-card|write|pay|if get.state=a', 'call-card|read|pay|if get.kind=b'],
    ['states for two tools', 'call-card|write|pay|if get.state=a', 'call-card|write|send|if get.state=b'],
    ['two errors of one tool', 'same-call-again|passes|pay|busy', 'same-call-again|lasts|pay|not found'],
    ['one error of two tools', 'same-call-again|passes|pay|busy', 'same-call-again|lasts|send|busy'],
    ['a further way after an error', 'other-tool|pay|send||not found', 'same-call-again|lasts|pay|not found'],
    [
      'several causes, and one of them',
      'explained-figures|several|pay|amount|differs-by-rule bags|times-length guests|expected <number>',
      'explained-figures|times-length|pay|amount|guests|expected <number>',
    ],
    [
      'causes of two errors',
      'explained-figures|times-length|pay|a|guests|x',
      'explained-figures|times-length|pay|a|bags|y',
    ],
    ['forms of two arguments', 'written-form|date|day', 'written-form|signs|order_id|get.orders[]'],
  ])('%s', (_name, one, other) => {
    expect(aboutOf(one, other)).toEqual([])
    expect(aboutOf(other, one)).toEqual([])
  })
})

describe('claims', () => {
  it('are read from the keys of every pattern', () => {
    const patterns = new URL('../../../../node/lessons/patterns/', import.meta.url)
    const ids = readdirSync(patterns).flatMap(name =>
      [...readFileSync(new URL(name, patterns), 'utf8').matchAll(/^ {2}id: '([^']+)',$/gm)].map(
        ([, id]) => id ?? '',
      ),
    )
    expect(ids.length).toBeGreaterThan(15)
    // A new pattern says in claims.ts what its lessons advise and refuse.
    expect(ids.filter(id => !knowsPattern(id))).toEqual([])
  })

  it('of an unknown pattern, or of a key in another form, are not known', () => {
    for (const key of ['new-pattern|a|b', 'call-card|write', 'changed-argument|moved|pay|id|a|b|no', ''])
      expect(claimsOf(key)).toBeUndefined()
  })
})
