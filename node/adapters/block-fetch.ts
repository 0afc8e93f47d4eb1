/**
 * One block from named providers over bitswap. The first is asked; the next joins in as soon as that one says no or
 * has been silent for a while, and whoever delivers first wins. Each is asked in a session of its own, so that it is
 * known who delivered and nobody is asked whom the node did not name.
 */

import { unixfs } from '@helia/unixfs'
import type { Libp2p, PeerId as Libp2pId } from '@libp2p/interface'
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Helia } from 'helia'
import { CID } from 'multiformats/cid'
import { equalBytes } from '../../crypto/bytes.ts'
import { sha256 } from '../../crypto/hash.ts'
import { addressesMax } from '../../protocol/limits.ts'
import type { EntryCid } from '../../protocol/types.ts'
import { firstDelivery, type Provider } from '../first-delivery.ts'
import type { Blocks, Clock, Fetched, FetchOptions } from '../ports.ts'
import { isEntryCid } from './block-adapter.ts'
import { NetworkFailure } from './network-failure.ts'
import { libp2pIdOfDid } from './peer-ids.ts'

export interface BlockFetchInit {
  readonly helia: Helia
  readonly libp2p: Libp2p
  readonly clock: Clock
  /** So many there may be for another one to be made: a fetch costs no neighbour its place. */
  readonly connectionsMax: number
  /** Whether an address may be taken from the DHT. */
  readonly mayDial: (address: Multiaddr) => boolean
}

/** A provider that has not answered is asked again: bitswap forgets a wish of which it believes that it was met. */
const askAgainMs = 250
/** Of a fetch's deadline, what may be spent on addresses at which the peer may not be any more. */
const bookedDialMs = 3_000

export function createBlockFetch(init: BlockFetchInit): Blocks {
  return { fetch: (cid, options) => fetchBlock(init, cid, options) }
}

async function fetchBlock(init: BlockFetchInit, cid: EntryCid, options: FetchOptions): Promise<Fetched> {
  const parsed = parseCid(cid)
  const ask = (provider: Provider, signal: AbortSignal) =>
    askOne(init, parsed, provider, options.maxBytes, signal)
  try {
    return await firstDelivery({ ...init, ask }, options)
  } catch (error) {
    options.signal.throwIfAborted()
    throw new NetworkFailure('block-not-found', `No provider delivered ${cid}.`, error)
  }
}

async function askOne(
  init: BlockFetchInit,
  cid: CID,
  provider: Provider,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const id = libp2pIdOfDid(provider.peer)
  await connect(init, id, provider, signal)
  const bytes = await askTwice(init, cid, id, signal)
  if (bytes.length > maxBytes) {
    throw new NetworkFailure(
      'block-too-large',
      `${cid.toString()} has ${bytes.length} bytes; ${maxBytes} were announced.`,
    )
  }
  // Helia has checked it against the hash of the CID; what is stored for good is worth a second look.
  if (!equalBytes(sha256(bytes), cid.multihash.digest)) {
    throw new NetworkFailure('block-not-found', `${provider.peer} sent other bytes than ${cid.toString()}.`)
  }
  return bytes
}

async function connect(
  init: BlockFetchInit,
  id: Libp2pId,
  provider: Provider,
  signal: AbortSignal,
): Promise<void> {
  const { libp2p, connectionsMax } = init
  if (libp2p.getConnections(id).length > 0) return
  if (libp2p.getConnections().length >= connectionsMax)
    throw new NetworkFailure('peer-unreachable', `There is no room for a connection to ${provider.peer}.`)
  const { addresses } = provider
  if (addresses !== undefined) return dial(libp2p, id, addresses.map(multiaddr), signal)
  try {
    await init.clock.within(bookedDialMs, signal, async inTime =>
      dial(libp2p, id, await bookedOf(libp2p, id), inTime),
    )
  } catch {
    // It may have moved, and what is booked without its signature may be anybody's word.
    signal.throwIfAborted()
    await dial(libp2p, id, await lookUp(init, id, signal), signal)
  }
}

async function dial(
  libp2p: Libp2p,
  id: Libp2pId,
  addresses: readonly Multiaddr[],
  signal: AbortSignal,
): Promise<void> {
  if (addresses.length === 0)
    throw new NetworkFailure('peer-unreachable', `No address of ${id} is known that may be dialled.`)
  const named = addresses.map(address => multiaddr(`${address.decapsulateCode(CODE_P2P)}/p2p/${id}`))
  await libp2p.dial(named, { signal })
}

/** What the peer has signed itself comes first: the DHT writes into libp2p's book, too, whatever anybody says there. */
async function bookedOf({ peerStore }: Libp2p, id: Libp2pId): Promise<readonly Multiaddr[]> {
  const booked = (await peerStore.has(id)) ? (await peerStore.get(id)).addresses : []
  return booked
    .toSorted((a, b) => Number(b.isCertified) - Number(a.isCertified))
    .slice(0, addressesMax)
    .map(one => one.multiaddr)
}

/** The DHT does not say who told it that: what it names is weighed as the book is. */
async function lookUp(
  { libp2p, mayDial }: BlockFetchInit,
  id: Libp2pId,
  signal: AbortSignal,
): Promise<readonly Multiaddr[]> {
  // Its cache is the book, where also stands who has no address any more.
  const { multiaddrs } = await libp2p.peerRouting.findPeer(id, { signal, useCache: false })
  return multiaddrs.filter(mayDial).slice(0, addressesMax)
}

async function askTwice(
  init: BlockFetchInit,
  cid: CID,
  id: Libp2pId,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const first = askOnce(init.helia, cid, id, signal)
  const settled = new AbortController()
  const again = init.clock
    .sleep(askAgainMs, AbortSignal.any([signal, settled.signal]))
    .then(() => askOnce(init.helia, cid, id, signal))
  try {
    return await Promise.race([first, again.catch(() => first)])
  } finally {
    settled.abort()
  }
}

async function askOnce(helia: Helia, cid: CID, id: Libp2pId, signal: AbortSignal): Promise<Uint8Array> {
  const session = helia.blockstore.createSession(cid, {
    providers: [id.toCID()],
    minProviders: 1,
    maxProviders: 1,
  })
  try {
    const parts: Uint8Array[] = []
    for await (const part of unixfs({ blockstore: session }).cat(cid, { signal })) parts.push(part)
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  } finally {
    session.close()
  }
}

function parseCid(text: EntryCid): CID {
  const cid = CID.parse(text)
  if (!isEntryCid(cid)) throw new TypeError(`${text} is not the CID of an entry: CIDv1, raw, sha2-256`)
  return cid
}
