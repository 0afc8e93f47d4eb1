import { describe, expect, it } from 'vitest'
import { type SeenLesson, shadowEvidence } from '../../../../node/trust/shadow.ts'
import { cid, peer } from '../entry-samples.ts'

const own = { outcomes: 2, publishedAt: 1_000 }
const seen = (name: string, changes: Partial<SeenLesson> = {}): SeenLesson => ({
  cid: cid(name),
  author: peer(name),
  seenAt: 500,
  isQuarantined: true,
  stands: 'agrees',
  textKey: name,
  ...changes,
})

describe('shadow evidence', () => {
  it('counts for a stranger who said it before, and against one who said otherwise', () => {
    expect(shadowEvidence(own, [seen('b', { stands: 'disagrees' }), seen('a')])).toEqual([
      { author: peer('a'), cid: cid('a'), outcome: 'helped' },
      { author: peer('b'), cid: cid('b'), outcome: 'hurt' },
    ])
  })

  it('is none for what came when ours could be copied', () => {
    expect(shadowEvidence(own, [seen('a', { seenAt: 1_000 })])).toEqual([])
    expect(
      shadowEvidence({ outcomes: 2, publishedAt: undefined }, [seen('a', { seenAt: 9_999 })]),
    ).toHaveLength(1)
  })

  it('is none from a lesson of ours that no outcome backs', () => {
    expect(shadowEvidence({ ...own, outcomes: 0 }, [seen('a')])).toEqual([])
  })

  it('goes to the first of those with the same text: copies earn nothing', () => {
    const copy = seen('c', { seenAt: 501, textKey: 'a' })
    expect(shadowEvidence(own, [copy, seen('a')]).map(one => one.author)).toEqual([peer('a')])
    const trusted = seen('t', { seenAt: 1, isQuarantined: false, textKey: 'a' })
    expect(shadowEvidence(own, [trusted, seen('a'), copy])).toEqual([])
  })

  it('counts an author once, however many of its lessons say so', () => {
    const again = Array.from({ length: 50 }, (_, i) => seen(`a${i}`, { author: peer('a') }))
    expect(shadowEvidence(own, again)).toHaveLength(1)
  })

  it('is none for who said both', () => {
    const hedged = [seen('a'), seen('a2', { author: peer('a'), stands: 'disagrees', seenAt: 600 })]
    expect(shadowEvidence(own, hedged)).toEqual([])
  })

  it('leaves trusted and blocked authors alone', () => {
    expect(shadowEvidence(own, [seen('a', { isQuarantined: false })])).toEqual([])
  })
})
