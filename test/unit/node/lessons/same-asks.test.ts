import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askNames } from '../../../../node/lessons/asks.ts'
import { asksOf, lessonsOf, redacted, type Script, transcript } from './episodes.ts'

const message = 'Hello, please refund my order W77123, it came broken and I want the money back'

function run(task: string, user = message, account = 'mia_stone_4516'): Script {
  return {
    task,
    reward: 1,
    steps: [{ user }, { tool: 'get_account', arguments: { account }, result: { id: account } }],
  }
}

async function asksIn(scripts: readonly Script[]): Promise<number> {
  const episodes = await Promise.all(scripts.map(script => redacted(transcript(script))))
  return new Set([...askNames(episodes).values()].map(names => names.ask)).size
}

describe('one ask under several task ids', () => {
  it('counts once where the same person says the very same', async () => {
    expect(await asksIn(['t1', 't2', 't3', 't4', 't5'].map(task => run(task)))).toBe(1)
  })

  it('counts once however many there are, in whatever order, whatever spaces and capitals are put between', async () => {
    const spelled = fc.constantFrom(message, message.toUpperCase(), message.replaceAll(' ', '  '))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 8 }),
        fc.array(spelled, { minLength: 8, maxLength: 8 }),
        async (ids, texts) => {
          const scripts = ids.map((id, at) => run(`task-${id}`, texts[at]))
          expect(await asksIn(scripts)).toBe(1)
          expect(await asksIn(scripts.toReversed())).toBe(1)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('counts for each person where different people say the same', async () => {
    const words = 'Hello, please refund my last order, it came broken and I want the money back'
    expect(await asksIn([run('t1', words, 'mia_stone_4516'), run('t2', words, 'ben_hill_8123')])).toBe(2)
  })

  it('counts for each ask where one person asks for different things', async () => {
    const other = 'Hello, please cancel my order W88456, I have found the same thing for less'
    expect(await asksIn([run('t1'), run('t2', other)])).toBe(2)
  })

  it('counts a greeting for each task', async () => {
    const greeted = (task: string, then: string): Script => ({
      task,
      steps: [{ user: 'hi' }, { user: then }, ...run(task).steps.slice(1)],
    })
    expect(
      await asksIn([greeted('t1', 'refund the lamp please'), greeted('t2', 'is the chair in stock?')]),
    ).toBe(2)
  })

  it('counts tasks behind one long prompt each for itself', async () => {
    const prompt = Array.from({ length: 300 }, (_, at) => `rule${at}`).join(' ')
    expect(await asksIn([run('t1', prompt), run('t2', prompt)])).toBe(2)
  })

  it('counts tasks in which no user speaks each for itself', async () => {
    const silent = (task: string): Script => ({
      task,
      steps: [{ rule: message }, ...run(task).steps.slice(1)],
    })
    expect(await asksIn([silent('t1'), silent('t2')])).toBe(2)
  })

  it('keeps runs of one task together, and names them after the first task', async () => {
    const episodes = await Promise.all([run('b'), run('a'), run('b')].map(one => redacted(transcript(one))))
    const names = [...askNames(episodes).values()]
    expect(new Set(names.map(one => one.ask))).toEqual(new Set(['test/a']))
    expect(new Set(names.map(one => one.problem))).toEqual(new Set(['test/a', 'test/b']))
  })

  it('is no evidence of two asks for a lesson', async () => {
    const failing = (task: string, user: string, account: string): Script => ({
      task,
      reward: 1,
      steps: [
        { user },
        { tool: 'get_account', arguments: { account }, result: { wallets: [{ id: `wal-${account}9` }] } },
        { tool: 'refund_purchase', arguments: { wallet: 'w-made' }, result: 'Error: wallet not found' },
        { tool: 'refund_purchase', arguments: { wallet: `wal-${account}9` }, result: { ok: true } },
      ],
    })
    const ofTasks = async (...scripts: Script[]): Promise<number> => {
      const drafts = await lessonsOf(scripts)
      const lesson = drafts.find(draft => draft.key.startsWith('changed-argument|'))
      return lesson === undefined ? 0 : asksOf(lesson)
    }
    const same = ['t1', 't2', 't3', 't4', 't5'].map(task => failing(task, message, 'mia_stone_4516'))
    expect(await ofTasks(...same)).toBe(1)
    expect(
      await ofTasks(...same, failing('t6', 'My chair is too small, money back please', 'ben_hill_8123')),
    ).toBe(2)
  })
})
