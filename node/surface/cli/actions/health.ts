/** What `status` and `doctor` do. */

import type { Result } from '../../../../protocol/types.ts'
import type { OutputOf } from '../../operations.ts'
import { type Context, done } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import { time } from '../number.ts'
import { count } from '../output.ts'
import { withClient } from '../session.ts'
import { swarmLines } from './swarms.ts'

type Done = Promise<Result<ExitStatus>>

export function status(context: Context): Done {
  const { out } = context
  return withClient(context, {}, async client => {
    const got = await client.call('getStatus', {})
    if (!got.ok) return got
    const { value } = got
    const rejected = Object.entries(value.rejected)
    out.show(value, () => [
      client.url === undefined
        ? `${out.style('yellow', 'No node is running here')}; this is what is stored. 'swarmlore up' starts it.`
        : `${out.style('green', 'Running')} since ${time(value.startedAt)} UTC at ${client.url}`,
      '',
      ...value.swarms.flatMap(swarm => [...swarmLines(swarm, out), '']),
      `episodes  ${value.episodes.stored} stored, ${value.episodes.waiting} waiting to be distilled`,
      `entries   ${value.entries.own} own, ${value.entries.received} received (${value.entries.quarantined} quarantined), room for ${value.entries.capacity}; ${megabytes(value.entries.bytes)} of ${megabytes(value.entries.capacityBytes)} MB; ${value.entries.evicted} evicted`,
      `fetching  ${value.fetch.waiting} waiting, ${value.fetch.failed} failed`,
      `recalls   ${value.recalls}`,
      ...(value.worth === undefined ? [] : [worthLine(value.worth)]),
      ...(rejected.length === 0
        ? []
        : [`rejected  ${rejected.map(([reason, times]) => `${reason} ${times}`).join(', ')}`]),
      `embedder  ${value.embedder.dimensions} dimensions, space ${value.embedder.space.slice(0, 12)}…; distiller ${value.distiller}`,
      ...(value.llm === undefined ? [] : llmLines(value.llm)),
    ])
    return done
  })
}

function worthLine({
  days,
  difference,
  given,
  high,
  low,
  share,
  withheld,
}: NonNullable<OutputOf<'getStatus'>['worth']>): string {
  const of = (side: typeof given): string => `${side.solved} of ${side.solved + side.failed}`
  const counts = `solved ${of(given)} with recall and ${of(withheld)} without, in ${days} days; ${percent(share)} % are withheld`
  if (difference === undefined || low === undefined || high === undefined)
    return `worth     not known yet: ${counts}`
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${percent(Math.abs(value))}`
  return `worth     recall changes the share of solved tasks by ${signed(difference)} points (95 %: ${signed(low)} to ${signed(high)}): ${counts}`
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10
}

function llmLines(llm: NonNullable<OutputOf<'getStatus'>['llm']>): readonly string[] {
  const { last } = llm
  const code = last?.code === undefined ? '' : ` (${last.code})`
  return [
    `llm       ${llm.model} at ${llm.url}; today ${llm.requestsToday} of ${llm.requestsPerDay} requests, ${llm.tokensToday} of ${llm.tokensPerDay} tokens; ${llm.waiting} runs not asked about yet`,
    last === undefined
      ? '          not asked yet'
      : `          last asked ${time(last.at)} UTC: ${last.message}${code}`,
  ]
}

export function doctor(context: Context): Done {
  const { out } = context
  return withClient(context, {}, async client => {
    const got = await client.call('runDoctor', {})
    if (!got.ok) return got
    const { items } = got.value
    const bad = items.filter(finding => finding.level !== 'ok').length
    const styles = { ok: 'green', warn: 'yellow', error: 'red' } as const
    out.show(got.value, () => [
      ...items.map(
        finding => `${out.style(styles[finding.level], finding.level.padEnd(5))} ${finding.message}`,
      ),
      bad === 0 ? 'Nothing to mend.' : `${count(bad, 'thing')} to look at.`,
    ])
    return items.some(finding => finding.level === 'error') ? { ok: true, value: exitStatus.failed } : done
  })
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
