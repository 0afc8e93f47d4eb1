import { describe, expect, it } from 'vitest'
import { originName, originsOf } from '../../../../node/lessons/origins.ts'
import { toRun } from '../../../../node/lessons/runs.ts'
import { redacted, type Step, transcript } from './episodes.ts'

async function namesOf(steps: readonly Step[], value: string | number): Promise<readonly string[]> {
  const run = toRun(await redacted(transcript({ task: 't', steps })))
  return originsOf(run).of(value, Number.MAX_SAFE_INTEGER).map(originName)
}

const read = (result: unknown): Step => ({ tool: 'get_user', arguments: {}, result })

describe('where a value came from', () => {
  it.each([
    ['what the user said', [{ user: 'It is K-77, please.' }], 'K-77', ['user']],
    ['the user, in other letters', [{ user: 'it is order k 77 5x' }], 'K-775X', ['user']],
    ['a rule', [{ rule: 'Bags cost 50 each.' }], 50, ['rule']],
    ['a result at its path', [read({ cards: [{ id: 'abc1' }] })], 'abc1', ['get_user.cards[].id']],
    [
      'a table with ids for keys',
      [read({ cards: { abc1: { id: 'abc1', kind: 'x' } } })],
      'abc1',
      ['get_user.cards[].id'],
    ],
    ['the key of a table', [read({ cards: { 'a-1': 5, 'b-2': 6 } })], 'a-1', ['get_user.cards[]']],
    ['the text of a result', [read('shelf B-12 on the left')], 'B-12', ['text of get_user']],
    [
      'an error that lists what is allowed',
      [read("Error: use 'cash' or 'card'")],
      'card',
      ['error of get_user'],
    ],
    ['nobody', [{ user: 'K-77' }, read({ id: 'K-78' })], 'K-79', []],
    ['not a part of a longer word', [{ user: 'K-771' }], 'K-77', []],
  ] satisfies readonly [string, readonly Step[], string | number, readonly string[]][])(
    '%s',
    async (_, steps, value, names) => {
      expect(await namesOf(steps, value)).toEqual(names)
    },
  )

  it('an exact match hides one that only ignores case', async () => {
    expect(await namesOf([read({ a: 'ABC1', b: 'abc1' })], 'abc1')).toEqual(['get_user.b'])
  })

  it('what comes later is no origin', async () => {
    const run = toRun(
      await redacted(transcript({ task: 't', steps: [read({ id: 'abc1' }), { user: 'abc1' }] })),
    )
    expect(originsOf(run).of('abc1', 1)).toEqual([])
  })

  it('an error that repeats what it was asked for has not offered it', async () => {
    const step: Step = { tool: 'find', arguments: { q: 'Dune' }, result: "Error: 'Dune' not found" }
    expect(await namesOf([step], 'Dune')).toEqual([])
  })
})
