/** What `sim calibrate` does: prints what real nodes did, what simulated ones did, and by how much they differ. */

import type { Result } from '../../../../protocol/types.ts'
import type { Context } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'

export async function runCalibrate({ out, program }: Context): Promise<Result<ExitStatus>> {
  const { costs, fit, inUse, swarms } = await program.calibrate({ onStep: what => out.note(what) })
  out.show({ type: 'calibration', fit, inUse, swarms, costs }, () => [
    ...swarms.flatMap(({ nodes, isFitted, othersBusy, rows }) => [
      `${`${nodes} nodes, ${isFitted ? 'fitted' : 'tested'}`.padEnd(28)} ${cells('real', 'simulated', 'off by')}`,
      ...rows.map(
        ({ what, unit, real, simulated, distance }) =>
          `${`${what}${unit === '' ? '' : ` (${unit})`}`.padEnd(28)} ${cells(figure(real), figure(simulated), `${(distance * 100).toFixed(1)} %`)}`,
      ),
      `other programs used ${(othersBusy * 100).toFixed(0)} % of the processors meanwhile`,
      '',
    ]),
    `${'the network'.padEnd(28)} ${cells('fits best', 'in use')}`,
    ...Object.entries(fit).map(
      ([name, value]) => `${name.padEnd(28)} ${cells(figure(value), figure(inUse[name] ?? Number.NaN))}`,
    ),
    '',
    `${'work, microseconds a unit'.padEnd(28)} ${cells('here', 'in use')}`,
    ...costs.map(
      ({ work, measuredMicros, tableMicros }) =>
        `${work.padEnd(28)} ${cells(figure(measuredMicros), figure(tableMicros))}`,
    ),
  ])
  return { ok: true, value: exitStatus.done }
}

function cells(...texts: readonly string[]): string {
  return texts.map(text => text.padStart(12)).join('')
}

function figure(value: number): string {
  return value.toFixed(value < 10 ? 3 : 0)
}
