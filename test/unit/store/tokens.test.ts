import { expect, it } from 'vitest'
import { tokensOf } from '../../../store/tokens.ts'

it('finds identifiers as a whole and in parts', () => {
  expect(tokensOf('update_reservation_flights')).toEqual([
    'update',
    'reservation',
    'flight',
    'update_reservation_flights',
  ])
  expect(tokensOf('getUserDetails(parseHTMLText)')).toEqual([
    'get',
    'user',
    'detail',
    'getuserdetails',
    'parse',
    'html',
    'text',
    'parsehtmltext',
  ])
  expect(tokensOf('get_user_details.payment_methods[id]').slice(-4)).toEqual([
    'payment',
    'method',
    'payment_methods',
    'id',
  ])
})

it('takes capitals for small letters, and leaves plain words whole', () => {
  expect(tokensOf('Flight FLIGHT flight')).toEqual(['flight', 'flight', 'flight'])
  expect(tokensOf('Über 42 naïve')).toEqual(['über', '42', 'naïve'])
})

it('reduces plurals, and nothing that only looks like one', () => {
  expect(tokensOf('flights policies certificates buses')).toEqual(['flight', 'policy', 'certificate', 'buse'])
  expect(tokensOf('status pass gas does series')).toEqual(['status', 'pass', 'gas', 'does', 'sery'])
})

it('leaves out runs that are no words, and underscores alone', () => {
  expect(tokensOf(`${'a'.repeat(65)} ___ _x_ !?`)).toEqual(['x'])
  expect(tokensOf('')).toEqual([])
})
