import { expect, it } from 'vitest'
import { lessonsOf, type Script, type Step, textOf } from './episodes.ts'

const read = (task: string): Step => ({
  tool: 'get_jar',
  arguments: { jar_id: `jar-${task}9` },
  result: { size: 3 },
})
const pour = (task: string): Step => ({
  tool: 'modify_jar',
  arguments: { jar_id: `jar-${task}9`, amount: 7 },
  result: 'poured',
})
const tasks = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const run = (task: string, trial: number, reward: number, steps: readonly Step[]): Script => ({
  task,
  trial,
  reward,
  steps,
})

async function readFirst(unsolved: (task: string) => readonly Step[]) {
  const drafts = await lessonsOf(
    tasks.flatMap(task => [
      run(task, 0, 1, [read(task), pour(task)]),
      run(task, 1, 1, [read(task), pour(task)]),
      run(task, 2, 0, unsolved(task)),
      run(task, 3, 0, unsolved(task)),
    ]),
  )
  return drafts.filter(draft => draft.key.includes('reads-first|modify_jar|get_jar'))
}

it('what was read before a call sets runs apart that made the call', async () => {
  const [found] = await readFirst(task => [pour(task)])
  expect(found?.insight.summary).toContain('called `get_jar` on the same thing before `modify_jar`')
})

it('runs that read the same and never made the call do not show that reading helps', async () => {
  expect(await readFirst(task => [read(task)])).toEqual([])
})

it('a word that is in no dictionary and stands in few tasks is no state that a lesson may name', async () => {
  const tend = (task: string, guardian: string, writes: boolean): Script => ({
    task,
    reward: writes ? 1 : 0,
    steps: [
      { tool: 'get_jar', arguments: { jar_id: `jar-${task}9` }, result: { guardian, size: 3 } },
      ...(writes ? [pour(task)] : []),
    ],
  })
  const drafts = await lessonsOf([
    ...['a', 'b', 'c', 'd', 'e', 'f'].map(task => tend(task, 'kowalska', true)),
    ...['g', 'h', 'i', 'j', 'k', 'l'].map(task => tend(task, 'lindqvist', false)),
  ])
  for (const draft of drafts) expect(textOf(draft)).not.toMatch(/kowalska|lindqvist/)
})

it('that solved runs changed something else first is no advice to change it', async () => {
  const tag = (task: string): Step => ({
    tool: 'modify_label',
    arguments: { jar_id: `jar-${task}9`, text: 'new' },
    result: { jar_id: `jar-${task}9`, label: 'new' },
  })
  const drafts = await lessonsOf(
    tasks.flatMap(task => [
      run(task, 0, 1, [tag(task), pour(task)]),
      run(task, 1, 0, [pour(task)]),
      run(task, 2, 0, [pour(task)]),
    ]),
  )
  expect(drafts.filter(draft => draft.key.startsWith('contrast|'))).toEqual([])
})
