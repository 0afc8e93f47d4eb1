import { describe, expect, it } from 'vitest'
import { sketchOf } from '../../../protocol/sketch.ts'
import type { SpaceId } from '../../../protocol/types.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import { deleteVectorOps, putVectorOps, VectorIndex, vectorsOf } from '../../../store/vectors.ts'
import { collect } from './collect.ts'

const dimensions = 64

/** A unit vector, the same for the same number. */
function vectorOf(number: number): Float32Array {
  const vector = new Float32Array(dimensions)
  let state = (number + 1) * 2_654_435_761
  for (let i = 0; i < dimensions; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    vector[i] = state / 2 ** 32 - 0.5
  }
  const length = Math.hypot(...vector)
  return vector.map(component => component / length)
}

function filled(count: number): VectorIndex {
  const index = new VectorIndex(dimensions)
  for (let i = 0; i < count; i++) index.add(`v${i}`, vectorOf(i))
  return index
}

describe('search', () => {
  it('finds a vector itself first, with cosine 1', async () => {
    const index = filled(2_000)
    for (const number of [0, 511, 512, 1_999]) {
      const [first] = await index.search(vectorOf(number), { k: 3 })
      expect(first?.id).toBe(`v${number}`)
      expect(first?.cosine).toBeCloseTo(1, 3)
    }
  })

  it('gives the exact order when the shortlist holds all', async () => {
    const index = filled(700)
    const query = vectorOf(9_999)
    const hits = await index.search(query, { k: 20, shortlist: 700 })
    const dot = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
    const best = Array.from({ length: 700 }, (_, i) => dot(vectorOf(i), query)).toSorted((a, b) => b - a)
    for (const [rank, hit] of hits.entries()) expect(hit.cosine).toBeCloseTo(best[rank] ?? 0, 3)
  })

  it('takes as many as the shortlist allows, and no farther one before a nearer one', async () => {
    const index = filled(500)
    const query = vectorOf(77)
    let units = 0
    const pause = (more: number): void => {
      units += more
    }
    const hits = await index.search(query, { k: 5, shortlist: 50, pause })
    expect(units).toBe(500 + 50)
    expect(hits).toHaveLength(5)
    expect(hits[0]?.id).toBe('v77')
  })

  it('orders equal ones by id, and answers with nothing when it is empty', async () => {
    const index = new VectorIndex(dimensions)
    expect(await index.search(vectorOf(1), { k: 5 })).toEqual([])
    for (const id of ['c', 'a', 'b']) index.add(id, vectorOf(1))
    expect((await index.search(vectorOf(1), { k: 5 })).map(hit => hit.id)).toEqual(['a', 'b', 'c'])
  })

  it('looks only at what is acceptable', async () => {
    const index = filled(100)
    const hits = await index.search(vectorOf(3), { k: 100, accept: id => Number(id.slice(1)) % 2 === 0 })
    expect(hits).toHaveLength(50)
    expect(hits.some(hit => hit.id === 'v3')).toBe(false)
  })

  it('finds an entry of which only the sketch is known, until its vector comes', async () => {
    const index = filled(100)
    index.addSketch('announced', sketchOf(vectorOf(500)))
    const [first] = await index.search(vectorOf(500), { k: 1 })
    expect(first).toEqual({ id: 'announced', cosine: 1 })
    expect(index.vector('announced')).toBeUndefined()
    index.add('announced', vectorOf(500))
    expect(index.size).toBe(101)
    expect(index.vector('announced')?.[0]).toBeCloseTo(vectorOf(500)[0] ?? 0, 3)
  })

  it('stands changes during its pauses', async () => {
    const index = filled(20_000)
    const hits = await index.search(vectorOf(5), {
      k: 50,
      pause: () => {
        for (let i = 0; i < 15_000; i++) index.remove(`v${i}`)
        for (let i = 0; i < 100; i++) index.add(`w${i}`, vectorOf(5))
      },
    })
    const standing = (id: string): boolean => id.startsWith('w') || Number(id.slice(1)) >= 15_000
    expect(hits.every(hit => standing(hit.id))).toBe(true)
  })
})

describe('slots', () => {
  it('are used again, and a removed entry is never found', async () => {
    const index = filled(600)
    for (let i = 0; i < 300; i++) index.remove(`v${i}`)
    index.remove('never there')
    for (let i = 0; i < 200; i++) index.add(`w${i}`, vectorOf(1_000 + i))
    expect(index.size).toBe(500)
    expect(index.vector('v5')).toBeUndefined()
    const hits = await index.search(vectorOf(5), { k: 600, shortlist: 600 })
    expect(hits).toHaveLength(500)
    expect(hits.some(hit => hit.id === 'v5')).toBe(false)
    expect((await index.search(vectorOf(1_100), { k: 1 }))[0]?.id).toBe('w100')
  })

  it('refuses vectors, queries and sketches of another length', async () => {
    const index = new VectorIndex(dimensions)
    expect(() => index.add('a', new Float32Array(63))).toThrow(TypeError)
    expect(() => index.addSketch('a', new Uint8Array(7))).toThrow(TypeError)
    await expect(index.search(new Float32Array(65), { k: 1 })).rejects.toThrow(TypeError)
    expect(index.size).toBe(0)
  })
})

describe('stored vectors', () => {
  it('come back by space, close to what they were', async () => {
    const store = openMemoryStore()
    const space = 'ab' as SpaceId
    await store.batch([
      ...putVectorOps(space, 'x', vectorOf(1)),
      ...putVectorOps(space, 'short', new Float32Array(3)),
      ...putVectorOps('abc' as SpaceId, 'y', vectorOf(2)),
    ])
    const rows = await collect(vectorsOf(store, space, dimensions))
    expect(rows.map(([id]) => id)).toEqual(['x'])
    for (const [i, component] of vectorOf(1).entries()) expect(rows[0]?.[1][i]).toBeCloseTo(component, 3)
    await store.batch(deleteVectorOps(space, 'x'))
    expect(await collect(vectorsOf(store, space, dimensions))).toEqual([])
  })
})
