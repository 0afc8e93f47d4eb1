import { describe, expect, it } from 'vitest'
import { admit, type Candidate, choose, fuse, queryTexts } from '../../../../node/pipeline/recall.ts'
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
  it('search with the words, and with the call and the error as one trigger', () => {
    const texts = queryTexts({
      query: ' pay ',
      pendingCall: { tool: 'update_order', arguments: '{"payment_id":"x"}' },
      lastError: 'not found',
    })
    expect(texts).toEqual({ words: 'pay', trigger: 'update_order payment_id not found' })
  })

  it('take a call whose arguments are broken JSON by its tool alone', () => {
    expect(queryTexts({ pendingCall: { tool: 'update_order', arguments: '{"pay' } }).trigger).toBe(
      'update_order',
    )
  })

  it('are none for an empty request', () => {
    expect(queryTexts({ query: '  ' })).toEqual({ words: undefined, trigger: undefined })
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
    expect(admit([far, farStranger], { query: 'x' }, now)).toEqual({ admitted: [], heldBack: [] })
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
  const group = (head: Candidate, alternatives: Candidate[] = []) => ({
    head,
    alternatives,
    corroboratedBy: [],
  })
  const limits = { limit: 5, tokenBudget: 1000 }

  it('shows both sides of a disagreement, next to each other', () => {
    const other = candidate('2', { entry: entry({ author: peer('b') }) })
    const items = choose([group(candidate('1'), [other]), group(candidate('3'))], limits, new Set(), now)
    expect(names(items)).toEqual([cid('1'), cid('2'), cid('3')])
    expect(items[0]?.alternatives).toEqual([cid('2')])
    expect(items[1]?.why.at(-1)).toBe(`It says otherwise than ${cid('1')}.`)
  })

  it('keeps within the limit and the token budget', () => {
    const groups = ['1', '2', '3', '4'].map(name => group(candidate(name)))
    expect(choose(groups, { ...limits, limit: 2 }, new Set(), now)).toHaveLength(2)
    expect(choose(groups, { ...limits, tokenBudget: 200 }, new Set(), now).length).toBeLessThan(3)
    expect(choose(groups, { ...limits, tokenBudget: 50 }, new Set(), now)).toEqual([])
  })

  it('does not count this node among those who agree with it', () => {
    const head = candidate('1')
    const items = choose(
      [{ head, alternatives: [], corroboratedBy: [peer('me'), peer('b')] }],
      limits,
      new Set([peer('me')]),
      now,
    )
    expect(items[0]?.corroboratedBy).toEqual([peer('b')])
  })
})
