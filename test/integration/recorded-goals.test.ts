/**
 * What the distiller must reach on recorded runs of other people's agents, as `swarmlore experiment e7` measures it:
 * with the shipped model, and the real distiller. Each file is measured once.
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OnnxEmbedder, openEmbedder } from '../../node/adapters/onnx.ts'
import { systemClock, systemCpu } from '../../node/adapters/system.ts'
import { tracedShareOf } from '../../node/experiment.ts'
import { claimsOf } from '../../node/lessons/claims.ts'
import { createDistiller } from '../../node/lessons/distiller.ts'
import { type E7Result, e7 } from '../../sim/experiments/e7.ts'

/** Public recordings, too large for this repository: see the README. Without them these tests are skipped. */
const data = new URL('../../../shared/data/', import.meta.url)
const absent = !existsSync(data)
const title = absent ? 'recorded runs (skipped: there is no ../shared/data)' : 'recorded runs'

const airline = 'tau_bench/trajectories_gpt4o_airline'
const retail = 'agent_runs/retail'
const others = ['telecom', 'telecom_solo', 'custom_services', 'medical_ehr', 'coding_swe', 'wiki_qa'].map(
  name => `agent_runs/${name}`,
)
/** To be raised with what the patterns find. */
const retailPublishedMin = 20

describe.skipIf(absent)(title, () => {
  let embedder: OnnxEmbedder
  const measured = new Map<string, Promise<E7Result>>()

  beforeAll(async () => {
    const opened = await openEmbedder()
    if (!opened.ok) throw new TypeError(opened.message)
    embedder = opened.value
  })
  afterAll(() => embedder.close())

  async function measure(name: string): Promise<E7Result> {
    // What is recalled with a task left out has a goal on the airline alone.
    const heldOut = name === airline ? 11 : 0
    const file = fileURLToPath(new URL(`${name}.jsonl`, data))
    const ports = {
      clock: systemClock,
      cpu: systemCpu(),
      embedder,
      distiller: createDistiller(),
      openSwarm: () => Promise.reject(new Error('this node has no network')),
      tracedShare: (runs: readonly unknown[]) => tracedShareOf(runs, { redactRules: [], redactAllow: [] }),
    }
    const options = { files: [file], seed: '1', heldOut, splits: 0, shuffles: 0, onProgress: () => undefined }
    const [result] = await e7(ports, options)
    if (result === undefined) throw new TypeError('nothing was measured')
    return result
  }

  function measuredOnce(name: string): Promise<E7Result> {
    const result = measured.get(name) ?? measure(name)
    measured.set(name, result)
    return result
  }

  it.each([airline, retail, ...others])(
    '%s: no value of a database, no word outside the vocabulary and no contradiction is published',
    async name => {
      const { leaks, words_outside, contradicting } = await measuredOnce(name)
      expect({ leaks, words_outside, contradicting }).toEqual({
        leaks: [],
        words_outside: [],
        contradicting: [],
      })
    },
  )

  it.each([airline, retail, ...others])(
    '%s: what each lesson claims can be read from its key',
    async name => {
      const { draft_keys } = await measuredOnce(name)
      expect(draft_keys.filter(key => claimsOf(key) === undefined)).toEqual([])
    },
  )

  it('of an airline: at least 94 % of structured values are traced, and 15 lessons published', async () => {
    const { entries, structured_values, traced_share } = await measuredOnce(airline)
    expect(structured_values).toBeGreaterThan(1_000)
    expect(traced_share).toBeGreaterThanOrEqual(0.94)
    expect(entries).toBeGreaterThanOrEqual(15)
  })

  it('of an airline: with the task left out, a right lesson is recalled by the next call, always in five', async () => {
    const { call } = (await measuredOnce(airline)).recall_detail
    expect(call.asked).toBeGreaterThanOrEqual(11)
    expect(call.first).toBeGreaterThanOrEqual(6)
    expect(call.five).toBe(call.asked)
  })

  it(`of a shop: at least ${retailPublishedMin} lessons are published`, async () => {
    expect((await measuredOnce(retail)).entries).toBeGreaterThanOrEqual(retailPublishedMin)
  })
})
