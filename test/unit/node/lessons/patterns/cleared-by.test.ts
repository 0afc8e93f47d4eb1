import { describe, expect, it } from 'vitest'
import { lessonsOf as allLessonsOf, asksOf, isShareable, type Script, type Step } from '../episodes.ts'

const lessonsOf = async (scripts: readonly Script[]) =>
  (await allLessonsOf(scripts)).filter(draft => draft.pattern === 'cleared-by')

const BLOCKED = 'Error: loans are blocked while a fine is open'
const renew = (loan: string, result: string): Step => ({
  tool: 'renew_loan',
  arguments: { loan_id: loan, weeks: 2 },
  result,
})
const pay = (loan: string): Step => ({ tool: 'pay_fine', arguments: { loan_id: loan }, result: 'paid' })
const look = (loan: string): Step => ({
  tool: 'get_loan',
  arguments: { loan_id: loan },
  result: { title: 'x' },
})
const run = (task: string, steps: readonly Step[], reward = 1): Script => ({ task, reward, steps })
const cleared = (task: string, loan: string, reward = 1): Script =>
  run(task, [renew(loan, BLOCKED), look(loan), pay(loan), renew(loan, 'renewed')], reward)

describe('what cleared an error', () => {
  it('is the one tool that changed something before the very same call passed', async () => {
    const [draft, ...rest] = await lessonsOf([cleared('a', 'ln-4417'), cleared('b', 'ln-9002')])
    expect(rest).toEqual([])
    expect(draft?.key).toBe('cleared-by|renew_loan|pay_fine|loan_id|loans are blocked while a fine is open')
    expect(draft?.insight.action).toBe(
      'Call `pay_fine` for the same `loan_id`, where the rules allow it, and then make the same call of `renew_loan` again.',
    )
    expect(draft === undefined ? [] : [asksOf(draft), isShareable(draft)]).toEqual([2, true])
  })

  it('is not said of two tools, of one that only reads, or of the tool itself', async () => {
    const two = (task: string): Script =>
      run(task, [
        renew('ln-1', BLOCKED),
        pay('ln-1'),
        { tool: 'open_case', arguments: { reason: 'r' }, result: 'ok' },
        renew('ln-1', 'renewed'),
      ])
    const read = (task: string): Script =>
      run(task, [renew('ln-1', BLOCKED), look('ln-1'), renew('ln-1', 'ok')])
    const self = (task: string): Script =>
      run(task, [renew('ln-1', BLOCKED), renew('ln-2', 'renewed'), renew('ln-1', 'renewed')])
    for (const script of [two, read, self]) expect(await lessonsOf([script('a'), script('b')])).toEqual([])
  })

  it('is refuted by a call that failed again after it, and by one that passed without it', async () => {
    const inVain = run('c', [renew('ln-7', BLOCKED), pay('ln-7'), renew('ln-7', BLOCKED)])
    const anyway = run('c', [renew('ln-7', BLOCKED), renew('ln-7', 'renewed')])
    for (const against of [inVain, anyway])
      expect(await lessonsOf([cleared('a', 'ln-4417'), cleared('b', 'ln-9002'), against])).toEqual([])
  })

  it('is no advice where no run was solved', async () => {
    expect(await lessonsOf([cleared('a', 'ln-4417', 0), cleared('b', 'ln-9002', 0)])).toEqual([])
  })
})
