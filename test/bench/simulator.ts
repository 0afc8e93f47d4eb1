/**
 * How fast the simulator is, as anybody runs it: simulated seconds in a real one, seeds of every fault that two processes
 * get through in an hour, and what a thousand nodes take. And what it says of the swarm: how many announcements come in
 * time under loss and churn, what a node sends that has nothing to say, and how soon two halves agree after a day apart.
 */

import { execFile } from 'node:child_process'
import { atLeast, atMost, type Bench, BenchFailure, type Group, type Measured } from './figure.ts'
import { mainFile } from './node-process.ts'

/** Enough of them that the start of a process, and warming up, weigh as little as in a real sweep. */
const seedsEach = 20
const processes = 2
/** Old objects of a thousand nodes: more than Node gives a process by itself. */
const heapMb = 11_000
const hourMs = 3_600_000
/** Kilobits a second in bytes a day. */
const kbitBytesADay = (1_000 / 8) * 86_400

export const simulatorGroup: Group = {
  figures: [
    { name: 'sim_100_speed', unit: '×', goal: atLeast(100) },
    { name: 'sim_seeds_per_hour', unit: '', goal: atLeast(3_000) },
    { name: 'sim_100_delivered60s', unit: '%', goal: atLeast(99.99) },
    { name: 'sim_100_idle', unit: 'kbit/s', goal: atMost(64) },
    { name: 'sim_day_apart_s', unit: 's', goal: atMost(60), onlyByName: true },
    { name: 'sim_1000_speed', unit: '×', goal: atLeast(1), onlyByName: true },
    { name: 'sim_1000_rss_mb', unit: 'MB', goal: atMost(12_288), onlyByName: true },
  ],
  measure,
}

async function* measure({ wanted, say }: Bench): AsyncGenerator<Measured> {
  if (wanted.has('sim_100_speed')) {
    say('a hundred simulated nodes for ten minutes')
    yield { name: 'sim_100_speed', value: speedOf(await simulate('--nodes', '100', '--seed', '1')) }
  }
  if (wanted.has('sim_seeds_per_hour')) {
    say('seeds of every fault, in two processes')
    const began = performance.now()
    const runs = Array.from({ length: processes }, (_, at) => {
      const first = 1 + at * seedsEach
      return simulate('--faults', 'all', '--seeds', `${first}..${first + seedsEach - 1}`)
    })
    await Promise.all(runs)
    const seeds = processes * seedsEach
    yield { name: 'sim_seeds_per_hour', value: (seeds * hourMs) / (performance.now() - began) }
  }
  if (wanted.has('sim_100_delivered60s')) {
    say('a hundred simulated nodes that lose messages and come and go')
    const faults = ['--faults', 'loss=0.05,churn=0.2']
    const runs = await simulate('--nodes', '100', '--minutes', '5', '--seed', '1', ...faults)
    yield { name: 'sim_100_delivered60s', value: 100 * known(runs[0]?.delivered60s) }
  }
  if (wanted.has('sim_100_idle')) {
    say('a hundred simulated nodes with nothing to say')
    const runs = await simulate('--nodes', '100', '--seed', '1', '--publishes', '0', '--recalls', '0')
    yield { name: 'sim_100_idle', value: known(runs[0]?.bytesPerNodeDay) / kbitBytesADay }
  }
  if (wanted.has('sim_day_apart_s')) {
    say('two halves of fourteen simulated nodes, a day apart')
    const load = ['--publishes', '12', '--recalls', '0']
    const day = ['--nodes', '14', '--minutes', '1440', '--faults', 'split', '--seed', '1', ...load]
    const runs = await simulate(...day)
    yield { name: 'sim_day_apart_s', value: known(runs[0]?.convergedAfterHealS) }
  }
  if (wanted.has('sim_1000_speed') || wanted.has('sim_1000_rss_mb')) {
    say('a thousand simulated nodes for two minutes')
    const runs = await simulate('--nodes', '1000', '--minutes', '2', '--seed', '1')
    yield { name: 'sim_1000_speed', value: speedOf(runs) }
    yield { name: 'sim_1000_rss_mb', value: Math.max(...runs.map(({ rssMb }) => rssMb)) }
  }
}

interface Run {
  readonly simulatedS: number
  readonly realS: number
  readonly rssMb: number
  readonly bytesPerNodeDay: number
  /** Not a number where nothing was to be delivered, or where the nodes did not come to hold the same. */
  readonly delivered60s: number
  readonly convergedAfterHealS: number
}

/** Of the whole run, with the founding of the swarm and the mending at its end. */
function speedOf(runs: readonly Run[]): number {
  const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0)
  return sum(run => run.simulatedS) / sum(run => run.realS)
}

/** Nodes that did not come to hold the same have no figure that could be compared. */
function known(figure: number | undefined): number {
  if (figure !== undefined && Number.isFinite(figure)) return figure
  throw new BenchFailure('The simulated swarm did not come to what is measured: a check was violated.')
}

function simulate(...options: readonly string[]): Promise<readonly Run[]> {
  const words = [`--max-old-space-size=${heapMb}`, mainFile, 'sim', ...options, '--json']
  return new Promise((resolve, reject) => {
    // A violated check ends it with status 1, and takes nothing from how long it took.
    execFile(process.execPath, words, (error, stdout, stderr) => {
      const runs = stdout.trim().split('\n').filter(Boolean).map(readRun)
      if (runs.length > 0 && runs.every(run => run !== undefined)) resolve(runs)
      else reject(new BenchFailure(`The simulator did not run: ${stderr || String(error)}`))
    })
  })
}

function readRun(line: string): Run | undefined {
  const read: unknown = JSON.parse(line)
  if (typeof read !== 'object' || read === null) return undefined
  const number = (name: string): number => {
    const figure: unknown = Reflect.get(read, name)
    return typeof figure === 'number' ? figure : Number.NaN
  }
  const speed = { simulatedS: number('simulatedS'), realS: number('realS'), rssMb: number('rssMb') }
  if (!Object.values(speed).every(Number.isFinite)) return undefined
  return {
    ...speed,
    bytesPerNodeDay: number('bytesPerNodeDay'),
    delivered60s: number('delivered60s'),
    convergedAfterHealS: number('convergedAfterHealS'),
  }
}
