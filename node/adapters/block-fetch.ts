/**
 * One block from named providers over bitswap. The first is asked; the next joins in as soon as that one says no or
 * has been silent for a while, and whoever delivers first wins. Each is asked in a session of its own, so that it is
 * known who delivered and nobody is asked whom the node did not name.
 */

import { unixfs } from '@helia/unixfs'
import type { Libp2p, PeerId as Libp2pId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Helia } from 'helia'
import { CID } from 'multiformats/cid'
import { equalBytes } from '../../crypto/bytes.ts'
import { sha256 } from '../../crypto/hash.ts'
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
  /** Silence after which the next provider is asked too. */
  readonly patienceMs: number
}

/** A provider that has not answered is asked again: bitswap forgets a wish of which it believes that it was met. */
const askAgainMs = 250

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
  await connect(init.libp2p, id, provider, signal)
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

async function connect(libp2p: Libp2p, id: Libp2pId, provider: Provider, signal: AbortSignal): Promise<void> {
  if (libp2p.getConnections(id).length > 0) return
  const suffix = `/p2p/${id.toString()}`
  const addresses = (provider.addresses ?? []).map(text =>
    multiaddr(text.endsWith(suffix) ? text : `${text}${suffix}`),
  )
  await libp2p.dial(addresses.length > 0 ? addresses : id, { signal })
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
