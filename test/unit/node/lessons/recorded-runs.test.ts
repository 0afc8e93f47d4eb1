import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { EntryDraft } from '../../../../node/ports.ts'
import { asksOf, distilled, isShareable, textOf } from './episodes.ts'

/** Public recorded runs, too large for this repository: see the README. Without them these tests are skipped. */
const data = new URL('../../../../../shared/data/', import.meta.url)
const absent = !existsSync(data)
const title = absent ? 'recorded runs (skipped: there is no ../shared/data)' : 'recorded runs'

const AIRLINE = 'tau_bench/trajectories_gpt4o_airline.jsonl'
const RUNS = [
  'retail',
  'telecom',
  'telecom_solo',
  'custom_services',
  'medical_ehr',
  'coding_swe',
  'wiki_qa',
].map(name => `agent_runs/${name}.jsonl`)

function linesOf(file: string): readonly string[] {
  return readFileSync(new URL(file, data), 'utf8')
    .split('\n')
    .filter(line => line !== '')
}

const cache = new Map<string, Promise<readonly EntryDraft[]>>()
function draftsOf(file: string): Promise<readonly EntryDraft[]> {
  const known = cache.get(file)
  if (known !== undefined) return known
  const drafts = distilled(linesOf(file).map((line): unknown => JSON.parse(line)))
  cache.set(file, drafts)
  return drafts
}

async function shareableOf(file: string): Promise<readonly EntryDraft[]> {
  return (await draftsOf(file)).filter(isShareable)
}

/** Text values of a tool database that stand in fewer than 1 % of its records: whose they are could be told. */
function rareValues(file: string): ReadonlySet<string> {
  const records: unknown[] = []
  const root: unknown = JSON.parse(readFileSync(new URL(file, data), 'utf8'))
  // The database's tables, or the domains with tables in them, down to the first lists or tables of records.
  const collect = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return
    if (depth >= 2) records.push(...Object.values(value))
    else for (const child of Object.values(value)) collect(child, depth + 1)
  }
  collect(file.includes('airline') ? { all: { table: root } } : { all: root }, 0)
  const counts = new Map<string, number>()
  for (const record of records) {
    for (const value of new Set(textsIn(record))) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  const limit = Math.max(1, records.length / 100)
  return new Set([...counts].filter(([, count]) => count < limit).map(([value]) => value.toLowerCase()))
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.length >= 4 ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

describe.skipIf(absent)(title, () => {
  it('of an airline teach where the payment id comes from, with four runs of two asks, all solved', async () => {
    const shareable = await shareableOf(AIRLINE)
    const lesson = shareable.find(draft => draft.key.includes('payment method not found'))
    expect(lesson?.key).toBe(
      'changed-argument|origin|update_reservation_flights|payment_id|nobody|get_user_details.payment_methods[].id|payment method not found',
    )
    expect(lesson?.support.map(one => one.solved)).toEqual([true, true, true, true])
  })

  it('of an airline explain both kinds of price mismatch together; alone each rests on one ask', async () => {
    const drafts = (await draftsOf(AIRLINE)).filter(draft => draft.pattern === 'explained-figures')
    expect(drafts.map(draft => [draft.key.split('|').slice(1, 5).join(' '), asksOf(draft)])).toEqual([
      ['differs-by-rule book_reservation payment_methods[].amount nonfree_baggages', 1],
      ['several book_reservation payment_methods[].amount differs-by-rule nonfree_baggages', 2],
      ['times-length book_reservation payment_methods[].amount passengers', 1],
    ])
  })

  it('never recommend to send the price that an error names', async () => {
    for (const draft of await draftsOf(AIRLINE)) {
      if (draft.key.includes('does not add up')) expect(draft.pattern).not.toBe('changed-argument')
    }
  })

  it('of an airline and of a shop teach enough that may be shared', async () => {
    expect((await shareableOf(AIRLINE)).length).toBeGreaterThanOrEqual(15)
    const shop = await shareableOf('agent_runs/retail.jsonl')
    expect(shop.length).toBeGreaterThanOrEqual(18)
    const cards = shop.filter(draft => draft.key.startsWith('call-card|write|')).map(draft => draft.key)
    expect(cards.filter(key => key.includes('|if get_order_details.status='))).not.toEqual([])
  })

  it('never advise a change that somebody makes only to learn an id', async () => {
    for (const file of [AIRLINE, ...RUNS])
      for (const draft of await shareableOf(file))
        if (draft.pattern === 'asked-in-vain') expect(draft.key).not.toMatch(/\|(?:create|register|book)_/)
  })

  it.each([AIRLINE, ...RUNS])('%s: fewer lessons than episodes, and no value in any', async file => {
    const drafts = await draftsOf(file)
    expect(drafts.length).toBeLessThan(linesOf(file).length)
    expect(drafts.filter(isShareable).length).toBeLessThan(linesOf(file).length / 3)
    for (const draft of drafts) {
      expect(textOf(draft)).not.toMatch(/\d{3}|@|https?:/)
      expect(draft.insight.summary.length).toBeLessThanOrEqual(500)
    }
  })

  it.each([
    [AIRLINE, 'tau_bench/airline_db_users.json'],
    [AIRLINE, 'tau_bench/airline_db_reservations.json'],
    ['agent_runs/retail.jsonl', 'agent_runs/retail_db.json'],
  ])('%s: no rare value of %s gets into a lesson', async (file, database) => {
    const rare = rareValues(database)
    expect(rare.size).toBeGreaterThan(1000)
    for (const draft of await draftsOf(file)) {
      const words =
        textOf(draft)
          .toLowerCase()
          .match(/[\p{L}\p{N}_#@.-]{4,}/gu) ?? []
      expect(words.filter(word => rare.has(word))).toEqual([])
    }
  })

  it('of two disjoint halves of the tasks mostly teach the same', async () => {
    const lines = linesOf('agent_runs/retail.jsonl').map((line): { readonly task_id: string } =>
      JSON.parse(line),
    )
    const tasks = [...new Set(lines.map(line => line.task_id))].sort()
    const first = new Set(tasks.filter((_, index) => index % 2 === 0))
    const keysOf = async (half: boolean): Promise<readonly string[]> =>
      (await distilled(lines.filter(line => first.has(line.task_id) === half)))
        .filter(isShareable)
        .map(draft => draft.key)
    const [one, other] = [await keysOf(true), await keysOf(false)]
    const both = one.filter(key => other.includes(key))
    expect(both.length).toBeGreaterThanOrEqual(Math.min(one.length, other.length) * 0.75)
    expect(both.length).toBeGreaterThanOrEqual(3)
  })
})
