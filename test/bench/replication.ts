/**
 * A thousand lessons between two fresh peers on loopback, ours and OrbitDB's in turn, each pair in this one process:
 * seconds from the start of the second peer's libp2p host until it has them all, and bytes of the TCP connections both
 * ways. Ours come as signed records and then as entries, each a block of its own, stored on the disk; theirs as the
 * entries of an event log, of the same words, in memory. Both verify every signature. Nothing is embedded yet: that is
 * what `late_joiner_1000_embedded_s` measures.
 */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NewEntry, SwarmloreNode } from '../../node/api.ts'
import type { Embedder } from '../../node/ports.ts'
import { corpus } from './corpus.ts'
import { atLeast, type Bench, BenchFailure, type Group, type Measured, median } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { type OrbitPeer, orbitPeer } from './orbit-peer.ts'
import { realNode, realPorts, value } from './real-node.ts'
import { untilAborted } from './silent-network.ts'
import { countWireBytes } from './wire-bytes.ts'

const lessonCount = 1_000
/** Fresh peers of each kind that take all of them over, one after the other; odd, for the median. One more warms up. */
const repeats = 5
/** Calls that publish at once. */
const callers = 4
const pollMs = 5
const limitMs = 120_000
const unending = new AbortController().signal

export const replicationGroup: Group = {
  figures: [
    { name: 'replicate_1000_records_s', unit: 's' },
    { name: 'replicate_1000_entries_s', unit: 's' },
    { name: 'replicate_1000_mb', unit: 'MB' },
    { name: 'orbitdb_1000_s', unit: 's' },
    { name: 'orbitdb_1000_mb', unit: 'MB' },
    // Theirs are whole lessons; ours are their signed announcements alone, or whole as well.
    { name: 'replicate_1000_records_times_faster', unit: '×', goal: atLeast(5) },
    { name: 'replicate_1000_entries_times_faster', unit: '×', goal: atLeast(5) },
  ],
  measure,
}

const theirFigures = [
  'orbitdb_1000_s',
  'orbitdb_1000_mb',
  'replicate_1000_records_times_faster',
  'replicate_1000_entries_times_faster',
]

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  const { texts } = await corpus()
  const lessons = texts.slice(0, lessonCount).map(
    (situation): NewEntry => ({
      kind: 'fact',
      domains: ['benchmark'],
      situation,
      insight: { summary: `What to know: ${situation}`, action: 'Look it up in the handbook.' },
    }),
  )
  const { ours, theirs, whyNot } = await withTempFolder(folder => takeInTurn(folder, lessons, say))
  const entriesS = median(ours.map(one => one.entriesS))
  const recordsS = median(ours.map(one => one.recordsS))
  yield { name: 'replicate_1000_records_s', value: recordsS }
  yield { name: 'replicate_1000_entries_s', value: entriesS }
  yield { name: 'replicate_1000_mb', value: median(ours.map(one => one.bytes)) / 1e6 }
  if (whyNot !== undefined) {
    for (const name of theirFigures) yield { name, skipped: whyNot }
    return
  }
  const theirS = median(theirs.map(one => one.seconds))
  yield { name: 'orbitdb_1000_s', value: theirS }
  yield { name: 'orbitdb_1000_mb', value: median(theirs.map(one => one.bytes)) / 1e6 }
  yield { name: 'replicate_1000_records_times_faster', value: theirS / recordsS }
  yield { name: 'replicate_1000_entries_times_faster', value: theirS / entriesS }
}

interface Taken {
  readonly ours: readonly OurTake[]
  readonly theirs: readonly TheirTake[]
  /** OrbitDB's failure, where there is nothing to measure beside. */
  readonly whyNot: string | undefined
}

interface OurTake {
  readonly recordsS: number
  readonly entriesS: number
  readonly bytes: number
}

interface TheirTake {
  readonly seconds: number
  readonly bytes: number
}

/** In turn, so that whatever else the machine does meets both; the first of each warms up, and is not counted. */
async function takeInTurn(
  folder: string,
  lessons: readonly NewEntry[],
  say: (line: string) => void,
): Promise<Taken> {
  return await withNode(join(folder, 'a'), hasher, async a => {
    say('publishing 1,000 lessons')
    await publish(a, lessons)
    const ours: OurTake[] = []
    const theirs: TheirTake[] = []
    let whyNot: string | undefined
    const orbit = orbitSource(folder, lessons)
    for (let repeat = 0; repeat <= repeats; repeat++) {
      say(`a fresh node takes them over: ${repeat + 1} of ${repeats + 1}`)
      const b = join(folder, `b${repeat}`)
      ours.push(await withNode(b, sleeper, node => takeOurs(a, node)))
      if (whyNot !== undefined) continue
      say(`a fresh OrbitDB takes them over: ${repeat + 1} of ${repeats + 1}`)
      try {
        theirs.push(await orbit.takeOver(`orbit-b${repeat}`))
      } catch (error) {
        if (!(error instanceof Error)) throw error
        whyNot = `OrbitDB did not replicate ${lessonCount} records here: ${error.message}`
      }
    }
    await orbit.stop()
    return { ours: ours.slice(1), theirs: theirs.slice(1), whyNot }
  })
}

async function publish(a: SwarmloreNode, lessons: readonly NewEntry[]): Promise<void> {
  const left = [...lessons]
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) value(await a.addEntry(next))
  }
  await Promise.all(Array.from({ length: callers }, work))
}

async function takeOurs(a: SwarmloreNode, b: SwarmloreNode): Promise<OurTake> {
  const { text } = value(await a.invite({}))
  // Told as OrbitDB tells of its updates: asking for the whole status each time would cost as much as what is measured.
  let entries = 0
  b.onEvent(event => {
    if (event.type === 'entry') entries++
  })
  const endCount = countWireBytes()
  const seconds = stopwatch()
  // Opens a host of its own for the swarm, dials, and becomes a member.
  const { id } = value(await b.join(text))
  await until(() => (b.swarms().find(swarm => swarm.id === id)?.records ?? 0) >= lessonCount)
  const recordsS = seconds()
  await until(() => entries >= lessonCount)
  const entriesS = seconds()
  const { received } = b.status().entries
  if (received < lessonCount) throw new BenchFailure(`Only ${received} lessons were kept.`)
  return { recordsS, entriesS, bytes: endCount() }
}

/** The first peer, which has written all of them before a second one is measured; and each second one. */
function orbitSource(folder: string, lessons: readonly NewEntry[]) {
  let opened: Promise<OrbitPeer> | undefined
  let written: Promise<string> | undefined
  const write = async (a: OrbitPeer): Promise<string> => {
    const database = await a.open('lessons')
    for (const lesson of lessons) await database.add(lesson)
    return database.address
  }
  return {
    async takeOver(name: string): Promise<TheirTake> {
      opened ??= orbitPeer(folder, 'orbit-a')
      const a = await opened
      written ??= write(a)
      const address = await written
      const endCount = countWireBytes()
      const seconds = stopwatch()
      const b = await orbitPeer(folder, name)
      try {
        await b.dial(a.addresses())
        const copy = await b.open(address)
        let isNew = true
        copy.events.on('update', () => {
          isNew = true
        })
        await until(async () => {
          if (!isNew) return false
          isNew = false
          return (await copy.all()).length >= lessonCount
        })
        return { seconds: seconds(), bytes: endCount() }
      } finally {
        await b.stop()
      }
    },
    stop: async (): Promise<void> => {
      const a = await opened
      await a?.stop()
    },
  }
}

type Stub = (embedder: Embedder) => Embedder

async function withNode<T>(folder: string, stub: Stub, use: (node: SwarmloreNode) => Promise<T>): Promise<T> {
  const ports = await realPorts(folder)
  await ports.embedder.close()
  const node = await realNode({ ...ports, embedder: stub(ports.embedder) })
  try {
    await node.start()
    return await use(node)
  } finally {
    await node.stop()
  }
}

/** Some vector for each text, at once. */
function hasher({ space, dimensions }: Embedder): Embedder {
  const vectorOf = (text: string): Float32Array =>
    Float32Array.from({ length: dimensions }, (_, at) => Math.sin(text.charCodeAt(at % text.length) * at + 1))
  return { space, dimensions, embed: async texts => texts.map(vectorOf) }
}

/** Does not come to any text as long as this is measured. */
function sleeper({ space, dimensions }: Embedder): Embedder {
  return { space, dimensions, embed: (_texts, signal = unending) => untilAborted(signal) }
}

function stopwatch(): () => number {
  const startedAt = performance.now()
  return () => (performance.now() - startedAt) / 1000
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const seconds = stopwatch()
  while (!(await holds())) {
    if (seconds() * 1000 > limitMs) throw new BenchFailure(`It took more than ${limitMs / 1000} s.`)
    await sleep(pollMs)
  }
}
