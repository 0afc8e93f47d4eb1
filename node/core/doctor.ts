/**
 * What is wrong, and how to mend it: findings from what the node knows of itself. Pure.
 */

import type { Alone, Finding, NodeStatus } from '../api.ts'

export interface DoctorFacts {
  readonly status: NodeStatus
  readonly started: boolean
  /** Clocks of peers minus ours, in milliseconds. */
  readonly clockOffsetsMs: readonly number[]
}

/** From this far away, records are near the 900 seconds at which peers set them aside. */
const clockWarnMs = 300_000
const dayMs = 86_400_000
/** Half of the time in which it is renewed. */
const membershipWarnMs = 30 * dayMs

export function examine(facts: DoctorFacts): readonly Finding[] {
  return [
    clock(facts),
    ownKey(facts),
    ...network(facts),
    ...memberships(facts),
    sharing(facts),
    room(facts),
    fetching(facts),
    refused(facts),
    ...llm(facts),
  ].filter(finding => finding !== undefined)
}

function clock({ clockOffsetsMs }: DoctorFacts): Finding | undefined {
  if (clockOffsetsMs.length === 0) return undefined
  const sorted = [...clockOffsetsMs].sort((a, b) => a - b)
  const median = sorted[sorted.length >> 1] ?? 0
  if (Math.abs(median) <= clockWarnMs) return peerClocks(sorted)
  const away = `${Math.round(Math.abs(median) / 1000)} seconds ${median > 0 ? 'behind' : 'ahead of'} the median peer`
  return {
    level: 'warn',
    check: 'clock',
    message: `This clock is ${away}. Set it right (NTP): from 900 seconds on, peers set records aside.`,
  }
}

/** Most peers agree with this clock: who does not is wrong, and needs no more than to be told. */
function peerClocks(sortedMs: readonly number[]): Finding {
  const wrong = sortedMs.filter(offset => Math.abs(offset) > clockWarnMs)
  if (wrong.length === 0)
    return { level: 'ok', check: 'clock', message: 'The clock agrees with those of the peers.' }
  const farthest = Math.max(...wrong.map(Math.abs))
  return {
    level: 'warn',
    check: 'clock',
    message: `This clock is right, and those of ${wrong.length} of ${sortedMs.length} peers are not, by up to ${Math.round(farthest / 1000)} seconds. What they date ahead waits until its time has come; nothing is held against them. \`swarmlore peers show\` names the offset of each.`,
  }
}

function ownKey({ status }: DoctorFacts): Finding | undefined {
  const signedElsewhere = status.swarms.reduce((sum, swarm) => sum + (swarm.signedElsewhere ?? 0), 0)
  if (signedElsewhere === 0) return undefined
  return {
    level: 'warn',
    check: 'key',
    message: `Since this node was started, peers brought ${signedElsewhere} records under its own key that it did not have. Either its data folder was restored from a backup, and these are its own from before; or a copy of the folder runs elsewhere: stop one of the two, and begin that one anew with a key of its own.`,
  }
}

function network({ status, started }: DoctorFacts): readonly Finding[] {
  if (!started)
    return [
      {
        level: 'warn',
        check: 'network',
        message: 'The node is not running: nothing is shared or received. Start it with `swarmlore up`.',
      },
    ]
  return status.swarms.map((swarm): Finding => {
    const check = `network ${swarm.name}`
    const { alone } = swarm
    if (alone !== undefined) return { level: levels[alone.reason] ?? 'warn', check, message: alone.message }
    return {
      level: 'ok',
      check,
      message: `Peers connected: ${swarm.peers}; other members: ${swarm.members - 1}.`,
    }
  })
}

/** Whoever let this node in renews its membership long before: here the two have not met. */
function memberships({ status }: DoctorFacts): readonly Finding[] {
  return status.swarms.flatMap(({ memberUntil, name }): readonly Finding[] => {
    if (memberUntil === undefined || memberUntil - status.now > membershipWarnMs) return []
    const daysLeft = Math.floor((memberUntil - status.now) / dayMs)
    const message = `This node’s membership in '${name}' runs out in ${daysLeft} days: the node that let it in renews it when the two meet, and they have not for long. See that both run, or ask another member for an invitation once it is over.`
    return [{ level: 'warn', check: `membership ${name}`, message }]
  })
}

/** The others are worth a warning. */
const levels: Readonly<Partial<Record<Alone['reason'], Finding['level']>>> = {
  'nobody-else': 'ok',
  searching: 'ok',
  'not-a-member': 'error',
  'membership-over': 'error',
  'clock-behind': 'error',
}

function sharing({ status }: DoctorFacts): Finding | undefined {
  if (status.episodes.waiting === 0) return undefined
  return {
    level: 'ok',
    check: 'distilling',
    message: `${status.episodes.waiting} episodes wait to be distilled. \`swarmlore distil\` does it now.`,
  }
}

function room({ status }: DoctorFacts): Finding {
  const { bytes, capacity, capacityBytes, own, received } = status.entries
  const used = Math.round(Math.max((own + received) / capacity, bytes / capacityBytes) * 100)
  if (used < 95)
    return { level: 'ok', check: 'capacity', message: `${own + received} of ${capacity} entries are used.` }
  return {
    level: 'warn',
    check: 'capacity',
    message: `${used} % of the capacity is used: the least useful entries are evicted. Raise it with \`capacityEntries\` and \`capacityBytes\`.`,
  }
}

function fetching({ status }: DoctorFacts): Finding | undefined {
  const { failed, waiting } = status.fetch
  if (failed === 0) return undefined
  return {
    level: 'warn',
    check: 'fetch',
    message: `${failed} announced entries could not be fetched yet (${waiting} under way): no connected peer has them. They are tried again.`,
  }
}

function refused({ status }: DoctorFacts): Finding | undefined {
  const bad = ['bad-signature', 'malformed', 'non-canonical', 'foreign-swarm'].map(
    reason => status.rejected[reason] ?? 0,
  )
  const total = bad.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  return {
    level: 'warn',
    check: 'hostile records',
    message: `${total} records were refused as forged or malformed; whoever sends them loses its standing in the network by itself.`,
  }
}

function llm({ status }: DoctorFacts): readonly Finding[] {
  if (status.llm === undefined) return []
  const { last, model, url } = status.llm
  const check = 'llm'
  const { hostname, protocol } = new URL(url)
  const isHere = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  const findings: Finding[] = []
  if (protocol === 'http:' && !isHere) {
    const message = `Runs go to the LLM at ${url} unencrypted. Use https, or one on this machine.`
    findings.push({ level: 'warn', check, message })
  }
  if (last?.code === 'llm-budget-spent')
    findings.push({ level: 'ok', check, message: `${model}: ${last.message}` })
  else if (last?.code !== undefined) {
    const message = `${model} at ${url} gave no lessons: ${last.message} (${last.code}) The default distiller goes on alone, and it is tried again.`
    findings.push({ level: 'warn', check, message })
  } else
    findings.push({
      level: 'ok',
      check,
      message: `${model}: ${last?.message ?? 'It was not asked for lessons yet.'}`,
    })
  return findings
}
