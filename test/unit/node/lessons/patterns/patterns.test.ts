import { describe, expect, it } from 'vitest'
import { heldBackBy } from '../../../../../node/pipeline/publish.ts'
import type { EntryDraft } from '../../../../../node/ports.ts'
import {
  lessonsOf as allLessonsOf,
  asksOf,
  distilled,
  isShareable,
  type Script,
  type Step,
  textOf,
} from '../episodes.ts'

/** The patterns under test here: the same short runs also show how calls are filled, which `cards.test.ts` covers. */
const TESTED = new Set([
  'changed-argument',
  'explained-figures',
  'confirmed-answer',
  'list-relation',
  'record-field',
  'other-tool',
  'same-call-again',
  'limit-exceeded',
])

async function lessonsOf(scripts: readonly Script[]): Promise<readonly EntryDraft[]> {
  return (await allLessonsOf(scripts)).filter(draft => TESTED.has(draft.pattern))
}

/** A refund that fails with a made-up wallet, and goes through with the one that the account holds. */
function refund(task: string, reward: number | undefined, digits: string, wallet: string): Script {
  const call = (wallet_id: string, result: unknown): Step => ({
    tool: 'refund',
    arguments: { wallet_id },
    result,
  })
  return {
    task,
    ...(reward === undefined ? {} : { reward }),
    steps: [
      { user: `Back on my card ending ${digits}, please.` },
      { tool: 'get_account', arguments: {}, result: { wallets: [{ id: wallet, last: digits }] } },
      call(`card_${digits}`, 'Error: wallet not found'),
      call(wallet, { state: 'refunded' }),
    ],
  }
}

describe('changed argument', () => {
  const key = 'changed-argument|origin|refund|wallet_id|nobody|get_account.wallets[].id|wallet not found'

  it('says where solved runs took the value that went through', async () => {
    const drafts = await lessonsOf([refund('a', 1, '4417', 'w-58210'), refund('b', 1, '9002', 'w-77345')])
    expect(drafts.map(draft => draft.key)).toEqual([key])
    const [draft] = drafts
    expect(draft).toMatchObject({
      kind: 'pitfall',
      asksToShare: 2,
      context: { tools: [{ name: 'refund', arguments: ['wallet_id'] }] },
    })
    expect(draft?.situation).toBe(
      'About to call `refund` with `wallet_id`, or it failed with "wallet not found".',
    )
    expect(draft?.insight.action).toContain('`get_account.wallets[].id`')
    expect(JSON.stringify(draft?.insight)).not.toMatch(/4417|58210|9002|77345/)
  })

  it('recommends nothing from unsolved runs, nor from runs without an outcome', async () => {
    expect(await lessonsOf([refund('a', 0, '4417', 'w-58210'), refund('b', 0, '9002', 'w-77345')])).toEqual(
      [],
    )
    expect(await lessonsOf([refund('a', undefined, '4417', 'w-58210')])).toEqual([])
  })

  it('counts an unsolved run as support, and not towards sharing', async () => {
    const [draft] = await lessonsOf([refund('a', 1, '4417', 'w-58210'), refund('b', 0, '9002', 'w-77345')])
    expect(draft?.support.map(one => one.solved).sort()).toEqual([false, true])
    expect(draft).toMatchObject({ asksToShare: 2, needsSolved: true })
    expect(draft === undefined || isShareable(draft)).toBe(false)
  })

  it('says nothing where another call failed in the same words with a value from the same place', async () => {
    const opposed: Script = {
      task: 'c',
      reward: 1,
      steps: [
        { tool: 'get_account', arguments: {}, result: { wallets: [{ id: 'w-11111' }] } },
        { tool: 'refund', arguments: { wallet_id: 'w-11111' }, result: 'Error: wallet not found' },
      ],
    }
    expect(
      await lessonsOf([refund('a', 1, '4417', 'w-58210'), refund('b', 1, '9002', 'w-77345'), opposed]),
    ).toEqual([])
  })

  it('finds a day written otherwise, and a value of which a part was missing', async () => {
    const book = (day: string, hall: string, result: string): Step => ({
      tool: 'book_hall',
      arguments: { day, hall },
      result,
    })
    const day = (task: string, said: string, iso: string): Script => ({
      task,
      reward: 1,
      steps: [
        { user: `Hall blue-4 on ${said}, please.` },
        book(said, 'blue-4', 'Error: unknown day'),
        book(iso, 'blue-4', 'ok'),
      ],
    })
    const part = (task: string, digits: string): Script => ({
      task,
      reward: 1,
      steps: [
        { user: `Hall ${digits}, please.` },
        { tool: 'list_halls', arguments: {}, result: { halls: [{ id: `hall-${digits}` }] } },
        book('2024-05-12', digits, 'Error: no such hall'),
        book('2024-05-12', `hall-${digits}`, 'ok'),
      ],
    })
    const keys = async (scripts: readonly Script[]) => (await lessonsOf(scripts)).map(draft => draft.key)
    expect(await keys([day('a', '05/12/2024', '2024-05-12'), day('b', '7/28/2024', '2024-07-28')])).toEqual([
      'changed-argument|day|book_hall|day|YYYY-MM-DD|unknown day',
    ])
    expect(await keys([part('a', '8814'), part('b', '5520')])).toEqual([
      'changed-argument|part|book_hall|hall|list_halls.halls[].id|no such hall',
    ])
  })

  it('stays on this node while better supported lessons say the opposite', async () => {
    const other = (task: string, wallet: string): Script => ({
      task,
      reward: 1,
      steps: [
        { user: 'Back to where it came from, please.' },
        { tool: 'get_account', arguments: {}, result: { wallets: [{ id: wallet, last: '7733' }] } },
        {
          tool: 'get_order',
          arguments: {},
          result: { payments: [{ wallet_id: wallet.replace('w-', 'c-7') }] },
        },
        { tool: 'refund', arguments: { wallet_id: wallet }, result: 'Error: this wallet takes nothing back' },
        {
          tool: 'refund',
          arguments: { wallet_id: wallet.replace('w-', 'c-7') },
          result: { state: 'refunded' },
        },
      ],
    })
    const first = [
      refund('a', 1, '4417', 'w-58210'),
      refund('b', 1, '9002', 'w-77345'),
      refund('c', 1, '3310', 'w-44121'),
    ]
    const opposed = [other('d', 'w-90001'), other('e', 'w-90077')]
    const isHeld = async (scripts: readonly Script[]) =>
      (await lessonsOf(scripts)).map(draft => [
        draft.key.split('|')[4],
        heldBackBy(draft, 'all', undefined)?.code,
      ])
    expect(await isHeld([...first, ...opposed])).toEqual([
      ['get_account.wallets[].id', 'contradicted'],
      ['nobody', undefined],
    ])
    expect(await isHeld(opposed)).toEqual([['get_account.wallets[].id', undefined]])
  })

  it('says nothing where two things changed at once', async () => {
    const script: Script = {
      task: 'a',
      reward: 1,
      steps: [
        { tool: 'get_account', arguments: {}, result: { id: 'w-58210', till: 't-9' } },
        { tool: 'refund', arguments: { wallet_id: 'x-1', till: 'x-2' }, result: 'Error: no' },
        { tool: 'refund', arguments: { wallet_id: 'w-58210', till: 't-9' }, result: 'ok' },
      ],
    }
    expect(await lessonsOf([script])).toEqual([])
  })

  it.each([
    ['added', { a: 1 }, { a: 1, unit: 'kg' }, 'added|weigh|unit'],
    ['removed', { a: 1, unit: 'kg' }, { a: 1 }, 'removed|weigh|unit'],
    ['renamed', { mass: 12 }, { weight: 12 }, 'renamed|weigh|mass|weight'],
    ['type', { mass: 12 }, { mass: '12' }, 'type|weigh|mass|a number|text'],
    ['form', { unit: 'Kilo Gram' }, { unit: 'kilo_gram' }, 'form|weigh|unit|error of weigh'],
  ])('tells what else may have changed: %s', async (_, before, after, expected) => {
    const script: Script = {
      task: 'a',
      reward: 1,
      steps: [
        { tool: 'weigh', arguments: before, result: "Error: unit must be 'kilo_gram'" },
        { tool: 'weigh', arguments: after, result: 'ok' },
      ],
    }
    const drafts = await lessonsOf([script])
    expect(drafts.map(draft => draft.key)).toEqual([expect.stringContaining(`changed-argument|${expected}|`)])
  })
})

describe('explained figures', () => {
  const booking = (task: string, guests: number, price: number, expected: number, extra = {}): Script => ({
    task,
    reward: 0,
    steps: [
      { rule: 'Each extra lantern costs 12. A tent costs 80.' },
      {
        tool: 'book',
        arguments: {
          guests: Array.from({ length: guests }, (_, i) => ({ n: `g${i}` })),
          amount: price,
          ...extra,
        },
        result: `Error: total is ${expected}, but paid ${price}`,
      },
    ],
  })

  it('finds the list whose length explains the factor', async () => {
    const [draft] = await lessonsOf([booking('a', 3, 24, 72), booking('b', 4, 31, 124)])
    expect(draft?.key).toBe(
      'explained-figures|times-length|book|amount|guests|total is <number>, but paid <number>',
    )
    expect(draft === undefined ? 0 : asksOf(draft)).toBe(2)
    expect(draft?.insight.action).toContain('Do not just send the error')
  })

  it('finds the argument that a rule prices, when the rule speaks of it', async () => {
    const drafts = await lessonsOf([booking('a', 1, 25, 49, { paid_lanterns: 2 })])
    expect(drafts.map(draft => draft.key)).toEqual([
      'explained-figures|differs-by-rule|book|amount|paid_lanterns|total is <number>, but paid <number>',
    ])
  })

  it('explains nothing where two explanations fit, or none does', async () => {
    expect(await lessonsOf([booking('a', 1, 24, 48, { paid_lanterns: 2 })])).toEqual([])
    expect(await lessonsOf([booking('a', 3, 24, 72, { bags: ['x', 'y', 'z'] })])).toEqual([])
    expect(await lessonsOf([booking('a', 3, 24, 77)])).toEqual([])
  })
})

describe('confirmed answer', () => {
  const answer = (feedback: string, extra = {}) => ({
    question: 'Do vouchers expire?',
    answer: 'After three years.',
    feedback,
    ...extra,
  })

  it('makes a fact of a question whose answer somebody confirmed, for sharing once the owner approves', async () => {
    const [draft] = await distilled([answer('correct')])
    expect(draft).toMatchObject({
      kind: 'fact',
      situation: 'Do vouchers expire?',
      insight: { summary: 'After three years.' },
      asksToShare: 1,
      needsReview: true,
    })
  })

  it('keeps what somebody wrote on this node until its owner approves it, in every share mode', async () => {
    const family = {
      messages: [
        {
          role: 'user',
          content:
            'My name is Jane Doe and my wife Anna is seven months pregnant with our second child; can we still fly?',
        },
        { role: 'assistant', content: 'Yes Jane, until the 36th week, with a letter of the doctor.' },
      ],
      outcome: 'solved',
    }
    const office = {
      question: 'What is the wifi password at our Ashgrove Lane office?',
      answer: 'tulip-Garden-99',
      outcome: 'solved',
    }
    const drafts = await distilled([family, office])
    expect(drafts).toHaveLength(2)
    for (const draft of drafts) {
      for (const mode of ['verified', 'all', 'reviewed'] as const) {
        expect(heldBackBy(draft, mode, undefined)?.code).toBe('awaits-review')
        expect(heldBackBy(draft, mode, 'approved')).toBeUndefined()
      }
    }
  })

  it('merges the same answer, and drops one called wrong as often as right', async () => {
    const drafts = await distilled([answer('correct', { trial: 1 }), answer('helped', { trial: 2 })])
    expect(drafts.map(draft => draft.support.length)).toEqual([2])
    expect(await distilled([answer('correct', { trial: 1 }), answer('wrong', { trial: 2 })])).toEqual([])
  })

  it('makes none without feedback, from a reward, from a longer talk, or where something was redacted', async () => {
    const chat = {
      messages: [
        { role: 'user', content: 'Q?' },
        { role: 'assistant', content: 'A.' },
      ],
      reward: 1,
    }
    const longer = { messages: [...chat.messages, { role: 'user', content: 'Thanks!' }], feedback: 'good' }
    const personal = { question: 'Who?', answer: 'Ask mia@example.com', correct: true }
    expect(await distilled([{ question: 'Q?', answer: 'A.' }, chat, longer, personal])).toEqual([])
  })
})

describe('list relation', () => {
  const swap = (task: string, old: readonly string[], fresh: readonly string[], result: string): Script => ({
    task,
    reward: 1,
    steps: [
      { tool: 'swap', arguments: { old, fresh }, result },
      { tool: 'swap', arguments: { old: ['x-1', 'x-2'], fresh: ['y-1', 'y-2'] }, result: 'ok' },
    ],
  })

  it('finds that two lists must have the same length', async () => {
    const drafts = await lessonsOf([
      swap('a', ['p', 'q'], ['r'], 'Error: counts differ'),
      swap('b', ['p'], [], 'Error: counts differ'),
    ])
    expect(drafts.map(draft => [draft.key, asksOf(draft)])).toContainEqual([
      'list-relation|same-length|swap|fresh|old|counts differ',
      2,
    ])
  })

  it('needs no call that mended it where many asks broke it and as many kept it', async () => {
    const one = (task: string, fresh: readonly string[], result: string): Script => ({
      task,
      reward: 1,
      steps: [{ tool: 'swap', arguments: { old: ['p', 'q'], fresh }, result }],
    })
    const broken = ['a', 'b', 'c'].map(task => one(task, ['r'], 'Error: counts differ'))
    const kept = ['d', 'e', 'f'].map(task => one(task, ['r', 's'], 'ok'))
    const relations = async (scripts: readonly Script[]) =>
      (await lessonsOf(scripts)).filter(draft => draft.pattern === 'list-relation').map(draft => draft.key)
    expect(await relations([...broken, ...kept])).toEqual([
      'list-relation|same-length|swap|fresh|old|counts differ',
    ])
    expect(await relations([...broken.slice(1), ...kept])).toEqual([])
    expect(await relations([...broken, ...kept.slice(1)])).toEqual([])
  })

  it('finds nothing where one failing call kept the relation', async () => {
    const drafts = await lessonsOf([
      swap('a', ['p', 'q'], ['r'], 'Error: counts differ'),
      swap('b', ['p'], ['r'], 'Error: counts differ'),
    ])
    expect(drafts.filter(draft => draft.pattern === 'list-relation')).toEqual([])
  })
})

describe('record field', () => {
  const ship = (task: string, id: string, state: string, result: string): Script => ({
    task,
    reward: 1,
    steps: [
      { tool: 'get_parcel', arguments: { parcel: id }, result: { parcel: id, state, city: 'Oslo' } },
      { tool: 'ship', arguments: { parcel: id }, result },
    ],
  })
  const accepted = [ship('c', 'par-3', 'packed', 'ok'), ship('d', 'par-4', 'packed', 'ok')]

  it('finds the state that accepted calls share and the error names', async () => {
    const drafts = await lessonsOf([
      ship('a', 'par-1', 'open', 'Error: only packed parcels ship'),
      ...accepted,
    ])
    expect(drafts.map(draft => draft.key)).toEqual([
      'record-field|only|ship|parcel|get_parcel|state|packed|only packed parcels ship',
    ])
  })

  it('counts what was read after the refusal, unless something was changed before', async () => {
    const [read, refused] = ship('a', 'par-1', 'open', 'Error: only packed parcels ship').steps
    if (read === undefined || refused === undefined) throw new TypeError('a parcel has two steps')
    const after: Script = { task: 'a', reward: 1, steps: [refused, read] }
    const open: Step = { tool: 'open_parcel', arguments: { parcel: 'par-1' }, result: 'ok' }
    const changed: Script = { ...after, steps: [refused, open, read] }
    expect((await lessonsOf([after, ...accepted])).map(draft => draft.key)).toEqual([
      'record-field|only|ship|parcel|get_parcel|state|packed|only packed parcels ship',
    ])
    expect(await lessonsOf([changed, ...accepted])).toEqual([])
  })

  it('finds the state that an error refuses', async () => {
    const drafts = await lessonsOf([
      ship('a', 'par-1', 'frozen', 'Error: a frozen parcel cannot ship'),
      ...accepted,
    ])
    expect(drafts.map(draft => draft.key)).toEqual([
      'record-field|never|ship|parcel|get_parcel|state|frozen|a frozen parcel cannot ship',
    ])
  })

  it('finds nothing where the error does not speak of the field, or a call went through in that state', async () => {
    expect(await lessonsOf([ship('a', 'par-1', 'open', 'Error: try later'), ...accepted])).toEqual([])
    const refuted = [
      ship('a', 'par-1', 'open', 'Error: only packed parcels ship'),
      ship('b', 'par-2', 'open', 'ok'),
    ]
    expect(await lessonsOf([...refuted, ...accepted])).toEqual([])
    const frozen = 'Error: a frozen parcel cannot ship'
    const thawed = [ship('a', 'par-1', 'frozen', frozen), ship('b', 'par-2', 'frozen', 'ok')]
    expect(await lessonsOf([...thawed, ...accepted])).toEqual([])
  })
})

describe('other tool', () => {
  const lookUp = (task: string, reward: number): Script => ({
    task,
    reward,
    steps: [
      { tool: 'by_mail', arguments: { mail: 'nobody' }, result: 'Error: not found' },
      { tool: 'by_name', arguments: { name: 'Mia' }, result: 'user_mia' },
      { tool: 'open_case', arguments: { user: 'user_mia' }, result: 'ok' },
    ],
  })
  const usual: Script = {
    task: 'u',
    steps: [
      { tool: 'by_mail', arguments: { mail: 'someone' }, result: 'user_bo' },
      { tool: 'open_case', arguments: { user: 'user_bo' }, result: 'ok' },
    ],
  }

  it('finds the tool whose result stood in for that of the failing one', async () => {
    const drafts = await lessonsOf([lookUp('a', 1), lookUp('b', 1), usual])
    expect(drafts.map(draft => draft.key)).toEqual(['other-tool|by_mail|by_name|name|not found'])
  })

  it('finds nothing where no run shows what the failing tool is for, or none was solved', async () => {
    expect(await lessonsOf([lookUp('a', 1), lookUp('b', 1)])).toEqual([])
    expect(await lessonsOf([lookUp('a', 0), lookUp('b', 0), usual])).toEqual([])
  })
})

describe('same call again', () => {
  const series = (task: string, ...results: readonly string[]): Script => ({
    task,
    reward: 1,
    steps: results.map(result => ({ tool: 'read', arguments: { id: 'k-1' }, result })),
  })

  it('tells a passing error from a lasting one', async () => {
    const passing = await lessonsOf([
      series('a', 'Error: busy', 'ok'),
      series('b', 'Error: busy', 'Error: busy', 'ok'),
    ])
    expect(passing.map(draft => [draft.key, asksOf(draft)])).toEqual([
      ['same-call-again|passes|read|busy', 2],
    ])
    const lasting = await lessonsOf([
      series('a', 'Error: gone', 'Error: gone'),
      series('b', 'Error: gone', 'Error: gone'),
    ])
    expect(lasting.map(draft => draft.key)).toEqual(['same-call-again|lasts|read|gone'])
  })

  it('says nothing where runs disagree, or something was done in between', async () => {
    expect(
      await lessonsOf([series('a', 'Error: busy', 'ok'), series('b', 'Error: busy', 'Error: busy')]),
    ).toEqual([])
    const [first, last] = series('a', 'Error: closed', 'ok').steps
    const between: Step = { tool: 'open', arguments: {}, result: 'ok' }
    expect(
      await lessonsOf([
        { task: 'a', reward: 1, steps: [first, between, last].filter(step => step !== undefined) },
      ]),
    ).toEqual([])
  })
})

describe('names that are values', () => {
  it('keep a finding out of the drafts', async () => {
    const script = refund('a', 1, '4417', 'w-58210')
    const steps = script.steps.map(step =>
      'tool' in step && step.tool === 'refund' ? { ...step, tool: 'refund_78120934' } : step,
    )
    expect(await lessonsOf([{ ...script, steps }])).toEqual([])
  })

  it('are never shown as parts of a path', async () => {
    const script = refund('a', 1, '4417', 'w-58210')
    const steps = script.steps.map(step =>
      'tool' in step && step.tool === 'get_account'
        ? { ...step, result: { people: { 'Mia Li': { wallet: 'w-58210' }, 'Bo Ek': { wallet: 'w-2' } } } }
        : step,
    )
    const drafts = await lessonsOf([{ ...script, steps }])
    expect(drafts.map(draft => draft.key)).toEqual([expect.stringContaining('get_account.people[].wallet')])
    expect(drafts.map(textOf).join()).not.toMatch(/Mia|Bo Ek/)
  })
})

describe('limit exceeded', () => {
  const pay = (task: string, wanted: number, balance: number): Script => ({
    task,
    reward: 1,
    steps: [
      { user: `Pay ${wanted} of it, please.` },
      {
        tool: 'get_account',
        arguments: { account_id: `acc-${task}9` },
        result: { name: 'x', dues: { balance, rows: [{ entry: 900 }] } },
      },
      {
        tool: 'pay_dues',
        arguments: { account_id: `acc-${task}9`, amount: wanted },
        result: 'Error: amount exceeds what is due',
      },
      { tool: 'pay_dues', arguments: { account_id: `acc-${task}9`, amount: balance }, result: 'paid' },
    ],
  })

  it('is told by the record that was read by its id, and not as a place to take the wish from', async () => {
    const drafts = await lessonsOf([pay('a', 50, 12), pay('b', 70, 31)])
    expect(drafts.map(draft => draft.key)).toEqual([
      'limit-exceeded|pay_dues|amount|account_id|get_account|dues.balance|amount exceeds what is due',
    ])
  })

  it('is not told by the answer of a tool that changes something', async () => {
    const changing = (script: Script): Script => ({
      ...script,
      steps: script.steps.map(step =>
        'tool' in step && step.tool === 'get_account' ? { ...step, tool: 'create_account' } : step,
      ),
    })
    expect(await lessonsOf([changing(pay('a', 50, 12)), changing(pay('b', 70, 31))])).toEqual([])
  })
})

it('no lesson sends to a changing tool for a value: it says where the value stood', async () => {
  const note = (task: string): Script => ({
    task,
    reward: 1,
    steps: [
      { tool: 'create_ticket', arguments: { about: `x${task}` }, result: { id: `tk-${task}58` } },
      { tool: 'add_note', arguments: { ticket: 'mine' }, result: 'Error: ticket not found' },
      { tool: 'add_note', arguments: { ticket: `tk-${task}58` }, result: 'added' },
    ],
  })
  const [draft] = await lessonsOf([note('a'), note('b')])
  expect(draft?.insight.action).toBe('Take `ticket` from `create_ticket.id`, as it stands there.')
})
