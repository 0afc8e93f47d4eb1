/** The word index against BM25 written down plainly. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LexicalIndex } from '../../store/lexical.ts'

const word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'epsilon')
const text = fc.array(word, { minLength: 1, maxLength: 12 }).map(words => words.join(' '))

function bm25(texts: readonly string[], query: string): number[] {
  const documents = texts.map(one => one.split(' '))
  const average = documents.reduce((sum, words) => sum + words.length, 0) / documents.length
  return documents.map(words =>
    [...new Set(query.split(' '))].reduce((score, term) => {
      const df = documents.filter(other => other.includes(term)).length
      const tf = words.filter(one => one === term).length
      const idf = Math.log(1 + (documents.length - df + 0.5) / (df + 0.5))
      return score + (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * words.length) / average))
    }, 0),
  )
}

it('scores as BM25 does, and leaves out what holds no word of the query', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 30 }), text, async (texts, query) => {
      const index = new LexicalIndex()
      for (const [i, one] of texts.entries()) index.add(`d${i}`, [{ text: one, weight: 1 }])
      const hits = await index.search(query, { k: 100 })
      const expected = bm25(texts, query)
      expect(hits).toHaveLength(expected.filter(score => score > 0).length)
      for (const { id, score } of hits) expect(score).toBeCloseTo(expected[Number(id.slice(1))] ?? 0, 2)
    }),
  )
})

it('finds exactly the standing entries that hold a word, under any changes', async () => {
  const change = fc.record({ id: fc.nat(150), text: fc.option(text, { nil: undefined }) })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 600, size: 'max' }), async changes => {
      const index = new LexicalIndex()
      const model = new Map<string, string>()
      for (const { id, text } of changes) {
        if (text === undefined) {
          index.remove(`d${id}`)
          model.delete(`d${id}`)
        } else {
          index.add(`d${id}`, [{ text, weight: 1 }])
          model.set(`d${id}`, text)
        }
      }
      for (const query of ['alpha', 'beta gamma']) {
        const hits = await index.search(query, { k: 200 })
        const holds = ([, words]: [string, string]): boolean =>
          query.split(' ').some(one => words.split(' ').includes(one))
        expect(hits.map(hit => hit.id).toSorted()).toEqual(
          [...model]
            .filter(holds)
            .map(([id]) => id)
            .toSorted(),
        )
      }
      expect(index.size).toBe(model.size)
    }),
    { numRuns: 40 },
  )
})
