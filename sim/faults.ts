/**
 * What may go wrong in a run, each kind with its strength: a share of messages, of machines, or of the worst that it can
 * be. All of it ends when the faults end; whatever is then off, wrong or full is mended.
 */

import type { Random } from '../node/ports.ts'
import type { Machine } from './machine.ts'
import type { Host } from './network/host.ts'
import type { Operator } from './operator.ts'
import { between, draw, happens } from './random.ts'
import type { World } from './world.ts'

export interface FaultContext {
  readonly world: World
  readonly operator: Operator
  readonly random: Random
  readonly endMs: number
}

interface Fault {
  /** What the strength is a share of, for people. */
  readonly about: string
  readonly strength: number
  readonly begin: (context: FaultContext, strength: number) => void
}

const minuteMs = 60_000
/** A line as of an old modem: 64 kbit/s. */
const slowBytesPerMs = 8
const clockSkewMsMax = 10 * minuteMs
const driftPpmMax = 500
const slownessMax = 20
const latencyMax = 10

/** That befalls a share of all messages. */
function ofMessages(what: 'loss' | 'duplicate' | 'reorder' | 'corrupt'): Fault['begin'] {
  return ({ world }, share) => {
    world.network.conditions[what] = share
  }
}

export const faults = {
  loss: {
    about: 'share of messages that vanish',
    strength: 0.05,
    begin: ofMessages('loss'),
  },
  duplicate: {
    about: 'share of messages that arrive twice',
    strength: 0.05,
    begin: ofMessages('duplicate'),
  },
  reorder: {
    about: 'share of messages that others overtake',
    strength: 0.1,
    begin: ofMessages('reorder'),
  },
  corrupt: {
    about: 'share of messages with a flipped bit, which ends the connection',
    strength: 0.001,
    begin: ofMessages('corrupt'),
  },
  latency: {
    about: `spikes of latency, up to ${latencyMax} times the usual`,
    strength: 0.3,
    begin: (context, strength) =>
      inTurns(context, 20_000, isOn => {
        context.world.network.conditions.latency = isOn ? 1 + strength * (latencyMax - 1) : 1
      }),
  },
  'slow-line': {
    about: 'share of machines with a line of 64 kbit/s',
    strength: 0.2,
    begin: ({ world, random }, share) => {
      for (const machine of world.some(random, share)) world.network.setLine(machine.host, slowBytesPerMs)
    },
  },
  nat: {
    about: 'share of machines that nobody can dial',
    strength: 0.3,
    begin: ({ world, random }, share) => {
      for (const machine of world.some(random, share)) machine.host.isBehindNat = true
    },
  },
  partition: {
    about: 'share of machines that are cut off from the others, now and then',
    strength: 0.3,
    begin: (context, share) =>
      cutNowAndThen(context, 'partition', share, (isFromIn, isToIn) => isFromIn !== isToIn),
  },
  split: {
    about: 'share of machines that are cut off from the others until the faults end',
    strength: 0.5,
    begin: ({ world, random }, share) => {
      const inside = someHosts(world, random, share)
      world.network.cut('split', (from, to) => inside.has(from) !== inside.has(to))
    },
  },
  'one-way': {
    about: 'share of machines that hear the others and are not heard, now and then',
    strength: 0.2,
    begin: (context, share) =>
      cutNowAndThen(context, 'one-way', share, (isFromIn, isToIn) => isFromIn && !isToIn),
  },
  partial: {
    about: 'share of pairs that cannot reach each other, now and then, while others reach both',
    strength: 0.2,
    begin: (context, share) => cutPairs(context, share),
  },
  crash: {
    about: 'share of machines that lose power in a minute',
    strength: 0.1,
    begin: (context, share) =>
      eachMinute(context, share, machine =>
        context.operator.crash(machine, between(context.random, 1_000, 30_000)),
      ),
  },
  churn: {
    about: 'share of machines that are stopped and started in a minute',
    strength: 0.2,
    begin: (context, share) =>
      eachMinute(context, share, machine =>
        context.operator.restart(machine, between(context.random, 1_000, 30_000)),
      ),
  },
  asleep: {
    about: 'share of machines that fall asleep in a minute, for up to five',
    strength: 0.05,
    begin: (context, share) => eachMinute(context, share, machine => fallAsleep(context, machine)),
  },
  backup: {
    about: 'share of machines that are restored from an old backup in a minute',
    strength: 0.02,
    begin: (context, share) => restoreBackups(context, share),
  },
  skew: {
    about: 'clocks that are wrong by up to this share of ten minutes, and run too fast or slow',
    strength: 0.3,
    begin: ({ world, random }, strength) => {
      for (const machine of world.machines) machine.setClock(...wrongClock(random, strength))
    },
  },
  jump: {
    about: 'share of machines whose clock is set anew in a minute, by up to ten minutes',
    strength: 0.05,
    begin: (context, share) =>
      eachMinute(context, share, machine => machine.setClock(...wrongClock(context.random, 1))),
  },
  'slow-disk': {
    about: 'share of machines whose disk is a hundred times slower',
    strength: 0.2,
    begin: ({ world, random }, share) => {
      for (const machine of world.some(random, share)) machine.disk.slowness = 100
    },
  },
  'failing-disk': {
    about: 'share of machines whose disk fails in a minute, until they are restarted',
    strength: 0.05,
    begin: (context, share) => failDisks(context, share),
  },
  'full-disk': {
    about: 'share of machines whose disk is full for a while in a minute',
    strength: 0.05,
    begin: (context, share) =>
      eachMinute(context, share, machine => {
        machine.disk.bytesMax = machine.disk.bytes
        context.world.events.in(between(context.random, 5_000, 40_000), () => {
          machine.disk.bytesMax = Number.POSITIVE_INFINITY
          return 'quiet'
        })
      }),
  },
  'slow-cpu': {
    about: `share of machines that are ${slownessMax} times slower`,
    strength: 0.2,
    begin: ({ world, random }, share) => {
      for (const machine of world.some(random, share)) machine.setSlowness(slownessMax)
    },
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof faults
export const faultNames = Object.keys(faults) as readonly FaultName[]
/** Of which `all` is made: beside a split that lasts, no other cut would show what it does. */
export const mixedFaults = faultNames.filter(name => name !== 'split')

export function beginFaults(context: FaultContext, wanted: ReadonlyMap<FaultName, number>): void {
  for (const name of faultNames) {
    const strength = wanted.get(name)
    if (strength !== undefined && strength > 0)
      faults[name].begin({ ...context, random: context.random.fork(name) }, strength)
  }
}

/** Everything works again, and everybody is there. */
export function endFaults({ world, operator }: FaultContext): void {
  const { conditions } = world.network
  conditions.loss = 0
  conditions.duplicate = 0
  conditions.reorder = 0
  conditions.corrupt = 0
  conditions.latency = 1
  conditions.cuts.clear()
  for (const machine of world.machines) {
    world.network.setLine(machine.host)
    machine.host.isBehindNat = false
    machine.disk.slowness = 1
    machine.disk.bytesMax = Number.POSITIVE_INFINITY
    machine.setSlowness(1)
    machine.setClock(0, 0)
    if (machine.disk.failing > 0) {
      machine.disk.failing = 0
      operator.crash(machine, 0)
    }
  }
  operator.startAll()
}

function failDisks(context: FaultContext, share: number): void {
  eachMinute(context, share, machine => {
    machine.disk.failing = 1
    context.world.events.in(between(context.random, 10_000, 40_000), () => {
      if (machine.disk.failing === 0) return 'quiet'
      machine.disk.failing = 0
      context.operator.crash(machine, 1_000)
      return undefined
    })
  })
}

/** At random times, this share of all machines in a minute, as far as they run. */
function eachMinute(context: FaultContext, share: number, befall: (machine: Machine) => void): void {
  const { world, operator, random, endMs } = context
  for (const machine of world.machines) {
    for (let atMs = world.nowMs + between(random, 0, minuteMs); atMs < endMs; atMs += minuteMs) {
      if (!happens(random, share)) continue
      world.events.at(atMs, () => {
        if (!operator.isFree(machine)) return 'quiet'
        befall(machine)
        return undefined
      })
    }
  }
}

/** On for about so long, off for about so long, and so on until the faults end. */
function inTurns({ world, random, endMs }: FaultContext, spanMs: number, set: (isOn: boolean) => void): void {
  let isOn = false
  for (
    let atMs = world.nowMs + between(random, 0, spanMs);
    atMs < endMs;
    atMs += between(random, spanMs / 2, 1.5 * spanMs)
  ) {
    isOn = !isOn
    const next = isOn
    world.events.at(atMs, () => {
      world.note(next ? 'a spell of a fault begins' : 'a spell of a fault ends')
      set(next)
      return 'quiet'
    })
  }
}

function fallAsleep({ world, random, endMs }: FaultContext, machine: Machine): void {
  const { host, name } = machine
  const untilMs = Math.min(endMs, world.nowMs + between(random, 10_000, 5 * minuteMs))
  world.note(`${name} falls asleep`)
  machine.sleep(untilMs)
  world.network.cut(`${name} is asleep`, (from, to) => from === host || to === host)
  world.events.at(untilMs, () => {
    world.note(`${name} wakes`)
    world.network.conditions.cuts.delete(`${name} is asleep`)
    return 'quiet'
  })
}

const cutSpanMs = 60_000

function cutNowAndThen(
  context: FaultContext,
  name: FaultName,
  share: number,
  isCut: (isFromIn: boolean, isToIn: boolean) => boolean,
): void {
  const { world, random } = context
  inTurns(context, cutSpanMs, isOn => {
    const inside = someHosts(world, random, share)
    if (isOn) world.network.cut(name, (from, to) => isCut(inside.has(from), inside.has(to)))
    else world.network.conditions.cuts.delete(name)
  })
}

function someHosts(world: World, random: Random, share: number): ReadonlySet<Host> {
  const some = draw(random, world.machines, Math.round(share * world.machines.length))
  return new Set(some.map(({ host }) => host))
}

function cutPairs(context: FaultContext, share: number): void {
  const { world, random } = context
  inTurns(context, cutSpanMs, isOn => {
    const salt = `${random.below(1_000_000)}`
    const isPair = (from: string, to: string): boolean => {
      const key = from < to ? `${salt} ${from} ${to}` : `${salt} ${to} ${from}`
      let hash = 7
      for (let at = 0; at < key.length; at++) hash = (hash * 31 + key.charCodeAt(at)) % 1_000_003
      return hash % 1_000 < share * 1_000
    }
    if (isOn) world.network.cut('partial', (from, to) => isPair(from.name, to.name))
    else world.network.conditions.cuts.delete('partial')
  })
}

function restoreBackups(context: FaultContext, share: number): void {
  const { world, operator, random, endMs } = context
  for (let atMs = world.nowMs + 10_000; atMs < endMs; atMs += 3 * minuteMs) {
    world.events.at(atMs, () => {
      for (const one of world.machines) world.begin('a backup', () => operator.backUp(one))
      return undefined
    })
  }
  eachMinute(context, share, machine => operator.restore(machine, between(random, 1_000, 20_000)))
}

function wrongClock(random: Random, strength: number): [skewMs: number, driftPpm: number] {
  const most = strength * clockSkewMsMax
  return [Math.round(between(random, -most, most)), Math.round(between(random, -driftPpmMax, driftPpmMax))]
}
