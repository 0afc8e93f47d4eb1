/** Results of runs for tests that need no run. */

import type { RunResult, RunSettings } from '../../../sim/run.ts'
import { readSettings } from '../../../sim/settings.ts'

export const hash = 'ab'.repeat(32)

export function settingsOfSeed(seed: string): RunSettings {
  const read = readSettings({ seed, nodes: '7', minutes: '3', faults: 'crash=0.2,loss' })
  const [settings] = read.ok ? read.value : []
  if (settings === undefined) throw new TypeError('these settings are read')
  return settings
}

export function resultOf(changes: Partial<RunResult> = {}): RunResult {
  return {
    seed: '1',
    nodes: 7,
    simulatedS: 180,
    realS: 1,
    traceHash: hash,
    violations: [],
    publishes: 4,
    deliveries: 20,
    delivered10s: 0.5,
    delivered60s: 1,
    propagationP50Ms: 100,
    propagationP99Ms: 900,
    entries10s: 0.25,
    entries60s: 0.5,
    entriesP50Ms: 200,
    entriesP99Ms: 1_000,
    bytesPerNodeDay: 1_000,
    messagesPerNodeDay: 10,
    convergedAfterHealS: 3,
    recalls: 10,
    badRecalls: 0,
    recallAccuracy: 0.5,
    rssMb: 100,
    trace: [],
    events: 5_000,
    stopped: undefined,
    ...changes,
  }
}

export const violation = {
  check: 'bounds',
  atMs: 1_500,
  node: 'n3',
  message: 'too many',
  event: 321,
} as const
