import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../sim/random.ts'
import { createTopics, demanded, lessonOn, questionOn, turnOf } from '../../../sim/topics.ts'

const random = seededRandom('topics')
const topics = createTopics(random, 40)

describe('demand', () => {
  const askedMost = (time: number): string => {
    const counts = new Map<string, number>()
    for (let at = 0; at < 3_000; at++) {
      const { name } = demanded(topics, random, time)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const [[name, count], [, next] = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a) as [
      [string, number],
    ]
    // By Zipf's law the first is asked for twice as often as the second.
    expect(count / next).toBeGreaterThan(1.5)
    return name
  }

  it('is for few topics most of the time, and for others later in the run', () => {
    expect([0, 0.1, 0.5, 1].map(askedMost)).toEqual([0, 0, 3, 6].map(at => topics[at]?.name))
  })
})

describe('a topic', () => {
  it('may have an answer that goes out of date in the run: then lessons on it say something else', () => {
    const turning = topics.filter(({ turnsAt }) => turnsAt < 1)
    expect(turning.length).toBeGreaterThan(3)
    expect(turning.length).toBeLessThan(20)
    for (const topic of turning) {
      const { turnsAt } = topic
      expect([
        turnOf(topic, 0),
        turnOf(topic, turnsAt - 0.01),
        turnOf(topic, turnsAt),
        turnOf(topic, 1),
      ]).toEqual([0, 0, 1, 1])
      const [before, after] = ([0, 1] as const).map(
        turn => lessonOn(topic, 'mark', random, turn).insight.summary,
      )
      expect(before).not.toBe(after)
    }
    for (const topic of topics.filter(({ turnsAt }) => turnsAt === 1)) expect(turnOf(topic, 0.99)).toBe(0)
  })

  it('is put in other words by lessons and questions, of which some are its own', () => {
    for (const topic of topics) {
      const words = new Set(
        lessonOn(topic, 'mark', random)
          .situation.split(' ')
          .map(word => word.slice(0, 5)),
      )
      const asked = questionOn(topic, random).split(' ')
      expect(asked).toHaveLength(5)
      expect(asked.filter(word => words.has(word.slice(0, 5))).length).toBeGreaterThanOrEqual(2)
    }
  })
})
