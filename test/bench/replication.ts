/**
 * A thousand lessons between two fresh peers on loopback, ours and OrbitDB's, each pair in this one process: seconds from
 * the start of the second peer's libp2p host until it has them all, and bytes of the TCP connections both ways. Ours come as signed
 * records and then as entries, each a block of its own, stored on the disk; theirs as the entries of an event log, of
 * the same words, in memory. Nothing is embedded: that is what `late_joiner_1000_embedded_s` measures.
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
import { countWireBytes } from './wire-bytes.ts'

const lessonCount = 1_000
/** Fresh peers that take all of them over, one after the other; odd, for the median. */
const repeats = 3
/** Calls that publish at once. */
const callers = 4
const pollMs = 5
const limitMs = 120_000

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
  const ours = await withTempFolder(folder => measureOurs(folder, lessons, say))
  const entriesS = median(ours.map(one => one.entriesS))
  const recordsS = median(ours.map(one => one.recordsS))
  yield { name: 'replicate_1000_records_s', value: recordsS }
  yield { name: 'replicate_1000_entries_s', value: entriesS }
  yield { name: 'replicate_1000_mb', value: median(ours.map(one => one.bytes)) / 1e6 }
  const theirs = await withTempFolder(folder => measureTheirs(folder, lessons, say))
  if (typeof theirs === 'string') {
    for (const name of theirFigures) yield { name, skipped: theirs }
    return
  }
  const theirS = median(theirs.map(one => one.seconds))
  yield { name: 'orbitdb_1000_s', value: theirS }
  yield { name: 'orbitdb_1000_mb', value: median(theirs.map(one => one.bytes)) / 1e6 }
  yield { name: 'replicate_1000_records_times_faster', value: theirS / recordsS }
  yield { name: 'replicate_1000_entries_times_faster', value: theirS / entriesS }
}

async function measureOurs(folder: string, lessons: readonly NewEntry[], say: (line: string) => void) {
  return await withNode(join(folder, 'a'), async a => {
    say('publishing 1,000 lessons')
    const left = [...lessons]
    const work = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) value(await a.addEntry(next))
    }
    await Promise.all(Array.from({ length: callers }, work))
    const measured: { recordsS: number; entriesS: number; bytes: number }[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      say(`a fresh node takes them over: ${repeat + 1} of ${repeats}`)
      measured.push(await withNode(join(folder, `b${repeat}`), b => takeOver(a, b)))
    }
    return measured
  })
}

async function takeOver(a: SwarmloreNode, b: SwarmloreNode) {
  const { text } = value(await a.invite({}))
  const endCount = countWireBytes()
  const seconds = stopwatch()
  // Opens a host of its own for the swarm, dials, and becomes a member.
  const { id } = value(await b.join(text))
  await until(() => (b.swarms().find(swarm => swarm.id === id)?.records ?? 0) >= lessonCount)
  const recordsS = seconds()
  await until(() => b.status().entries.received >= lessonCount)
  return { recordsS, entriesS: seconds(), bytes: endCount() }
}

/** Or why there is nothing to measure beside. */
async function measureTheirs(folder: string, lessons: readonly NewEntry[], say: (line: string) => void) {
  const peers: OrbitPeer[] = []
  const start = async (name: string): Promise<OrbitPeer> => {
    const peer = await orbitPeer(folder, name)
    peers.push(peer)
    return peer
  }
  try {
    const a = await start('a')
    const database = await a.open('lessons')
    say('writing 1,000 lessons with OrbitDB')
    for (const lesson of lessons) await database.add(lesson)
    const measured: { seconds: number; bytes: number }[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      say(`a fresh OrbitDB takes them over: ${repeat + 1} of ${repeats}`)
      const endCount = countWireBytes()
      const seconds = stopwatch()
      const b = await start(`b${repeat}`)
      await b.dial(a.addresses())
      const copy = await b.open(database.address)
      let isNew = true
      copy.events.on('update', () => {
        isNew = true
      })
      await until(async () => {
        if (!isNew) return false
        isNew = false
        return (await copy.all()).length >= lessonCount
      })
      measured.push({ seconds: seconds(), bytes: endCount() })
    }
    return measured
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return `OrbitDB did not replicate ${lessonCount} records here: ${error.message}`
  } finally {
    for (const peer of peers) await peer.stop()
  }
}

async function withNode<T>(folder: string, use: (node: SwarmloreNode) => Promise<T>): Promise<T> {
  const ports = await realPorts(folder)
  await ports.embedder.close()
  const node = await realNode({ ...ports, embedder: hasher(ports.embedder) })
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
