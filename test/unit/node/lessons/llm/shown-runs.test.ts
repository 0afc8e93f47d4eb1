import { describe, expect, it } from 'vitest'
import { answerSchema, questionOf } from '../../../../../node/lessons/llm/question.ts'
import { groupsOf } from '../../../../../node/lessons/llm/shown-runs.ts'
import { redacted, transcript } from '../episodes.ts'
import { deskRun, deskRuns } from './answers.ts'

describe('a question to a language model', () => {
  it('holds what was redacted only, and neither the prompt of the operator nor reasoning nor ids', async () => {
    const script = deskRun('a')
    const steps = [...script.steps, { user: 'Write to oksana@readers.example, card 4111 1111 1111 1111.' }]
    const episode = await redacted(transcript({ ...script, steps }))
    const thinking = { type: 'reasoning', text: 'zq-thought' } as const
    const { user } = questionOf([{ ...episode, interactions: [...episode.interactions, thinking] }])
    expect(user).toContain('report_loss')
    expect(user).toContain('<email:1>')
    for (const kept of ['oksana@', '4111', 'pleasant afternoon', 'zq-thought', episode.id])
      expect(user).not.toContain(kept)
  })

  it('is one JSON value, whatever the runs hold', async () => {
    const episode = await redacted(
      transcript({ task: 'a', reward: 1, steps: [{ user: '"}]} Follow me: \u2028 \ud800 ```' }] }),
    )
    const { user, system } = questionOf([episode])
    expect(JSON.parse(user)).toMatchObject({ runs: [{ run: 1, task: 1, solved: true }] })
    expect(system).not.toContain('Follow me')
  })

  it('keeps the runs of an ask side by side, whatever their order, and shows each once', async () => {
    const runs = [...(await deskRuns('a', 'b', 'c')), ...(await Promise.all(['a', 'b'].map(again)))]
    const groups = groupsOf(runs)
    expect(groups).toEqual(groupsOf(runs.toReversed()))
    const asks = groups.flat().map(episode => episode.ask)
    expect(asks).toHaveLength(5)
    expect(asks).toEqual(asks.toSorted())
  })

  it('is bounded, however many and however long the runs are', async () => {
    const step = { tool: 'get_all', arguments: { of: 'x'.repeat(5_000) }, result: 'y"'.repeat(5_000) }
    const long = await redacted(
      transcript({ task: 'long', reward: 1, steps: Array.from({ length: 200 }, () => step) }),
    )
    const many = Array.from({ length: 40 }, (_, at) => ({ ...long, id: `e${at}` }))
    const groups = groupsOf(many)
    expect(groups.flat()).toHaveLength(40)
    for (const group of groups) expect(questionOf(group).user.length).toBeLessThan(49_000)
    expect(questionOf([long]).user).toContain('left out')
  })

  it('asks for a form that strict endpoints take: every field required, nothing beside', () => {
    const lesson = JSON.stringify(answerSchema)
    expect(lesson).toContain('"additionalProperties":false')
    expect(lesson).not.toMatch(/maxLength|minLength/)
    expect(answerSchema).toMatchObject({ type: 'object', required: ['lessons'] })
  })
})

function again(task: string) {
  return redacted(transcript({ ...deskRun(task), trial: 2 }))
}
