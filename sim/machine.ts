/**
 * A machine with a node on it: started and stopped in good order, cut off from power in the middle of anything, or set
 * back to an old copy of its disk. Everything that the node does ends with its life; disk and address stay.
 */

import type { NodeEvent, SwarmloreNode } from '../node/api.ts'
import { type NodeConfig, nodeConfigSchema } from '../node/config.ts'
import { createNode } from '../node/node.ts'
import type { BlockSource, OpenSwarm, Ports, Random, SwarmLink } from '../node/ports.ts'
import type { Store, StoreOp } from '../store/ports.ts'
import { VirtualClock } from './clock.ts'
import { type Processor, VirtualCpu } from './cpu.ts'
import { syntheticEmbedder } from './embedder.ts'
import type { EventQueue, Life } from './events.ts'
import type { InternedRows } from './interned.ts'
import { Host } from './network/host.ts'
import type { SimNetwork } from './network/network.ts'
import { Disk } from './storage.ts'

/** What is not as it should be on a machine: broken by a test, to see whether a check notices, or hostile. */
export interface Tampering {
  readonly store?: (store: Store, machine: Machine) => Store
  readonly node?: (node: SwarmloreNode, machine: Machine) => SwarmloreNode
  readonly link?: (link: SwarmLink, machine: Machine) => SwarmLink
  /** What it serves to others. */
  readonly blocks?: (blocks: BlockSource, machine: Machine) => BlockSource
}

export interface MachineInit {
  readonly name: string
  readonly number: number
  readonly events: EventQueue
  readonly network: SimNetwork
  readonly random: Random
  readonly interned: InternedRows
  readonly config: Partial<NodeConfig>
  readonly tampering: Tampering
  /** One that it shares with others; else it has its own. */
  readonly processor?: Processor | undefined
  readonly onLog: (machine: Machine, ...line: Parameters<Ports['log']>) => void
  readonly onEvent: (machine: Machine, event: NodeEvent) => void
  readonly onDurable: (machine: Machine, ops: readonly StoreOp[]) => void
}

export class Machine {
  readonly name: string
  readonly number: number
  readonly seed: Uint8Array
  readonly disk: Disk
  readonly host: Host
  /** How wrong its clock is, whatever runs on it. */
  readonly wrong = { skewMs: 0, driftPpm: 0 }
  /** How many times slower its processor is than usual. */
  slowness = 1
  /** How far ahead its clock has been at most. */
  aheadMs = 0
  /** Counts its starts, and how often it fell asleep. */
  boots = 0
  readonly #init: MachineInit
  readonly #openSwarm: OpenSwarm
  #life: Life = { alive: false }
  #node: SwarmloreNode | undefined
  #clock: VirtualClock | undefined
  #cpu: VirtualCpu | undefined
  #spentBeforeMs = 0

  constructor(init: MachineInit) {
    this.#init = init
    this.name = init.name
    this.number = init.number
    const random = init.random.fork(init.name)
    this.seed = random.fork('seed').bytes(32)
    this.disk = new Disk({
      events: init.events,
      random: random.fork('disk'),
      interned: init.interned,
      onDurable: ops => init.onDurable(this, ops),
    })
    this.host = new Host({
      name: init.name,
      random: random.fork('network'),
      region: random.fork('region').below(4),
    })
    this.#openSwarm = init.network.opener(this.host)
  }

  /** The node, once it has started, and while it is awake. */
  get node(): SwarmloreNode | undefined {
    return this.isAsleep ? undefined : this.#node
  }

  get isAsleep(): boolean {
    return (this.#life.asleepUntilMs ?? 0) > this.#init.events.nowMs
  }

  /** Whether the power is on. */
  get isOn(): boolean {
    return this.#life.alive
  }

  /** How long its processor has worked for it so far. */
  get spentMs(): number {
    return this.#spentBeforeMs + (this.#cpu?.spentMs ?? 0)
  }

  async start(): Promise<SwarmloreNode> {
    const { config, events, onEvent, onLog, processor, random, tampering } = this.#init
    if (this.#life.alive) throw new TypeError(`${this.name} runs already`)
    const life: Life = { alive: true }
    this.#life = life
    this.host.life = life
    this.boots++
    const clock = new VirtualClock(events, life)
    Object.assign(clock, this.wrong)
    this.#spentBeforeMs = this.spentMs
    this.#cpu = new VirtualCpu(events, life, processor)
    this.#cpu.slowness = this.slowness
    this.host.cpu = this.#cpu
    const opened = this.disk.open(life)
    const created = await createNode(
      {
        clock,
        random: random.fork(`${this.name} boot ${this.boots}`),
        cpu: this.#cpu,
        store: tampering.store?.(opened, this) ?? opened,
        embedder: syntheticEmbedder,
        distiller: { id: 'none/1', distil: async () => [] },
        openSwarm: async options => {
          const blocks = tampering.blocks?.(options.blocks, this) ?? options.blocks
          const link = await this.#openSwarm({ ...options, blocks })
          return tampering.link?.(link, this) ?? link
        },
        seed: this.seed,
        log: (...line) => life.alive && onLog(this, ...line),
      },
      nodeConfigSchema.parse(config),
    )
    if (!created.ok) throw new TypeError(created.message)
    const node = tampering.node?.(created.value, this) ?? created.value
    node.onEvent(event => life.alive && onEvent(this, event))
    this.#clock = clock
    await node.start()
    this.#node = node
    return node
  }

  /** Turned off in good order. */
  async stop(): Promise<void> {
    const node = this.#node
    const life = this.#life
    this.#node = undefined
    await node?.stop()
    life.alive = false
  }

  /** Its lid is closed: what is due meanwhile happens when it wakes, by a clock that has gone on. */
  sleep(untilMs: number): void {
    this.boots++
    this.#life.asleepUntilMs = untilMs
  }

  /** The power is gone. */
  powerCut(): void {
    this.#node = undefined
    this.#init.network.powerCut(this.host)
    this.#life.alive = false
    this.disk.powerCut()
  }

  /** Its clock is set anew, now. */
  setClock(skewMs: number, driftPpm: number): void {
    this.wrong.skewMs = skewMs
    this.aheadMs = Math.max(this.aheadMs, skewMs)
    this.wrong.driftPpm = driftPpm
    if (this.#clock !== undefined) Object.assign(this.#clock, this.wrong)
  }

  setSlowness(slowness: number): void {
    this.slowness = slowness
    if (this.#cpu !== undefined) this.#cpu.slowness = slowness
  }
}
