/**
 * How many records of peers a node verifies and stores, and how late its event loop is meanwhile. The records go
 * through the receive stage of a real node on a real store, from several neighbours at once, since one neighbour's
 * share is limited; only the network that brings them is not there, and the entries that they announce do not come.
 */

import { cidOf, spaceIdOfHash } from '../../protocol/identity.ts'
import { topicOf } from '../../protocol/swarm.ts'
import type { SwarmRecord } from '../../protocol/types.ts'
import { type Author, digestRecord, makeAuthors, memberRecord, type OwnSwarm } from './authors.ts'
import { atLeast, atMost, type Bench, BenchFailure, type Group, type Measured } from './figure.ts'
import { watchLoop } from './loop-delay.ts'
import { type SilentNetwork, silentNetwork } from './silent-network.ts'
import { withRecordNode } from './stored-records.ts'

/** As many as gossip has in its mesh; each stays below what a neighbour may send at once. */
const neighbourCount = 12
const recordCount = 20_000
const warmupCount = 2_000
const authorCount = 16

export const recordsGroup: Group = {
  figures: [
    { name: 'records_per_s', unit: '1/s', goal: atLeast(2_000) },
    { name: 'records_loop_delay_p99_ms', unit: 'ms', goal: atMost(50) },
    { name: 'records_loop_delay_max_ms', unit: 'ms' },
  ],
  measure,
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  const network = silentNetwork()
  yield* await withRecordNode(
    network.open,
    authorCount,
    async ({ swarm, authors, written, expectStored }) => {
      const nowS = Math.floor(Date.now() / 1000)
      say('signing records')
      const members = authors.map(author => memberRecord(swarm, author, nowS))
      const digests = manyDigests(swarm, authors, warmupCount + recordCount, nowS)
      await receive(network, members)
      await receive(network, digests.slice(0, warmupCount))
      say('receiving records')
      const endWatch = watchLoop()
      const startedAt = performance.now()
      await receive(network, digests.slice(warmupCount))
      await written()
      const tookS = (performance.now() - startedAt) / 1000
      const delay = endWatch()
      expectStored(digests)
      return [
        { name: 'records_per_s', value: recordCount / tookS },
        { name: 'records_loop_delay_p99_ms', value: delay.p99Ms },
        { name: 'records_loop_delay_max_ms', value: delay.maxMs },
      ]
    },
  )
}

/** Each neighbour sends its part, one message after the other, as over a stream; all of them at once. */
async function receive(network: SilentNetwork, records: readonly SwarmRecord[]): Promise<void> {
  const neighbours = makeAuthors(neighbourCount).map(author => author.peer)
  await Promise.all(
    neighbours.map(async (neighbour, number) => {
      for (let at = number; at < records.length; at += neighbourCount) {
        const record = records[at]
        if (record === undefined) continue
        const verdict = await network.handler(topicOf(record))(record.bytes, neighbour)
        if (verdict.verdict !== 'accept')
          throw new BenchFailure(`A record was not accepted: ${verdict.reason}.`)
      }
    }),
  )
}

/** All of one second, by the authors in turn. */
export function manyDigests(swarm: OwnSwarm, authors: readonly Author[], count: number, created: number) {
  const space = spaceIdOfHash(new Uint8Array(32))
  return Array.from({ length: count }, (_, number) => {
    const author = authors[number % authors.length]
    if (author === undefined) throw new RangeError('no authors')
    const name = new Uint8Array(new Uint32Array([number]).buffer)
    const vector = Float32Array.from({ length: 384 }, (_, at) => Math.sin(number * 384 + at))
    return digestRecord(swarm, author, { cid: cidOf(name), size: 600, created, space, vector })
  })
}
