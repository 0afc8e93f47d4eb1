/**
 * What befalls bytes on their way: how long they take from one region to another, and what the faults of a run do to
 * them. One set of conditions holds for the whole world, and can be changed at any time.
 */

import type { Random } from '../../node/ports.ts'
import { between, happens } from '../random.ts'
import type { Host } from './host.ts'

export class Conditions {
  /** Share of gossiped messages that vanish; a request is sent again by its transport, and takes longer. */
  loss = 0
  /** Share of gossiped messages that arrive twice. */
  duplicate = 0
  /** Share of messages that others overtake. */
  reorder = 0
  /** Share of messages with a flipped bit. The transport is authenticated: it notices, and the connection is lost. */
  corrupt = 0
  /** How many times longer everything takes. */
  latency = 1
  /** How long a message is on its way where nothing goes wrong, in milliseconds. */
  wayMs: (random: Random, from: Host, to: Host) => number = (random, from, to) =>
    regionalMs(from.region, to.region) * between(random, jitter.least, jitter.most)
  /** By what fault, and whether nothing gets from the one to the other. */
  readonly cuts = new Map<string, (from: Host, to: Host) => boolean>()

  isCut(from: Host, to: Host): boolean {
    for (const isCut of this.cuts.values()) if (isCut(from, to)) return true
    return false
  }
}

/** One-way milliseconds between regions, as of large clouds: America, Europe, Asia, Oceania. */
const regionMs: readonly (readonly number[])[] = [
  [8, 45, 80, 75],
  [45, 8, 90, 130],
  [80, 90, 8, 60],
  [75, 130, 60, 8],
]
export const regions = regionMs.length
/** What the way varies by. */
export const jitter = { least: 0.9, most: 1.3 }
/** A lost segment is sent again after this, then after twice as long, and so on. */
const resendMs = 200
const resendsMax = 6
/** By how much a message is late that others overtake. */
const lateMsMax = 400

/** One way between two regions drawn evenly. */
export const meanWayMs =
  (regionMs.flat().reduce((sum, ms) => sum + ms, 0) / regions ** 2) * ((jitter.least + jitter.most) / 2)

/** One way between two regions, before it varies. */
export function regionalMs(from: number, to: number): number {
  return regionMs[from % regions]?.[to % regions] ?? 0
}

export function latencyMs(conditions: Conditions, random: Random, from: Host, to: Host): number {
  return conditions.latency * conditions.wayMs(random, from, to)
}

export function lateMs(conditions: Conditions, random: Random): number {
  return happens(random, conditions.reorder) ? between(random, 1, lateMsMax) : 0
}

/** How much longer a message takes that is sent until it arrives; undefined where the transport gives up. */
export function resentMs(conditions: Conditions, random: Random): number | undefined {
  let ms = 0
  for (let resends = 0; happens(random, conditions.loss); resends++) {
    if (resends === resendsMax) return undefined
    ms += resendMs * 2 ** resends
  }
  return ms
}
