/**
 * Helia put together by hand: bitswap over the swarm's own libp2p, and nothing else. The ready-made one would
 * contact public gateways, routers and bootstrap peers; a node speaks to its swarm alone.
 */

import { withBitswap } from '@helia/bitswap'

import { withLibp2pLight } from '@helia/libp2p'
import type { ServiceMap } from '@libp2p/interface'
import { createHeliaLight, type Router } from 'helia'
import type { Blockstore } from 'interface-blockstore'
import type { Libp2pOptions } from 'libp2p'
import type { BlockSource } from '../ports.ts'
import { createBlockAdapter, isEntryCid, nameOf } from './block-adapter.ts'

/**
 * Every message has a stream of its own. With the library's 32 inbound and 50 sent at once, a burst of fetches from
 * one peer has some of its streams reset, and those blocks count as not delivered.
 */
const bitswapStreamsMax = 256
/** An answer may wait for what is on its way here: what the peer asks for meanwhile has an answer of its own. */
const bitswapAnswersAtOnce = 32

/** An entry has 4 KiB; this holds a few dozen of them in one message. */
const bitswapMessageBytesMax = 256 * 1024

/**
 * Takes the place of the router that Helia would put over libp2p, under its name: no provider of an entry is ever
 * looked up, for every fetch names its own.
 */
const noRouting: Router = { name: 'libp2p-router', async *findProviders() {} }

export async function startHelia<Services extends ServiceMap>(
  libp2pOptions: Libp2pOptions<Services>,
  blocks: BlockSource,
) {
  const light = createHeliaLight({ blockstore: createBlockAdapter(blocks), routers: [noRouting] })
  const helia = withBitswap(withLibp2pLight(light, libp2pOptions), {
    // A fetch of 2 KB takes a third of the time without the pauses that gather messages.
    sendBlocksDebounce: 0,
    sendWantlistDebounce: 0,
    doNotResendBlockWindow: 0,
    sendBlocksConcurrency: bitswapAnswersAtOnce,
    sendBlocksMaxQueueLength: bitswapStreamsMax,
    maxIncomingMessageSize: bitswapMessageBytesMax,
    maxOutgoingMessageSize: bitswapMessageBytesMax,
    maxInboundStreams: bitswapStreamsMax,
    maxOutboundStreams: bitswapStreamsMax,
    runOnLimitedConnections: true,
  })
  answerPeersFrom(helia.blockstore, blocks)
  return helia.start()
}

/**
 * Bitswap answers peers out of Helia's store. What this node fetches itself is looked for in the one below it: it must not
 * wait for itself. An answer looks for all that the peer wishes for, one after the other, and goes out when all are looked
 * for: it waits for one of them, and a wish that was not met may stand before those that can be.
 */
function answerPeersFrom(store: Pick<Blockstore, 'has'>, blocks: BlockSource): void {
  const waited = new WeakSet<AbortSignal>()
  store.has = async (cid, options) => {
    if (!isEntryCid(cid)) return false
    const answer = options?.signal
    if (answer === undefined || waited.has(answer)) return blocks.has(nameOf(cid))
    const has = blocks.hasSoon(nameOf(cid))
    if (has instanceof Promise) waited.add(answer)
    return has
  }
}
