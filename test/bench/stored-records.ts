/** A real node on a real store that is handed many records: made, and looked at afterwards whether it has stored them all. */

import type { SwarmloreNode } from '../../node/api.ts'
import type { OpenSwarm } from '../../node/ports.ts'
import type { RecordId } from '../../protocol/types.ts'
import { recordBytes } from '../../store/records.ts'
import { allSwarms } from '../../store/swarms.ts'
import { type Author, makeAuthors, type OwnSwarm, ownSwarm } from './authors.ts'
import { BenchFailure } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { realNode, realPorts } from './real-node.ts'

export interface RecordNode {
  readonly node: SwarmloreNode
  readonly swarm: OwnSwarm
  readonly authors: readonly Author[]
  /** Resolves once everything that came is durable: the store writes in the order in which it was asked. */
  readonly written: () => Promise<void>
  /** Fails when one of them is not there. */
  readonly expectStored: (records: readonly { readonly id: RecordId }[]) => void
}

export function withRecordNode<T>(
  openSwarm: OpenSwarm,
  authorCount: number,
  work: (made: RecordNode) => Promise<T>,
): Promise<T> {
  return withTempFolder(async folder => {
    const ports = { ...(await realPorts(folder)), openSwarm }
    const node = await realNode(ports, { fetchDeadlineMs: 120_000 })
    await node.start()
    const [stored] = await allSwarms(ports.store)
    if (stored === undefined) throw new BenchFailure('The node founded no swarm.')
    const swarm = ownSwarm(stored, ports.seed)
    const measured = await work({
      node,
      swarm,
      authors: makeAuthors(authorCount),
      written: () => ports.store.batch([{ type: 'put', key: 'bench', value: new Uint8Array() }]),
      expectStored: records => {
        const missing = records.filter(
          ({ id }) => recordBytes(ports.store, swarm.id, id) === undefined,
        ).length
        if (missing > 0) throw new BenchFailure(`${missing} records were not stored.`)
      },
    })
    await node.stop()
    await ports.embedder.close()
    return measured
  })
}
