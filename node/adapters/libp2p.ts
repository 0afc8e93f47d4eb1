/**
 * The network port on libp2p and Helia, one instance of each a swarm. This file is the light door to it: the
 * libraries behind take most of a second and a hundred megabytes, and are loaded when the first swarm is opened.
 */

import type { Log, OpenSwarm } from '../ports.ts'
import type { SwarmSettings } from './libp2p-options.ts'
import { systemClock, systemRandom } from './system.ts'

export const defaultSwarmSettings: SwarmSettings = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  mdns: false,
  dht: true,
}

/**
 * Rejects with a NetworkFailure `port-in-use` or `cannot-listen`; its message says what to do. Each swarm listens on its
 * own: where a port was chosen, the first opened takes it, the second the next one, and so on; so with announced ports.
 */
export function swarmOpener(settings: SwarmSettings, log: Log): OpenSwarm {
  const taken = { listened: new Set<number>(), announced: new Set<number>() }
  return async swarm => {
    const listen = ownPorts(settings.listen, taken.listened)
    const announce = ownPorts(settings.announce ?? [], taken.announced)
    const { openLink } = await import('./swarm-link.ts')
    return openLink(
      { settings: { ...settings, listen, announce }, clock: systemClock, random: systemRandom, log },
      swarm,
    )
  }
}

/** The addresses with each chosen port moved up to one that no other swarm took; 0 stays 0, for a free one. Takes them. */
function ownPorts(listen: readonly string[], taken: Set<number>): readonly string[] {
  const own = new Map<number, number>()
  return listen.map(address =>
    address.replace(/\/tcp\/([1-9]\d*)/, (_, chosen: string) => {
      let port = own.get(Number(chosen)) ?? Number(chosen)
      while (!own.has(Number(chosen)) && taken.has(port)) port++
      own.set(Number(chosen), port)
      taken.add(port)
      return `/tcp/${port}`
    }),
  )
}
