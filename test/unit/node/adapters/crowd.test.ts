import { expect, it } from 'vitest'
import { graceMs, type Seat, surplus } from '../../../../node/adapters/crowd.ts'

const nowMs = 1_000_000

function seat(peer: string, changes: Partial<Seat> = {}): Seat {
  return { peer, host: undefined, standing: 'stranger', outbound: false, since: 0, ...changes }
}

it('nobody goes while there is room, whoever shares an address', () => {
  const office = Array.from({ length: 50 }, (_, at) => seat(`o${at}`, { host: '8.8.8.8' }))
  expect(surplus(office, 60, nowMs)).toEqual([])
})

it('strangers go before members, members before those that are trusted, and never more than must', () => {
  const seats = [
    seat('trusted', { standing: 'trusted' }),
    seat('member', { standing: 'member', outbound: true }),
    seat('stranger', { outbound: true }),
  ]
  expect(surplus(seats, 2, nowMs)).toEqual(['stranger'])
  expect(surplus(seats, 1, nowMs)).toEqual(['stranger', 'member'])
})

it('a crowded address is held against strangers only', () => {
  const office = Array.from({ length: 20 }, (_, at) =>
    seat(`o${at}`, { host: '8.8.8.8', standing: 'member' }),
  )
  const farm = Array.from({ length: 5 }, (_, at) => seat(`f${at}`, { host: '9.9.9.9' }))
  const seats = [seat('lone', { host: '1.1.1.1' }), ...office, ...farm]
  expect(surplus(seats, 21, nowMs).toSorted()).toEqual(['f0', 'f1', 'f2', 'f3', 'f4'])
})

it('inbound ones go before outbound ones, and the newest first', () => {
  const seats = [
    seat('out', { outbound: true, since: 9 }),
    seat('old', { since: 1 }),
    seat('new', { since: 5 }),
  ]
  expect(surplus(seats, 1, nowMs)).toEqual(['new', 'old'])
})

it('a newcomer has time to show who it is', () => {
  const seats = [seat('new', { since: nowMs - graceMs + 1 }), seat('known', { standing: 'member' })]
  expect(surplus(seats, 1, nowMs)).toEqual(['known'])
  expect(surplus(seats, 1, nowMs + 1)).toEqual(['new'])
})
