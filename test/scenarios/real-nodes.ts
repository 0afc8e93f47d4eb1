/**
 * Whole nodes for the scenarios, with every real component: libp2p and Helia on loopback, the shipped model, Level in
 * a folder of its own. What a test changes on purpose it names; everything is closed and removed after each test.
 */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keyPairFromSeed } from '../../crypto/keys.ts'
import { swarmOpener } from '../../node/adapters/libp2p.ts'
import { type OnnxEmbedder, openEmbedder } from '../../node/adapters/onnx.ts'
import { systemClock, systemCpu, systemRandom } from '../../node/adapters/system.ts'
import type { NewEntry, SwarmloreNode, SwarmView } from '../../node/api.ts'
import { type NodeConfig, nodeConfigSchema } from '../../node/config.ts'
import { createDistiller } from '../../node/lessons/distiller.ts'
import { createNode } from '../../node/node.ts'
import type { Log, Ports } from '../../node/ports.ts'
import { createDescriptor, encodeDescriptor, founderSeed, swarmIdOf } from '../../protocol/swarm.ts'
import type { EntryCid, InvitePolicy, PeerId, Result } from '../../protocol/types.ts'
import { openLevelStore } from '../../store/level.ts'
import { openMemoryStore } from '../../store/memory.ts'
import type { Store, StoreOp } from '../../store/ports.ts'
import { allSwarms, putSwarmOps } from '../../store/swarms.ts'

export const loopback = ['/ip4/127.0.0.1/tcp/0']

export interface NodeOptions {
  readonly config?: Partial<NodeConfig>
  /** In place of the real ones. */
  readonly ports?: Partial<Ports>
  /** In place of Level in a folder; a restart opens the same one again. */
  readonly openStore?: () => Promise<Store>
  readonly dht?: boolean
  /** Who may invite in the swarm that it founds. */
  readonly invite?: InvitePolicy
}

export interface LogLine {
  readonly level: Parameters<Log>[0]
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

let sharedEmbedder: Promise<OnnxEmbedder> | undefined

/** One for all nodes of a process: reading the model is the dearest part of a start. */
export function embedder(): Promise<OnnxEmbedder> {
  sharedEmbedder ??= openEmbedder().then(must)
  return sharedEmbedder
}

const cleanUps: (() => Promise<unknown>)[] = []

/** For `afterEach`: closes what the test opened, the latest first. */
export async function endAll(): Promise<void> {
  for (const end of cleanUps.splice(0).toReversed()) await end()
}

export function afterwards(end: () => Promise<unknown>): void {
  cleanUps.push(end)
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmlore-scenario-'))
  afterwards(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A node that can be stopped and started again on what it kept. */
export class TestNode {
  readonly log: LogLine[] = []
  readonly #options: NodeOptions
  readonly #openStore: () => Promise<Store>
  readonly #seed = new Uint8Array(randomBytes(32))
  #node: SwarmloreNode | undefined

  constructor(options: NodeOptions, openStore: () => Promise<Store>) {
    this.#options = options
    this.#openStore = openStore
  }

  get node(): SwarmloreNode {
    if (this.#node === undefined) throw new TypeError('the node is stopped')
    return this.#node
  }

  /** Everything but its network; `node.start()` opens that. */
  async load(): Promise<void> {
    const log: Log = (level, message, fields = {}) => this.log.push({ level, message, fields })
    const ports: Ports = {
      clock: systemClock,
      random: systemRandom,
      cpu: systemCpu(),
      store: await this.#founded(),
      embedder: await embedder(),
      distiller: createDistiller(),
      openSwarm: swarmOpener({ listen: loopback, mdns: false, dht: this.#options.dht ?? false }, log),
      seed: this.#seed,
      log,
      ...this.#options.ports,
    }
    this.#node = must(await createNode(ports, nodeConfigSchema.parse(this.#options.config ?? {})))
  }

  /** A swarm with other rules than the node's own founding gives it stands in the store before its first start. */
  async #founded(): Promise<Store> {
    const store = await this.#openStore()
    const { invite } = this.#options
    if (invite === undefined || (await allSwarms(store)).length > 0) return store
    const nonce = new Uint8Array(randomBytes(16))
    const founder = keyPairFromSeed(founderSeed(this.#seed, nonce))
    const draft = { name: 'lab', visibility: 'private', invite, shards: 1, nonce, addresses: [] } as const
    const descriptor = must(createDescriptor(draft, founder))
    await store.batch(
      putSwarmOps({
        id: swarmIdOf(descriptor),
        descriptor: encodeDescriptor(descriptor),
        psk: new Uint8Array(randomBytes(32)),
        listen: [],
        bootstrap: [],
        joinedAt: Date.now(),
      }),
    )
    return store
  }

  async stop(): Promise<void> {
    await this.#node?.stop()
    this.#node = undefined
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.load()
    await this.node.start()
  }

  /** Its key in the swarm that this node founded; or in one that it has joined. */
  selfIn(swarm: SwarmView): PeerId {
    return this.viewOf(swarm).self
  }

  get home(): SwarmView {
    const [home] = this.node.swarms()
    if (home === undefined) throw new TypeError('a node is always in its own swarm')
    return home
  }

  viewOf({ id }: SwarmView): SwarmView {
    const found = this.node.swarms().find(one => one.id === id)
    if (found === undefined) throw new TypeError('the node is not in that swarm')
    return found
  }

  said(level: LogLine['level'], part: string): boolean {
    return this.log.some(line => line.level === level && line.message.includes(part))
  }
}

/** Made and loaded; not started. */
export async function loadedNode(options: NodeOptions = {}): Promise<TestNode> {
  const folder = options.openStore === undefined ? await temporaryFolder() : ''
  const node = new TestNode(options, options.openStore ?? (async () => must(await openLevelStore(folder))))
  afterwards(() => node.stop())
  await node.load()
  return node
}

export async function startedNode(options: NodeOptions = {}): Promise<TestNode> {
  const node = await loadedNode(options)
  await node.node.start()
  return node
}

/** A store in memory that outlives its node, as a disk does; `write` may delay a batch, or refuse it. */
export function lastingStore(
  write: (ops: readonly StoreOp[], batch: () => Promise<void>) => Promise<void> = (_ops, batch) => batch(),
): () => Promise<Store> {
  const memory = openMemoryStore()
  const store: Store = {
    get: key => memory.get(key),
    has: key => memory.has(key),
    batch: ops => write(ops, () => memory.batch(ops)),
    entries: range => memory.entries(range),
    close: async () => undefined,
  }
  return async () => store
}

/** Lets `guest` into the swarm that `host` founded, or into another one that it may invite to. */
export async function letIn(host: TestNode, guest: TestNode, swarm = host.home): Promise<void> {
  const { text } = must(await host.node.invite({ swarm: swarm.id }))
  must(await guest.node.join(text))
}

/** A founder, and as many guests in its swarm. */
export async function swarmOf(guests: number, options: NodeOptions = {}): Promise<TestNode[]> {
  const founder = await startedNode(options)
  const nodes = [founder]
  for (let i = 0; i < guests; i++) {
    const guest = await startedNode(options)
    await letIn(founder, guest)
    nodes.push(guest)
  }
  return nodes
}

export function lesson(situation: string, action: string, changes: Partial<NewEntry> = {}): NewEntry {
  return {
    kind: 'pitfall',
    domains: ['orders'],
    situation,
    insight: { summary: `${action} That is what worked.`, action },
    ...changes,
  }
}

/** Waits, within a bound, until the condition holds; tells what it waited for when it does not. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  boundMs = 15_000,
): Promise<void> {
  const end = Date.now() + boundMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`This did not come true: ${what}`)
    await sleep(20)
  }
}

/** The lessons that a query brings. */
export async function recalled(node: TestNode, query: string) {
  return (await node.node.recall({ query, timeBudgetMs: 5_000 })).items
}

export async function isKept(node: TestNode, cid: EntryCid): Promise<boolean> {
  return (await node.node.entry(cid)).ok
}

export function untilKept(node: TestNode, cid: EntryCid): Promise<void> {
  return until(`${cid} is kept`, () => isKept(node, cid))
}

/** Every entry kept here, whatever its tier. */
export async function allKept(node: TestNode): Promise<readonly EntryCid[]> {
  const { items } = await node.node.entries({ limit: 500 })
  return items.map(item => item.cid)
}

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result.value
}

/** The failure that a result is expected to be. */
export function refusal(result: Result<unknown>): { readonly code: string; readonly message: string } {
  if (result.ok) throw new Error('this was to be refused')
  return { code: result.code, message: result.message }
}
