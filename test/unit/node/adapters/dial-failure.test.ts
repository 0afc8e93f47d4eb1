import { expect, it } from 'vitest'
import { failureOf } from '../../../../node/adapters/dial-failure.ts'

const named = (name: string, message = '') => Object.assign(new Error(message), { name })
const coded = (code: string) => Object.assign(new Error('connection error'), { code })

it.each([
  [coded('ECONNREFUSED'), 'refused'],
  [coded('ENOTFOUND'), 'no-such-name'],
  [coded('EAI_AGAIN'), 'no-such-name'],
  [coded('EHOSTUNREACH'), 'no-route'],
  [coded('ENETUNREACH'), 'no-route'],
  [coded('ETIMEDOUT'), 'silent'],
  [new DOMException('aborted', 'TimeoutError'), 'silent'],
  [named('ConnectionFailedError'), 'silent'],
  [named('NoValidAddressesError'), 'not-dialable'],
  [named('UnexpectedEOFError'), 'other-network'],
  [named('EncryptionFailedError', 'read ECONNRESET'), 'other-network'],
  [named('EncryptionFailedError', 'a does not match expected remote identity key b'), 'other-node'],
  [new Event('error'), 'no-websocket'],
  [new Error('dial', { cause: coded('ECONNREFUSED') }), 'refused'],
  [new AggregateError([coded('ETIMEDOUT'), coded('ECONNREFUSED')]), 'refused'],
  [new AggregateError([coded('ECONNREFUSED'), named('EncryptionFailedError')]), 'other-network'],
  [new Error('something else'), 'failed'],
  ['a text', 'failed'],
  [undefined, 'failed'],
])('%s is told as %s', (error, failure) => {
  expect(failureOf(error)).toBe(failure)
})

it('ends on an error that is its own cause', () => {
  const round = new Error('round')
  round.cause = round
  expect(failureOf(round)).toBe('failed')
})
