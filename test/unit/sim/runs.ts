/** Runs for tests: small, short, with the faults that a test names. */

import { type AdversaryName, adversaries, adversaryNames } from '../../../sim/adversaries.ts'
import { type FaultName, faults, mixedFaults } from '../../../sim/faults.ts'
import type { Tampering } from '../../../sim/machine.ts'
import { type Outside, type RunResult, type RunSettings, run, type Wishes } from '../../../sim/run.ts'

const outside = { elapsed: () => 0, rssBytes: () => 0, onProgress: () => undefined }

function settingsOf(changes: Partial<RunSettings> = {}): RunSettings {
  return {
    seed: '1',
    nodes: 6,
    minutes: 2,
    faults: new Map(),
    adversaries: new Map(),
    publishesPerHour: 60,
    recallsPerHour: 120,
    capacityEntries: 500,
    workload: 'synthetic',
    ...changes,
  }
}

export function usual(...names: readonly FaultName[]): ReadonlyMap<FaultName, number> {
  return new Map(names.map(name => [name, faults[name].strength]))
}

export const allFaults = usual(...mixedFaults)

export function hostile(...names: readonly AdversaryName[]): ReadonlyMap<AdversaryName, number> {
  return new Map(names.map(name => [name, adversaries[name].strength]))
}

export const allAdversaries = hostile(...adversaryNames)

export function simulateRun(
  changes: Partial<RunSettings> = {},
  tampering: Tampering = {},
  wishes: Wishes = {},
  more: Partial<Outside> = {},
): Promise<RunResult> {
  return run(settingsOf(changes), { ...outside, ...more }, tampering, wishes)
}

/** The checks that were violated, each once. */
export function violated({ violations }: RunResult): readonly string[] {
  return [...new Set(violations.map(({ check }) => check))]
}
