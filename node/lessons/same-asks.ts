/**
 * Tasks that are one person's same ask under several ids. Whoever names the tasks can name one ask five times, and five
 * tasks count as evidence for what is to be shared; so tasks whose runs begin with the very same message about the same
 * record count as one. Different asks of one person stay different, and so do tasks behind a common long prompt: there
 * only the ids tell.
 */

import type { AskWords } from './ask-words.ts'
import { Groups } from './groups.ts'

/** A first message of so many words is not said by chance by two people, nor twice for different things. */
export const OPENING_WORDS_MIN = 8
/** Longer ones are written by programs: instructions with little in them that differs. */
const OPENING_WORDS_MAX = 200

/** The name under which a task's runs count: of the tasks that are one ask, the first. */
export function sameAsks(runs: readonly AskWords[]): (task: string) => string {
  const tasks = [...new Set(runs.map(run => run.ask))].sort()
  const places = new Map(tasks.map((task, at) => [task, at]))
  const groups = new Groups(tasks.length)
  const first = new Map<string, number>()
  for (const run of runs) {
    const at = places.get(run.ask)
    if (at === undefined) continue
    for (const sign of signsOf(run)) {
      const other = first.get(sign)
      if (other === undefined) first.set(sign, at)
      else groups.join(other, at)
    }
  }
  return task => tasks[groups.first(places.get(task) ?? -1)] ?? task
}

/** Two runs with a sign in common are of one ask: what was said, with each record that it concerns. */
function signsOf({ opening, saying, records, tools }: AskWords): readonly string[] {
  const { length } = opening.split(' ', OPENING_WORDS_MAX + 1)
  if (saying === '' || length > OPENING_WORDS_MAX) return []
  const isLong = length >= OPENING_WORDS_MIN
  if (records.size > 0) return [...records].map(record => `${isLong ? opening : saying}\n${record}`)
  // Where no record is named, only the words tell; and what was said to two services was asked of each for itself.
  return isLong ? [...tools, ''].slice(0, Math.max(1, tools.size)).map(tool => `${saying}\n\n${tool}`) : []
}
