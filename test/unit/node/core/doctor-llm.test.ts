/** What `doctor` says of a language model that is asked for lessons. */

import { describe, expect, it } from 'vitest'
import type { NodeStatus } from '../../../../node/api.ts'
import { examine } from '../../../../node/core/doctor.ts'
import type { LlmStatus } from '../../../../node/ports.ts'

function findings(llm: Partial<LlmStatus> | undefined) {
  const none = { requestsToday: 0, requestsPerDay: 5, tokensToday: 0, tokensPerDay: 5, waiting: 0 }
  const status: NodeStatus = {
    startedAt: 0,
    now: 0,
    swarms: [],
    episodes: { stored: 0, waiting: 0 },
    entries: { own: 0, received: 0, quarantined: 0, capacity: 10, bytes: 0, capacityBytes: 1, evicted: 0 },
    fetch: { waiting: 0, failed: 0 },
    rejected: {},
    recalls: 0,
    embedder: { space: 'f', dimensions: 1 },
    distiller: 'd',
    ...(llm === undefined ? {} : { llm: { model: 'm', url: 'https://llm.example/v1', ...none, ...llm } }),
  }
  return examine({ status, started: true, clockOffsetsMs: [] }).filter(one => one.check === 'llm')
}

describe('a doctor asked about the LLM', () => {
  it('says nothing where none is on', () => {
    expect(findings(undefined)).toEqual([])
  })

  it('says how it did', () => {
    expect(findings({})).toMatchObject([{ level: 'ok', message: 'm: It was not asked for lessons yet.' }])
    expect(findings({ last: { at: 1, message: 'Lessons taken: 2.' } })).toMatchObject([
      { level: 'ok', message: 'm: Lessons taken: 2.' },
    ])
    const spent = { at: 1, code: 'llm-budget-spent', message: 'It is spent.' }
    expect(findings({ last: spent })).toMatchObject([{ level: 'ok', message: 'm: It is spent.' }])
    const failed = { at: 1, code: 'llm-busy', message: 'Busy.' }
    expect(findings({ last: failed })).toMatchObject([
      { level: 'warn', message: expect.stringContaining('Busy. (llm-busy)') },
    ])
  })

  it.each([
    ['http://10.0.0.5:8000/v1', true],
    ['http://llm.example/v1', true],
    ['http://127.0.0.1:11434/v1', false],
    ['http://localhost:11434/v1', false],
    ['http://[::1]:11434/v1', false],
    ['https://llm.example/v1', false],
  ])('warns where runs leave this machine in the clear: %s', (url, warns) => {
    const message = expect.stringContaining('unencrypted')
    if (warns) expect(findings({ url })).toContainEqual({ level: 'warn', check: 'llm', message })
    else expect(findings({ url })).not.toContainEqual({ level: 'warn', check: 'llm', message })
  })
})
