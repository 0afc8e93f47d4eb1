import { expect, test } from 'vitest'
import { AuthorCalls, type Callable } from '../../../../../node/pipeline/fetch/author-calls.ts'
import type { PeerId } from '../../../../../protocol/types.ts'

const peer = (name: string): PeerId => `did:key:${name}` as PeerId
const of = (name: string, inviter?: string): Callable => ({
  author: peer(name),
  inviter: inviter === undefined ? undefined : peer(inviter),
})
const minuteMs = 60_000
const startMs = 1_700_000_000_000

/** Who is called, once every five seconds. */
function called(callable: readonly Callable[], times: number, calls = new AuthorCalls()): readonly string[] {
  return Array.from(
    { length: times },
    (_, at) => calls.next(callable, startMs + at * 5_000)?.slice('did:key:'.length) ?? '',
  )
}

test('one author after the other is called, and none twice within a minute', () => {
  expect(called([of('a'), of('b'), of('c')], 15)).toEqual([...'abc', ...Array(9).fill(''), ...'abc'])
})

test('thousand names behind one invitation keep nobody behind another one from being called', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => of(`m${at}`, 'hostile'))
  const order = called([...many, of('a', 'founder'), of('b', 'founder')], 6)
  expect(order.filter(name => name === 'a' || name === 'b')).toEqual(['a', 'b'])
  expect(order.slice(0, 4)).toContain('b')
})

test('nor does one invitation keep its own from their turn', () => {
  const many = ['a', 'b', 'c', 'd', 'e'].map(name => of(name, 'founder'))
  expect(called(many, 5)).toEqual([...'abcde'])
})

test('each call in vain doubles the wait for the next one, up to ten minutes', () => {
  const calls = new AuthorCalls()
  const atMinutes: number[] = []
  for (let minute = 0; minute <= 60; minute++)
    if (calls.next([of('a')], startMs + minute * minuteMs) !== undefined) atMinutes.push(minute)
  expect(atMinutes).toEqual([0, 1, 3, 7, 15, 25, 35, 45, 55])
})

test('who delivered may be called again at once', () => {
  const calls = new AuthorCalls()
  expect(calls.next([of('a')], startMs)).toBe(peer('a'))
  expect(calls.next([of('a')], startMs)).toBeUndefined()
  calls.delivered(peer('a'))
  expect(calls.next([of('a')], startMs)).toBe(peer('a'))
})

test('who delivers at each call keeps nobody else waiting, whoever is named first', () => {
  const calls = new AuthorCalls()
  const callable = [
    of('greedy', 'hostile'),
    of('accomplice', 'hostile'),
    of('a', 'founder'),
    of('b', 'founder'),
  ]
  const order: string[] = []
  for (let at = 0; at < 5; at++) {
    const author = calls.next(callable, startMs + at * 5_000)
    if (author !== undefined) order.push(author.slice('did:key:'.length))
    if (author === peer('greedy')) calls.delivered(author)
  }
  expect(order).toEqual(['greedy', 'a', 'accomplice', 'b', 'greedy'])
})

test('a clock that was set back makes nobody wait for more than its wait', () => {
  const calls = new AuthorCalls()
  calls.next([of('a')], startMs)
  expect(calls.next([of('a')], startMs - 10 * minuteMs)).toBe(peer('a'))
})

test('so many authors are remembered and no more; those called longest ago may be called again', () => {
  const calls = new AuthorCalls()
  const many = Array.from({ length: 1_025 }, (_, at) => of(`m${at}`))
  for (const one of many) expect(calls.next([one], startMs)).toBe(one.author)
  expect(calls.next([of('m1')], startMs)).toBeUndefined()
  expect(calls.next([of('m0')], startMs)).toBe(peer('m0'))
})
