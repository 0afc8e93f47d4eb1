import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultDataFolder, holdsNode, prepareDataFolder } from '../../../../node/adapters/data-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-data-'))
})
afterEach(async () => {
  await chmod(folder, 0o700)
  await rm(folder, { recursive: true, force: true })
})

test('the folder is made for its owner alone, and nothing is left in it', async () => {
  const path = join(folder, 'a', 'b')
  expect(await prepareDataFolder(path)).toEqual({ ok: true, value: path })
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  expect(await readdir(path)).toEqual([])
  expect(await prepareDataFolder(path)).toEqual({ ok: true, value: path })
})

test('a folder holds a node once there is a key or a store that is not empty', async () => {
  expect(await holdsNode(join(folder, 'nowhere'))).toBe(false)
  await writeFile(join(folder, 'config.json'), '{}')
  await mkdir(join(folder, 'store'))
  expect(await holdsNode(folder)).toBe(false)
  await writeFile(join(folder, 'store', 'CURRENT'), '')
  expect(await holdsNode(folder)).toBe(true)
  await rm(join(folder, 'store'), { recursive: true })
  await writeFile(join(folder, 'key'), '')
  expect(await holdsNode(folder)).toBe(true)
})

test('a store that cannot be looked into is taken to hold a node: no other one is begun over it', async () => {
  // A link to itself stands for whatever the system refuses to open, also to root.
  await symlink('store', join(folder, 'store'))
  expect(await holdsNode(folder)).toBe(true)
})

test('a file in the way is named', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  for (const path of [file, join(file, 'below')]) {
    expect(await prepareDataFolder(path)).toMatchObject({
      ok: false,
      code: 'data-folder-not-a-folder',
      message: expect.stringContaining(path),
    })
  }
})

/** The superuser may write anywhere: as one, the work is done as a user who may not. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

test('a read-only folder is named, with the way out', async () => {
  await chmod(folder, 0o555)
  expect(await asNobody(() => prepareDataFolder(folder))).toMatchObject({
    ok: false,
    code: 'data-folder-read-only',
    message: expect.stringContaining('--data'),
  })
})

test.skipIf(process.platform !== 'linux')('a file system that takes no files is named', async () => {
  const prepared = await prepareDataFolder('/proc/swarmlore')
  expect(prepared).toMatchObject({ ok: false, message: expect.stringContaining('/proc/swarmlore') })
})

test('the usual place follows XDG_DATA_HOME', () => {
  expect(defaultDataFolder({ XDG_DATA_HOME: '/data' })).toBe(join('/data', 'swarmlore'))
  expect(defaultDataFolder({})).toMatch(/swarmlore/)
})
