import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askNames } from '../../../../node/lessons/asks.ts'
import type { RedactedEpisode } from '../../../../node/ports.ts'
import { distilled, isShareable, redacted, type Script, transcript } from './episodes.ts'

interface Said {
  readonly says: readonly string[]
  readonly calls?: readonly { readonly tool: string; readonly arguments: unknown }[]
  readonly task?: string
}

function episode({ says, calls = [], task }: Said): Promise<RedactedEpisode> {
  const tool_calls = calls.map((call, index) => ({
    id: `c${index}`,
    function: { name: call.tool, arguments: JSON.stringify(call.arguments) },
  }))
  return redacted({
    ...(task === undefined ? {} : { task_id: task }),
    messages: [...says.map(content => ({ role: 'user', content })), { role: 'assistant', tool_calls }],
  })
}

/** For each run the position of the first one of its ask, or of its problem. */
async function grouped(said: readonly Said[], level: 'ask' | 'problem' = 'ask'): Promise<readonly number[]> {
  const episodes = await Promise.all(said.map(episode))
  const names = askNames(episodes)
  const all = episodes.map(({ id }) => names.get(id)?.[level])
  return all.map(name => all.indexOf(name))
}

const pour = (jar: string) => [{ tool: 'pour', arguments: { jar } }]
const lantern = [
  {
    says: ['My lantern from Oakfield arrived with cracked glass, I want another one.', 'It is a brass one.'],
  },
  { says: ['Hello! The glass of my brass lantern is cracked. Can Oakfield send another one?'] },
]
const kettle = { says: ['Where is the copper kettle that I ordered in Marchhill last week?'] }

describe('asks without a task id', () => {
  it('are one where users say the same in other words, and two where they want other things', async () => {
    expect(await grouped([...lantern, kettle])).toEqual([0, 0, 2])
  })

  it('are one in a window that holds one ask over and over', async () => {
    const forms = [
      'The glass of my brass lantern from Oakfield is cracked.',
      'My lantern came with cracked glass, brass, bought in Oakfield.',
      'Cracked glass in a brass lantern, Oakfield shop!',
      'I bought a brass lantern in Oakfield; its glass has cracked.',
      'Brass lantern, cracked glass. From the shop in Oakfield.',
      'Hello, about my Oakfield lantern, the brass one: the glass cracked.',
    ]
    expect(await grouped(forms.map(form => ({ says: [form] })))).toEqual(forms.map(() => 0))
  })

  it('are what the task id says where there is one, however alike', async () => {
    const [first, other] = lantern
    if (first === undefined || other === undefined) throw new TypeError('no run')
    expect(await grouped([first, { ...first, task: 'a' }, { ...other, task: 'b' }])).toEqual([0, 1, 2])
  })

  it('are one where a first message comes again with notes after it', async () => {
    const question = 'Question: which river does the railway bridge of Oakfield cross near Marchhill?'
    const notes =
      'You tried before and failed. Reflection: the search for bridges was too wide, narrow it down.'
    expect(await grouped([{ says: [question] }, { says: [`${question}\n\n${notes}`] }, kettle])).toEqual([
      0, 0, 2,
    ])
  })

  it('are one where both are about the same record: it is one person’s, whatever is asked', async () => {
    expect(
      await grouped([
        { says: ['Please cancel everything.', 'I am mo_4711.'] },
        { says: ['What does a blue kettle cost?'], calls: pour('mo_4711') },
        { says: ['What does the slow train cost on Sundays?'], calls: pour('jo_9265') },
      ]),
    ).toEqual([0, 0, 2])
  })

  it('are two where the same words were said to services with no tool in common', async () => {
    const says = ['Please book the usual for tomorrow at eight, for all of us and the dog.']
    expect(
      await grouped([
        { says, calls: [{ tool: 'book_table', arguments: {} }] },
        { says, calls: [{ tool: 'book_court', arguments: {} }] },
      ]),
    ).toEqual([0, 1])
  })

  it('are not one for a greeting alone, though they begin with the same message', async () => {
    const others = [
      ['Hi', 'The stove in Oakfield smokes and the chimney sweep found nothing.'],
      ['Hi', 'Can I bring a surfboard on the ferry to Marchhill?'],
      ['Hi', 'My choir needs scores of the requiem by Friday.'],
    ]
    expect(await grouped(others.map(says => ({ says })))).toEqual([0, 1, 2])
  })

  it('are one where a long template says nearly all, which only errs on the safe side', async () => {
    const template =
      'You maintain a garden diary. Look at each bed, note the weather, and never water at noon. Answer in one line. '
    const runs = ['roses', 'leeks', 'beans'].map(bed => ({ says: [`${template.repeat(2)} Bed: ${bed}`] }))
    expect(await grouped(runs)).toEqual([0, 0, 0])
  })

  it('are one where nothing was said that tells them apart', async () => {
    expect(await grouped([{ says: ['a@b.example'] }, { says: ['c@d.example', '?'] }, kettle])).toEqual([
      0, 0, 2,
    ])
  })

  it('are known in scripts without spaces', async () => {
    expect(
      await grouped([
        { says: ['昨日届いたランタンのガラスが割れていました、交換してください'] },
        { says: ['届いたランタンのガラスが割れていたので交換してください'] },
        { says: ['来週の京都行きの切符はいくらですか'] },
      ]),
    ).toEqual([0, 0, 2])
  })

  it('hold more problems than one where runs may not be compared', async () => {
    const account = (wish: string): Said => ({ says: [wish, 'My account is mo_4711.'] })
    const runs = [account('Cancel my train to Oakfield.'), account('What is a pot of tea in the dining car?')]
    const padding = ['A stove smokes.', 'The choir sings.', 'Is the ferry late?'].map(text => ({
      says: [text],
    }))
    expect((await grouped([...runs, ...padding])).slice(0, 2)).toEqual([0, 0])
    expect((await grouped([...runs, ...padding], 'problem')).slice(0, 2)).toEqual([0, 1])
  })

  it('keep their names in any order, and mostly when a further run comes in', async () => {
    const episodes = await Promise.all([...lantern, kettle].map(episode))
    const names = askNames(episodes)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(episodes, { minLength: episodes.length }), async shuffled => {
        expect(new Map([...askNames(shuffled)].sort())).toEqual(new Map([...names].sort()))
      }),
      { numRuns: 20, seed: 1 },
    )
    const more = askNames([...episodes, await episode({ says: ['Is the museum open on Mondays?'] })])
    for (const { id } of episodes) expect(more.get(id)?.ask).toBe(names.get(id)?.ask)
  })

  it('are found among 1,500 runs of which each shares words with all others', async () => {
    const runs = Array.from({ length: 1_500 }, (_, run) => ({
      says: [`Order ${Math.floor(run / 3)} of garden${Math.floor(run / 3)}x by tree${run} is late again.`],
    }))
    const names = await grouped(runs)
    expect(names.filter((first, run) => first === run - (run % 3)).length).toBeGreaterThan(1_400)
  }, 30_000)

  it('do not let one person’s repeated ask share a lesson', async () => {
    const run = (says: string, account: string): unknown => {
      const script: Script = {
        task: '',
        reward: 1,
        steps: [
          { user: says },
          { tool: 'get_member', arguments: { account }, result: { jars: [{ id: `jar-${account}` }] } },
          { tool: 'modify_jar', arguments: { jar_id: `jar-${account}`, amount: 7 }, result: 'ok' },
        ],
      }
      return { ...Object(transcript(script)), task_id: undefined }
    }
    const wishes = [
      'Pour seven spoons of the plum jam.',
      'I would like plum jam, seven spoons.',
      'Seven, of plum.',
    ]
    const alone = await distilled(wishes.map(wish => run(wish, 'mo4711')))
    expect(alone.map(draft => draft.support.length)).toContain(3)
    expect(alone.filter(isShareable)).toEqual([])
    const others = ['The stove smokes.', 'Is there more honey in the cellar?', 'A pear cake, please.']
    const several = await distilled(others.map((wish, at) => run(wish, `mo${at * 3 + 1}4${at}2`)))
    expect(several.filter(isShareable)).not.toEqual([])
  })
})

const data = new URL('../../../../../shared/data/', import.meta.url)
const absent = !existsSync(data)
const title = absent ? 'recorded runs (skipped: there is no ../shared/data)' : 'recorded runs'

interface Pairs {
  readonly precision: number
  readonly recall: number
}

/** Of the pairs of runs: which of those found alike are of one task, and which of those of one task were found. */
function pairsOf(tasks: readonly string[], names: readonly (string | undefined)[]): Pairs {
  let both = 0
  let found = 0
  let true_ = 0
  for (const [a, task] of tasks.entries()) {
    for (let b = a + 1; b < tasks.length; b++) {
      const isOne = task === tasks[b]
      const isFound = names[a] === names[b]
      if (isOne) true_++
      if (isFound) found++
      if (isOne && isFound) both++
    }
  }
  return { precision: both / Math.max(1, found), recall: both / Math.max(1, true_) }
}

describe.skipIf(absent)(title, () => {
  // Tasks of one customer are one ask here, which is why the precision of retail's asks is not looked at; all
  // customers of telecom are one and the same.
  it.each([
    ['tau_bench/trajectories_gpt4o_airline.jsonl', { ask: 0.9, problem: 0.6, precision: 0.95 }],
    ['agent_runs/retail.jsonl', { ask: 0.97, problem: 0.8, precision: 0.25 }],
    ['agent_runs/telecom.jsonl', { ask: 0.97, problem: 0.4, precision: 0.01 }],
    ['agent_runs/wiki_qa.jsonl', { ask: 0.97, problem: 0.95, precision: 0.95 }],
    ['agent_runs/custom_services.jsonl', { ask: 1, problem: 1, precision: 0.2 }],
    ['agent_runs/medical_ehr.jsonl', { ask: 1, problem: 0.95, precision: 0.2 }],
  ])('%s: the runs of a task are found with its id hidden', async (file, least) => {
    const lines = readFileSync(new URL(file, data), 'utf8').split('\n').filter(Boolean)
    const runs = lines.map((line): { readonly task_id: string } => JSON.parse(line))
    const episodes = await Promise.all(runs.map(({ task_id: _, ...rest }) => redacted(rest)))
    const tasks = runs.map(run => run.task_id)
    const names = askNames(episodes)
    const asks = pairsOf(
      tasks,
      episodes.map(({ id }) => names.get(id)?.ask),
    )
    const problems = pairsOf(
      tasks,
      episodes.map(({ id }) => names.get(id)?.problem),
    )
    expect(asks.recall).toBeGreaterThanOrEqual(least.ask)
    expect(problems.recall).toBeGreaterThanOrEqual(least.problem)
    expect(problems.precision).toBeGreaterThanOrEqual(least.precision)
    // A window that holds one task alone, as of somebody who asks the same again and again.
    const alone = [...new Set(tasks)].map(task => episodes.filter((_, at) => tasks[at] === task))
    const split = alone.filter(own => new Set([...askNames(own).values()].map(({ ask }) => ask)).size > 1)
    expect(split.length).toBeLessThanOrEqual(Math.ceil(alone.length * 0.13))
  })

  it('with their task ids hidden share no more than with them, and most of it', async () => {
    const file = new URL('tau_bench/trajectories_gpt4o_airline.jsonl', data)
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    const runs = lines.map((line): { readonly task_id: string } => JSON.parse(line))
    const keysOf = async (values: readonly unknown[]): Promise<readonly string[]> =>
      (await distilled(values)).filter(isShareable).map(draft => draft.key)
    const given = await keysOf(runs)
    const hidden = await keysOf(runs.map(({ task_id: _, ...rest }) => rest))
    expect(hidden.filter(key => !given.includes(key))).toEqual([])
    expect(hidden.length).toBeGreaterThanOrEqual(given.length * 0.75)
  })
})
