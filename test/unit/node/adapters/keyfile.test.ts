import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  loadKey,
  loadOrCreateSecret,
  loadOrCreateSeed,
  loadOrCreateToken,
} from '../../../../node/adapters/keyfile.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-key-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the seed of a node', () => {
  test('is made once, for its owner alone, and is the same ever after', async () => {
    const deep = join(folder, 'deep')
    const first = await loadOrCreateSeed(deep)
    const second = await loadOrCreateSeed(deep)
    expect(first).toMatchObject({ ok: true })
    expect(second).toEqual(first)
    expect((await stat(join(deep, 'key'))).mode & 0o777).toBe(0o600)
    expect(await readdir(deep)).toEqual(['key'])
  })

  test('is not made anew beside what a node has kept: the key is missing, and the message names the way out', async () => {
    await mkdir(join(folder, 'store'))
    await writeFile(join(folder, 'store', 'CURRENT'), 'MANIFEST-000001')
    expect(await loadOrCreateSeed(folder)).toMatchObject({
      ok: false,
      code: 'secret-missing',
      message: expect.stringContaining(`its key ${join(folder, 'key')} is missing. Put the key back`),
    })
    expect(await readdir(folder)).toEqual(['store'])
    await writeFile(join(folder, 'key'), new Uint8Array(32), { mode: 0o600 })
    expect(await loadOrCreateSeed(folder)).toEqual({ ok: true, value: new Uint8Array(32) })
  })

  test('is made beside a store folder in which nothing is kept yet', async () => {
    await mkdir(join(folder, 'store'))
    expect(await loadOrCreateSeed(folder)).toMatchObject({ ok: true })
  })

  test('two seeds are different, and starts at once agree on one', async () => {
    const starts = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateSeed(join(folder, 'a'))))
    const other = await loadOrCreateSeed(join(folder, 'b'))
    expect(new Set(starts.map(start => start.ok && Buffer.from(start.value).toString('hex'))).size).toBe(1)
    expect(other).not.toEqual(starts[0])
    expect((await readdir(folder, { recursive: true })).toSorted()).toEqual([
      'a',
      join('a', 'key'),
      'b',
      join('b', 'key'),
    ])
  })

  test('that others can read is refused, with the command that mends it', async () => {
    const path = join(folder, 'key')
    await loadOrCreateSeed(folder)
    for (const mode of [0o640, 0o604, 0o666]) {
      await chmod(path, mode)
      expect(await loadOrCreateSeed(folder)).toMatchObject({
        ok: false,
        code: 'secret-readable-by-others',
        message: expect.stringContaining(`chmod 600 '${path}'`),
      })
    }
    await chmod(path, 0o600)
    expect(await loadOrCreateSeed(folder)).toMatchObject({ ok: true })
  })

  test('of another length is refused and left as it is', async () => {
    const path = join(folder, 'key')
    for (const bytes of [0, 31, 33, 5_000]) {
      await writeFile(path, new Uint8Array(bytes), { mode: 0o600 })
      expect(await loadOrCreateSeed(folder)).toMatchObject({ ok: false, code: 'secret-damaged' })
      expect(await readFile(path)).toHaveLength(bytes)
    }
  })

  test('that is a folder is refused', async () => {
    await mkdir(join(folder, 'key'))
    expect(await loadOrCreateSeed(folder)).toMatchObject({
      ok: false,
      code: 'secret-not-a-file',
    })
  })

  test('may be a link to a file that is fit', async () => {
    await loadOrCreateSeed(join(folder, 'real'))
    await symlink(join(folder, 'real', 'key'), join(folder, 'key'))
    expect(await loadOrCreateSeed(folder)).toEqual(await loadOrCreateSeed(join(folder, 'real')))
  })

  test('cannot be made below a file', async () => {
    await writeFile(join(folder, 'file'), '')
    const made = await loadOrCreateSeed(join(folder, 'file'))
    expect(made).toMatchObject({ ok: false, message: expect.stringContaining(join(folder, 'file')) })
  })
})

describe('other secrets', () => {
  test('a token is one line of letters and digits, without its line break', async () => {
    const path = join(folder, 'token')
    const first = await loadOrCreateToken(path)
    expect(first.ok && first.value).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await loadOrCreateToken(path)).toEqual(first)
    await writeFile(path, 'short\n')
    expect(await loadOrCreateToken(path)).toMatchObject({ ok: false, code: 'secret-damaged' })
  })

  test('the complaint of the check is in the message', async () => {
    const loaded = await loadOrCreateSecret(
      join(folder, 'x'),
      () => new Uint8Array(3),
      () => 'it is not to my liking',
    )
    expect(loaded).toMatchObject({ ok: false, message: expect.stringContaining('it is not to my liking') })
  })
})

describe('a key that somebody else gave', () => {
  test('is read without its line break, and never made', async () => {
    const path = join(folder, 'llm-key')
    expect(await loadKey(path)).toMatchObject({ ok: false, code: 'secret-missing' })
    expect(await readdir(folder)).toEqual([])
    await writeFile(path, 'sk-one_Two.3\n', { mode: 0o600 })
    expect(await loadKey(path)).toEqual({ ok: true, value: 'sk-one_Two.3' })
  })

  test.each(['', '\n', 'two words', 'two\nlines', 'schlüssel', 'a\u0000b'])(
    'that is no line of ASCII is refused: %j',
    async text => {
      const path = join(folder, 'llm-key')
      await writeFile(path, text, { mode: 0o600 })
      const read = await loadKey(path)
      expect(read).toMatchObject({ ok: false, code: 'secret-damaged' })
      expect(!read.ok && read.message).not.toContain('backup')
    },
  )

  test('that others can read is refused', async () => {
    const path = join(folder, 'llm-key')
    await writeFile(path, 'sk-one', { mode: 0o640 })
    await chmod(path, 0o640)
    expect(await loadKey(path)).toMatchObject({ ok: false, code: 'secret-readable-by-others' })
  })
})
