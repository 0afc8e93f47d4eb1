/** What `sim spread` does: prints a row for each size of swarm, as soon as it is known. */

import type { Result } from '../../../../protocol/types.ts'
import { type Context, given } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import type { SpreadOptions } from '../options.ts'

const columnWidth = 16

export async function runSpread(
  { out, program }: Context,
  written: SpreadOptions,
): Promise<Result<ExitStatus>> {
  let isFirst = true
  const done = await program.spread(given(written), ({ nodes, isWhole, figures }) => {
    out.show({ type: 'spread', nodes, isWhole, ...figures }, () => [
      ...(isFirst ? [cells(['nodes', ...Object.keys(figures)])] : []),
      cells([`${nodes}${isWhole ? ' whole' : ''}`, ...Object.values(figures).map(shown)]),
    ])
    isFirst = false
  })
  return done.ok ? { ok: true, value: exitStatus.done } : done
}

function shown(value: number): string {
  return Number.isFinite(value) ? value.toFixed(value < 10 ? 4 : 1) : 'never'
}

function cells(texts: readonly string[]): string {
  return texts.map((text, at) => text.padStart(at === 0 ? 12 : columnWidth)).join('')
}
