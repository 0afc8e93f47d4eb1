import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attestationsDue, type DayOutcome } from '../../../../node/trust/attesting.ts'
import { attestAgeDaysMax, attestCountMax, attestSubjectsAllowance } from '../../../../protocol/limits.ts'
import { peer } from '../entry-samples.ts'

const today = 20_000
const outcome = (subject: string, helped: number, hurt = 0, day = today - 1): DayOutcome => ({
  subject: peer(subject),
  day,
  helped,
  hurt,
})

describe('attestations that are due', () => {
  it('say of each author how a whole day went, once it is over', () => {
    const outcomes = [outcome('a', 2, 1), outcome('b', 0, 1), outcome('a', 5, 0, today)]
    expect(attestationsDue(outcomes, [], today)).toEqual([
      { subject: peer('a'), day: today - 1, helped: 2, hurt: 1 },
      { subject: peer('b'), day: today - 1, helped: 0, hurt: 1 },
    ])
  })

  it('are none where nothing new happened', () => {
    expect(attestationsDue([outcome('a', 2, 1)], [outcome('a', 2, 1)], today)).toEqual([])
    expect(attestationsDue([outcome('a', 0)], [], today)).toEqual([])
  })

  it('never go below what was said', () => {
    expect(attestationsDue([outcome('a', 1, 3)], [outcome('a', 2, 1)], today)).toEqual([
      { subject: peer('a'), day: today - 1, helped: 2, hurt: 3 },
    ])
    expect(attestationsDue([outcome('a', 1, 0)], [outcome('a', 2, 1)], today)).toEqual([])
  })

  it('catch up on days on which the node was off, as long as they count', () => {
    const days = [today - 3, today - attestAgeDaysMax + 1, today - attestAgeDaysMax, today + 1]
    const due = attestationsDue(
      days.map(day => outcome('a', 1, 0, day)),
      [],
      today,
    )
    expect(due.map(one => one.day).sort()).toEqual([today - attestAgeDaysMax + 1, today - 3])
  })

  it('keep within what a record and a day may hold', () => {
    expect(attestationsDue([outcome('a', 999, 300)], [], today)[0]).toMatchObject({
      helped: attestCountMax,
      hurt: attestCountMax,
    })
    const many = Array.from({ length: attestSubjectsAllowance + 10 }, (_, i) => outcome(`p${i}`, 1))
    const before = many.slice(0, 20)
    expect(attestationsDue(many, before, today)).toHaveLength(attestSubjectsAllowance - 20)
  })

  it('are said once: with what was said, nothing more is due', () => {
    const counts = fc.nat(300)
    const outcomes = fc.uniqueArray(
      fc.record({
        subject: fc.integer({ min: 0, max: 9 }).map(number => peer(`p${number}`)),
        day: fc.integer({ min: today - 5, max: today }),
        helped: counts,
        hurt: counts,
      }),
      { selector: ({ subject, day }) => `${subject} ${day}` },
    )
    fc.assert(
      fc.property(outcomes, given => {
        const due = attestationsDue(given, [], today)
        expect(attestationsDue(given, due, today)).toEqual([])
        expect(attestationsDue([...given].reverse(), [], today)).toEqual(due)
      }),
    )
  })
})
