import { expect, it } from 'vitest'
import { systemRandom } from '../../node/adapters/system.ts'
import { seededRandom } from '../../sim/random.ts'
import { randomContract } from './random.ts'

randomContract('system', () => systemRandom)
randomContract('seeded', () => seededRandom('7'))

it('the same seed gives the same bytes, another seed others', () => {
  expect(seededRandom('7').bytes(40)).toEqual(seededRandom('7').bytes(40))
  expect(seededRandom('7').bytes(40)).not.toEqual(seededRandom('8').bytes(40))
})

it('a fork depends on its label alone, not on what was drawn before', () => {
  const random = seededRandom('7')
  random.bytes(100)
  expect(random.fork('a').bytes(16)).toEqual(seededRandom('7').fork('a').bytes(16))
  expect(random.fork('a').bytes(16)).not.toEqual(random.fork('b').bytes(16))
})
