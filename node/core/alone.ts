/**
 * Why a node is on its own in a swarm, and what its owner can do about it: from facts to one reason, the likeliest.
 * Pure; `status` and `doctor` say it.
 */

import { isInForce } from '../../protocol/chain.ts'
import type { MemberRecord, Seconds } from '../../protocol/types.ts'
import type { Alone } from '../api.ts'
import type { DialFailure, SearchView } from '../ports.ts'

export interface AloneFacts {
  readonly nowS: Seconds
  /** Connected now. */
  readonly peers: number
  /** Members known but for this node. */
  readonly others: number
  readonly isMember: boolean
  /** This node's own record; absent for a founder, and where it is not known (any more). */
  readonly membership: MemberRecord | undefined
  /** Whether other machines cannot reach this node; asked only where it matters, for it takes a while to tell. */
  readonly listensHereOnly: () => boolean
  /** Absent where the node does not look for anyone. */
  readonly search: SearchView | undefined
}

export function whyAlone(facts: AloneFacts): Alone | undefined {
  const { others, peers, search } = facts
  if (!facts.isMember) return outside(facts)
  if (peers > 0 || search === undefined) return undefined
  const dials = search.dials.filter(({ last }) => last !== 'connected')
  if (dials.length === 0 && others === 0)
    return {
      reason: 'nobody-else',
      message: 'Nobody else is in this swarm yet. Invite someone: `swarmlore invite create`.',
    }
  if (dials.length === 0) return { reason: 'no-address', message: noAddress(search.mdns) + reachable(facts) }
  const reason = tellingFirst.find(one => dials.some(({ last }) => last === one))
  if (reason === undefined) {
    const message = `Looking for the other members at ${places(dials)}; nobody has answered yet.`
    return { reason: 'searching', message }
  }
  const at = places(dials.filter(({ last }) => last === reason))
  return { reason, message: sentences[reason](at) + reachable(facts) }
}

function outside({ membership, nowS }: AloneFacts): Alone {
  if (membership !== undefined && membership.envelope.t > nowS && !isInForce(membership, nowS))
    return {
      reason: 'clock-behind',
      message:
        'By this machine’s clock, this node has not been let into the swarm yet. Set the clock right (NTP), and start the node again.',
    }
  if (membership !== undefined && !isInForce(membership, nowS))
    return {
      reason: 'membership-over',
      message:
        'This node’s membership has run out, by this machine’s clock. If the clock is right, ask a member for a new invitation: `swarmlore join INVITATION`.',
    }
  return {
    reason: 'not-a-member',
    message:
      'This node is not a member of this swarm: its membership was taken back or has run out, and what it shares is refused. Ask a member for a new invitation: `swarmlore join INVITATION`.',
  }
}

function noAddress(mdns: boolean): string {
  return mdns
    ? 'This node knows no address of another member, and finds none on the local network (multicast may be blocked there). Ask a member for a new invitation: it holds addresses.'
    : 'This node knows no address of another member. Ask a member for a new invitation: it holds addresses.'
}

/** Where the others cannot call back, that is half of the trouble. */
function reachable({ listensHereOnly }: AloneFacts): string {
  return listensHereOnly()
    ? ' This node itself listens on loopback only, so that other machines cannot reach it: start it with `--listen /ip4/0.0.0.0/tcp/4501`.'
    : ''
}

/** What is likeliest to be mended comes first, where addresses fail in different ways. */
const tellingFirst: readonly DialFailure[] = [
  'other-network',
  'other-node',
  'no-such-name',
  'not-dialable',
  'refused',
  'no-websocket',
  'no-route',
  'silent',
  'failed',
]

const sentences: Readonly<Record<DialFailure, (at: string) => string>> = {
  'other-network': at =>
    `Something answers at ${at}, but not in this swarm: it has another network key, or is another program. Ask a member for a new invitation: it holds the key.`,
  'other-node': at =>
    `Another node than the one expected answers at ${at}: its address has gone to somebody else, or its key was made anew. Ask a member for a new invitation.`,
  'no-such-name': at =>
    `The name in ${at} leads nowhere. See whether this machine resolves names (DNS) and has a network, and whether the name is spelled right.`,
  'not-dialable': at =>
    `The address ${at} is of a kind that this node cannot dial; it speaks TCP and WebSockets.`,
  refused: at =>
    `The machine is there, and nobody listens at ${at}: the node there is probably not running, or has taken another port. Start it there (\`swarmlore up\`).`,
  'no-websocket': at =>
    `Nobody answers to WebSockets at ${at}: the node there is probably not running, or a proxy in between does not pass them on.`,
  'no-route': at => `There is no way from here to ${at}. See whether this machine has a network.`,
  silent: at =>
    `No answer from ${at}: the machine is off, or a firewall stands between. See whether that port is open there.`,
  failed: at => `No connection to ${at} came about; \`logLevel\` debug says more.`,
}

/** The first two. */
function places(dials: SearchView['dials']): string {
  const shown = dials.slice(0, 2).map(({ address }) => address)
  const more = dials.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
