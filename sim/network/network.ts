/**
 * The network of a simulated world: who listens where, and the way of every message from one link to another, with its
 * latency, bandwidth and faults. Messages are whole: what a real transport does below them shows as time and loss.
 */

import type { OpenSwarm } from '../../node/ports.ts'
import type { PeerId, SwarmId } from '../../protocol/types.ts'
import type { EventQueue, Happening } from '../events.ts'
import { happens } from '../random.ts'
import { Conditions, lateMs, latencyMs, resentMs } from './conditions.ts'
import { type Fitted, fitted } from './fitted.ts'
import type { Host } from './host.ts'
import type { Lane, Line, LineEnd, Stream } from './line.ts'
import { Link } from './link.ts'

export interface SimNetworkInit {
  readonly events: EventQueue
  /** Every message that arrives, for the trace of the run. */
  readonly onArrival?: (lane: Lane, what: string, bytes: number) => void
  readonly fit?: Fitted
}

/** What each end says until both agree on the protocol of a stream, and its end. */
export const openBytes = 150
/** The work of that, in messages: a request takes both ends of a real connection some seven times as much as gossip. */
const openMessages = 6
/** What a sender keeps for one neighbour, as the real gossip's; more is dropped. */
const backlogBytesMax = 4 * 1024 * 1024
/** What a line takes less time for is there at once. */
const noticedMs = 1
/** A connection over which nothing comes is given up after this. */
const silentMsMax = 30_000

interface Way {
  readonly resentMs: number
  readonly openMs: number
  /** What it takes to take it in. */
  readonly messages: number
}

export class SimNetwork {
  readonly conditions = new Conditions()
  readonly fitted: Fitted
  readonly events: EventQueue
  /** Rendezvous: who has said under which key that it can be found. */
  readonly meetingPlaces = new Map<string, Set<LineEnd>>()
  readonly #onArrival: SimNetworkInit['onArrival']
  readonly #links = new Map<string, Link>()
  #hosts = 0

  constructor({ events, onArrival, fit = fitted }: SimNetworkInit) {
    this.events = events
    this.fitted = fit
    this.#onArrival = onArrival
  }

  get links(): Iterable<Link> {
    return this.#links.values()
  }

  opener(host: Host): OpenSwarm {
    const number = this.#hosts++
    const ip = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
    let port = 4_000
    return async options => {
      const [before] = options.listen
      let address = before?.startsWith(`/ip4/${ip}/`) ? before : undefined
      while (address === undefined || this.#links.has(address)) address = `/ip4/${ip}/tcp/${port++}`
      const link = new Link({ network: this, host, address, options })
      this.#links.set(link.address, link)
      link.start()
      return { network: link, blocks: link.blocks, discovery: link.discovery, close: () => link.close() }
    }
  }

  listening(address: string): Link | undefined {
    return this.#links.get(address)
  }

  known(swarm: SwarmId, peer: PeerId): Link | undefined {
    for (const link of this.#links.values()) if (link.self === peer && link.options.id === swarm) return link
    return undefined
  }

  forget(link: Link): void {
    if (this.#links.get(link.address) === link) this.#links.delete(link.address)
    for (const place of this.meetingPlaces.values()) place.delete(link)
  }

  /** The machine is off: its connections are gone, and what was under way to or from it does not arrive. */
  powerCut(host: Host): void {
    for (const link of [...this.#links.values()]) if (link.host === host) link.vanish()
  }

  /** The machine has another line now: its connections do not survive that, nor does what was under way on them. */
  setLine(host: Host, bytesPerMs?: number): void {
    const before = host.upBytesPerMs
    host.setLine(bytesPerMs)
    if (host.upBytesPerMs === before) return
    for (const link of [...this.#links.values()]) if (link.host === host) link.connections.dropAll()
  }

  /** From now on nothing gets from the one to the other. Connections that nothing comes over any more are given up. */
  cut(name: string, isCut: (from: Host, to: Host) => boolean): void {
    this.conditions.cuts.set(name, isCut)
    this.events.in(silentMsMax, () => {
      for (const link of [...this.#links.values()]) link.connections.dropCut()
      return undefined
    })
  }

  isCut(a: Host, b: Host): boolean {
    return this.conditions.isCut(a, b) || this.conditions.isCut(b, a)
  }

  latencyMs(from: Host, to: Host): number {
    return latencyMs(this.conditions, from.random, from, to)
  }

  send(lane: Lane, what: string, bytes: number, stream: Stream, arrive: Happening): void {
    const { conditions } = this
    const from = lane.from.host
    const to = lane.to.host
    const { random } = from
    const lossy = stream === 'gossip'
    if (!lane.line.isOpen) return
    if (lossy && lane.backlogBytes > backlogBytesMax) return
    const isNew = stream === 'new'
    const size = bytes + this.fitted.frameBytes + (isNew ? openBytes : 0)
    from.sentBytes += size
    from.sentMessages++
    if (isNew) to.sentBytes += openBytes
    if (conditions.isCut(from, to)) return
    if (happens(random, conditions.corrupt)) {
      this.breakLater(lane.line)
      return
    }
    const resent = lossy ? 0 : resentMs(conditions, random)
    if (resent === undefined) {
      this.breakLater(lane.line)
      return
    }
    if (lossy && happens(random, conditions.loss)) return
    const way = {
      resentMs: resent,
      openMs: isNew ? this.latencyMs(from, to) + this.latencyMs(to, from) : 0,
      messages: isNew ? openMessages + 1 : 1,
    }
    this.#carry(lane, what, size, way, arrive)
    if (lossy && happens(random, conditions.duplicate)) this.#carry(lane, what, size, way, arrive)
  }

  /** Both ends notice that the connection is gone. */
  breakLater(line: Line): void {
    const [a, b] = line.ends
    this.events.in(this.latencyMs(a.host, b.host), () => {
      if (!line.isOpen) return 'quiet'
      line.break()
      a.gone(line)
      b.gone(line)
      return undefined
    })
  }

  #carry(
    lane: Lane,
    what: string,
    size: number,
    { resentMs, openMs, messages }: Way,
    arrive: Happening,
  ): void {
    const { nowMs } = this.events
    const from = lane.from.host
    const to = lane.to.host
    from.upFreeMs = Math.max(nowMs, from.upFreeMs) + size / from.upBytesPerMs
    const late = lateMs(this.conditions, from.random)
    let atMs = from.upFreeMs + this.latencyMs(from, to) + resentMs + late
    if (late === 0) {
      atMs = Math.max(atMs, lane.lastArrivalMs)
      lane.lastArrivalMs = atMs
    }
    // Other streams do not wait for this one to be agreed on.
    atMs += openMs + this.fitted.handlingMs
    lane.backlogBytes += size
    const workMicros = messages * this.fitted.messageMicros
    let stage: 'under-way' | 'in' | 'done' = 'under-way'
    const happen: Happening = () => {
      if (stage === 'under-way') {
        // Taken in when it is there, and not before: what a slow sender has under way keeps nobody else's waiting.
        stage = 'in'
        to.downFreeMs = Math.max(this.events.nowMs, to.downFreeMs) + size / to.downBytesPerMs
        if (to.downFreeMs > this.events.nowMs + noticedMs) {
          this.events.at(to.downFreeMs, happen, to.life)
          return 'quiet'
        }
      }
      if (stage === 'in' && lane.line.isOpen && to.cpu !== undefined) {
        stage = 'done'
        return to.cpu.take(happen, workMicros)
      }
      lane.backlogBytes -= size
      if (!lane.line.isOpen) return 'quiet'
      this.#onArrival?.(lane, what, size)
      return arrive()
    }
    this.events.at(atMs, happen, to.life)
  }
}
