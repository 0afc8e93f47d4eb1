import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../sim/random.ts'
import { filesOf, topicsFrom, workloadNames } from '../../../sim/texts.ts'
import { lessonOn, questionOn, type Topic } from '../../../sim/topics.ts'

const random = () => seededRandom('texts')
const lines = (count: number, row: (at: number) => object): string =>
  Array.from({ length: count }, (_, at) => JSON.stringify(row(at))).join('\n')
const ten = (row: (at: number) => object): string => lines(10, row)
const topicsOf = (...given: Parameters<typeof topicsFrom>): readonly Topic[] => {
  const read = topicsFrom(...given)
  if (!read.ok) throw new TypeError(read.message)
  return read.value
}

describe('real text as topics', () => {
  it('has of intents lessons in the words of one file, and questions in those of the other', () => {
    const rows = (word: string) =>
      `${ten(at => ({ text: `${word} ${at}`, intent: `i${at}` }))}\n{"text":"x","intent":"oos"}`
    const topics = topicsOf('clinc150', [rows('learned'), rows('asked')], random())
    expect(topics.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, at) => `i${at}`))
    const [, topic] = topics
    expect(topic && lessonOn(topic, 'mark', random()).situation).toBe('learned 1')
    expect(topic && questionOn(topic, random())).toBe('asked 1')
  })

  it('asks a trivia question again in some of its words, in their order', () => {
    const question = 'which of these four animals sleeps through the winter'
    const topics = topicsOf(
      'opentriviaqa',
      [ten(() => ({ question, answer: 'Bear', category: 'animals' }))],
      random(),
    )
    const [topic] = topics
    if (topic === undefined) throw new TypeError('there are ten')
    expect(lessonOn(topic, 'mark', random())).toMatchObject({
      situation: question,
      insight: { summary: 'mark is what helped: Bear.' },
    })
    const asked = questionOn(topic, random()).split(' ')
    expect(asked).toHaveLength(7)
    expect(question.split(' ').filter(word => asked.includes(word))).toEqual(asked)
  })

  it('has one topic for all tasks that the same tools solve', () => {
    const rows = lines(40, at => ({
      instruction: `Task ${at}`,
      actions: [{ name: `tool${at % 8}`, kwargs: {} }, { name: `tool${at % 8}` }, { name: 'last' }],
    }))
    const topics = topicsOf('tau_bench', [rows, ''], random())
    expect(topics).toHaveLength(8)
    expect(topics[2]?.answers[0]).toBe('tool2, last')
    expect(topics[2]?.situations.parts).toEqual(['Task 2', 'Task 18', 'Task 34'])
    expect(topics[2]?.questions.parts).toEqual(['Task 10', 'Task 26'])
  })

  it('leaves out what fits into no lesson', () => {
    const rows = lines(20, at => ({
      question: at < 10 ? `what is thing ${at}` : at < 15 ? 'long '.repeat(400) : `odd \u202e ${at}`,
      answer: 'yes',
      category: 'c',
    }))
    expect(topicsOf('opentriviaqa', [rows], random())).toHaveLength(10)
  })

  it.each([
    ['no JSON', '{'],
    ['another form', '{"a":1}'],
    ['too little', '{"question":"a b","answer":"c","category":"d"}'],
    ['nothing', ''],
  ])('is refused where the file has %s', (_, text) => {
    expect(topicsFrom('opentriviaqa', [text], random())).toMatchObject({ ok: false, code: 'bad-input' })
  })

  it('of anything at all is read or refused, and never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(['clinc150', 'opentriviaqa', 'tau_bench'] as const)),
        fc.json(),
        (name, text) => {
          expect(topicsFrom(name, [text, text], random()).ok).toBe(false)
        },
      ),
    )
  })

  const data = new URL('../../../../shared/data/', import.meta.url)
  const real = workloadNames.filter(name => name !== 'synthetic')
  it.skipIf(!existsSync(data))('comes out of the public data, which lies beside the project', () => {
    const counts = real.map(name => {
      const files = filesOf[name].map(file => readFileSync(new URL(file, data), 'utf8'))
      return topicsOf(name, files, random()).length
    })
    expect(counts).toEqual([150, 49_160, 36])
  })
})
