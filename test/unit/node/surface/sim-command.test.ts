import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { SimulatedRun, SimulateOptions } from '../../../../node/surface/cli/program.ts'
import { runCli } from '../../../../node/surface/cli.ts'
import { fakeProgram } from './fake-program.ts'

const violation = { check: 'bounds', atMs: 1_500, node: 'n3', message: 'too many', event: 321 }
const good: SimulatedRun = {
  figures: { seed: '1', recallAccuracy: null, violations: [], command: 'swarmlore sim --seed 1' },
  trace: [],
  stopped: false,
}
const failing: SimulatedRun = {
  figures: { seed: '2', violations: [violation], command: 'swarmlore sim --seed 2 --until 321' },
  trace: ['#320 1.000 before', '#321 1.500 VIOLATED bounds'],
  stopped: false,
}

/** What a simulation with these results prints. */
async function sim(argv: readonly string[], results: readonly SimulatedRun[] = []) {
  let asked: SimulateOptions | undefined
  const program = fakeProgram('none')
  program.simulate = async options => {
    asked = options
    options.onRuns(results.length)
    for (const result of results) options.onResult(result)
    const failed = results.filter(one => one.figures.violations.length > 0 || one.isAgain === false)
    return { ok: true, value: failed.length }
  }
  program.mergeSimulated = async ({ files, report }) => ({
    ok: true,
    value: {
      seeds: files.length,
      report,
      failing: [{ seed: '2', checks: ['bounds'], command: 'swarmlore sim --seed 2' }],
    },
  })
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const seen = Promise.all([text(stdout), text(stderr)])
  const status = await runCli(program, ['sim', ...argv], { stdout, stderr })
  stdout.end()
  stderr.end()
  const [out, err] = await seen
  return { status, out, err, written: asked?.written }
}

describe('sim', () => {
  it('hands on what it is asked for, and nothing that it is not', async () => {
    const words = '--nodes 5 --seeds 1..9 --shard 2/3 --report out --faults all'
    const { status, written } = await sim(words.split(' '), [good])
    expect(status).toBe(0)
    expect(written).toEqual({ nodes: '5', seeds: '1..9', shard: '2/3', report: 'out', faults: 'all' })
  })

  it('tells of a failed run what failed, what came before, and the command that shows it again', async () => {
    const { status, out } = await sim([], [good, failing])
    expect(status).toBe(1)
    expect(out).toBe(`seed 1: all checks hold
seed 2: 1 check violated
  bounds at 1.500 s, event 321 (n3): too many
What happened before:
  #320 1.000 before
  #321 1.500 VIOLATED bounds
To see it again: swarmlore sim --seed 2 --until 321
`)
  })

  it('prints with --json a line for each seed and nothing else, and what failed beside it', async () => {
    const { out, err } = await sim(['--json'], [good, failing])
    const lines = out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines).toEqual([good.figures, failing.figures])
    expect(err).toContain('To see it again: swarmlore sim --seed 2 --until 321')
  })

  it('shows of a run that was stopped what came before, and that it was', async () => {
    const { status, out } = await sim(
      ['--until', '9'],
      [{ ...good, trace: ['#9 1.000 this'], stopped: true }],
    )
    expect(status).toBe(0)
    expect(out).toMatch(/What happened before:\n {2}#9 1\.000 this\nThe run was stopped there/)
  })

  it('says of a run that it ended before it came to where it was to stop', async () => {
    const { status, out } = await sim(['--until', '9'], [good])
    expect(status).toBe(0)
    expect(out).toContain('The run ended before it came to where --until would stop it.')
  })

  it('names in the command that shows a failed run again the data that it needs', async () => {
    const { out } = await sim(['--workload', 'clinc150', '--workload-data', 'my data'], [failing])
    expect(out).toContain("To see it again: swarmlore sim --seed 2 --until 321 --workload-data 'my data'\n")
  })

  it('says of a replay whether it is the same run, and fails where it is not', async () => {
    const same = await sim(['--replay', 'file'], [{ ...good, isAgain: true }])
    expect(same).toMatchObject({ status: 0, out: expect.stringContaining('It is the same run again') })
    const other = await sim(['--replay', 'file', '--json'], [{ ...good, isAgain: false }])
    expect(other).toMatchObject({ status: 1, err: expect.stringContaining('It is NOT the same run') })
    expect(JSON.parse(other.out)).toMatchObject({ isAgain: false })
  })

  it.each([['--frequency', '1'], ['nonsense'], ['merge'], ['--seed']])(
    '%s is wrong usage',
    async (...argv) => {
      expect((await sim(argv)).status).toBe(2)
    },
  )

  it.each([['--help'], ['merge', '--help']])('%s shows an example', async (...argv) => {
    const { status, out } = await sim(argv)
    expect(status).toBe(0)
    expect(out).toMatch(/\nExample:\n {2}\$ swarmlore sim/)
  })

  it.each(['merge', 'spread', 'calibrate'])('%s does not say that it takes what it refuses', async name => {
    const { out } = await sim([name, '--help'])
    expect(out).toContain('--json')
    expect(out).not.toContain('--adversaries')
  })
})

it.each(['--data x', '--set httpPort=1', 'spread --data x', 'merge a --set httpPort=1'])(
  'sim passes over no folder and no setting of a node: %s',
  async words => {
    const { status, err } = await sim(words.split(' '))
    expect(status).toBe(2)
    expect(err).toContain('leave out --data and --set')
  },
)

describe('a command below sim', () => {
  it.each([
    'merge a --workload-data x',
    'spread --workload-data x',
    'calibrate --workload-data x',
    '--workload-data x spread --sizes 100',
  ])('refuses what only a run would heed: %s', async words => {
    const { status, err } = await sim(words.split(' '))
    expect(status).toBe(2)
    expect(err).toContain('takes no --workload-data')
  })

  it('heeds what is its own', async () => {
    const { out } = await sim(['merge', 'a', '--report', 'folder', '--json'])
    expect(JSON.parse(out)).toMatchObject({ report: 'folder' })
  })
})

describe('sim merge', () => {
  it('prints the figures of the sweep, and of each failing seed its command; fails where one failed', async () => {
    const { status, out } = await sim(['merge', 'a', 'b'])
    expect(status).toBe(1)
    expect(out).toMatch(/^seeds +2$/m)
    expect(out).toContain('seed 2: bounds violated: swarmlore sim --seed 2')
    expect(JSON.parse((await sim(['merge', 'a', '--json'])).out)).toMatchObject({ seeds: 1 })
  })
})
