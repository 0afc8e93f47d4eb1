import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dateOf, datesIn, numberOf, numbersIn, sameDay } from '../../node/lessons/forms.ts'
import { originName, originsOf } from '../../node/lessons/origins.ts'
import { toRun } from '../../node/lessons/runs.ts'
import { tracedShare } from '../../node/lessons/traced-share.ts'
import { redacted, transcript } from '../unit/node/lessons/episodes.ts'

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const day = fc.record({
  year: fc.integer({ min: 1950, max: 2040 }),
  month: fc.integer({ min: 1, max: 12 }),
  day: fc.integer({ min: 1, max: 28 }),
})
const two = (value: number): string => String(value).padStart(2, '0')
const id = fc.stringMatching(/^[a-z]{3,6}_[0-9]{3,6}[A-Z]{2}$/)

describe('forms', () => {
  it('a day is the same however it is written, with or without its year', () => {
    fc.assert(
      fc.property(day, ({ year, month, day: number }) => {
        const iso = dateOf(`${year}-${two(month)}-${two(number)}`)
        const name = MONTHS[month - 1] ?? ''
        const forms = [
          `${name} ${number}`,
          `${name.slice(0, 3)} ${number}th, ${year}`,
          `${number} ${name} ${year}`,
          `the ${number}th of ${name}`,
          `${month}/${number}/${year}`,
          `${number}.${month}.${year}`,
          `${year}/${month}/${number}`,
        ]
        expect(iso).toBeDefined()
        for (const form of forms) {
          const found = datesIn(`I mean ${form}, please.`)
          expect(
            found.some(other => iso !== undefined && sameDay(iso, other)),
            form,
          ).toBe(true)
        }
      }),
    )
  })

  it('a number is the same with groups, currency and cents', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 9_999_999 }),
        fc.integer({ min: 0, max: 99 }),
        (whole, cents) => {
          const value = Number(`${whole}.${two(cents)}`)
          const written = `$${whole.toLocaleString('en-US')}.${two(cents)}`
          expect(numberOf(written)).toBe(value)
          expect(numbersIn(`It costs ${written} in all.`).has(value)).toBe(true)
        },
      ),
    )
  })

  it('any text is read without throwing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), text => {
        datesIn(text)
        numbersIn(text)
        dateOf(text)
        numberOf(text)
      }),
    )
  })
})

describe('origins', () => {
  it('of a value at any depth of a result is its path; of one that nobody gave there is none', async () => {
    await fc.assert(
      fc.asyncProperty(
        id,
        id,
        fc.array(fc.constantFrom('jars', 'lid', 'shelf'), { maxLength: 4 }),
        async (held, absent, path) => {
          fc.pre(held !== absent && !held.includes(absent) && !absent.includes(held))
          const result = path.reduceRight<unknown>((inner, key) => ({ [key]: inner, n: 1 }), {
            code: held,
            n: 2,
          })
          const steps = [{ tool: 'read_it', arguments: {}, result }]
          const origins = originsOf(toRun(await redacted(transcript({ task: 't', steps }))))
          expect(origins.of(held, 99).map(originName)).toEqual([['read_it', ...path, 'code'].join('.')])
          expect(origins.of(absent, 99)).toEqual([])
        },
      ),
    )
  })

  it('of an id in the user’s words does not hang on case, spaces and signs', async () => {
    await fc.assert(
      fc.asyncProperty(id, async value => {
        for (const said of [value, value.toLowerCase(), value.replace('_', ' '), `#${value}`]) {
          const run = toRun(await redacted(transcript({ task: 't', steps: [{ user: `It is ${said}.` }] })))
          expect(originsOf(run).of(value, 99)).toEqual([{ from: 'user' }])
        }
      }),
    )
  })

  it('what a result merely repeats of the call’s own arguments is no source of it', async () => {
    const steps = [
      { tool: 'list_them', arguments: {}, result: { all: ['jar-4417'] } },
      { tool: 'read_it', arguments: { jar_id: 'jar-4417' }, result: { jar_id: 'jar-4417', size: 3 } },
    ]
    const run = toRun(await redacted(transcript({ task: 't', steps })))
    expect(originsOf(run).of('jar-4417', 99).map(originName)).toEqual(['list_them.all[]'])
  })

  it('the traced share counts structured values only', async () => {
    const steps = [
      { user: 'jar-4417 on May 20th' },
      {
        tool: 'read_it',
        arguments: { jar_id: 'jar-4417', day: '2024-05-20', open: true, note: '', other: 'made-up-9' },
        result: 'ok',
      },
    ]
    expect(tracedShare([await redacted(transcript({ task: 't', steps }))])).toEqual({
      structured: 3,
      traced: 2,
    })
  })
})
