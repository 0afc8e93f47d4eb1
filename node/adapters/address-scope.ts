/**
 * How far an address reaches, and which addresses may be taken from whom. What a peer says of where it listens makes
 * others dial, so it must not aim them at places that the teller cannot reach itself: a peer out on the internet has
 * nothing to say about this machine or its local network (else a swarm could be turned on an office's printer).
 */

import { BlockList, isIP } from 'node:net'
import type { Multiaddr } from '@multiformats/multiaddr'

/** From near to far. */
const scopes = ['machine', 'local', 'public'] as const
export type Scope = (typeof scopes)[number]

/** Undefined for names (they may lead anywhere), relays, and what is no single place: `0.0.0.0`, multicast, reserved. */
export function scopeOf(address: Multiaddr): Scope | undefined {
  const [ip, port, ...rest] = address.getComponents()
  if ((ip?.name !== 'ip4' && ip?.name !== 'ip6') || ip.value === undefined || port?.name !== 'tcp')
    return undefined
  if (rest.some(({ name }) => name !== 'ws' && name !== 'p2p') || Number(port.value) === 0) return undefined
  const family = isIP(ip.value) === 6 ? 'ipv6' : 'ipv4'
  if (machine.check(ip.value, family)) return 'machine'
  if (local.check(ip.value, family)) return 'local'
  return nowhere.check(ip.value, family) ? undefined : 'public'
}

/** Whether an address may be taken from someone who is reached at that scope: as far as that, or further. */
export function isWithin(address: Multiaddr, reach: Scope): boolean {
  const scope = scopeOf(address)
  return scope !== undefined && scopes.indexOf(scope) >= scopes.indexOf(reach)
}

/** The nearest of these; `public` for none. */
export function nearest(found: Iterable<Scope | undefined>): Scope {
  let best: Scope = 'public'
  for (const scope of found) {
    if (scope !== undefined && scopes.indexOf(scope) < scopes.indexOf(best)) best = scope
  }
  return best
}

const machine = networks('127.0.0.0/8 ::1/128')

const local = networks(
  '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 fc00::/7 fe80::/10',
)

const nowhere = networks(
  '0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 ::/128 2001:db8::/32 ff00::/8',
)

/** Of networks such as `10.0.0.0/8`, with spaces between them. */
function networks(text: string): BlockList {
  const list = new BlockList()
  for (const network of text.split(' ')) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
