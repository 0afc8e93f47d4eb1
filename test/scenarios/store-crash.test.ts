/** What was acknowledged survives a killed process and a log cut anywhere, and nothing half-written shows. */

import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openLevelStore } from '../../store/level.ts'
import type { Store } from '../../store/ports.ts'
import { countBatches, numberedBatch } from './store-batches.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'swarmlore-crash-'))
})
afterEach(() => rm(root, { recursive: true }))

it('loses nothing acknowledged and shows nothing half-written when it is killed 50 times', async () => {
  const folder = join(root, 'store')
  let acknowledged = 0
  for (let life = 0; life < 50; life++) {
    // From before the first write to a few hundred batches later.
    acknowledged = Math.max(acknowledged, await writeUntilKilled(folder, (life * 7) % 60))
    const store = await open(folder)
    expect(await countBatches(store)).toBeGreaterThanOrEqual(acknowledged)
    await store.close()
  }
  expect(acknowledged).toBeGreaterThan(50)
})

it('keeps a run of whole batches when the log is cut at any of 1,000 offsets, and all that was synced before the cut', async () => {
  const folder = join(root, 'store')
  const store = await open(folder)
  const log = await logOf(folder)
  /** Size of the log once so many batches were acknowledged. */
  const sizes: number[] = [0]
  for (let number = 0; number < 150; ) {
    const together = 1 + (number % 4)
    const group = Array.from({ length: together }, (_, i) => store.batch(numberedBatch(number + i)))
    await Promise.all(group)
    number += together
    const { size } = await stat(log)
    for (const _ of group) sizes.push(size)
  }
  await store.close()

  const offsets = pseudoRandomOffsets(1_000, (sizes.at(-1) ?? 0) + 1)
  const check = async (worker: number): Promise<void> => {
    for (let i = worker; i < offsets.length; i += 4) {
      const offset = offsets[i] ?? 0
      const cut = join(root, `cut-${i}`)
      await cp(folder, cut, { recursive: true })
      await truncate(await logOf(cut), offset)
      const reopened = await open(cut)
      const kept = await countBatches(reopened)
      expect(kept, `cut at ${offset}`).toBe(sizes.findLastIndex(size => size <= offset))
      await reopened.batch(numberedBatch(kept))
      expect(await countBatches(reopened)).toBe(kept + 1)
      await reopened.close()
      await rm(cut, { recursive: true })
    }
  }
  await Promise.all([0, 1, 2, 3].map(check))
})

/** Runs the writer and kills it `delayMs` after it has opened the store. Answers how many batches it said to be safe. */
function writeUntilKilled(folder: string, delayMs: number): Promise<number> {
  const script = join(import.meta.dirname, 'store-writer.ts')
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), delayMs)
    output += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`The writer ended by itself with ${code ?? signal}`))
      const numbers = output
        .split('\n')
        .slice(0, -1)
        .filter(line => line !== 'open')
      resolve(Math.max(0, ...numbers.map(number => Number(number) + 1)))
    })
  })
}

async function open(folder: string): Promise<Store> {
  const opened = await openLevelStore(folder)
  if (!opened.ok) throw new Error(opened.message)
  return opened.value
}

async function logOf(folder: string): Promise<string> {
  const name = (await readdir(folder)).find(name => name.endsWith('.log'))
  return join(folder, name ?? 'no log')
}

/** Different offsets below `end`, or every one where there are fewer; the same in every run. */
function pseudoRandomOffsets(count: number, end: number): number[] {
  const offsets = new Set<number>([0, end - 1])
  for (let state = 1; offsets.size < Math.min(count, end); ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    offsets.add(state % end)
  }
  return [...offsets]
}
