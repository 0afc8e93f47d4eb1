/**
 * What it costs a node that has nothing to take over 100,000 records: a real node on a real store, beside a peer that
 * answers from memory in the same process, so the seconds are those of both sides. The network between them is not there,
 * and the entries that the records announce do not come. Bytes of all messages, both ways, before framing.
 */

import { systemCpu, systemRandom } from '../../node/adapters/system.ts'
import { serveCatchUp } from '../../node/pipeline/catch-up-host.ts'
import type { Network, OpenSwarm } from '../../node/ports.ts'
import { encodeHello } from '../../protocol/hello.ts'
import { placeOf } from '../../protocol/range/bound.ts'
import { createRangeIndex } from '../../protocol/range/range-index.ts'
import type { PeerId, RecordId, SwarmId, SwarmRecord } from '../../protocol/types.ts'
import { makeAuthors, memberRecord } from './authors.ts'
import { atLeast, type Bench, BenchFailure, type Group, type Measured } from './figure.ts'
import { watchLoop } from './loop-delay.ts'
import { manyDigests } from './records.ts'
import { untilAborted } from './silent-network.ts'
import { withRecordNode } from './stored-records.ts'

const recordCount = 100_000
/** Each may have 4,096 live digests in a shard. */
const authorCount = 32
const limitMs = 300_000
const pollMs = 20

export const bulkSyncGroup: Group = {
  figures: [
    { name: 'sync_empty_100k_s', unit: 's' },
    { name: 'sync_empty_100k_mb', unit: 'MB' },
    { name: 'sync_empty_100k_per_s', unit: '1/s', goal: atLeast(2_000) },
    { name: 'sync_empty_100k_loop_delay_p99_ms', unit: 'ms' },
  ],
  measure,
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  const [host] = makeAuthors(authorCount + 1).slice(authorCount)
  if (host === undefined) throw new RangeError('no host')
  const pipe = new Pipe(host.peer)
  yield* await withRecordNode(
    pipe.open,
    authorCount,
    async ({ node, swarm, authors, written, expectStored }) => {
      const nowS = Math.floor(Date.now() / 1000)
      say('signing 100,000 records')
      const members = authors.map(author => memberRecord(swarm, author, nowS - 1))
      const digests = manyDigests(swarm, authors, recordCount - authorCount, nowS)
      pipe.serve(swarm.id, [...members, ...digests])
      say('taking them over')
      const endWatch = watchLoop()
      const startedAt = performance.now()
      pipe.connect()
      while ((node.swarms()[0]?.records ?? 0) < recordCount) {
        if (performance.now() - startedAt > limitMs) throw new BenchFailure('The records did not all come.')
        await new Promise(done => setTimeout(done, pollMs))
      }
      await written()
      const seconds = (performance.now() - startedAt) / 1000
      const delay = endWatch()
      expectStored(digests)
      return [
        { name: 'sync_empty_100k_s', value: seconds },
        { name: 'sync_empty_100k_mb', value: pipe.bytes / 1e6 },
        { name: 'sync_empty_100k_per_s', value: recordCount / seconds },
        { name: 'sync_empty_100k_loop_delay_p99_ms', value: delay.p99Ms },
      ]
    },
  )
}

type Handler = Parameters<Network['serve']>[2]
type Listener = Parameters<Network['onPeer']>[0]

/** The node's network, at whose other end is one peer. */
class Pipe {
  bytes = 0
  readonly #host: PeerId
  readonly #served = new Map<string, Handler>()
  #listener: Listener = () => undefined
  #isUp = false

  constructor(host: PeerId) {
    this.#host = host
  }

  readonly open: OpenSwarm = async ({ descriptor }) => ({
    network: this.#network(descriptor.founder),
    blocks: { fetch: (_cid, { signal }) => untilAborted(signal) },
    close: async () => {},
  })

  serve(swarm: SwarmId, records: readonly SwarmRecord[]): void {
    const ranges = createRangeIndex()
    const bytes = new Map<RecordId, Uint8Array>()
    for (const record of records) {
      ranges.add(placeOf(record), record.id)
      bytes.set(record.id, record.bytes)
    }
    const network = {
      ...this.#network(this.#host),
      serve: (protocol: string, _options: unknown, handler: Handler) => {
        this.#served.set(protocol, handler)
        return () => undefined
      },
    }
    serveCatchUp({
      swarm,
      network,
      cpu: systemCpu(),
      random: systemRandom,
      ranges,
      bytesOf: id => bytes.get(id),
      given: async () => ({ verdict: 'accept' }),
    })
  }

  connect(): void {
    this.#isUp = true
    this.#listener(this.#host, 'up')
  }

  async #ask(...[, protocol, bytes, { signal }]: Parameters<Network['request']>): Promise<Uint8Array> {
    // It shows no chain and no clock: what is measured is what comes after.
    if (protocol.endsWith('/hello')) return encodeHello(0, [])
    const handler = this.#served.get(protocol)
    if (handler === undefined) throw new TypeError(`${protocol} is not served`)
    const answer = await handler(bytes, this.#host, signal)
    this.bytes += bytes.length + answer.length
    return answer
  }

  #network(self: PeerId): Network {
    return {
      self,
      addresses: () => [],
      peers: () => (this.#isUp ? [this.#host] : []),
      addressesOf: async () => [],
      onPeer: listener => {
        this.#listener = listener
        return () => {}
      },
      dial: () => Promise.reject(new TypeError('nobody is there')),
      disconnect: async () => {},
      advertise: async () => {},
      async *discover() {},
      publish: async () => 0,
      subscribe: () => () => {},
      request: (...asked) => this.#ask(...asked),
      serve: () => () => {},
      weigh() {},
    }
  }
}
