/**
 * What a node missed: A publishes a thousand lessons while B is down, and goes away. Seconds from B's start until it
 * has all of them from C, so that recall finds them by their words and sketches; and until it has embedded them too.
 * A and C are processes, B is a node in this one; they meet over loopback.
 */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SwarmloreNode } from '../../node/api.ts'
import type { Ports } from '../../node/ports.ts'
import { vectorsOf } from '../../store/vectors.ts'
import { corpus } from './corpus.ts'
import { atMost, type Bench, BenchFailure, type Group, type Measured } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { type NodeProcess, startNode } from './node-process.ts'
import { realNode, realPorts, value } from './real-node.ts'

const lessonCount = 1_000
/** Calls that publish at once. */
const callers = 4
const pollMs = 20
const limitMs = 120_000

export const lateJoinerGroup: Group = {
  figures: [
    { name: 'late_joiner_1000_listed_s', unit: 's', goal: atMost(10) },
    { name: 'late_joiner_1000_embedded_s', unit: 's', goal: atMost(30) },
  ],
  measure,
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  yield* await withTempFolder(async temp => {
    const started: NodeProcess[] = []
    const start = async (name: string): Promise<NodeProcess> => {
      const node = await startNode(join(temp, name))
      started.push(node)
      return node
    }
    try {
      say('starting three nodes, which meet')
      const a = await start('a')
      const c = await start('c')
      await c.call('joinSwarm', { invitation: (await a.call('createInvite', {})).text })
      await leave(join(temp, 'b'), (await a.call('createInvite', {})).text)
      await publish(a, say)
      say('waiting until C has all of them')
      await until(
        'C has all lessons',
        async () => (await c.call('getStatus', {})).entries.received >= lessonCount,
      )
      await a.stop()
      say('starting the node that was away')
      return await comeBack(join(temp, 'b'))
    } finally {
      await Promise.all(started.map(node => node.stop()))
    }
  })
}

/** B joins, meets the other two, and stops. */
async function leave(folder: string, invitation: string): Promise<void> {
  await withNode(folder, async node => {
    const { id } = value(await node.join(invitation))
    await until('B has met both', () => node.swarms().some(swarm => swarm.id === id && swarm.peers === 2))
    // What it learns of where they are is written after the greeting.
    await sleep(5_000)
  })
}

async function publish(a: NodeProcess, say: (line: string) => void): Promise<void> {
  const { texts } = await corpus()
  const left = texts.slice(0, lessonCount)
  const work = async (): Promise<void> => {
    for (let text = left.pop(); text !== undefined; text = left.pop()) {
      if (left.length % 100 === 0) say(`publishing: ${left.length} lessons to go`)
      await a.call('addEntry', {
        kind: 'fact',
        domains: ['benchmark'],
        situation: text,
        insight: { summary: `What to know: ${text}`, action: 'Look it up in the handbook.' },
      })
    }
  }
  await Promise.all(Array.from({ length: callers }, work))
}

async function comeBack(folder: string): Promise<readonly Measured[]> {
  const startedAt = performance.now()
  const seconds = (): number => (performance.now() - startedAt) / 1000
  return await withNode(folder, async (node, ports) => {
    await until('B has all lessons', () => node.status().entries.received >= lessonCount)
    const listed = seconds()
    await until('B has embedded all lessons', async () => (await embedded(ports)) >= lessonCount, 250)
    return [
      { name: 'late_joiner_1000_listed_s', value: listed },
      { name: 'late_joiner_1000_embedded_s', value: seconds() },
    ]
  })
}

async function embedded({ store, embedder }: Ports): Promise<number> {
  let count = 0
  for await (const _vector of vectorsOf(store, embedder.space, embedder.dimensions)) count++
  return count
}

async function withNode<T>(
  folder: string,
  use: (node: SwarmloreNode, ports: Ports) => Promise<T>,
): Promise<T> {
  const ports = await realPorts(folder)
  const node = await realNode(ports)
  try {
    await node.start()
    return await use(node, ports)
  } finally {
    await node.stop()
    await ports.embedder.close()
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>, everyMs = pollMs): Promise<void> {
  const startedAt = performance.now()
  while (!(await holds())) {
    if (performance.now() - startedAt > limitMs)
      throw new BenchFailure(`It did not come about within ${limitMs / 1000} s that ${what}.`)
    await sleep(everyMs)
  }
}
