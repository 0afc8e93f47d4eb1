/**
 * When two peers of a swarm meet, each shows the chain that makes it a member, and its clock (SPEC, "Hello"):
 * so that records of either are taken from the first one on, and `doctor` can tell a wrong clock.
 */

import { readChain } from '../../protocol/chain.ts'
import { decodeHello, encodeHello } from '../../protocol/hello.ts'
import { helloBytesMax } from '../../protocol/limits.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import type { Descriptor, MemberRecord, PeerId, SwarmId } from '../../protocol/types.ts'
import type { Clock, Network, Stop } from '../ports.ts'

export interface IntroductionDeps {
  readonly swarm: SwarmId
  readonly descriptor: Descriptor
  readonly network: Network
  readonly clock: Clock
  /** This node's own chain, founder first. */
  readonly chain: () => readonly MemberRecord[]
  /** The records of a verified chain. */
  readonly onMember: (chain: readonly MemberRecord[], from: PeerId) => void
  /** Their clock minus ours. */
  readonly onClock: (peer: PeerId, offsetMs: number) => void
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

const deadlineMs = 5_000

export function createIntroduction(deps: IntroductionDeps): {
  /** Asks a peer that has just connected. Rejects when it does not answer. */
  meet(peer: PeerId): Promise<void>
  stop: Stop
} {
  const { clock, descriptor, network } = deps
  const protocol = streamsOf(deps.swarm).hello
  const nowS = (): number => Math.floor(clock.now() / 1000)
  const own = (): Uint8Array => encodeHello(nowS(), deps.chain())

  const learn = (bytes: Uint8Array, from: PeerId): void => {
    const hello = decodeHello(bytes)
    if (!hello.ok) return
    // The peer told whole seconds: on average it was half of one later.
    deps.onClock(from, hello.value.now * 1000 + 500 - clock.now())
    const chain = readChain(hello.value.chain, { descriptor, peer: from, nowS: nowS() })
    // A peer without a chain is no member: its records will be refused one by one, which is all that is needed.
    if (chain.ok) deps.onMember(chain.value, from)
  }

  const stop = network.serve(protocol, { maxBytes: helloBytesMax, perPeer: 1 }, async (bytes, from) => {
    learn(bytes, from)
    return own()
  })

  return {
    async meet(peer) {
      const hello = await clock.within(deadlineMs, deps.signal, signal =>
        network.request(peer, protocol, own(), { maxBytes: helloBytesMax, signal }),
      )
      learn(hello, peer)
    },
    stop,
  }
}
