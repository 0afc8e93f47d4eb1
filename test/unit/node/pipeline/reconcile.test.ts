import { describe, expect, it } from 'vitest'
import { cluster, groupOf, type Known, relate } from '../../../../node/pipeline/reconcile.ts'
import type { Entry } from '../../../../protocol/types.ts'
import { cid, entry, peer, vectorAt } from '../entry-samples.ts'

function known(name: string, changes: Partial<Entry> = {}, degrees = 0): Known {
  return { cid: cid(name), entry: entry(changes), vector: vectorAt(degrees), duplicateKey: `key of ${name}` }
}

const other = { author: peer('b') }
const otherAction = (action: string) => ({ ...other, insight: { ...entry().insight, action } })

describe('relation between two entries', () => {
  it('is corroboration when two authors give the same advice for the same situation', () => {
    expect(relate(known('1'), known('2', other, 5))).toBe('corroborates')
  })

  it('is a duplicate when one author says it twice', () => {
    expect(relate(known('1'), known('2', {}, 5))).toBe('duplicate')
  })

  it('is an alternative when the advice differs', () => {
    expect(relate(known('1'), known('2', otherAction('Ask the user for the number of the card.')))).toBe(
      'alternative',
    )
  })

  it('is an alternative when the words are the same, and a figure differs', () => {
    const left = known('1', {
      insight: { ...entry().insight, action: 'Wait 30 seconds, then send the same call again.' },
    })
    const right = known('2', otherAction('Wait 60 seconds, then send the same call again.'))
    expect(relate(left, right)).toBe('alternative')
  })

  it('is none when the situations are far apart, or speak of other tools, or are of another kind', () => {
    const far = { ...other, situation: 'Another situation.' }
    expect(relate(known('1'), known('2', far, 60))).toBe('unrelated')
    const tool = { ...far, context: { tools: [{ name: 'cancel_order', arguments: [] }] } }
    expect(relate(known('1'), known('2', tool, 0))).toBe('unrelated')
    expect(relate(known('1'), known('2', { ...other, kind: 'procedure' }, 0))).toBe('unrelated')
  })

  it('is none between two errors of the same tool, however near their wording', () => {
    const error = { ...other, situation: '`update_order` fails with "payment method expired".' }
    expect(relate(known('1'), known('2', error, 5))).toBe('unrelated')
  })

  it('is none between two lessons of one author, unless found in one way for the very same situation', () => {
    const insight = { ...entry().insight, action: 'Ask the user for the number of the card.' }
    const like = { insight, situation: '`update_order` failed with "payment method not found" again.' }
    expect(relate(known('1'), known('2', like, 5))).toBe('unrelated')
    expect(relate(known('1'), known('2', { insight }))).toBe('alternative')
    const foundOtherwise = { insight, lineage: { parents: [], method: 'contrast' } }
    expect(relate(known('1'), known('2', foundOtherwise))).toBe('unrelated')
    expect(relate(known('1'), known('2', { ...foundOtherwise, ...other }))).toBe('alternative')
  })

  it('is supersession only within one author', () => {
    const first = known('1')
    expect(relate(known('2', { supersedes: cid('1') }), first)).toBe('supersedes')
    expect(relate(first, known('2', { supersedes: cid('1') }))).toBe('superseded')
    expect(relate(known('2', { ...other, supersedes: cid('1') }), first)).toBe('corroborates')
  })

  it.each([
    ['another version', { versions: ['shop 1'] }, { versions: ['shop 2'] }],
    ['another family of models', { modelFamily: 'ada' }, { modelFamily: 'ben' }],
  ])('is none where %s explains why the advice differs', (_what, left, right) => {
    const { context } = entry()
    const against = otherAction('Ask the user for the number of the card.')
    const one = known('1', { context: { ...context, ...left } })
    expect(relate(one, known('2', { ...against, context: { ...context, ...right } }))).toBe('unrelated')
    expect(relate(one, known('2', { ...against, context: { ...context, ...left } }))).toBe('alternative')
    expect(relate(one, known('2', against))).toBe('alternative')
    // The same advice in another context is agreement all the same.
    expect(relate(one, known('2', { ...other, context: { ...context, ...right } }))).toBe('corroborates')
  })

  it('is none where each says when it holds, and the times are apart', () => {
    const against = otherAction('Ask the user for the number of the card.')
    const { created } = entry()
    const day = Math.floor(created / 86_400)
    const first = known('1', { expires: day + 10 })
    const later = { ...against, created: created + 20 * 86_400, expires: day + 40 }
    expect(relate(first, known('2', later))).toBe('unrelated')
    expect(relate(first, known('2', { ...later, created: created + 5 * 86_400 }))).toBe('alternative')
  })

  it('is an alternative between two successors of one entry, whatever their words', () => {
    const first = known('2', { supersedes: cid('1'), situation: 'One situation.' }, 0)
    const insight = { ...entry().insight, action: 'Ask the user for the number of the card.' }
    const second = known('3', { supersedes: cid('1'), situation: 'Another one.', insight }, 80)
    expect(relate(first, second)).toBe('alternative')
    expect(relate(second, first)).toBe('alternative')
    expect(relate(first, { ...second, entry: { ...second.entry, ...other } })).toBe('unrelated')
  })

  it('needs no vector when the situations are the same words', () => {
    const bare: Known = { ...known('1'), vector: undefined }
    expect(relate(bare, { ...known('2', other), vector: undefined })).toBe('corroborates')
  })
})

describe('clusters', () => {
  it('keep one head a situation, its alternatives, and who says the same', () => {
    const head = known('1')
    const same = known('2', other)
    const against = known('3', {
      ...otherAction('Ask the user for the number of the card.'),
      author: peer('c'),
    })
    const apart = known('4', { situation: 'Another situation.' }, 80)
    const groups = cluster([head, same, against, apart])
    expect(groups.map(group => group.head.cid)).toEqual([cid('1'), cid('4')])
    expect(groups[0]?.alternatives.map(item => item.cid)).toEqual([cid('3')])
    expect(groups[0]?.corroboratedBy).toEqual([peer('b')])
    expect(groups[0]?.same.map(item => item.cid)).toEqual([cid('2')])
  })

  it('leave out what its own author has replaced, and nothing that another claims to replace', () => {
    const old = known('1')
    const successor = known('2', { supersedes: cid('1'), situation: 'A wider situation.' }, 70)
    expect(cluster([old, successor]).map(group => group.head.cid)).toEqual([cid('2')])
    const foreign = known('3', { ...other, supersedes: cid('1'), situation: 'A wider situation.' }, 70)
    expect(cluster([old, foreign]).map(group => group.head.cid)).toEqual([cid('1'), cid('3')])
  })

  it('of one head are the same when asked for alone', () => {
    const all = [
      known('1'),
      known('2', other),
      known('3', otherAction('Ask the user for the number of the card.')),
      known('4', { situation: 'Another situation.' }, 80),
      // Replaces one that is near, in words that are not.
      known('5', { ...other, supersedes: cid('2'), situation: 'A wider situation.' }, 70),
      known('6', { supersedes: cid('7'), situation: 'A wider situation.' }, 70),
      known('7', { author: peer('c') }),
    ]
    for (const head of all) {
      const others = all.filter(one => one !== head)
      const whole = cluster([head, ...others]).find(one => one.head.cid === head.cid)
      expect(groupOf(head, others)).toEqual(whole)
    }
  })
})
