/**
 * A world: its time, its network, its machines, and the swarm that their nodes are in. Everything in it follows from its
 * seed and its settings.
 */

import { keyPairFromSeed } from '../crypto/keys.ts'
import type { NodeEvent, SwarmView } from '../node/api.ts'
import type { NodeConfig } from '../node/config.ts'
import type { Random } from '../node/ports.ts'
import { peerOf } from '../protocol/identity.ts'
import { invitationUsesMax } from '../protocol/limits.ts'
import { swarmSeed } from '../protocol/swarm.ts'
import type { Descriptor, PeerId, SwarmId } from '../protocol/types.ts'
import { compareKeys } from '../store/order.ts'
import type { StoreOp } from '../store/ports.ts'
import { putAddressesOps } from '../store/swarms.ts'
import { Processor } from './cpu.ts'
import { EventQueue, turn } from './events.ts'
import { type Founding, found, type Joining, joiningWaves, memberRows } from './founding.ts'
import { InternedRows } from './interned.ts'
import { Machine, type Tampering } from './machine.ts'
import { must } from './must.ts'
import type { Fitted } from './network/fitted.ts'
import type { Lane } from './network/line.ts'
import { SimNetwork } from './network/network.ts'
import { draw, seededRandom } from './random.ts'
import { Trace } from './trace.ts'
import type { Until } from './until.ts'

export interface WorldInit {
  readonly seed: string
  readonly nodes: number
  readonly config: Partial<NodeConfig>
  readonly tampering?: Tampering
  /** Another fit of the network than the one that it has. */
  readonly fit?: Fitted
  /** All machines share one processor, as nodes in one process do. */
  readonly sharesProcessor?: boolean
  /** The world ends after so many lines of its trace, or so long after it began. */
  readonly until?: Until
  readonly onEvent?: (machine: Machine, event: NodeEvent) => void
  readonly onDurable?: (machine: Machine, ops: readonly StoreOp[]) => void
  readonly onArrival?: (lane: Lane, what: string, bytes: number) => void
  /** Something of the simulation itself, or of a node, threw where nothing may throw. */
  readonly onBug: (where: string, cause: unknown) => void
}

/** 2026-01-05, a Monday, at nine o'clock UTC. */
const startMs = 1_767_603_600_000
/** How often is looked whether newcomers are in. */
const joinEveryMs = 250
/**
 * In a larger swarm nobody joins while the world begins, but all were let in before: every newcomer's record would go to
 * everybody, a million deliveries for a thousand nodes.
 */
const joiningMax = 100
/** Others whose addresses each has who did not join one after the other. */
const metBefore = 8
/** Until these have found each other. */
const settleMs = 20_000
/** For an answer of a node that is only asked what it has. */
const patienceMs = 30_000

type Newcomer = Joining<Machine>

export class World {
  readonly events = new EventQueue(startMs)
  readonly trace: Trace
  readonly network: SimNetwork
  readonly random: Random
  readonly machines: readonly Machine[]
  readonly swarm: SwarmId
  readonly descriptor: Descriptor
  /** Machines that mean harm: nothing is promised to them, and nothing expected of them. */
  readonly hostile = new Set<Machine>()
  readonly #init: WorldInit
  readonly #interned = new InternedRows()
  readonly #founding: Founding
  readonly #peers = new Map<PeerId, Machine>()
  readonly #names = new Map<Machine, PeerId>()
  /** Of machines whose node has told once where it is reached: that stays so. */
  readonly #addresses = new Map<Machine, readonly string[]>()
  /** Who let whom in. */
  readonly #inviters = new Map<PeerId, PeerId>()

  constructor(init: WorldInit) {
    this.#init = init
    this.random = seededRandom(init.seed)
    const { until } = init
    this.trace = new Trace(until?.event)
    const lastMs = startMs + (until?.atMs ?? Number.POSITIVE_INFINITY)
    if (until !== undefined) this.events.haltsBefore = dueMs => this.trace.isFull || dueMs > lastMs
    this.network = new SimNetwork({
      events: this.events,
      ...(init.fit && { fit: init.fit }),
      onArrival: (lane, what, bytes) => {
        this.note(`${lane.from.host.name}>${lane.to.host.name} ${what} ${bytes}`)
        init.onArrival?.(lane, what, bytes)
      },
    })
    const processor = init.sharesProcessor ? new Processor(this.events) : undefined
    this.machines = Array.from({ length: init.nodes }, (_, number) => this.#machine(number, processor))
    const [founder] = this.machines
    if (founder === undefined) throw new RangeError('a world needs a node')
    this.#founding = found(founder.seed, this.random)
    this.swarm = this.#founding.swarm
    this.descriptor = this.#founding.descriptor
    for (const machine of this.machines) {
      const peer = peerOf(keyPairFromSeed(swarmSeed(machine.seed, this.descriptor)).publicKey)
      this.#peers.set(peer, machine)
      this.#names.set(machine, peer)
    }
  }

  get nowMs(): number {
    return this.events.nowMs
  }

  note(text: string): void {
    this.trace.add(this.events.nowMs - startMs, text)
  }

  /** All machines but the hostile ones. */
  get correct(): readonly Machine[] {
    return this.machines.filter(machine => !this.hostile.has(machine))
  }

  /** Whether this is the key of a correct machine. */
  isCorrect(peer: PeerId): boolean {
    const machine = this.#peers.get(peer)
    return machine !== undefined && !this.hostile.has(machine)
  }

  /** One more key that the machine signs with, and has let in itself. */
  adopt(peer: PeerId, machine: Machine): void {
    this.#peers.set(peer, machine)
    this.#inviters.set(peer, this.peerOf(machine))
  }

  /** None for the founder. */
  inviterOf(peer: PeerId): PeerId | undefined {
    return this.#inviters.get(peer)
  }

  /** The machine behind a key of the swarm. */
  machineOf(peer: PeerId): Machine | undefined {
    return this.#peers.get(peer)
  }

  peerOf(machine: Machine): PeerId {
    const peer = this.#names.get(machine)
    if (peer === undefined) throw new TypeError('the machine is of another world')
    return peer
  }

  view(machine: Machine): SwarmView | undefined {
    return machine.node?.swarms().find(({ id }) => id === this.swarm)
  }

  run(ms: number): Promise<void> {
    return this.events.runTo(this.events.nowMs + ms)
  }

  /** Time passes until the condition holds; false when it did not within so long. */
  async runUntil(condition: () => boolean, stepMs: number, withinMs: number): Promise<boolean> {
    const endMs = this.events.nowMs + withinMs
    while (!condition()) {
      if (this.events.nowMs >= endMs) return false
      await this.run(stepMs)
    }
    return true
  }

  /** Time passes until the work is done: a node that is asked may have to wait for its processor. */
  async meanwhile<T>(work: Promise<T>): Promise<T | undefined> {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    // What it throws reaches the caller below.
    done.catch(() => undefined)
    const endMs = this.events.nowMs + patienceMs
    for (await turn(); !isDone; await this.run(1)) {
      // A machine may have lost power while it was asked: it will not answer.
      if (this.events.nowMs >= endMs) return undefined
    }
    return done
  }

  /** Starts something that takes its time. What it throws is a bug. */
  begin(where: string, work: () => Promise<unknown>): void {
    work().catch((cause: unknown) => this.#init.onBug(where, cause))
  }

  /** All machines on, and their nodes in the swarm. */
  async found(): Promise<void> {
    const waves = joiningWaves(this.machines, this.random.fork('joining'))
    for (const { host, newcomer } of waves.flat())
      if (host !== undefined) this.#inviters.set(this.peerOf(newcomer), this.peerOf(host))
    const members = this.machines.length > joiningMax ? this.#memberRows(waves.flat()) : undefined
    for (const wave of waves) {
      const entering = new Set(wave)
      for (const one of wave)
        this.begin(`${one.newcomer.name} joins`, async () => {
          await this.#enter(one, members)
          entering.delete(one)
        })
      if (!(await this.runUntil(() => entering.size === 0, joinEveryMs, 60_000)))
        throw new Error(`${[...entering].map(({ newcomer }) => newcomer.name)} did not get into the swarm`)
    }
    if (members !== undefined) await this.run(settleMs)
  }

  /** As if all had joined the day before: what each of them knows of all others. */
  #memberRows(newcomers: readonly Newcomer[]): readonly StoreOp[] {
    const pairOf = ({ seed }: Machine) => keyPairFromSeed(swarmSeed(seed, this.descriptor))
    const rows = newcomers.flatMap(({ host, newcomer }) =>
      host === undefined ? [] : memberRows(this.swarm, pairOf(host), pairOf(newcomer), startMs),
    )
    // In their order each disk has them in order at once.
    return rows.sort((a, b) => compareKeys(a.key, b.key))
  }

  /** Where it reached some of the others before: all would call their few inviters at once, and most be refused. */
  #metRows(machine: Machine): readonly StoreOp[] {
    return draw(this.random.fork(`met by ${machine.name}`), this.running(), metBefore).flatMap(other => {
      return putAddressesOps(this.swarm, this.peerOf(other), this.#addressesOf(other))
    })
  }

  /** Asked once: a node counts all members when it is asked for a view. */
  #addressesOf(machine: Machine): readonly string[] {
    const addresses = this.#addresses.get(machine) ?? this.view(machine)?.addresses ?? []
    if (addresses.length > 0) this.#addresses.set(machine, addresses)
    return addresses
  }

  async #enter(
    { host, newcomer: machine }: Newcomer,
    members: readonly StoreOp[] | undefined,
  ): Promise<void> {
    const addresses = host === undefined ? [] : this.#addressesOf(host)
    const inviter = members && this.inviterOf(this.peerOf(machine))
    const own = this.#founding.rows(addresses, startMs, inviter)
    const known = members === undefined ? [] : [...members, ...this.#metRows(machine)]
    await machine.disk.restore([...own, ...known])
    const node = await machine.start()
    if (host?.node === undefined || members !== undefined) return
    const invited = must(await host.node.invite({ swarm: this.swarm, uses: invitationUsesMax }))
    must(await node.join(invited.text))
  }

  /** Machines whose node runs. */
  running(): readonly Machine[] {
    return this.machines.filter(({ node }) => node !== undefined)
  }

  /** Some of the machines, at least one, never the founder's. */
  some(random: Random, share: number): readonly Machine[] {
    const others = this.machines.slice(1)
    return draw(random, others, Math.max(1, Math.round(share * others.length)))
  }

  #machine(number: number, processor: Processor | undefined): Machine {
    const { config, onDurable, onEvent, tampering = {} } = this.#init
    return new Machine({
      name: `n${number}`,
      number,
      events: this.events,
      network: this.network,
      random: this.random,
      interned: this.#interned,
      config,
      tampering,
      processor,
      onLog: (machine, level, message) => {
        if (level !== 'debug') this.note(`${machine.name} ${level} ${message}`)
      },
      onEvent: (machine, event) => {
        if (event.type !== 'peer')
          this.note(`${machine.name} ${event.type} ${'cid' in event ? event.cid : ''}`)
        onEvent?.(machine, event)
      },
      onDurable: (machine, ops) => onDurable?.(machine, ops),
    })
  }
}
