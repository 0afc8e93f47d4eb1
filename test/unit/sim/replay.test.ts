import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPlan } from '../../../sim/plan.ts'
import { comesAgain, readReplay, replayOf } from '../../../sim/replay.ts'
import { hash, resultOf, settingsOfSeed, violation } from './results.ts'

const replay = replayOf(settingsOfSeed('17'), '1.2.3', resultOf({ violations: [violation] }))
const changed = (changes: object): string => JSON.stringify({ ...replay, ...changes })

describe('a replay file', () => {
  it('has all that the run follows from, what came of it, and where it failed', () => {
    const read = readReplay(JSON.stringify(replay), '1.2.3')
    expect(read).toMatchObject({
      ok: true,
      value: {
        settings: settingsOfSeed('17'),
        traceHash: hash,
        events: 5_000,
        failure: { check: 'bounds', event: 321 },
      },
    })
  })

  it('can be read whatever a failure says', () => {
    const long = { ...violation, message: '\u0000'.repeat(70_000) }
    const text = JSON.stringify(replayOf(settingsOfSeed('17'), '1.2.3', resultOf({ violations: [long] })))
    expect(readReplay(text, '1.2.3').ok).toBe(true)
  })

  it('comes again with the same trace, or, stopped where it failed, with the same failure', () => {
    const read = readReplay(JSON.stringify(replay), '1.2.3')
    if (!read.ok) throw new TypeError(read.message)
    const again = (changes: Parameters<typeof resultOf>[0], until?: { readonly event: number }) =>
      comesAgain(resultOf(changes), read.value, until)
    expect([again({}), again({ traceHash: 'cd'.repeat(32) })]).toEqual([true, false])
    const there = { event: violation.event }
    expect(again({ violations: [violation] }, there)).toBe(true)
    expect(again({ violations: [{ ...violation, event: 320 }] }, there)).toBe(false)
    expect(again({ violations: [{ ...violation, check: 'converged' }] }, there)).toBe(false)
    expect(again({}, there)).toBe(false)
    expect(again({}, { event: 1 })).toBe(undefined)
  })

  it.each<[string, string, RegExp]>([
    ['nothing', '', /damaged/],
    ['no object', '[]', /damaged/],
    ['no JSON', '{', /damaged or none: it is no JSON/],
    ['too much', ' '.repeat(70_000), /too long/],
    ['another version', changed({ version: '1.2.4' }), /of version 1\.2\.4, and this is 1\.2\.3/],
    ['a later form of another version', JSON.stringify({ format: 'x', version: '9' }), /of version 9/],
    ['another format', changed({ format: 'x' }), /at 'format'/],
    ['no hash', changed({ traceHash: 'zz' }), /at 'traceHash'/],
    ['no place', changed({ events: -1 }), /at 'events'/],
    ['a fraction of an event', changed({ failure: { ...replay.failure, event: 1.5 } }), /at 'failure.event'/],
    ['more than a replay has', changed({ run: 'rm' }), /damaged/],
    ['a setting of another type', changed({ settings: { ...replay.settings, nodes: 5 } }), /settings\.nodes/],
    [
      'no load',
      changed({ settings: { ...replay.settings, publishes: undefined } }),
      /does not say 'publishes'/,
    ],
    ['the form before the load was told', changed({ format: 'swarmlore-sim-replay/1' }), /at 'format'/],
    ['an unknown fault', changed({ settings: { ...replay.settings, faults: 'rain' } }), /no fault 'rain'/],
    ['too many nodes', changed({ settings: { ...replay.settings, nodes: '999999' } }), /--nodes wants/],
    ['no seed', changed({ settings: { ...replay.settings, seed: undefined } }), /does not say 'seed'/],
    [
      'an unknown setting',
      changed({ settings: { ...replay.settings, weather: 'x' } }),
      /no setting 'weather'/,
    ],
    [
      'many seeds',
      changed({ settings: { ...replay.settings, seed: undefined, seeds: '1..3' } }),
      /does not say|no setting/,
    ],
  ])('that holds %s is refused with a sentence', (_, text, sentence) => {
    const read = readReplay(text, '1.2.3')
    expect(read).toMatchObject({ ok: false, code: 'bad-input' })
    expect(read.ok ? '' : read.message).toMatch(sentence)
  })

  it('of anything at all is read or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (settings, failure) => {
        for (const text of [
          settings,
          changed({ settings: JSON.parse(settings), failure: JSON.parse(failure) }),
        ])
          expect(readReplay(text, '1.2.3').ok).toBe(false)
      }),
    )
  })

  it('brings its own settings, and takes none beside them', () => {
    const text = JSON.stringify(replay)
    expect(readPlan({ replay: text }, '1.2.3')).toMatchObject({
      ok: true,
      value: { expected: { events: 5_000 } },
    })
    const refused = readPlan({ replay: text, nodes: '3' }, '1.2.3')
    expect(refused.ok ? '' : refused.message).toMatch(/leave out --nodes/)
  })
})

describe('a plan', () => {
  it('stops a replay where the run failed, if that is asked for', () => {
    const plan = readPlan({ replay: JSON.stringify(replay), until: 'failure' }, '1.2.3')
    expect(plan).toMatchObject({ ok: true, value: { until: { event: 321 } } })
    for (const written of [{}, { replay: changed({ failure: null }) }])
      expect(readPlan({ ...written, until: 'failure' }, '1.2.3')).toMatchObject({
        ok: false,
        code: 'bad-usage',
      })
  })

  it('stops one run at most', () => {
    const plan = readPlan({ seeds: '1..3', until: '5' }, '1')
    expect(plan).toMatchObject({ ok: false, code: 'bad-usage' })
  })
})
