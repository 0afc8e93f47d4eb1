/**
 * What there is to learn: topics, each with ways to put it, and with what helps, which may change once. Lessons and
 * questions are put together from a topic's parts; few topics are asked for most of the time, and not always the same. The
 * topics made here need no data: they have words of their own, and words that begin alike mean alike to the embedder.
 */

import type { NewEntry } from '../node/api.ts'
import type { Random } from '../node/ports.ts'
import { between, draw, happens, pick } from './random.ts'

export interface Topic {
  readonly name: string
  /** How lessons put it, and how questions do. */
  readonly situations: Wording
  readonly questions: Wording
  /** What helps; where there are two, the second takes the place of the first, which is then out of date. */
  readonly answers: readonly [first: string, second?: string]
  /** When that is, as a share of the run. */
  readonly turnsAt: number
}

/** So many of these parts make a text, in their order. */
export interface Wording {
  readonly parts: readonly string[]
  readonly atOnce: number
  /** Forms that a part may have. */
  readonly endings?: readonly string[]
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
  const topics = Array.from({ length: count }, () => {
    const stems = Array.from({ length: stemsOfTopic }, stem)
    const wording: Wording = { parts: stems, atOnce: wordsAtOnce, endings }
    return { name: stems[0] ?? '', situations: wording, questions: wording, answer: 'as it always was' }
  })
  return withTurns(topics, random.fork('turns'))
}

/** One topic in so many has an answer that goes out of date. */
const turnsOneIn = 4

/** Some of the topics, on which what helps changes in the middle half of the run. */
export function withTurns(
  topics: readonly (Pick<Topic, 'name' | 'situations' | 'questions'> & { readonly answer: string })[],
  random: Random,
): readonly Topic[] {
  return topics.map(({ answer, name, questions, situations }) => {
    const turnsAt = happens(random, 1 / turnsOneIn) ? between(random, 0.25, 0.75) : 1
    const answers: Topic['answers'] = turnsAt < 1 ? [answer, `no longer ${answer}`] : [answer]
    return { name, situations, questions, answers, turnsAt }
  })
}

/** Which answer helps at that time of the run, from 0 to 1. */
export function turnOf({ turnsAt }: Topic, time: number): 0 | 1 {
  return time < turnsAt ? 0 : 1
}

/** A lesson about the topic. Its mark is in its words, so that it can be found in a prompt. */
export function lessonOn(topic: Topic, mark: string, random: Random, turn: 0 | 1 = 0): NewEntry {
  const { answers, name, situations } = topic
  return {
    kind: 'pitfall',
    domains: [name],
    situation: phrase(situations, random),
    insight: { summary: `${mark} is what helped: ${answers[turn] ?? answers[0]}.`, action: `Use ${mark}.` },
  }
}

/** Another way to speak of the topic. */
export function questionOn({ questions }: Topic, random: Random): string {
  return phrase(questions, random)
}

/** How often, in a run, what is asked for most changes. */
const driftsOfRun = 5

/**
 * The first topic is asked for twice as often as the second, three times as often as the third, and so on; and now and
 * then in a run, from 0 to 1, the first becomes the last.
 */
export function demanded(topics: readonly Topic[], random: Random, time: number): Topic {
  const first = Math.floor(time * (driftsOfRun + 1))
  const whole = 1_000_000
  const shares = topics.map((_, at) => Math.floor(whole / (at + 1)))
  let left = random.below(shares.reduce((sum, share) => sum + share, 0))
  for (const [at, share] of shares.entries()) {
    left -= share
    const topic = topics[(first + at) % topics.length]
    if (left < 0 && topic !== undefined) return topic
  }
  throw new RangeError('there are no topics')
}

function phrase({ atOnce, endings: forms = [''], parts }: Wording, random: Random): string {
  return draw(random, parts.keys(), atOnce)
    .sort((a, b) => a - b)
    .map(at => `${parts[at]}${pick(random, forms)}`)
    .join(' ')
}
