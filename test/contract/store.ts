/**
 * What every store must do, whichever stands behind the port. Run against the Level store and its memory twin,
 * so that what holds in the simulator holds on disk.
 */

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreError } from '../../store/errors.ts'
import type { Store, StoreOp, StoreRange } from '../../store/ports.ts'

export interface StoreUnderTest {
  readonly store: Store
  remove(): Promise<void>
}

export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let made: StoreUnderTest
    let store: Store
    beforeEach(async () => {
      made = await make()
      store = made.store
    })
    afterEach(async () => {
      await store.close()
      await made.remove()
    })

    it('answers undefined for a key that is not there', () => {
      expect(store.get('a')).toBeUndefined()
      expect(store.has('a')).toBe(false)
    })

    it('shows a batch to every reader once it is acknowledged', async () => {
      await store.batch([put('a', 1), put('b', 2)])
      expect(store.get('a')).toEqual(Uint8Array.of(1))
      expect(store.has('b')).toBe(true)
      expect(await list(store, { prefix: '' })).toEqual(['a=1', 'b=2'])
    })

    it('keeps empty values apart from missing ones', async () => {
      await store.batch([{ type: 'put', key: 'empty', value: new Uint8Array() }])
      expect(store.get('empty')).toEqual(new Uint8Array())
      expect(store.has('empty')).toBe(true)
    })

    it('takes the ops of a batch in order', async () => {
      await store.batch([put('a', 1), del('a'), put('b', 1), put('b', 2)])
      expect(await list(store, { prefix: '' })).toEqual(['b=2'])
    })

    it('takes batches in the order in which they were given, also when they are written together', async () => {
      await Promise.all([
        store.batch([put('a', 1), put('only-first', 1)]),
        store.batch([put('a', 2), del('only-first')]),
        store.batch([put('a', 3)]),
      ])
      expect(await list(store, { prefix: '' })).toEqual(['a=3'])
    })

    it('accepts an empty batch and the deletion of what is not there', async () => {
      await store.batch([])
      await store.batch([del('nothing')])
      expect(await list(store, { prefix: '' })).toEqual([])
    })

    it('shares no memory with its callers', async () => {
      const value = Buffer.from([1, 2, 3])
      const written = store.batch([{ type: 'put', key: 'a', value }])
      value[0] = 9
      await written
      const read = store.get('a')
      expect(read).toEqual(Uint8Array.of(1, 2, 3))
      if (read !== undefined) read[1] = 9
      expect(store.get('a')).toEqual(Uint8Array.of(1, 2, 3))
    })

    it('lists the keys of a prefix only, from either end, up to a limit', async () => {
      await store.batch(['a/1', 'a/2', 'a/3', 'a', 'b/1', 'a0'].map(key => put(key, 1)))
      expect(await keys(store, { prefix: 'a/' })).toEqual(['a/1', 'a/2', 'a/3'])
      expect(await keys(store, { prefix: 'a/', reverse: true })).toEqual(['a/3', 'a/2', 'a/1'])
      expect(await keys(store, { prefix: 'a/', limit: 2 })).toEqual(['a/1', 'a/2'])
      expect(await keys(store, { prefix: 'a/', limit: 2, reverse: true })).toEqual(['a/3', 'a/2'])
      expect(await keys(store, { prefix: 'a/', limit: 0 })).toEqual([])
      expect(await keys(store, { prefix: 'c' })).toEqual([])
    })

    it('goes on after a cursor in the direction of the listing, whether or not the key stands', async () => {
      await store.batch(['a/1', 'a/2', 'a/3', 'b'].map(key => put(key, 1)))
      expect(await keys(store, { prefix: 'a/', after: 'a/1' })).toEqual(['a/2', 'a/3'])
      expect(await keys(store, { prefix: 'a/', after: 'a/15' })).toEqual(['a/2', 'a/3'])
      expect(await keys(store, { prefix: 'a/', after: 'a/3', reverse: true })).toEqual(['a/2', 'a/1'])
      expect(await keys(store, { prefix: 'a/', after: 'a/25', reverse: true })).toEqual(['a/2', 'a/1'])
      expect(await keys(store, { prefix: 'a/', after: 'A' })).toEqual(['a/1', 'a/2', 'a/3'])
      expect(await keys(store, { prefix: 'a/', after: 'z' })).toEqual([])
      expect(await keys(store, { prefix: 'a/', after: 'z', reverse: true })).toEqual(['a/3', 'a/2', 'a/1'])
      expect(await keys(store, { prefix: 'a/', after: 'A', reverse: true })).toEqual([])
    })

    it('lists a snapshot: what is written meanwhile does not show', async () => {
      const before = Array.from({ length: 1_200 }, (_, i) => `k${String(i).padStart(4, '0')}`)
      await store.batch(before.map(key => put(key, 1)))
      const seen: string[] = []
      for await (const [key, value] of store.entries({ prefix: 'k' })) {
        if (seen.length === 0)
          await store.batch([put('k0000a', 2), del('k1100'), put('k1199', 2), put('k9', 2)])
        seen.push(`${key}=${value[0]}`)
      }
      expect(seen).toEqual(before.map(key => `${key}=1`))
    })

    it('ends a listing that is left early', async () => {
      await store.batch([put('a', 1), put('b', 1)])
      for await (const [key] of store.entries({ prefix: '' })) {
        expect(key).toBe('a')
        break
      }
      await store.batch([put('c', 1)])
      expect(await keys(store, { prefix: '' })).toEqual(['a', 'b', 'c'])
    })

    it('orders keys by their UTF-8 bytes', async () => {
      const ordered = ['', 'a', 'a\u0000', 'aa', 'b', 'é', '\uffff', '\u{10000}', '\u{10ffff}'].slice(1)
      await store.batch(ordered.toReversed().map(key => put(key, 1)))
      expect(await keys(store, { prefix: '' })).toEqual(ordered)
      expect(await keys(store, { prefix: '\u{10ffff}' })).toEqual(['\u{10ffff}'])
    })

    it('finishes the batches under way before it closes, and refuses everything after', async () => {
      const acknowledged = Promise.all([store.batch([put('a', 1)]), store.batch([put('b', 1)])])
      await store.close()
      await acknowledged
      await expect(store.batch([put('c', 1)])).rejects.toThrow(StoreError)
      expect(() => store.get('a')).toThrow(StoreError)
      expect(() => store.has('a')).toThrow(StoreError)
      await expect(keys(store, { prefix: '' })).rejects.toThrow(StoreError)
      await store.close()
    })

    it('behaves as a sorted map would, under any batches and ranges', async () => {
      const part = fc.constantFrom('', 'a', 'b', '/', 'é', '\uffff', '\u{10000}')
      const key = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => parts.join(''))
      const op: fc.Arbitrary<StoreOp> = fc.oneof(
        fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 3 }) }),
        fc.record({ type: fc.constant('del' as const), key }),
      )
      const range: fc.Arbitrary<StoreRange> = fc.record(
        { prefix: fc.oneof(part, key), after: key, limit: fc.nat(5), reverse: fc.boolean() },
        { requiredKeys: ['prefix'] },
      )
      const model = new Map<string, Uint8Array>()
      const batch = fc.array(
        op.filter(({ key }) => key !== ''),
        { maxLength: 6 },
      )
      await fc.assert(
        fc.asyncProperty(batch, range, async (ops, wanted) => {
          await store.batch(ops)
          for (const { key, ...rest } of ops)
            rest.type === 'put' ? model.set(key, rest.value) : model.delete(key)
          expect(await keys(store, wanted)).toEqual(keysOfModel(model, wanted))
          for (const { key } of ops) expect(store.get(key)).toEqual(model.get(key))
        }),
        { numRuns: 150 },
      )
    })
  })
}

function keysOfModel(model: ReadonlyMap<string, Uint8Array>, range: StoreRange): string[] {
  const { prefix, after, limit, reverse } = range
  const bytesOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const sorted = [...model.keys()].filter(key => key.startsWith(prefix)).sort(bytesOrder)
  if (reverse) sorted.reverse()
  const rest = sorted.filter(
    key => after === undefined || (reverse ? bytesOrder(key, after) < 0 : bytesOrder(key, after) > 0),
  )
  return rest.slice(0, limit ?? rest.length)
}

function put(key: string, byte: number): StoreOp {
  return { type: 'put', key, value: Uint8Array.of(byte) }
}

function del(key: string): StoreOp {
  return { type: 'del', key }
}

async function list(store: Store, range: StoreRange): Promise<string[]> {
  const items: string[] = []
  for await (const [key, value] of store.entries(range)) items.push(`${key}=${value[0]}`)
  return items
}

async function keys(store: Store, range: StoreRange): Promise<string[]> {
  const found: string[] = []
  for await (const [key] of store.entries(range)) found.push(key)
  return found
}
