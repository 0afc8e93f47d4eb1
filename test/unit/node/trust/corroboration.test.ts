import { describe, expect, it } from 'vitest'
import { agreementOf, isCorroborated, type Voice } from '../../../../node/trust/corroboration.ts'
import { peer } from '../entry-samples.ts'

const voice = (name: string, changes: Partial<Voice> = {}): Voice => ({
  author: peer(name),
  expected: 0.5,
  branch: peer(name),
  isSilenced: false,
  ...changes,
})

describe('agreement', () => {
  it('of two independent authors with a clean record is enough', () => {
    const agreement = agreementOf([voice('a'), voice('b')])
    expect(agreement).toEqual({ voices: [peer('a'), peer('b')], expected: 0.75 })
    expect(isCorroborated(agreement)).toBe(true)
  })

  it('of a thousand behind one voucher counts as one', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => voice(`s${i}`, { branch: peer('v') }))
    const agreement = agreementOf([...many, voice('v')])
    expect(agreement.voices).toHaveLength(1)
    expect(agreement.expected).toBe(0.5)
    expect(isCorroborated(agreement)).toBe(false)
  })

  it('is not enough when their lessons have hurt', () => {
    expect(isCorroborated(agreementOf([voice('a'), voice('b', { expected: 0.3 })]))).toBe(false)
  })

  it('leaves out for whom nobody vouches and whom the owner silenced', () => {
    const none = voice('x', { branch: undefined })
    const silenced = voice('y', { isSilenced: true })
    expect(agreementOf([voice('a'), none, silenced]).voices).toEqual([peer('a')])
  })

  it('takes the best of a branch, in whatever order they come', () => {
    const voices = [voice('b', { branch: peer('v') }), voice('a', { branch: peer('v'), expected: 0.6 })]
    expect(agreementOf(voices)).toEqual(agreementOf([...voices].reverse()))
    expect(agreementOf(voices).voices).toEqual([peer('a')])
  })
})
