/**
 * What must hold at every moment of a run, whatever goes wrong in it. Each check says which property was violated, where
 * and by what; none of them changes anything.
 */

import type { NodeEvent, PeerView, RecallResult } from '../node/api.ts'
import { dialsMax } from '../node/redial-waits.ts'
import { decodeRecord, verifyRecord } from '../protocol/envelope.ts'
import { cidOf } from '../protocol/identity.ts'
import { entryBytesMax, recordBytesMax, secondsMax } from '../protocol/limits.ts'
import type { EntryCid, PeerId } from '../protocol/types.ts'
import { lastPart, prefixes } from '../store/layout.ts'
import type { StoreOp } from '../store/ports.ts'
import type { Machine } from './machine.ts'
import { connectionsMax, newcomersMax } from './network/gate.ts'
import { liveRecords } from './replicated.ts'
import { traceLines } from './trace.ts'
import { trustChecks } from './trust-checks.ts'
import type { World } from './world.ts'

export const safetyChecks = [
  'acked-kept',
  'signed-within-limits',
  'bounds',
  'equal-sets-equal-objective',
  'trust-by-evidence-only',
  'no-quarantined-in-prompt',
  'retracted-stays-retracted',
  'taken-back-by-author-only',
  'blocked-stays-out',
  'influence-shared',
  'attested-by-influence',
  'trusted-for-a-reason',
  'no-bug',
] as const
export const livenessChecks = ['converged', 'retrievable', 'connected', 'answers'] as const
export type CheckName = (typeof safetyChecks)[number] | (typeof livenessChecks)[number]

export interface Violation {
  readonly check: CheckName
  /** Milliseconds of simulated time since the world began. */
  readonly atMs: number
  readonly node: string | undefined
  readonly message: string
  /** Its number in the trace. */
  readonly event: number
}

/** Entries that may be on their way into a full store: as many as are fetched at once. */
const inHandMax = 64
/** Fetches that wait, and those to be tried again: ten thousand of each, and what is in hand. */
const fetchesMax = 10_000 + 4 * inHandMax
/** Of a full node: peers that it had begun to dial before, and as many that it fetches a block from. */
const dialledMax = 2 * dialsMax
/** A node stores again what its disk refused within this, once it takes it. */
const refusedMs = 30_000
/** The slowest disk has taken what is older than this. */
const unwrittenMs = 30_000
/** Until then a blocked peer's connection is closed. */
const blockedMs = 30_000
/** Machines whose rows are read in one round of checks, and those that are asked how they are. */
const sampled = 4
const boundedAtOnce = 8

export class Checks {
  readonly violations: Violation[] = []
  /** What happened up to the first violation; empty where none was. */
  traceBefore: readonly string[] = []
  /** Told what a node thinks of its peers whenever it was asked. */
  onPeers: ((machine: Machine, views: readonly PeerView[]) => void) | undefined
  readonly #world: World
  readonly #startMs: number
  readonly #capacity: number
  /** Lessons whose author's node has said that it has them, and when. */
  readonly #acked = new Map<Machine, Map<EntryCid, number>>()
  /** What a node has said is retracted. */
  readonly #retracted = new Map<Machine, Map<EntryCid, number>>()
  /** What a node made of a peer, and through whom it knew that peer to be in the swarm. */
  readonly #trust = new Map<string, { readonly view: PeerView; readonly through: string }>()
  /** Marks of lessons, and what they stand for. */
  readonly #marks = new Map<string, Set<EntryCid>>()
  /** Lessons of correct nodes that their owners have not taken back. */
  readonly #standing = new Set<EntryCid>()
  /** Whom an owner has blocked, and when. */
  readonly #blocked = new Map<Machine, Map<PeerId, number>>()
  #round = 0

  constructor(world: World, capacityEntries: number) {
    this.#world = world
    this.#startMs = world.nowMs
    this.#capacity = capacityEntries
  }

  violated(check: CheckName, machine: Machine | undefined, message: string): void {
    const node = machine?.name
    if (machine !== undefined && this.#world.hostile.has(machine)) return
    // One property is violated at one node once; what follows from it is no news.
    if (this.violations.some(one => one.check === check && one.node === node)) return
    const { trace } = this.#world
    // What happens after the end of a run that was stopped on purpose is not part of it.
    if (trace.isFull) return
    this.#world.note(`VIOLATED ${check} ${node ?? ''} ${message}`)
    if (this.violations.length === 0) this.traceBefore = trace.last(traceLines)
    const atMs = this.#world.nowMs - this.#startMs
    this.violations.push({ check, atMs, node, message, event: trace.lines })
  }

  marked(cid: EntryCid, mark: string): void {
    const marked = this.#marks.get(mark) ?? new Set()
    this.#marks.set(mark, marked.add(cid))
  }

  acked(machine: Machine, cid: EntryCid, mark: string): void {
    this.marked(cid, mark)
    noted(this.#acked, machine).set(cid, this.#world.nowMs)
    this.#standing.add(cid)
  }

  /** It may be gone from here on, and may still be there: nobody has said so yet. */
  retracting(machine: Machine, cid: EntryCid): void {
    this.#standing.delete(cid)
    this.#acked.get(machine)?.delete(cid)
  }

  retractedBy(machine: Machine, cid: EntryCid): void {
    noted(this.#retracted, machine).set(cid, this.#world.nowMs)
  }

  blocked(machine: Machine, author: PeerId): void {
    noted(this.#blocked, machine).set(author, this.#world.nowMs)
  }

  onEvent(machine: Machine, event: NodeEvent): void {
    if (event.type !== 'retracted') return
    noted(this.#retracted, machine).set(event.cid, this.#world.nowMs)
    if (this.#standing.has(event.cid))
      this.violated('taken-back-by-author-only', machine, `${event.cid} is gone, and its author stands by it`)
  }

  /** It knows nothing any more of what came later. */
  onRestored(machine: Machine, toMs: number): void {
    for (const known of [this.#acked.get(machine), this.#retracted.get(machine)])
      for (const [cid, atMs] of known ?? []) if (atMs >= toMs) known?.delete(cid)
    const blocked = this.#blocked.get(machine)
    for (const [peer, atMs] of blocked ?? []) if (atMs >= toMs) blocked?.delete(peer)
    for (const key of [...this.#trust.keys()]) if (key.startsWith(`${machine.name} `)) this.#trust.delete(key)
  }

  /** What peers had told it and its disk had not taken it may have to hear once more. */
  onPowerLost(machine: Machine): void {
    const { disk } = machine
    const known = this.#retracted.get(machine)
    for (const [cid, atMs] of known ?? [])
      if (disk.refusedMs >= atMs || (!disk.isIdle && this.#world.nowMs - atMs < unwrittenMs))
        known?.delete(cid)
  }

  /** Nothing unsigned, damaged or over a limit is ever written. */
  onDurable(machine: Machine, ops: readonly StoreOp[]): void {
    for (const op of ops) {
      if (op.type === 'del') continue
      const problem = op.key.startsWith(prefixes.record)
        ? this.#problemOfRecord(op.key, op.value)
        : op.key.startsWith(prefixes.block)
          ? problemOfBlock(op.key, op.value)
          : undefined
      if (problem !== undefined) this.violated('signed-within-limits', machine, `${op.key}: ${problem}`)
    }
  }

  onRecall(machine: Machine, result: RecallResult): void {
    const shown = new Set(result.items.map(({ cid }) => cid))
    for (const [mark] of result.prompt.matchAll(markForm)) {
      const marked = [...(this.#marks.get(mark) ?? [])]
      // Of copies of one lesson any may be shown.
      if (!marked.some(cid => shown.has(cid))) for (const cid of marked.slice(0, 1)) shown.add(cid)
    }
    for (const { author } of result.items)
      if (this.#blocked.get(machine)?.has(author))
        this.violated(
          'blocked-stays-out',
          machine,
          `a lesson of ${author}, who is blocked, stands in a prompt`,
        )
    for (const cid of shown) {
      const item = result.items.find(one => one.cid === cid)
      if (item === undefined || item.tier === 'quarantined')
        this.violated('no-quarantined-in-prompt', machine, `${cid} stands in a prompt that may not`)
      if (this.#retracted.get(machine)?.has(cid))
        this.violated('retracted-stays-retracted', machine, `${cid} was retracted and is recalled`)
    }
  }

  /** After a start: what was acknowledged before is there. */
  async onStarted(machine: Machine): Promise<void> {
    for (const cid of [...(this.#acked.get(machine)?.keys() ?? [])]) {
      const { node } = machine
      if (node === undefined) return
      const found = await node.entry(cid)
      if (!found.ok && this.#acked.get(machine)?.has(cid) && machine.node === node)
        this.violated('acked-kept', machine, `${cid} was acknowledged and is gone: ${found.message}`)
    }
  }

  /** Once every few seconds: all that can be seen from outside. True when that was all. */
  async round(): Promise<true> {
    const round = this.#round++
    const running = this.#world.correct.filter(({ node }) => node !== undefined)
    for (const machine of inTurn(running, round, boundedAtOnce)) this.#withinBounds(machine)
    for (const machine of inTurn(running, round, sampled)) {
      await this.#looksAtPeers(machine)
      await this.#staysRetracted(machine)
      this.#objective(machine)
    }
    return true
  }

  #withinBounds(machine: Machine): void {
    const status = machine.node?.status()
    if (status === undefined) return
    const { entries, fetch, swarms } = status
    const kept = entries.own + entries.received
    const bounds = [
      [kept, this.#capacity + entries.own + inHandMax, 'entries are kept'],
      [entries.bytes, kept * entryBytesMax, 'bytes of entries are kept'],
      [fetch.waiting, fetchesMax, 'entries wait to be fetched'],
      [fetch.failed, fetchesMax, 'entries are to be fetched again'],
      [
        swarms.find(({ id }) => id === this.#world.swarm)?.peers ?? 0,
        connectionsMax + newcomersMax + dialledMax,
        'connections are kept',
      ],
    ] as const
    for (const [count, most, what] of bounds)
      if (count > most) this.violated('bounds', machine, `${count} ${what} where ${most} are the most`)
  }

  async #looksAtPeers(machine: Machine): Promise<void> {
    const { node } = machine
    if (node === undefined) return
    const views = await node.peers()
    if (machine.node !== node) return
    this.onPeers?.(machine, views)
    this.#trustRestsOnEvidence(machine, views)
    for (const { connected, peer } of views) {
      const sinceMs = this.#blocked.get(machine)?.get(peer) ?? Number.POSITIVE_INFINITY
      if (connected && this.#world.nowMs - sinceMs > blockedMs)
        this.violated('blocked-stays-out', machine, `${peer} is blocked, and connected`)
    }
    for (const check of ['influence-shared', 'attested-by-influence', 'trusted-for-a-reason'] as const) {
      const problem = trustChecks[check](views, this.#world, machine)
      if (problem !== undefined) this.violated(check, machine, problem)
    }
  }

  #trustRestsOnEvidence(machine: Machine, views: readonly PeerView[]): void {
    const inviters = new Map(views.map(({ peer, invitedBy }) => [peer, invitedBy]))
    for (const view of views) {
      const key = `${machine.name} ${view.peer}`
      const known = this.#trust.get(key)
      const { invitedBy } = view
      const through = `${invitedBy} ${invitedBy && inviters.get(invitedBy)}`
      this.#trust.set(key, { view, through })
      const before = known?.view
      if (before === undefined || view.trust <= before.trust + 1e-9) continue
      const hasReason =
        // That a friend let it in may become known later.
        known?.through !== through ||
        view.evidence.helped > before.evidence.helped ||
        view.evidence.hurt < before.evidence.hurt ||
        view.attested.helped > before.attested.helped ||
        view.attested.hurt < before.attested.hurt ||
        view.word.trust !== before.word.trust
      if (!hasReason) {
        const name = this.#world.machineOf(view.peer)?.name ?? view.peer
        const rise = `${before.trust.toFixed(4)} to ${view.trust.toFixed(4)}`
        this.violated(
          'trust-by-evidence-only',
          machine,
          `trust in ${name} rose from ${rise} without evidence`,
        )
      }
    }
  }

  async #staysRetracted(machine: Machine): Promise<void> {
    const { node } = machine
    for (const cid of [...(this.#retracted.get(machine)?.keys() ?? [])]) {
      const found = await node?.entry(cid)
      // Its author may keep for itself what it has taken back.
      if (found?.ok && found.value.status !== 'local' && machine.node === node)
        this.violated(
          'retracted-stays-retracted',
          machine,
          `${cid} was retracted and is ${found.value.status}`,
        )
    }
  }

  /** The set that the node keeps up record by record is the one that the rules give for its rows. */
  #objective(machine: Machine): void {
    const refusedLately = this.#world.nowMs - machine.disk.refusedMs < refusedMs
    if (!machine.disk.isIdle || refusedLately || machine.wrong.skewMs !== 0) return
    const live = liveRecords(this.#world, machine)
    const records = this.#world.view(machine)?.records
    if (records !== undefined && machine.disk.isIdle && records !== live.size)
      this.violated(
        'equal-sets-equal-objective',
        machine,
        `the node has ${records} records, the rules give ${live.size}`,
      )
  }

  #problemOfRecord(key: string, bytes: Uint8Array): string | undefined {
    if (bytes.length > recordBytesMax) return `a record of ${bytes.length} bytes`
    const decoded = decodeRecord(bytes, this.#world.swarm)
    if (!decoded.ok) return `a record that cannot be read: ${decoded.reason}`
    const verified = verifyRecord(decoded, secondsMax)
    if (!verified.ok) return `a record that is not signed: ${verified.reason}`
    return verified.record.id === lastPart(key) ? undefined : 'a record under another’s name'
  }
}

/** So many of them, in each round the next ones. */
function inTurn<T>(all: readonly T[], round: number, count: number): readonly T[] {
  if (all.length <= count) return all
  const from = (round * count) % all.length
  return [...all.slice(from), ...all.slice(0, from)].slice(0, count)
}

/** How lessons of the workload are marked. */
const markForm = /mark-[a-z0-9]+-\d+/g

export function markOf(name: string, number: number): string {
  return `mark-${name}-${number}`
}

function problemOfBlock(key: string, value: Uint8Array): string | undefined {
  if (value.length > entryBytesMax) return `an entry of ${value.length} bytes`
  return cidOf(value) === lastPart(key) ? undefined : 'a block under another’s name'
}

function noted<K, T>(of: Map<Machine, Map<K, T>>, machine: Machine): Map<K, T> {
  let known = of.get(machine)
  if (known === undefined) {
    known = new Map()
    of.set(machine, known)
  }
  return known
}
