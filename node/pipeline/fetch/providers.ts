/** Who is asked for an entry, and in which order. Nobody's announcement makes this node dial: only who is connected. Pure. */

import type { PeerId } from '../../../protocol/types.ts'
import type { Wanted } from './failed-fetches.ts'

/** Providers named to one fetch beyond the announcer and the author. */
const otherProviders = 4

/** The announcer, the author, and a few others; at each further try those behind whoever was asked in vain. */
export function providersOf(
  { digest, from }: Wanted,
  connected: readonly PeerId[],
  tries: number,
): readonly PeerId[] {
  const named = [from, digest.envelope.author].flatMap(peer => connected.find(one => one === peer) ?? [])
  const others = connected.filter(peer => !named.includes(peer))
  // In a large swarm few may have what is asked for.
  const start = (tries * otherProviders) % Math.max(1, others.length)
  const next = [...others.slice(start), ...others.slice(0, start)].slice(0, otherProviders)
  return [...new Set([...named, ...next])]
}

/** In the order in which they are named first; without what nobody has. */
export function byFirstProvider(
  wanteds: readonly Wanted[],
  providersOfOne: (wanted: Wanted) => readonly PeerId[],
): ReadonlyMap<PeerId, readonly Wanted[]> {
  const groups = new Map<PeerId, Wanted[]>()
  for (const wanted of wanteds) {
    const [first] = providersOfOne(wanted)
    if (first === undefined) continue
    const group = groups.get(first)
    if (group === undefined) groups.set(first, [wanted])
    else group.push(wanted)
  }
  return groups
}
