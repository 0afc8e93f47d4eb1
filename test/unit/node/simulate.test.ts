import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mergeSimulated, simulate, spreadAll } from '../../../node/simulate.ts'
import type { SimulatedRun, SimulateOptions } from '../../../node/surface/cli/program.ts'
import type { Memory } from '../../../sim/memory.ts'

const small = { nodes: '3', minutes: '1' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-sim-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function sim(written: SimulateOptions['written'], version = '1', memory?: Memory) {
  const runs: SimulatedRun[] = []
  const outcome = await simulate(
    { written, onRuns: () => undefined, onProgress: () => undefined, onResult: run => runs.push(run) },
    version,
    memory,
  )
  return { outcome, runs }
}

describe('a simulation', () => {
  it('writes into the report’s folder whole files, and nothing else', async () => {
    const { outcome } = await sim({ ...small, report: folder })
    expect(outcome).toEqual({ ok: true, value: 0 })
    expect((await readdir(folder)).sort()).toEqual(['report.html', 'report.json'])
  })

  it('has the same trace with a report and without, and in a shard as in the whole', async () => {
    const plain = await sim({ ...small, seeds: '1..3', faults: 'all' })
    const reported = await sim({ ...small, seeds: '1..3', shard: '2/2', faults: 'all', report: folder })
    const [second] = reported.runs
    expect(reported.runs).toHaveLength(1)
    expect(second?.figures.traceHash).toBe(plain.runs[1]?.figures.traceHash)
  })

  it('that is to be replayed says whether it is the same again', async () => {
    const [first] = (await sim(small)).runs
    const file = join(folder, 'replay.json')
    const replay = {
      format: 'swarmlore-sim-replay/2',
      version: '1',
      settings: {
        nodes: '3',
        minutes: '1',
        seed: '1',
        faults: 'none',
        adversaries: 'none',
        workload: 'synthetic',
        publishes: '12',
        recalls: '60',
      },
      traceHash: first?.figures.traceHash,
      events: 1_000,
      failure: null,
    }
    await writeFile(file, JSON.stringify(replay))
    const same = await sim({ replay: file })
    expect([same.outcome, same.runs[0]?.isAgain]).toEqual([{ ok: true, value: 0 }, true])
    await writeFile(file, JSON.stringify({ ...replay, traceHash: '0'.repeat(64) }))
    const other = await sim({ replay: file })
    expect([other.outcome, other.runs[0]?.isAgain]).toEqual([{ ok: true, value: 1 }, false])
    expect((await sim({ replay: file }, '2')).outcome).toMatchObject({ ok: false, code: 'bad-input' })
  })

  it('that does not fail where its file says is no success', async () => {
    const file = join(folder, 'replay.json')
    const settings = { ...small, seed: '1', faults: 'none', adversaries: 'none', workload: 'synthetic' }
    const replay = {
      format: 'swarmlore-sim-replay/2',
      version: '1',
      settings: { ...settings, publishes: '12', recalls: '60' },
      traceHash: '0'.repeat(64),
      events: 900,
      failure: { check: 'bounds', event: 900, message: 'too many' },
    }
    await writeFile(file, JSON.stringify(replay))
    const { outcome, runs } = await sim({ replay: file, until: 'failure', report: folder })
    expect([outcome, runs[0]?.isAgain]).toEqual([{ ok: true, value: 1 }, false])
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(replay)
  })

  it('on public data needs that data, and is the same again with it', async () => {
    const missing = await sim({ ...small, workload: 'clinc150', workloadData: folder })
    expect(missing.outcome).toMatchObject({ ok: false, code: 'bad-usage' })
    expect(missing.outcome.ok ? '' : missing.outcome.message).toMatch(
      /clinc150\/train\.jsonl.*--workload-data/s,
    )
    const useless = await sim({ ...small, workloadData: folder })
    expect(useless.outcome).toMatchObject({ ok: false, code: 'bad-usage' })
    await mkdir(join(folder, 'clinc150'))
    const rows = Array.from(
      { length: 9 },
      (_, at) => `{"text":"how do I do thing${at}","intent":"intent_${at}"}\n`,
    )
    for (const file of ['train', 'test'])
      await writeFile(join(folder, 'clinc150', `${file}.jsonl`), rows.join(''))
    const longer = { nodes: '3', minutes: '4' }
    const first = await sim({ ...longer, workload: 'clinc150', workloadData: folder })
    const again = await sim({ ...longer, workload: 'clinc150', workloadData: folder })
    expect(first.outcome).toEqual({ ok: true, value: 0 })
    expect(first.runs[0]?.figures.traceHash).toBe(again.runs[0]?.figures.traceHash)
    expect(first.runs[0]?.figures.traceHash).not.toBe((await sim(longer)).runs[0]?.figures.traceHash)
  })

  it('that does not fit into the memory is not begun, and one that grows out of it is ended, with a sentence', async () => {
    const message = expect.stringMatching(/nodes do not fit into the \d+ MB that this process may use/)
    const failure = { ok: false, code: 'out-of-memory', message }
    const tooLarge = await sim({ nodes: '5000', report: folder }, '1', {
      availableBytes: 1e9,
      heapBytes: 1e9,
    })
    expect(tooLarge).toMatchObject({ outcome: failure, runs: [] })
    const grown = await sim({ ...small, report: folder }, '1', { availableBytes: 1.2e8, heapBytes: 1e9 })
    expect(grown).toMatchObject({ outcome: failure, runs: [] })
    expect(await readdir(folder)).toEqual([])
  })

  it('of how digests spread is not begun either where it does not fit', async () => {
    const memory = { availableBytes: 1e9, heapBytes: 1e9 }
    const message = expect.stringMatching(/^1000000 nodes do not fit/)
    const outcome = await spreadAll({ sizes: '100,1000000' }, () => undefined, memory)
    expect(outcome).toEqual({ ok: false, code: 'out-of-memory', message })
  })

  it('of which lines are kept is joined from them', async () => {
    const { runs } = await sim({ ...small, seeds: '1..2' })
    const file = join(folder, 'a.jsonl')
    await writeFile(file, runs.map(({ figures }) => `${JSON.stringify(figures)}\n`).join(''))
    const merged = await mergeSimulated({ files: [file] })
    expect(merged).toMatchObject({ ok: true, value: { seeds: 2, failed: 0, failing: [] } })
  })

  it('whose report has no room for one of its files is not run, and leaves the others as they were', async () => {
    await mkdir(join(folder, 'report.html'))
    await writeFile(join(folder, 'report.json'), 'before')
    const { outcome } = await sim({ ...small, report: folder })
    expect(outcome).toMatchObject({ ok: false, code: 'bad-usage' })
    expect((await readdir(folder)).sort()).toEqual(['report.html', 'report.json'])
    expect(await readFile(join(folder, 'report.json'), 'utf8')).toBe('before')
  })

  it('whose report cannot be written is not run', async () => {
    await writeFile(join(folder, 'file'), '')
    const { outcome, runs } = await sim({ ...small, report: join(folder, 'file') })
    expect(outcome).toMatchObject({ ok: false, code: 'bad-usage' })
    expect(runs).toEqual([])
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('')
  })
})
