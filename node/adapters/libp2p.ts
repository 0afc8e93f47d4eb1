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
 * own: where a port was chosen, the first opened takes it, the second the next one, and so on.
 */
export function swarmOpener(settings: SwarmSettings, log: Log): OpenSwarm {
  let opened = 0
  return async swarm => {
    const listen = settings.listen.map(address => nextPort(address, opened))
    opened++
    const { openLink } = await import('./swarm-link.ts')
    return openLink(
      { settings: { ...settings, listen }, clock: systemClock, random: systemRandom, log },
      swarm,
    )
  }
}

/** The address with its TCP port moved up; 0 stays 0, for a free one. */
function nextPort(address: string, by: number): string {
  return address.replace(/\/tcp\/([1-9]\d*)/, (_, port: string) => `/tcp/${Number(port) + by}`)
}
