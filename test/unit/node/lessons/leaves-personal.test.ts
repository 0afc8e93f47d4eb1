import { expect, it } from 'vitest'
import { isShareable, lessonsOf, type Script, textOf } from './episodes.ts'

function refund(task: string, user: string, account: (wallet: string) => unknown): Script {
  const wallet = `wal-${task}9`
  return {
    task,
    reward: 1,
    steps: [
      { user },
      { tool: 'get_account', arguments: { account: task }, result: account(wallet) },
      { tool: 'refund_purchase', arguments: { wallet: 'w-made' }, result: 'Error: wallet not found' },
      { tool: 'refund_purchase', arguments: { wallet }, result: { ok: true } },
    ],
  }
}

async function shared(scripts: readonly Script[]): Promise<string> {
  const drafts = (await lessonsOf(scripts)).filter(isShareable)
  expect(drafts.map(draft => draft.key)).toContainEqual(expect.stringContaining('changed-argument|'))
  return drafts.map(textOf).join('\n')
}

it('one record under its owner is a table of one', async () => {
  const account = (wallet: string): unknown => ({ zanzibar: { wallet } })
  const text = await shared([refund('t1', 'refund', account), refund('t2', 'refund', account)])
  expect(text).not.toContain('zanzibar')
  expect(text).toContain('get_account[].wallet')
})

it.each([
  ['a value', (wallet: string): unknown => ({ zanzibar: wallet, open: true })],
  ['a record', (wallet: string): unknown => ({ zanzibar: { wallet }, open: true })],
  ['a table', (wallet: string): unknown => ({ zanzibar: { 'a-1': { wallet }, 'a-2': {} } })],
  ['in a list', (wallet: string): unknown => [{ kind: 'x', zanzibar: [wallet] }]],
])('a key that users said is data: %s', async (_, account) => {
  const text = await shared([
    refund('t1', 'i am zanzibar', account),
    refund('t2', 'zanzibar here, refund', account),
  ])
  expect(text).not.toContain('zanzibar')
})

it('keys are data where other results of the tool have others in their place', async () => {
  const under = (name: string) => (wallet: string) => ({ [name]: wallet })
  const text = await shared([
    refund('t1', 'refund', under('zanzibar')),
    refund('t2', 'refund', under('quillfeather')),
    refund('t3', 'refund', under('zanzibar')),
  ])
  expect(text).not.toMatch(/zanzibar|quillfeather/)
})

it.each([
  [
    'under a word of a tool',
    (wallet: string): unknown => ({ account: { wallets: [wallet] } }),
    'account.wallets',
  ],
  [
    'under an envelope',
    (wallet: string): unknown => ({ data: { purse: { id: wallet }, n: 1 } }),
    'data.purse.id',
  ],
  ['in a record', (wallet: string): unknown => ({ purse: { id: wallet }, open: true }), 'purse.id'],
])('names of fields stay: %s', async (_, account, path) => {
  const text = await shared([
    refund('t1', 'refund my account', account),
    refund('t2', 'an account, please', account),
  ])
  expect(text).toContain(`get_account.${path}`)
})

it('a field that users speak of stays where results of two other asks have it', async () => {
  const account = (wallet: string): unknown => ({ purse: { id: wallet }, open: true })
  const text = await shared([
    refund('t1', 'where is my purse?', account),
    refund('t2', 'refund', account),
    refund('t3', 'refund', account),
  ])
  expect(text).toContain('get_account.purse.id')
})
