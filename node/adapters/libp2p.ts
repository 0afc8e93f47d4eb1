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

/** Rejects with a NetworkFailure `port-in-use` or `cannot-listen`; its message says what to do. */
export function swarmOpener(settings: SwarmSettings, log: Log): OpenSwarm {
  return async swarm => {
    const { openLink } = await import('./swarm-link.ts')
    return openLink({ settings, clock: systemClock, random: systemRandom, log }, swarm)
  }
}
