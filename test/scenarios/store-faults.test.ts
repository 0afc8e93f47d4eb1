/** A folder that cannot be used gives an error that names it and the way out; a disk that fails never gives wrong data. */

import { execFile, execFileSync } from 'node:child_process'
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encode } from '../../store/codec.ts'
import { StoreError } from '../../store/errors.ts'
import { checkSchema } from '../../store/layout.ts'
import { openLevelStore } from '../../store/level.ts'
import { openMemoryStore } from '../../store/memory.ts'
import type { Store } from '../../store/ports.ts'
import { countBatches, numberedBatch } from './store-batches.ts'

let root: string
let folder: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'swarmlore-faults-'))
  folder = join(root, 'store')
})
afterEach(() => rm(root, { recursive: true }))

describe('a folder that cannot be opened', () => {
  it('says that another node uses it', async () => {
    const store = await open(folder)
    await expectFailure(folder, 'store-locked', 'in use by another node')
    expect(await openElsewhere(folder)).toMatchObject({ ok: false, code: 'store-locked' })
    await store.close()
    await (await open(folder)).close()
  })

  it('says that it is no folder', async () => {
    await writeFile(folder, 'a file')
    await expectFailure(folder, 'store-unreadable', 'cannot be opened')
    await expectFailure(join(folder, 'below'), 'store-unreadable', 'cannot be opened')
  })

  it('says that this user may not read it, or may only read it', async () => {
    await (await open(folder)).close()
    // Permissions do not hold for root, so there another user asks: one who may reach the folder, not what is in it.
    await chmod(root, 0o755)
    const uid = process.getuid?.() === 0 ? 65_534 : undefined
    await chmod(folder, 0o000)
    expect(await openElsewhere(folder, uid)).toMatchObject({ ok: false, code: 'store-unreadable' })
    for (const name of await namesWithAccess(folder)) await chmod(join(folder, name), 0o444)
    await chmod(folder, 0o555)
    expect(await openElsewhere(folder, uid)).toMatchObject({ ok: false, code: 'store-unreadable' })
    await chmod(folder, 0o700)
  })

  it('says that a newer version wrote it', async () => {
    const store = openMemoryStore()
    await store.batch([{ type: 'put', key: 'schema', value: encode({ version: 3 }) }])
    const checked = await checkSchema(store, folder)
    expect(checked).toMatchObject({ ok: false, code: 'store-newer' })
    expect(!checked.ok && checked.message).toContain(folder)
  })

  it('refuses data that is not its own, and knows its own again', async () => {
    const foreign = openMemoryStore()
    await foreign.batch([{ type: 'put', key: 'x', value: Uint8Array.of(1) }])
    expect(await checkSchema(foreign, folder)).toMatchObject({ ok: false, code: 'store-corrupt' })
    const own = openMemoryStore()
    expect(await checkSchema(own, folder)).toMatchObject({ ok: true })
    expect(await checkSchema(own, folder)).toMatchObject({ ok: true })
  })
})

describe('a damaged folder', () => {
  it('is not taken for an empty one when its CURRENT file is lost', async () => {
    await fill(folder)
    await rm(join(folder, 'CURRENT'))
    await expectFailure(folder, 'store-corrupt', 'damaged')
    expect((await readdir(folder)).some(name => name.endsWith('.ldb'))).toBe(true)
  })

  it('is reported when a table is lost', async () => {
    await fill(folder)
    const table = (await readdir(folder)).find(name => name.endsWith('.ldb')) ?? 'no table'
    await rm(join(folder, table))
    await expectFailure(folder, 'store-corrupt', 'damaged')
  })

  // Level reads a table's index without checking it, so a row can be missing there; no other answer can be wrong.
  it.each([
    { kind: 'CURRENT', mayMiss: false },
    { kind: 'MANIFEST', mayMiss: false },
    { kind: 'ldb', mayMiss: true },
  ])('never gives a wrong value when a byte of $kind is flipped', async ({ kind, mayMiss }) => {
    const truth = await fill(folder)
    const name = (await readdir(folder)).find(name => name.includes(kind)) ?? `no ${kind}`
    const bytes = await readFile(join(folder, name))
    const step = Math.max(1, Math.floor(bytes.length / 60))
    let reported = 0
    for (let at = 0; at < bytes.length; at += step) {
      const damaged = join(root, `damaged-${at}`)
      await cp(folder, damaged, { recursive: true })
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 0x15
      await writeFile(join(damaged, name), flipped)
      if (await isReported(damaged, truth, mayMiss)) reported++
      await rm(damaged, { recursive: true })
    }
    expect(reported).toBeGreaterThan(0)
  })
})

describe('a full disk', () => {
  it('refuses to write while little room is left, and goes on reading', async () => {
    const store = await open(folder, Number.MAX_SAFE_INTEGER)
    const failed = await store.batch(numberedBatch(0)).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(StoreError)
    expect(failed).toMatchObject({ code: 'store-full' })
    expect(String(failed)).toContain(folder)
    expect(store.get('a/00000000')).toBeUndefined()
    expect(await countBatches(store)).toBe(0)
    await store.close()
  })

  it('loses nothing acknowledged when a write finds no room', async context => {
    const unmount = mountSmallDisk(root)
    if (unmount === undefined) return context.skip('only a user who may mount can make a small disk')
    try {
      const small = join(root, 'small')
      const store = await open(join(small, 'store'), 0)
      let acknowledged = 0
      let failure: unknown
      while (failure === undefined && acknowledged < 100_000) {
        failure = await store.batch(numberedBatch(acknowledged)).catch((error: unknown) => error)
        if (failure === undefined) acknowledged++
      }
      expect(failure).toMatchObject({ code: 'store-full' })
      expect(await countBatches(store)).toBe(acknowledged)
      // Room alone does not mend a log that ends in half a record: only opening again does.
      await rm(join(small, 'ballast'))
      await expect(store.batch(numberedBatch(acknowledged))).rejects.toMatchObject({ code: 'store-full' })
      await store.close()
      const reopened = await open(join(small, 'store'), 0)
      expect(await countBatches(reopened)).toBe(acknowledged)
      await reopened.batch(numberedBatch(acknowledged))
      await reopened.close()
    } finally {
      unmount()
    }
  })
})

async function open(folder: string, reserveBytes?: number): Promise<Store> {
  const opened = await openLevelStore(folder, reserveBytes === undefined ? {} : { reserveBytes })
  if (!opened.ok) throw new Error(opened.message)
  return opened.value
}

async function expectFailure(folder: string, code: string, words: string): Promise<void> {
  const opened = await openLevelStore(folder)
  expect(opened).toMatchObject({ ok: false, code })
  expect(!opened.ok && opened.message).toContain(words)
  expect(!opened.ok && opened.message).toContain(folder)
}

/** Opens it in another process, perhaps as another user. */
async function openElsewhere(folder: string, uid?: number): Promise<unknown> {
  const script = join(import.meta.dirname, 'store-opener.ts')
  const options = { ...(uid === undefined ? {} : { uid, gid: uid }), cwd: '/' }
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder], options)
  return JSON.parse(stdout)
}

async function namesWithAccess(folder: string): Promise<string[]> {
  await chmod(folder, 0o700)
  return readdir(folder)
}

/** Two hundred batches, in a table and in the log. Answers all rows. */
async function fill(folder: string): Promise<Map<string, string>> {
  for (const numbers of [0, 100]) {
    const store = await open(folder)
    await store.batch(Array.from({ length: 100 }, (_, i) => numberedBatch(numbers + i)).flat())
    await store.close()
  }
  const store = await open(folder)
  const rows = new Map<string, string>()
  for await (const [key, value] of store.entries({ prefix: '' }))
    rows.set(key, Buffer.from(value).toString('hex'))
  await store.close()
  expect(rows.size).toBe(600)
  return rows
}

/** Whether opening or reading the folder gave an error. Fails when anything but the truth was read, or (unless it `mayMiss`) not all of it. */
async function isReported(
  folder: string,
  truth: ReadonlyMap<string, string>,
  mayMiss: boolean,
): Promise<boolean> {
  const opened = await openLevelStore(folder)
  if (!opened.ok) {
    expect(['store-corrupt', 'store-unreadable']).toContain(opened.code)
    return true
  }
  const store = opened.value
  try {
    const rows = new Map<string, string>()
    for await (const [key, value] of store.entries({ prefix: '' })) {
      rows.set(key, Buffer.from(value).toString('hex'))
      expect(rows.get(key), key).toBe(truth.get(key))
    }
    for (const [key, value] of truth) {
      const read = store.get(key)
      if (!mayMiss || read !== undefined) expect(Buffer.from(read ?? []).toString('hex'), key).toBe(value)
    }
    if (!mayMiss) expect(rows.size).toBe(truth.size)
    return false
  } catch (error) {
    expect(error).toMatchObject({ name: 'StoreError', code: 'store-corrupt' })
    return true
  } finally {
    await store.close()
  }
}

/** A disk of 2 MiB at `root/small`, half of it taken by a file that can be deleted. Undefined where mounting is not allowed. */
function mountSmallDisk(root: string): (() => void) | undefined {
  const at = join(root, 'small')
  try {
    execFileSync('mkdir', [at])
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', at], { stdio: 'ignore' })
  } catch {
    // Not root, no tmpfs, or a sandbox: the caller skips.
    return undefined
  }
  execFileSync('dd', ['if=/dev/zero', `of=${join(at, 'ballast')}`, 'bs=1k', 'count=1024'], {
    stdio: 'ignore',
  })
  return () => execFileSync('umount', [at])
}
