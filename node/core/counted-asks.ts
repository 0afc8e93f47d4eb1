/**
 * Asks that count as one where a look saw only some of a lesson's runs. A group of runs alike is named within one look:
 * when its first run has left the window, the rest are given another name, and one person's ask would count twice. What
 * an episode was called before and what it is called now is the same ask.
 */

import type { DraftSupport } from '../ports.ts'

type Named = Pick<DraftSupport, 'episode' | 'ask'>

/** For each ask the one name under which it counts: of all that it has had, the first. */
export function countedAsks(before: Iterable<Named>, now: Iterable<Named>): (ask: string) => string {
  const earlier = new Map<string, string>()
  const first = (ask: string): string => {
    let name = ask
    for (let up = earlier.get(name); up !== undefined; up = earlier.get(name)) name = up
    return name
  }
  const called = new Map<string, string>()
  for (const { episode, ask } of before) called.set(episode, ask)
  for (const { episode, ask } of now) {
    const [name, later] = [first(ask), first(called.get(episode) ?? ask)].sort()
    if (name !== undefined && later !== undefined && name !== later) earlier.set(later, name)
  }
  return first
}
