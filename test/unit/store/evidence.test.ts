import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import type { EntryCid, PeerId } from '../../../protocol/types.ts'
import { Evidence, type Feedback } from '../../../store/evidence.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import type { Store } from '../../../store/ports.ts'

let store: Store
beforeEach(() => {
  store = openMemoryStore()
})

const cid = 'bafkreia' as EntryCid
const author = 'did:key:z6Mk' as PeerId
const helped: Feedback = { recallId: 'r1', cid, author, outcome: 'helped', day: 100 }

async function tell(evidence: Evidence, feedback: Feedback): Promise<void> {
  const { ops, apply } = evidence.feedback(feedback)
  await store.batch(ops)
  apply()
}

it('counts an outcome for the entry and for its author, and remembers it over a restart', async () => {
  await tell(await Evidence.load(store), helped)
  const again = await Evidence.load(store)
  expect(again.ofEntry(cid, 100)).toEqual({ helped: 1, hurt: 0 })
  expect(again.ofAuthor(author, 100)).toEqual({ helped: 1, hurt: 0 })
  expect(again.ofAuthor('did:key:other' as PeerId, 100)).toEqual({ helped: 0, hurt: 0 })
})

it('counts the same outcome for an item of a recall once', async () => {
  const evidence = await Evidence.load(store)
  await tell(evidence, helped)
  await tell(evidence, { ...helped, day: 101 })
  expect(evidence.feedback(helped).ops).toEqual([])
  await tell(evidence, { ...helped, recallId: 'r2' })
  expect(evidence.ofEntry(cid, 100).helped).toBe(2)
})

it('lets a later word replace the first, on the day on which each was said', async () => {
  const evidence = await Evidence.load(store)
  await tell(evidence, helped)
  await tell(evidence, { ...helped, outcome: 'hurt', day: 130 })
  expect(evidence.ofEntry(cid, 130)).toEqual({ helped: 0, hurt: 1 })
  await tell(evidence, { ...helped, outcome: 'unused', day: 130 })
  expect(evidence.ofAuthor(author, 130)).toEqual({ helped: 0, hurt: 0 })
})

it('shows nothing before it is applied, so that a failed write leaves the counts alone', async () => {
  const evidence = await Evidence.load(store)
  const change = evidence.feedback(helped)
  expect(evidence.ofEntry(cid, 100).helped).toBe(0)
  change.apply()
  expect(evidence.ofEntry(cid, 100).helped).toBe(1)
})

it('halves what it counted every 30 days, and forgets it after 300', async () => {
  const evidence = await Evidence.load(store)
  await tell(evidence, helped)
  expect(evidence.ofEntry(cid, 130).helped).toBe(0.5)
  expect(evidence.ofEntry(cid, 160).helped).toBe(0.25)
  for (const age of [1, 7, 29, 31, 299])
    expect(evidence.ofEntry(cid, 100 + age).helped).toBeCloseTo(2 ** (-age / 30), 12)
  expect(evidence.ofEntry(cid, 400).helped).toBe(0)
  expect(evidence.ofEntry(cid, 99).helped).toBe(1)
})

it('answers the same whatever the order of events and of questions', async () => {
  const event = fc.record({
    recallId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
    outcome: fc.constantFrom('helped' as const, 'hurt' as const),
    day: fc.integer({ min: 50, max: 120 }),
  })
  const events = fc.uniqueArray(event, { selector: one => one.recallId, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(events, fc.integer({ min: 120, max: 300 }), async (list, today) => {
      const answers = []
      for (const order of [list, list.toReversed()]) {
        store = openMemoryStore()
        const evidence = await Evidence.load(store)
        for (const one of order) {
          await tell(evidence, { ...one, cid, author })
          evidence.ofEntry(cid, one.day)
        }
        answers.push(evidence.ofEntry(cid, today), (await Evidence.load(store)).ofEntry(cid, today))
      }
      expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
    }),
    { numRuns: 50 },
  )
})

it('drops the days that weigh nothing', async () => {
  const evidence = await Evidence.load(store)
  await tell(evidence, helped)
  await tell(evidence, { ...helped, recallId: 'r2', day: 390 })
  await store.batch(evidence.pruneOps(400))
  expect(evidence.ofEntry(cid, 100).helped).toBe(1)
  expect((await Evidence.load(store)).ofEntry(cid, 390).helped).toBe(1)
})

it('counts shadow evidence for the author alone, apart from what is attested, and over a restart', async () => {
  const evidence = await Evidence.load(store)
  await tell(evidence, { ...helped, recallId: 'shadow-1', shadow: true })
  await tell(evidence, { ...helped, recallId: 'r2', outcome: 'hurt' })
  for (const one of [evidence, await Evidence.load(store)]) {
    expect(one.ofAuthor(author, 100)).toEqual({ helped: 1, hurt: 1 })
    expect(one.ofEntry(cid, 100)).toEqual({ helped: 0, hurt: 1 })
    expect([...one.authorDays()]).toEqual([{ subject: author, day: 100, helped: 0, hurt: 1 }])
  }
})
