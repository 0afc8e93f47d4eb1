import { beforeEach, describe, expect, it } from 'vitest'
import { LexicalIndex } from '../../../store/lexical.ts'

let index: LexicalIndex
beforeEach(() => {
  index = new LexicalIndex()
})

function add(id: string, text: string): void {
  index.add(id, [{ text, weight: 1 }])
}

async function ids(query: string, k = 10): Promise<string[]> {
  return (await index.search(query, { k })).map(hit => hit.id)
}

describe('ranking', () => {
  it('finds entries by any word of the query, the rarer word first', async () => {
    add('common', 'flight change')
    add('rare', 'flight certificate')
    add('other', 'flight baggage')
    expect(await ids('certificate flight')).toEqual(['rare', 'common', 'other'])
    expect(await ids('hotel')).toEqual([])
    expect(await ids('')).toEqual([])
  })

  it('prefers more of a word, in less text, in a field that weighs more', async () => {
    add('once', 'alpha beta gamma delta')
    add('twice', 'alpha alpha gamma delta')
    expect(await ids('alpha')).toEqual(['twice', 'once'])
    index = new LexicalIndex()
    add('long', 'alpha beta gamma delta epsilon zeta')
    add('short', 'alpha beta')
    expect(await ids('alpha')).toEqual(['short', 'long'])
    index = new LexicalIndex()
    index.add('body', [
      { text: 'beta', weight: 3 },
      { text: 'alpha', weight: 1 },
    ])
    index.add('title', [
      { text: 'alpha', weight: 3 },
      { text: 'beta', weight: 1 },
    ])
    expect(await ids('alpha')).toEqual(['title', 'body'])
  })

  it('orders equal scores by id, whatever the order of adding', async () => {
    for (const id of ['c', 'a', 'b']) add(id, 'same words')
    expect(await ids('words')).toEqual(['a', 'b', 'c'])
    expect(await ids('words', 2)).toEqual(['a', 'b'])
    for (let i = 50; i >= 10; i--) add(`a${i}`, 'same words')
    expect(await ids('words', 3)).toEqual(['a', 'a10', 'a11'])
  })

  it('gives the best of many, as many as asked for', async () => {
    for (let i = 0; i < 300; i++) add(`n${i}`, `${'alpha '.repeat(1 + (i % 7))} ${'beta '.repeat(i % 11)}`)
    const all = await ids('alpha', 300)
    expect(all).toHaveLength(300)
    expect(await ids('alpha', 7)).toEqual(all.slice(0, 7))
  })

  it('says which share of the query an entry holds, unknown words included', async () => {
    add('both', 'alpha beta')
    add('one', 'alpha gamma')
    const [both, one] = await index.search('alpha beta', { k: 2 })
    expect(both?.coverage).toBeCloseTo(1, 5)
    expect(one?.coverage).toBeGreaterThan(0)
    expect(one?.coverage).toBeLessThan(0.5)
    const [withUnknown] = await index.search('alpha beta unheard', { k: 1 })
    expect(withUnknown?.coverage).toBeLessThan(0.6)
  })
})

describe('changes', () => {
  it('replaces an entry under its id', async () => {
    add('a', 'alpha')
    add('a', 'beta')
    expect(index.size).toBe(1)
    expect(await ids('alpha')).toEqual([])
    expect(await ids('beta')).toEqual(['a'])
  })

  it('never finds a removed entry, before and after its slot is used again', async () => {
    for (let i = 0; i < 500; i++) add(`old${i}`, `alpha word${i}`)
    for (let i = 0; i < 400; i++) index.remove(`old${i}`)
    index.remove('never there')
    expect(await ids('word7')).toEqual([])
    for (let i = 0; i < 2_000; i++) add(`new${i % 300}`, `alpha fresh${i % 300}`)
    expect(index.size).toBe(400)
    expect(await ids('word7')).toEqual([])
    expect(await ids('word450')).toEqual(['old450'])
    expect(await ids('fresh7')).toEqual(['new7'])
    expect(await ids('alpha', 1_000)).toHaveLength(400)
  })

  it('scores after removals as if the removed had never been', async () => {
    const text = (i: number): string => (i % 3 === 0 ? 'alpha beta' : 'beta gamma delta')
    const fresh = new LexicalIndex()
    // As many as five sweeps take away.
    for (let i = 0; i < 320; i++) add(`gone${i}`, `alpha ${'epsilon '.repeat(40)}`)
    for (let i = 0; i < 30; i++) {
      add(`kept${i}`, text(i))
      fresh.add(`kept${i}`, [{ text: text(i), weight: 1 }])
    }
    for (let i = 0; i < 320; i++) index.remove(`gone${i}`)
    const query = 'alpha beta epsilon'
    expect(await index.search(query, { k: 30 })).toEqual(await fresh.search(query, { k: 30 }))
  })

  it('stands changes during the pauses of a search', async () => {
    for (let i = 0; i < 20_000; i++) add(`a${i}`, 'alpha beta')
    const hits = await index.search('alpha beta', {
      k: 10,
      pause: () => {
        for (let i = 0; i < 19_000; i++) index.remove(`a${i}`)
      },
    })
    expect(hits.every(hit => Number(hit.id.slice(1)) >= 19_000)).toBe(true)
    expect(await ids('alpha', 2_000)).toHaveLength(1_000)
  })

  it('tells its pauses of all the postings it looked at', async () => {
    for (let i = 0; i < 100; i++) add(`a${i}`, i % 2 === 0 ? 'alpha beta' : 'alpha')
    let units = 0
    const count = (more: number): void => {
      units += more
    }
    await index.search('alpha beta', { k: 1, pause: count })
    expect(units).toBe(150)
  })
})
