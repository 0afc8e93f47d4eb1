import { describe, expect, it } from 'vitest'
import { lineOf } from '../../../sim/lines.ts'
import { figuresOf, merge } from '../../../sim/merge.ts'
import type { RunResult } from '../../../sim/run.ts'
import { resultOf, settingsOfSeed, violation } from './results.ts'

const line = (seed: string, changes: Partial<RunResult> = {}, version = '1'): string =>
  JSON.stringify(lineOf(resultOf({ seed, ...changes }), settingsOfSeed(seed), version))
const merged = (...files: readonly (readonly string[])[]) =>
  merge(files.map((lines, at) => ({ name: `${at}.jsonl`, lines })))

describe('a line of a run', () => {
  it('has every figure, and null where there is none', () => {
    const parsed = JSON.parse(line('1', { delivered10s: undefined, convergedAfterHealS: undefined }))
    expect(parsed).toMatchObject({ delivered10s: null, convergedAfterHealS: null, recallAccuracy: 0.5 })
    for (const inner of ['trace', 'events', 'stopped']) expect(parsed).not.toHaveProperty(inner)
  })

  it('of a failed run has the command that stops where it failed', () => {
    expect(JSON.parse(line('9', { violations: [violation] })).command).toBe(
      'swarmlore sim --nodes 7 --minutes 3 --seed 9 --faults crash=0.2,loss --adversaries none --workload synthetic --publishes 12 --recalls 60 --until 321',
    )
  })
})

describe('results of shards', () => {
  it('are of whole runs: one that was stopped on purpose is no seed of a sweep', () => {
    const sweep = merged([line('1'), line('2', { stopped: 'until', events: 40 })])
    expect(sweep).toMatchObject({
      ok: false,
      message: '0.jsonl, line 2 is of a run that was stopped before its end.',
    })
  })

  it('say nothing but names of checks', () => {
    const odd = line('1', { violations: [violation] }).replace('"bounds"', '"bounds\\nseed 2: all is well"')
    expect(merged([odd])).toMatchObject({ ok: false, code: 'bad-input' })
  })

  it('join in the order of their seeds, with sums, and shares weighted by what they are shares of', () => {
    const sweep = merged(
      [
        line('10', { deliveries: 300, delivered60s: 0.9 }),
        '',
        line('2', { deliveries: 100, delivered60s: 0.5 }),
      ],
      [line('3', { deliveries: 0, delivered60s: undefined, rssMb: 300 })],
    )
    expect(sweep.ok && sweep.value.lines.map(({ seed }) => seed)).toEqual(['2', '3', '10'])
    expect(sweep.ok && figuresOf(sweep.value)).toMatchObject({
      version: '1',
      settings: { nodes: '7', minutes: '3', faults: 'crash=0.2,loss', workload: 'synthetic' },
      seeds: 3,
      failed: 0,
      simulatedS: 540,
      deliveries: 400,
      delivered60s: 0.8,
      entries60s: 0.5,
      messagesPerNodeDay: 10,
      maxRssMb: 300,
      failing: [],
    })
  })

  it('name each failing seed with the command that shows it', () => {
    const sweep = merged([line('2', { violations: [violation, violation] }), line('3')])
    const command =
      'swarmlore sim --nodes 7 --minutes 3 --seed 2 --faults crash=0.2,loss --adversaries none --workload synthetic --publishes 12 --recalls 60 --until 321'
    expect(sweep.ok && figuresOf(sweep.value)).toMatchObject({
      failed: 1,
      failing: [{ seed: '2', checks: ['bounds'], command }],
    })
  })

  it('have one hash of all traces, however they are split', () => {
    const hashes = [merged([line('1'), line('2')]), merged([line('2')], [line('1')])].map(
      sweep => sweep.ok && figuresOf(sweep.value).traceHashes,
    )
    expect(hashes[0]).toBe(hashes[1])
    const other = merged([line('1'), line('2', { traceHash: 'cd'.repeat(32) })])
    expect(other.ok && figuresOf(other.value).traceHashes).not.toBe(hashes[0])
  })

  const settings = JSON.parse(line('1'))
  it.each<[string, readonly (readonly string[])[], RegExp]>([
    [
      'a seed twice',
      [[line('1')], [line('1')]],
      /1\.jsonl, line 1 has the seed 1, and so has 0\.jsonl, line 1/,
    ],
    ['mixed versions', [[line('1'), line('2', {}, '2')]], /another version/],
    [
      'mixed settings',
      [[line('1'), line('2').replace('--minutes 3', '--minutes 4')]],
      /line 2 is of other settings/,
    ],
    ['nothing', [[]], /no result/],
    ['no JSON', [['{']], /0\.jsonl, line 1 is no JSON/],
    ['something else', [['{"a":1}']], /is no result of a simulation: seed/],
    ['the command of another seed', [[JSON.stringify({ ...settings, seed: '4' })]], /of another seed/],
    ['a command of something else', [[JSON.stringify({ ...settings, command: 'rm -rf ~' })]], /no command/],
    ['a negative figure', [[JSON.stringify({ ...settings, deliveries: -1 })]], /deliveries/],
  ])('that hold %s are refused', (_, files, sentence) => {
    const sweep = merged(...files)
    expect(sweep).toMatchObject({ ok: false, code: 'bad-input' })
    expect(sweep.ok ? '' : sweep.message).toMatch(sentence)
  })
})
