/** What was acknowledged is there after any end of the process, nothing half-written is shown, and work goes on. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, expect, it } from 'vitest'
import type { SwarmloreNode } from '../../node/api.ts'
import { quietNode } from './quiet-node.ts'
import {
  allKept,
  endAll,
  lesson,
  letIn,
  must,
  recalled,
  startedNode,
  temporaryFolder,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

it('a node that is killed 50 times while it learns loses nothing, shows no half, and goes on', async () => {
  // A process that is killed leaves no compiled code behind for the next one: a first one that ends in peace does.
  const cache = await temporaryFolder()
  await liveInPeace(await temporaryFolder(), cache)
  // Two nodes at once, since half of a life is waiting for its start.
  const chains = await Promise.all([chainOfLives(25, cache), chainOfLives(25, cache)])
  const learned = chains.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  expect(learned).toBeGreaterThan(50)
  expect(chains.reduce((sum, { distilled }) => sum + distilled, 0)).toBeGreaterThan(5)
})

async function chainOfLives(
  lives: number,
  cache: string,
): Promise<{ acknowledged: number; distilled: number }> {
  const folder = await temporaryFolder()
  const acknowledged = new Set<string>()
  let distilled = 0
  for (let life = 0; life < lives; life++) {
    const moment = { lines: 1 + ((life * 5) % 12), ms: (life * 7) % 20 }
    const said = await liveUntilKilled(folder, life * 1_000, moment, cache)
    for (const line of said) {
      if (line.startsWith('captured ')) acknowledged.add(line.slice('captured '.length))
      if (line.startsWith('distilled ')) distilled++
    }
    if (life % 4 === 0) await expectWhole(folder, acknowledged)
  }
  await expectWhole(folder, acknowledged)
  const node = await quietNode(folder)
  await node.distil()
  const status = node.status()
  expect(status.episodes.waiting).toBe(0)
  // One fact for each question: none lost, none twice.
  expect(status.entries.own).toBe(status.episodes.stored)
  expect(node.swarms()[0]?.records).toBe(status.entries.own)
  await node.stop()
  return { acknowledged: acknowledged.size, distilled }
}

async function expectWhole(folder: string, acknowledged: ReadonlySet<string>): Promise<void> {
  const node = await quietNode(folder)
  const episodes = await allEpisodes(node)
  for (const id of acknowledged) expect(episodes).toContain(id)
  for (const id of episodes) expect(must(await node.episode(id)).interactions).toHaveLength(2)
  expect(node.status().episodes.stored).toBe(episodes.size)
  let shown = 0
  for (let cursor: string | undefined; ; ) {
    const page = await node.entries({ limit: 500, ...(cursor === undefined ? {} : { cursor }) })
    for (const { cid, size, status } of page.items) {
      shown++
      expect(size).toBeGreaterThan(0)
      expect(status).toBe('shared')
      const detail = must(await node.entry(cid))
      expect(detail.episodes.length).toBeGreaterThan(0)
      for (const id of detail.episodes) expect(episodes).toContain(id)
    }
    cursor = page.next
    if (cursor === undefined) break
  }
  // Entry and digest stand in one batch.
  expect(node.swarms()[0]?.records).toBe(shown)
  await node.stop()
}

async function allEpisodes(node: SwarmloreNode): Promise<Set<string>> {
  const ids = new Set<string>()
  for (let cursor: string | undefined; ; ) {
    const page = await node.episodes(cursor, 200)
    for (const { id } of page.items) ids.add(id)
    cursor = page.next
    if (cursor === undefined) return ids
  }
}

function live(args: readonly string[], cache: string): ChildProcessByStdio<null, Readable, null> {
  const script = join(import.meta.dirname, 'killed-node.ts')
  return spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  })
}

async function liveInPeace(folder: string, cache: string): Promise<void> {
  const child = live([folder, '0', 'once'], cache)
  child.stdout.resume()
  expect(await once(child, 'close')).toEqual([0, null])
}

/** Kills the node so many milliseconds after it has said so many lines, and answers all that it said. */
function liveUntilKilled(
  folder: string,
  first: number,
  until: { readonly lines: number; readonly ms: number },
  cache: string,
): Promise<readonly string[]> {
  const child = live([folder, String(first)], cache)
  let output = ''
  let isDying = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (isDying || output.split('\n').length <= until.lines) return
    isDying = true
    setTimeout(() => child.kill('SIGKILL'), until.ms)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1))
      else reject(new Error(`the node ended by itself with ${code ?? signal}`))
    })
  })
}

it('a restart changes nothing: keys, addresses, members, trust, lessons and recall', async () => {
  const a = await startedNode()
  const b = await startedNode()
  await letIn(a, b)
  const { cid } = must(await a.node.addEntry(lesson('The kiln is cold.', 'Wait an hour.')))
  await untilKept(b, cid)
  const own = must(await b.node.addEntry(lesson('The saw is dull.', 'Change the blade.')))
  const { recallId } = await b.node.recall({ query: 'The kiln is cold.', timeBudgetMs: 5_000 })
  must(await b.node.feedback(recallId, 'helped', cid))
  must(await b.node.setTrust(a.home.self, { pinned: true }))
  const { invite } = must(await b.node.invite({ uses: 3 }))
  const picture = async () => ({
    swarms: b.node.swarms().map(({ peers: _peers, ...rest }) => rest),
    peers: (await b.node.peers()).map(({ connected: _c, clockOffsetMs: _o, ...rest }) => rest),
    invites: await b.node.invites(),
    kept: await allKept(b),
    status: b.node.status().entries,
    recall: (await recalled(b, 'The kiln is cold.')).map(({ why: _why, score: _score, ...item }) => item),
  })
  await until('B is embedded', async () => (await recalled(b, 'The kiln is cold.')).length === 1)
  const before = await picture()
  await b.restart()
  await until('they are connected again', () => b.viewOf(a.home).peers === 1)
  expect(await picture()).toEqual(before)
  expect(before.kept.toSorted()).toEqual([cid, ...(await allKept(b)).filter(one => one !== cid)].toSorted())
  expect(before.kept).toContain(own.cid)
  expect(before.invites[0]?.id).toBe(invite.id)
  // Feedback on what was handed out before the restart still finds it.
  must(await b.node.feedback(recallId, 'hurt', cid))
})

it('a memory of an end between two steps of a retraction: what is taken back never comes again', async () => {
  const a = await startedNode()
  const { cid } = must(await a.node.addEntry(lesson('The kiln is cold.', 'Wait an hour.')))
  must(await a.node.retract(cid))
  for (let i = 0; i < 2; i++) {
    await a.restart()
    await a.node.distil()
    expect(await allKept(a)).toEqual([])
  }
})
