/**
 * Real nodes on loopback, in one process, of which some restart again and again while all of them publish and take
 * back. What has to come of it: once that is over, all hold the same records. Texts get vectors that cost nothing.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Embedder, Random } from '../../node/ports.ts'
import { memberMark, restoreRecord } from '../../protocol/envelope.ts'
import { spaceIdOfHash } from '../../protocol/identity.ts'
import { createReplicatedSet } from '../../protocol/replicated-set.ts'
import { decodeDescriptor } from '../../protocol/swarm.ts'
import type { EntryCid, RecordId, SwarmId } from '../../protocol/types.ts'
import { openLevelStore } from '../../store/level.ts'
import type { Store } from '../../store/ports.ts'
import { recordsOf } from '../../store/records.ts'
import { allSwarms } from '../../store/swarms.ts'
import { lesson, must, startedNode, type TestNode, temporaryFolder, until } from './real-nodes.ts'

export interface Churn {
  readonly nodes: number
  readonly random: Random
  /** This share of the nodes restarts, ... */
  readonly restartShare: number
  /** ... this often, ... */
  readonly everyMs: number
  /** ... for as long as this. */
  readonly forMs: number
  /** Within which all have to hold the same afterwards. */
  readonly boundMs: number
  readonly say?: (line: string) => void
}

export interface Churned {
  readonly restarts: number
  readonly published: number
  readonly retracted: number
  /** That each node holds at the end. */
  readonly records: number
  /** From the last restart on. */
  readonly equalAfterMs: number
}

/** A node is away for this long: others lose it, and publish meanwhile. */
const awayMs = 1_000
/** One of them publishes, or takes something back. */
const actEveryMs = 200
/** Of what is done, one in this many is a retraction. */
const retractionsOneIn = 8

const lightEmbedder: Embedder = {
  space: spaceIdOfHash(new Uint8Array(32).fill(1)),
  dimensions: 32,
  embed: async texts =>
    texts.map(text => Float32Array.from({ length: 32 }, (_, at) => Math.sin(text.length * (at + 1) + 1))),
}

interface Member {
  readonly node: TestNode
  readonly store: () => Store
  isUp: boolean
}

export async function churn(options: Churn): Promise<Churned> {
  const { random, say = () => undefined } = options
  const members = await startAll(options.nodes, say)
  const home = members[0]?.node.home
  if (home === undefined) throw new RangeError('no nodes')
  const own: { by: Member; cid: EntryCid }[] = []
  let published = 0
  let retracted = 0
  let isOver = false

  const act = async (): Promise<void> => {
    while (!isOver) {
      await sleep(actEveryMs)
      const up = members.filter(one => one.isUp)
      const by = up[random.below(up.length)]
      if (by === undefined) continue
      const taken = own.findIndex(one => one.by === by)
      if (taken >= 0 && random.below(retractionsOneIn) === 0) {
        const [{ cid } = { cid: undefined }] = own.splice(taken, 1)
        if (cid !== undefined) must(await by.node.node.retract(cid))
        retracted++
      } else {
        const text = `Machine ${published++} hums in a way of its own.`
        own.push({
          by,
          cid: must(await by.node.node.addEntry(lesson(text, 'Oil it.', { swarm: home.id }))).cid,
        })
      }
    }
  }

  let restarts = 0
  const restart = async (member: Member): Promise<void> => {
    member.isUp = false
    await sleep(actEveryMs)
    await member.node.stop()
    await sleep(awayMs)
    await member.node.load()
    await member.node.node.start()
    member.isUp = true
    restarts++
  }

  const acting = act()
  const end = Date.now() + options.forMs
  while (Date.now() < end) {
    say(`restarting some: ${restarts} restarts, ${published} published`)
    const next = sleep(options.everyMs)
    const drawn = drawSome(members, Math.max(1, Math.round(options.restartShare * members.length)), random)
    await Promise.all(drawn.map(restart))
    await next
  }
  isOver = true
  await acting
  say('waiting until all hold the same')
  const overAt = Date.now()
  const recordsOfAll = (): ReadonlySet<number> =>
    new Set(members.map(({ node }) => node.viewOf(home).records))
  const liveOfAll = async (): Promise<ReadonlySet<string>> =>
    new Set(await Promise.all(members.map(({ store }) => liveIds(store(), home.id))))
  const areEqual = async (): Promise<boolean> => recordsOfAll().size === 1 && (await liveOfAll()).size === 1
  await until('all hold the same records', areEqual, options.boundMs)
  const [records = 0] = recordsOfAll()
  return { restarts, published, retracted, records, equalAfterMs: Date.now() - overAt }
}

async function startAll(count: number, say: (line: string) => void): Promise<readonly Member[]> {
  const members: Member[] = []
  for (let at = 0; at < count; at++) {
    say(`starting node ${at + 1} of ${count}`)
    const folder = await temporaryFolder()
    let store: Store | undefined
    const openStore = async (): Promise<Store> => {
      store = must(await openLevelStore(folder))
      return store
    }
    const node = await startedNode({ dht: true, openStore, ports: { embedder: lightEmbedder } })
    const member = {
      node,
      isUp: true,
      store: () => {
        if (store === undefined) throw new TypeError('a node opens its store')
        return store
      },
    }
    const founder = members[0]
    members.push(member)
    if (founder === undefined) continue
    const { text } = must(await founder.node.node.invite({}))
    must(await node.node.join(text))
  }
  return members
}

/** Ids of the replicated set: what was retracted is stored as well, for as long as the set holds it against copies. */
async function liveIds(store: Store, swarm: SwarmId): Promise<string> {
  const stored = (await allSwarms(store)).find(one => one.id === swarm)
  const descriptor = must(decodeDescriptor(stored?.descriptor ?? new Uint8Array()))
  const set = createReplicatedSet(descriptor, Math.floor(Date.now() / 86_400_000))
  const ids = new Set<RecordId>()
  for (const mark of [memberMark, '']) {
    for await (const { id, bytes } of recordsOf(store, swarm, mark)) {
      const record = restoreRecord(id, bytes)
      if (record !== undefined) set.offer(record)
      ids.add(id)
    }
  }
  return [...ids]
    .filter(one => set.has(one))
    .toSorted()
    .join(' ')
}

function drawSome<T>(all: readonly T[], count: number, random: Random): readonly T[] {
  const left = [...all]
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)).flat()
}
