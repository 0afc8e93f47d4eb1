import { describe, expect, it } from 'vitest'
import type { EntryDraft } from '../../../../node/ports.ts'
import { isShareable, lessonsOf, type Script, type Step, textOf } from './episodes.ts'

async function found(pattern: string, scripts: readonly Script[]): Promise<readonly EntryDraft[]> {
  return (await lessonsOf(scripts)).filter(draft => draft.pattern === pattern)
}

function keys(drafts: readonly EntryDraft[]): readonly string[] {
  return drafts.map(draft => draft.key)
}

const profile = (jar: string, tier = 'plain'): Step => ({
  tool: 'get_member',
  arguments: { email: 'x' },
  result: { tier, jars: [{ id: jar, level: 40 }] },
})
const pour = (jar: string, amount: number, result: unknown = 'poured'): Step => ({
  tool: 'modify_jar',
  arguments: { jar_id: jar, amount },
  result,
})

describe('cards', () => {
  const solved = (task: string, jar: string, reward = 1): Script => ({
    task,
    reward,
    steps: [profile(jar), pour(jar, 7)],
  })

  it('say where solved runs took each argument from, and that it is not whether to call', async () => {
    const [card] = await found('call-card', [solved('a', 'jar-8801'), solved('b', 'jar-4417')])
    expect(card?.key).toBe('call-card|write|modify_jar|jar_id=get_member.jars[].id')
    expect(card?.insight.summary).toContain('`jar_id` ← `get_member.jars[].id`')
    expect(card?.insight.detail).toContain('not whether to')
    expect(card === undefined ? false : isShareable(card)).toBe(true)
  })

  it('are not made of unsolved runs, and not shared from one ask', async () => {
    expect(await found('call-card', [solved('a', 'jar-8801', 0), solved('b', 'jar-4417', 0)])).toEqual([])
    const [one] = await found('call-card', [solved('a', 'jar-8801')])
    expect(one === undefined ? true : isShareable(one)).toBe(false)
  })

  it('name no argument of which they have nothing to say', async () => {
    const use = (task: string, named: Readonly<Record<string, unknown>>): Script => ({
      task,
      reward: 1,
      steps: [
        { tool: 'get_item', arguments: { item: `it-${task}` }, result: { size: 3 } },
        { tool: 'use_item', arguments: { item: `it-${task}`, ...named }, result: 'ok' },
      ],
    })
    const [plain] = await found('call-card', [use('a', {}), use('b', {})])
    const [more] = await found('call-card', [use('a', { part: 'left' }), use('b', { part: 'right' })])
    expect(plain?.situation).toBe('About to call `use_item`.')
    expect([more?.situation, more?.insight]).toEqual([plain?.situation, plain?.insight])
    expect(more?.key).toBe(plain?.key)
  })

  it('hold no field that repeats the question for a state', async () => {
    const run = (task: string, item: string, writes: boolean): Script => ({
      task,
      reward: 1,
      steps: [
        { tool: 'get_item', arguments: { item, day: task }, result: { item, size: 3 } },
        ...(writes ? [{ tool: 'use_item', arguments: { item }, result: 'ok' }] : []),
      ],
    })
    const scripts = [
      ...'abcdefgh'.split('').map(task => run(task, 'it-alpha', true)),
      ...'ijklmnop'.split('').map(task => run(task, 'it-beta', false)),
    ]
    for (const draft of await lessonsOf(scripts)) expect(textOf(draft)).not.toMatch(/alpha|beta/)
  })

  it('name every place where solved runs found what a reading call needs', async () => {
    const run = (task: string, finder: string): Script => ({
      task,
      reward: 1,
      steps: [
        { user: `hello, ${task}` },
        { tool: finder, arguments: { by: task }, result: { members: [{ id: `mem-${task}1` }] } },
        { tool: 'get_account', arguments: { member_id: `mem-${task}1` }, result: { level: 3 } },
      ],
    })
    const runs = ['a', 'b', 'c'].flatMap(task => [run(task, 'find_by_mail'), run(`${task}2`, 'find_by_name')])
    const cards = await found('call-card', runs)
    const card = cards.find(one => one.key.includes('|get_account|'))
    expect(card?.insight.summary).toContain(
      '`member_id` ← `find_by_mail.members[].id` or `find_by_name.members[].id`',
    )
    expect(card?.insight.action).toContain('Call `find_by_mail` or `find_by_name` first, whichever fits')
    // Whoever found it in either way shows the lesson.
    expect(card?.support).toHaveLength(6)
  })

  it('name the state of a record that sets the calls apart', async () => {
    const tend = (task: string, state: string, writes: boolean): Script => ({
      task,
      reward: 1,
      steps: [
        { tool: 'get_jar', arguments: { jar_id: `jar-${task}` }, result: { lid: state, size: 3 } },
        ...(writes ? [pour(`jar-${task}`, 7)] : []),
      ],
    })
    const scripts = [
      ...'abcdefgh'.split('').map(task => tend(`10${task}`, 'open', true)),
      ...'abcdefgh'.split('').map(task => tend(`20${task}`, 'sealed', false)),
    ]
    const [card] = await found('call-card', scripts)
    expect(card?.key).toContain('if get_jar.lid=open')
    expect(card?.insight.action).toContain('where it is not, do not make the call')
    const mixed = [...scripts, tend('30a', 'sealed', true)]
    expect(keys(await found('call-card', mixed)).join()).not.toContain('if get_jar')
  })

  it('name a state that solved calls met and unsolved ones did not, where chance would seldom part them so', async () => {
    const lend = (task: string, shelf: string, reward: number): Script => ({
      task,
      reward,
      steps: [
        { tool: 'get_book', arguments: { book_id: `bk-${task}` }, result: { shelf, pages: 3 } },
        { tool: 'lend_book', arguments: { book_id: `bk-${task}` }, result: 'ok' },
      ],
    })
    const solved = 'abcdef'.split('').map(task => lend(`10${task}`, 'open', 1))
    const unsolved = 'abcdef'.split('').map(task => lend(`20${task}`, 'reference', 0))
    const [card] = await found('call-card', [...solved, ...unsolved])
    expect(card?.key).toContain('if get_book.shelf=open')
    // With one unsolved run on the open shelf it still parts them; with as many as not it does not.
    const mixed = 'abcdef'.split('').map((task, i) => lend(`20${task}`, i % 2 ? 'reference' : 'open', 0))
    expect(keys(await found('call-card', [...solved, ...mixed])).join()).not.toContain('if get_book')
  })

  it('take arguments that stand side by side in one object from there, all of them', async () => {
    const move = (task: string, street: string, zip: string): Script => {
      const home = { street, door: `${zip}-b`, zip, country: 'Norway' }
      return {
        task,
        reward: 1,
        steps: [
          { tool: 'get_member', arguments: { email: task }, result: { country: 'Norway' } },
          { tool: 'get_parcel', arguments: { parcel: `par-${task}` }, result: { home, city: 'Oslo' } },
          { tool: 'modify_member', arguments: { email: task, ...home, floor: 'second' }, result: 'ok' },
        ],
      }
    }
    const scripts = [move('ann8', '12 Elm Road', '55012'), move('bob9', '9 Oak Lane', '77120')]
    const [card] = await found('call-card', scripts)
    expect(card?.insight.summary).toContain(
      '`country` ← `get_parcel.home.country`; `door` ← `get_parcel.home.door`; `street` ← `get_parcel.home.street`; `zip` ← `get_parcel.home.zip`',
    )
    expect(card?.support).toHaveLength(2)
  })

  it('name two places for what a changing call sends where each was used in three asks', async () => {
    const use = (task: string, tool: string): Script => ({
      task,
      reward: 1,
      steps: [
        { tool, arguments: { near: `x${task}` }, result: { jars: [{ id: `jar-${task}` }] } },
        pour(`jar-${task}`, 7),
      ],
    })
    const six = [
      ...['71a', '72b', '73c'].map(task => use(task, 'get_shelf')),
      ...['81a', '82b', '83c'].map(task => use(task, 'get_cellar')),
    ]
    const [card] = await found('call-card', six)
    expect(card?.insight.summary).toContain('`jar_id` ← `get_cellar.jars[].id` or `get_shelf.jars[].id`')
  })

  it('keep services apart that call a tool alike', async () => {
    const other = (task: string, order: string): Script => ({
      task,
      reward: 1,
      steps: [
        { tool: 'get_cart', arguments: {}, result: { cart_id: order } },
        { tool: 'modify_jar', arguments: { cart_id: order }, result: 'ok' },
      ],
    })
    const drafts = await found('call-card', [
      solved('a', 'jar-8801'),
      solved('b', 'jar-4417'),
      other('c', 'cart-91'),
      other('d', 'cart-72'),
    ])
    expect(keys(drafts)).toEqual([
      'call-card|write|modify_jar|cart_id=get_cart.cart_id',
      'call-card|write|modify_jar|jar_id=get_member.jars[].id',
    ])
  })
})

describe('claims against records', () => {
  const claim = (task: string, said: string, tier: string): Script => ({
    task,
    reward: 1,
    steps: [
      { user: `I am a ${said} member.` },
      { ...profile(`jar-${task}`, tier), arguments: { email: task } },
    ],
  })
  const others = ['c', 'd', 'e', 'f', 'g', 'h'].map((task, i) =>
    claim(task, 'happy', i % 2 ? 'golden' : 'plain'),
  )

  it('are found where the user names another state than the record holds', async () => {
    const drafts = await found('claim-against-record', [
      claim('a', 'golden', 'plain'),
      claim('b', 'golden', 'plain'),
      ...others,
    ])
    expect(keys(drafts)).toEqual(['claim-against-record|get_member|tier'])
    expect(drafts[0]?.support).toHaveLength(2)
  })

  it('are none where the field can be asked for: then it may be a wish', async () => {
    const wish: Script = {
      task: 'z',
      reward: 1,
      steps: [{ tool: 'modify_member', arguments: { tier: 'golden' }, result: 'ok' }],
    }
    expect(
      await found('claim-against-record', [
        claim('a', 'golden', 'plain'),
        claim('b', 'golden', 'plain'),
        ...others,
        wish,
      ]),
    ).toEqual([])
  })
})

describe('limits', () => {
  const tap = (task: string, amount: number, result: string): Script => ({
    task,
    reward: 0,
    steps: [profile(`jar-${task}55`), pour(`jar-${task}55`, amount, result)],
  })
  const failed = 'Error: jar too empty'

  it('name the field that would have told', async () => {
    const drafts = await found('limit-exceeded', [
      tap('a', 90, failed),
      tap('b', 41, failed),
      tap('c', 39, 'ok'),
    ])
    expect(keys(drafts)).toEqual([
      'limit-exceeded|modify_jar|amount|jar_id|get_member|jars[].level|jar too empty',
    ])
  })

  it('are found of elements that a field such as jar_id tells apart', async () => {
    const named = (script: Script): Script => ({
      ...script,
      steps: script.steps.map(step =>
        'tool' in step && step.tool === 'get_member'
          ? { ...step, result: { jars: [{ jar_id: `jar-${script.task}55`, level: 40 }] } }
          : step,
      ),
    })
    const drafts = await found(
      'limit-exceeded',
      [tap('a', 90, failed), tap('b', 41, failed), tap('c', 39, 'ok')].map(named),
    )
    expect(keys(drafts)).toEqual([
      'limit-exceeded|modify_jar|amount|jar_id|get_member|jars[].level|jar too empty',
    ])
  })

  it('are none where a call beyond it went through, or one within it failed so', async () => {
    expect(
      await found('limit-exceeded', [tap('a', 90, failed), tap('c', 39, 'ok'), tap('d', 80, 'ok')]),
    ).toEqual([])
    expect(
      await found('limit-exceeded', [tap('a', 90, failed), tap('b', 3, failed), tap('c', 39, 'ok')]),
    ).toEqual([])
  })
})

describe('further patterns', () => {
  it('a value used up: the second use of what an earlier call took is refused', async () => {
    const twice = (task: string): Script => ({
      task,
      reward: 0,
      steps: [pour(`jar-${task}77`, 3), pour(`jar-${task}77`, 5, `Error: jar jar-${task}77 is gone`)],
    })
    expect(keys(await found('used-up', [twice('a'), twice('b')]))).toEqual([
      'used-up|modify_jar|modify_jar|jar_id|jar <jar_id> is gone',
    ])
    const fine: Script = { task: 'c', reward: 1, steps: [pour('jar-c77', 3), pour('jar-c77', 5)] }
    expect(await found('used-up', [twice('a'), twice('b'), fine])).toEqual([])
  })

  it('nothing found: another tool with the same arguments', async () => {
    const search = (task: string, then: string): Script => ({
      task,
      reward: 1,
      steps: [
        { tool: 'find_near', arguments: { place: task }, result: [] },
        { tool: then, arguments: { place: task }, result: [{ id: 'x1' }] },
      ],
    })
    expect(keys(await found('nothing-found', [search('a', 'find_far'), search('b', 'find_far')]))).toEqual([
      'nothing-found|tool|find_near|find_far',
    ])
  })

  it('check after: the same read before and after a change, with nothing else that changes between', async () => {
    const check = (task: string, after: string): Script => ({
      task,
      reward: 1,
      steps: [
        { tool: 'read_gauge', arguments: {}, result: 'low' },
        pour('jar-1', 2),
        { tool: 'read_gauge', arguments: {}, result: after },
      ],
    })
    expect(keys(await found('check-after', [check('a', 'high'), check('b', 'high')]))).toEqual([
      'check-after|modify_jar|read_gauge',
    ])
    expect(await found('check-after', [check('a', 'low')])).toEqual([])
  })

  it('a date in words is sent as the calls that went through had it', async () => {
    const day = (task: string, said: string): Script => ({
      task,
      reward: 1,
      steps: [{ user: said }, { tool: 'find_slot', arguments: { day: '2024-05-20' }, result: 'free' }],
    })
    expect(
      keys(await found('written-form', [day('a', 'May 20th please'), day('b', 'on the 20 May 2024')])),
    ).toEqual(['written-form|date|day'])
    expect(await found('written-form', [day('a', 'on 2024-05-20')])).toEqual([])
  })

  it('a number that is a figure of the rules for each element of a list', async () => {
    const gift = (task: string, guests: number, amount: number): Script => ({
      task,
      reward: 1,
      steps: [
        { rule: 'A late tour earns 30 for each guest.' },
        {
          tool: 'get_tour',
          arguments: { id: task },
          result: { guests: Array.from({ length: guests }, (_, i) => ({ n: `g${i}` })) },
        },
        { tool: 'send_voucher', arguments: { tour: task, amount }, result: 'sent' },
      ],
    })
    expect(keys(await found('reckoned-argument', [gift('a', 2, 60), gift('b', 3, 90)]))).toEqual([
      'reckoned-argument|send_voucher|amount|get_tour|guests',
    ])
    expect(await found('reckoned-argument', [gift('a', 2, 60), gift('b', 3, 100)])).toEqual([])
  })

  it('coverage: the whole list was read where the task was solved, and a part where it was not', async () => {
    const sweep = (task: string, ids: readonly string[], reward: number): Script => ({
      task,
      reward,
      steps: [
        { tool: 'list_jars', arguments: {}, result: { jars: ['jar-a1', 'jar-b2', 'jar-c3'] } },
        ...ids.map((id): Step => ({ tool: 'get_jar', arguments: { jar_id: id }, result: { size: 3 } })),
      ],
    })
    const all = ['jar-a1', 'jar-b2', 'jar-c3']
    const scripts = [sweep('a', all, 1), sweep('b', all, 1), sweep('c', ['jar-a1'], 0)]
    expect(keys(await found('coverage', scripts))).toEqual(['coverage|list_jars|jars[]|get_jar|jar_id'])
    expect(
      await found('coverage', [sweep('a', all, 0), sweep('b', all, 0), sweep('c', ['jar-a1'], 1)]),
    ).toEqual([])
  })
})

describe('contrasts', () => {
  const ask = (task: string, reads: (solved: boolean, run: number) => boolean): Script[] =>
    [0, 1, 2, 3, 4, 5].map(run => ({
      task,
      trial: run,
      reward: run % 2,
      steps: [{ user: `${task} ${run}` }, ...(reads(run % 2 === 1, run) ? [profile(`jar-${task}`)] : [])],
    }))

  it('count from two asks on, where shuffled outcomes give fewer', async () => {
    const drafts = await found('contrast', [...ask('a', solved => solved), ...ask('b', solved => solved)])
    expect(keys(drafts)).toEqual(['contrast|with|reads|get_member'])
    expect(drafts.every(isShareable)).toBe(true)
  })

  it('stay on this node from one ask, and are none where another ask shows the opposite', async () => {
    const alone = await found(
      'contrast',
      ask('a', solved => solved),
    )
    expect(alone).toHaveLength(1)
    expect(alone.some(isShareable)).toBe(false)
    expect(await found('contrast', [...ask('a', solved => solved), ...ask('b', solved => !solved)])).toEqual(
      [],
    )
  })
})

describe('what a card makes a condition', () => {
  /** A record with a state of several values, in branches of several names, and a change of some of them. */
  const run = (task: string, state: string, branch: string, more: readonly Step[] = []): Script => ({
    task,
    reward: 1,
    steps: [
      { tool: 'get_loan', arguments: { loan: `ln-${task}` }, result: { state, branch, tier: 'plain' } },
      ...more,
    ],
  })
  const renewal = (task: string): Step => ({
    tool: 'renew_loan',
    arguments: { loan: `ln-${task}` },
    result: 'renewed',
  })
  const branches = ['north', 'south', 'east']
  /** Of eight records every so many are open; none is in the north. */
  const others = (openEach: number): readonly Script[] =>
    'klmnopqr'
      .split('')
      .map((task, at) => run(task, at % openEach === 0 ? 'open' : 'closed', branches[1 + (at % 2)] ?? ''))

  it('is not what a few records share by chance, among several fields that vary', async () => {
    const some = 'abcd'.split('').map(task => run(task, 'open', 'north', [renewal(task)]))
    const [card] = await found('call-card', [...some, ...others(2)])
    expect(card?.key).toBe('call-card|write|renew_loan|after get_loan')
  })

  it('is what all of many records share', async () => {
    const many = 'abcdefghij'
      .split('')
      .map((task, at) => run(task, 'open', branches[at % 3] ?? '', [renewal(task)]))
    const [card] = await found('call-card', [...many, ...others(8)])
    expect(card?.key).toContain('if get_loan.state=open')
  })

  it('is not what a changing tool answered', async () => {
    const change = (task: string, shelf: string): Step => ({
      tool: 'update_loan',
      arguments: { loan: `ln-${task}` },
      result: { shelf, loan: `ln-${task}` },
    })
    const changed = 'abcdefghij'
      .split('')
      .map((task, at) =>
        run(task, at < 5 ? 'open' : 'closed', branches[at % 3] ?? '', [change(task, 'upper'), renewal(task)]),
      )
    const rest = others(2).map(script => ({
      ...script,
      steps: [...script.steps, change(script.task, 'lower')],
    }))
    const cards = await found('call-card', [...changed, ...rest])
    expect(keys(cards).filter(key => key.includes('renew_loan'))).toEqual([
      'call-card|write|renew_loan|after get_loan|after update_loan',
    ])
  })

  it('is not what only some of the calls were known to meet', async () => {
    const desk = (task: string): Step => ({
      tool: 'find_desk',
      arguments: {},
      result: { id: `dk-${task}77` },
    })
    const atDesk = (task: string): Step => ({
      tool: 'renew_loan',
      arguments: { loan: `ln-${task}`, desk: `dk-${task}77` },
      result: 'renewed',
    })
    const known = 'abcdefghij'.split('').map(task => run(task, 'open', 'north', [desk(task), atDesk(task)]))
    const unknown = 'ABCDEFGHIJKLMNO'
      .split('')
      .map((task): Script => ({ task, reward: 1, steps: [desk(task), atDesk(task)] }))
    expect(keys(await found('call-card', [...known, ...others(8), ...unknown]))).toEqual([
      'call-card|write|renew_loan|desk=find_desk.id',
    ])
  })
})

it('one task with many runs does not decide whether a place is of another record', async () => {
  const place = (street: string): unknown => ({ street, town: `${street} town`, door: `${street} door` })
  const move = (task: string, trial: number, street: string): Script => ({
    task,
    trial,
    reward: 1,
    steps: [
      {
        tool: 'get_parcel',
        arguments: { parcel: `p-${task}` },
        result: { size: 3, place: place(`old ${task}`) },
      },
      {
        tool: 'get_parcel',
        arguments: { parcel: `q-${task}` },
        result: { size: 3, place: place(`new ${task}`) },
      },
      {
        tool: 'modify_parcel',
        arguments: { parcel: `p-${task}`, ...(place(street) as Record<string, unknown>) },
        result: 'moved',
      },
    ],
  })
  const scripts = [
    ...[1, 2, 3, 4, 5, 6, 7].map(trial => move('a', trial, 'old a')),
    move('b', 1, 'new b'),
    move('c', 1, 'new c'),
  ]
  const [card] = await found('call-card', scripts)
  expect(card?.key).toContain('street=other get_parcel.place.street')
})

it('a card of a reading tool leaves room for what the user gives, and sends to no changing tool', async () => {
  const read = (task: string, maker: string): Script => ({
    task,
    reward: 1,
    steps: [
      { tool: maker, arguments: { name: `n${task}` }, result: { jar: { id: `jar-${task}8801` } } },
      { tool: 'get_jar', arguments: { jar_id: `jar-${task}8801` }, result: { level: 3 } },
    ],
  })
  const [found1] = await found('call-card', [read('a', 'find_jars'), read('b', 'find_jars')])
  expect(found1?.insight.action).toContain('and the user has not given the value')
  const cards = await found('call-card', [read('a', 'create_jar'), read('b', 'create_jar')])
  for (const { insight } of cards) expect(insight.action).not.toContain('Call `create_jar`')
})
