import { describe, expect, it } from 'vitest'
import {
  admit,
  type Candidate,
  choose,
  fuse,
  queryTexts,
  type Scored,
} from '../../../../node/pipeline/recall.ts'
import type { SwarmId } from '../../../../protocol/types.ts'
import { cid, entry, peer, vectorAt } from '../entry-samples.ts'

const now = 20_000 * 86_400_000

function candidate(name: string, changes: Partial<Candidate> = {}): Candidate {
  return {
    cid: cid(name),
    swarm: 'a'.repeat(64) as SwarmId,
    entry: entry(),
    vector: vectorAt(0),
    duplicateKey: name,
    draftKey: undefined,
    tier: 'trusted',
    trust: 0.75,
    blocked: false,
    helped: 0,
    hurt: 0,
    cosine: 0.8,
    coverage: 0.5,
    fused: 1 / 61,
    ...changes,
  }
}

const names = (list: readonly { cid: string }[]) => list.map(item => item.cid)

describe('query texts', () => {
  it('search with the words, with the call and with the error, each by itself', () => {
    const texts = queryTexts({
      query: ' pay ',
      pendingCall: { tool: 'update_order', arguments: '{"payment_id":"x"}' },
      lastError: 'not found',
    })
    expect(texts).toEqual([
      { words: 'pay', meaning: 'pay' },
      { words: 'update_order payment_id', meaning: 'About to call update_order with payment_id.' },
      { words: 'update_order not found', meaning: 'update_order failed with "not found".' },
    ])
  })

  it('take a call whose arguments are broken JSON by its tool alone', () => {
    const [text] = queryTexts({ pendingCall: { tool: 'update_order', arguments: '{"pay' } })
    expect(text).toEqual({ words: 'update_order', meaning: 'About to call update_order.' })
  })

  it('are none for an empty request', () => {
    expect(queryTexts({ query: '  ', lastError: ' ' })).toEqual([])
  })
})

describe('fusion', () => {
  it('puts first what stands high in several lists', () => {
    const scores = fuse([
      [cid('1'), cid('2')],
      [cid('2'), cid('3')],
    ])
    expect([...scores].sort((a, b) => b[1] - a[1])[0]?.[0]).toBe(cid('2'))
  })
})

describe('admission', () => {
  it('never lets a quarantined author’s entry through, and counts it with the command that would', () => {
    const stranger = candidate('1', { tier: 'quarantined', entry: entry({ author: peer('s') }) })
    const again = candidate('2', { tier: 'quarantined', entry: entry({ author: peer('s') }) })
    const { admitted, heldBack } = admit([stranger, again], {}, now)
    expect(admitted).toEqual([])
    expect(heldBack).toEqual([
      { author: peer('s'), entries: 2, reason: 'stranger', command: 'swarmlore trust pin did:key:s' },
    ])
  })

  it('answers with nothing when nothing is about the query', () => {
    const far = candidate('1', { cosine: 0.2, coverage: 0.2 })
    const farStranger = candidate('2', { cosine: 0.2, coverage: 0.2, tier: 'quarantined' })
    expect(admit([far, farStranger], { query: 'x' }, now)).toEqual({
      admitted: [],
      held: [],
      heldBack: [],
    })
  })

  it('ranks by match, trust, what happened here, and freshness', () => {
    const base = candidate('0')
    const better: Partial<Candidate>[] = [{ fused: 2 / 61 }, { trust: 0.9 }, { helped: 3 }]
    for (const changes of better) {
      expect(names(admit([base, candidate('1', changes)], {}, now).admitted)).toEqual([cid('1'), cid('0')])
    }
    const old = candidate('2', { entry: entry({ support: { ...entry().support, lastSeen: 19_700 } }) })
    expect(names(admit([old, base], {}, now).admitted)).toEqual([cid('0'), cid('2')])
  })

  it('puts first what is about the very call, and after an error what is about that error', () => {
    const about = (situation: string, ...tools: string[]): Partial<Candidate> => ({
      entry: entry({ situation, context: { tools: tools.map(name => ({ name, arguments: [] })) } }),
    })
    const mention = candidate('0', about('About to call `b`.', 'b', 'a'))
    const own = candidate('1', { ...about('About to call `a`.', 'a'), fused: 0.9 / 61 })
    const failed = candidate('2', { ...about('`a` failed with "no <value> left".', 'a'), fused: 0.6 / 61 })
    const other = candidate('3', { ...about('`a` failed with "too many of them".', 'a'), fused: 0.8 / 61 })
    const all = [mention, own, failed, other]
    const pendingCall = { tool: 'a' }
    const order = (lastError?: string) =>
      names(admit(all, lastError === undefined ? { pendingCall } : { pendingCall, lastError }, now).admitted)
    expect(order()).toEqual([cid('1'), cid('0'), cid('3'), cid('2')])
    expect(order('Error: no wine left')).toEqual([cid('2'), cid('1'), cid('0'), cid('3')])
  })

  it('lets through what quotes the error just seen, however few of its words are in the store', () => {
    const faint = candidate('1', {
      cosine: 0.3,
      coverage: 0.1,
      entry: entry({ situation: '`a` failed with "<value> object has no attribute <value>".' }),
    })
    const lastError = "'NoneType' object has no attribute 'strip'"
    expect(admit([faint], { lastError }, now).admitted).toHaveLength(1)
    expect(admit([faint], { lastError: 'no attribute' }, now).admitted).toEqual([])
  })

  it('stand first where they quote the very error, before one that has a value among the same words', () => {
    const quoting = (name: string, error: string, fused: number) =>
      candidate(name, { entry: entry({ situation: `It failed with "${error}".` }), fused })
    const all = [
      quoting('valued', 'method <method_id> not found', 1 / 61),
      quoting('plain', 'method not found', 1 / 66),
    ]
    const order = (lastError: string) => names(admit(all, { lastError }, now).admitted)
    expect(order('Error: method not found')).toEqual([cid('plain'), cid('valued')])
    expect(order('Error: method card_77 not found')).toEqual([cid('valued'), cid('plain')])
  })

  it('leaves out lessons about tools that are not on offer, and about another call', () => {
    expect(admit([candidate('1')], { tools: ['cancel_order'] }, now).admitted).toEqual([])
    expect(admit([candidate('1')], { tools: ['update_order'] }, now).admitted).toHaveLength(1)
    expect(admit([candidate('1')], { pendingCall: { tool: 'cancel_order' } }, now).admitted).toEqual([])
  })

  it('hands out an own lesson once, however many swarms it stands in', () => {
    const twice = [candidate('1', { draftKey: 'k' }), candidate('2', { draftKey: 'k' })]
    expect(admit(twice, {}, now).admitted).toHaveLength(1)
  })
})

describe('choice', () => {
  const scored = (name: string, changes: Partial<Candidate> = {}): Scored => ({
    ...candidate(name, changes),
    score: 1,
  })
  const group = (head: Scored, alternatives: Scored[] = []) => ({
    head,
    alternatives,
    corroboratedBy: [],
    independent: 0,
  })
  const limits = { limit: 5, tokenBudget: 1000 }

  it('shows both sides of a disagreement, next to each other', () => {
    const other = scored('2', { entry: entry({ author: peer('b') }) })
    const items = choose([group(scored('1'), [other]), group(scored('3'))], limits, new Set())
    expect(names(items)).toEqual([cid('1'), cid('2'), cid('3')])
    expect(items[0]?.alternatives).toEqual([cid('2')])
    expect(items[1]?.why.at(-1)).toBe(`It says otherwise than ${cid('1')}.`)
  })

  it('keeps within the limit and the token budget', () => {
    const groups = ['1', '2', '3', '4'].map(name => group(scored(name)))
    expect(choose(groups, { ...limits, limit: 2 }, new Set())).toHaveLength(2)
    expect(choose(groups, { ...limits, tokenBudget: 200 }, new Set()).length).toBeLessThan(3)
    expect(choose(groups, { ...limits, tokenBudget: 50 }, new Set())).toEqual([])
  })

  it('does not count this node among those who agree with it', () => {
    const head = scored('1')
    const items = choose(
      [{ head, alternatives: [], corroboratedBy: [peer('me'), peer('b')], independent: 1 }],
      limits,
      new Set([peer('me')]),
    )
    expect(items[0]).toMatchObject({ corroboratedBy: [peer('b')], independent: 1 })
  })

  it('says of what strangers agree on that its author is not trusted by itself', () => {
    const head: Scored = { ...scored('1'), tier: 'corroborated', corroborators: [peer('b')] }
    const [item] = choose([group(head)], limits, new Set())
    expect(item).toMatchObject({ tier: 'corroborated', corroboratedBy: [peer('b')], independent: 1 })
    expect(item?.why.join(' ')).toContain(
      'not trusted here on its own, and 1 independent author said the same',
    )
  })
})
