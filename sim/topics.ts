/**
 * Something to learn that needs no data: topics with words of their own, lessons and questions put together from them, a
 * demand in which few topics are asked for most of the time. Words that begin alike mean alike to the synthetic embedder.
 */

import type { NewEntry } from '../node/api.ts'
import type { Random } from '../node/ports.ts'
import { draw, pick } from './random.ts'

export interface Topic {
  readonly number: number
  readonly name: string
  readonly stems: readonly string[]
}

const consonants = 'bdfgklmnprstvz'
const vowels = 'aeiou'
const endings = ['', 's', 'ing', 'ed', 'er', 'ation']
const stemsOfTopic = 8
/** Words of a lesson's situation, and of a question: how much two of one topic have in common. */
const wordsAtOnce = 5

export function createTopics(random: Random, count: number): readonly Topic[] {
  const taken = new Set<string>()
  const stem = (): string => {
    for (;;) {
      let word = ''
      for (let at = 0; at < 5; at++) word += pick(random, [...(at % 2 === 0 ? consonants : vowels)])
      if (taken.has(word)) continue
      taken.add(word)
      return word
    }
  }
  return Array.from({ length: count }, (_, number) => {
    const stems = Array.from({ length: stemsOfTopic }, stem)
    return { number, name: stems[0] ?? '', stems }
  })
}

/** A lesson about the topic. Its mark is in its words, so that it can be found in a prompt. */
export function lessonOn({ name, stems }: Topic, mark: string, random: Random): NewEntry {
  return {
    kind: 'pitfall',
    domains: [name],
    situation: phrase(stems, random),
    insight: { summary: `${mark} is what helped.`, action: `Use ${mark}.` },
  }
}

/** Another way to speak of the topic. */
export function questionOn({ stems }: Topic, random: Random): string {
  return phrase(stems, random)
}

/** The first topic is asked for twice as often as the second, three times as often as the third, and so on. */
export function demanded(topics: readonly Topic[], random: Random): Topic {
  const whole = 1_000_000
  const shares = topics.map((_, at) => Math.floor(whole / (at + 1)))
  let left = random.below(shares.reduce((sum, share) => sum + share, 0))
  for (const [at, topic] of topics.entries()) {
    left -= shares[at] ?? 0
    if (left < 0) return topic
  }
  throw new RangeError('there are no topics')
}

function phrase(stems: readonly string[], random: Random): string {
  return draw(random, stems, wordsAtOnce)
    .map(stem => stem + pick(random, endings))
    .join(' ')
}
