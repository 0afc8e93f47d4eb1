/**
 * Secrets as files: the node's Ed25519 seed and the token of its HTTP API. A secret is made once, atomically and
 * for its owner alone, and is refused when others can read it: whoever has the seed is the node. Deleting a
 * damaged secret is left to the owner, for nothing brings a seed back.
 */

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Failure, Result } from '../../protocol/types.ts'
import { holdsStore, keyPath, makeFolder, storePath } from './data-folder.ts'

export type SecretCode =
  | 'secret-missing'
  | 'secret-readable-by-others'
  | 'secret-not-a-file'
  | 'secret-damaged'
  | 'secret-unreadable'
  | 'secret-not-writable'

/** Nothing that is kept as a secret is longer; a bigger file is something else. */
const secretBytesMax = 4_096
const seedBytes = 32
const tokenBytes = 32

/**
 * The 32-byte seed of the node, made at first start: where the folder holds a store, a new one would silently be
 * another node, whom nobody in its swarms knows.
 */
export async function loadOrCreateSeed(folder: string): Promise<Result<Uint8Array, SecretCode>> {
  const path = keyPath(folder)
  const check = (bytes: Uint8Array): string | undefined =>
    bytes.length === seedBytes ? undefined : `it has ${bytes.length} bytes where a key has ${seedBytes}`
  // Looked for before the key: a process that starts at the same time makes the key first, and then the store.
  if (await holdsStore(folder)) {
    const loaded = await load(path, check)
    if (loaded !== 'missing') return loaded
    return fail(
      'secret-missing',
      `The data folder ${folder} holds what a node has kept (${storePath(folder)}), and its key ${path} is missing. Put the key back from a backup, or begin a new node in an empty folder with --data.`,
    )
  }
  return loadOrCreateSecret(path, () => new Uint8Array(randomBytes(seedBytes)), check)
}

/** The bearer token of the HTTP API, base64url, made at first start. A trailing line break is not part of it. */
export async function loadOrCreateToken(path: string): Promise<Result<string, SecretCode>> {
  const loaded = await loadOrCreateSecret(
    path,
    () => new TextEncoder().encode(`${randomBytes(tokenBytes).toString('base64url')}\n`),
    bytes =>
      /^[A-Za-z0-9_-]{32,}\s*$/.test(new TextDecoder('latin1').decode(bytes))
        ? undefined
        : 'it is not one line of at least 32 letters and digits',
  )
  return loaded.ok ? { ok: true, value: new TextDecoder('latin1').decode(loaded.value).trim() } : loaded
}

/** A key that somebody else gave, one line of printable ASCII. It is not made where there is none. */
export async function loadKey(path: string): Promise<Result<string, SecretCode>> {
  const loaded = await load(path, bytes =>
    /^[\x21-\x7e]+\s*$/.test(new TextDecoder('latin1').decode(bytes))
      ? undefined
      : 'it is not one line of letters, digits and signs',
  )
  if (loaded === 'missing')
    return fail('secret-missing', `There is no file ${path}. Write the key into it, and: chmod 600 '${path}'`)
  if (loaded.ok) return { ok: true, value: new TextDecoder('latin1').decode(loaded.value).trim() }
  if (loaded.code !== 'secret-damaged') return loaded
  return fail('secret-damaged', `${path} holds no key: it should be one line of letters, digits and signs.`)
}

/**
 * Reads the secret, or makes it where there is none. `check` says what is wrong with the bytes, if anything. Two
 * processes that start at once end up with the same secret.
 */
export async function loadOrCreateSecret(
  path: string,
  make: () => Uint8Array,
  check: (bytes: Uint8Array) => string | undefined,
): Promise<Result<Uint8Array, SecretCode>> {
  const first = await load(path, check)
  if (first !== 'missing') return first
  const failed = await create(path, make())
  if (failed) return failed
  // Read back what is there now: another process may have been quicker, and its secret is the one that counts.
  const made = await load(path, check)
  return made === 'missing'
    ? fail(
        'secret-unreadable',
        `The secret ${path} was made and is gone again. Is another program clearing the folder?`,
      )
    : made
}

async function load(
  path: string,
  check: (bytes: Uint8Array) => string | undefined,
): Promise<Result<Uint8Array, SecretCode> | 'missing'> {
  let file: FileHandle
  try {
    // Without O_NONBLOCK a pipe put in the secret's place would hold the node for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing'
    return fail(
      'secret-unreadable',
      `The secret ${path} cannot be read (${codeOf(error)}). Give this user access to it, or name another data folder.`,
    )
  }
  try {
    return await examine(file, path, check)
  } catch (error) {
    return fail('secret-unreadable', `The secret ${path} cannot be read (${codeOf(error)}).`)
  } finally {
    await file.close()
  }
}

async function examine(
  file: FileHandle,
  path: string,
  check: (bytes: Uint8Array) => string | undefined,
): Promise<Result<Uint8Array, SecretCode>> {
  const stat = await file.stat()
  if (!stat.isFile()) {
    return fail('secret-not-a-file', `${path} should be a secret and is not a regular file. Move it away.`)
  }
  // Windows keeps access in lists that these bits do not show.
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    return fail(
      'secret-readable-by-others',
      `Others on this machine can read the secret ${path}. Mend it with: chmod 600 '${path}'`,
    )
  }
  const buffer = new Uint8Array(secretBytesMax + 1)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  const bytes = buffer.slice(0, bytesRead)
  const complaint = bytesRead > secretBytesMax ? `it is longer than ${secretBytesMax} bytes` : check(bytes)
  if (complaint) {
    return fail(
      'secret-damaged',
      `The secret ${path} is damaged: ${complaint}. Put it back from a backup, or move it away to have a new one made.`,
    )
  }
  return { ok: true, value: bytes }
}

/** Whole and durable under its name, or not there at all. An existing secret is never replaced. */
async function create(path: string, bytes: Uint8Array): Promise<Failure<SecretCode> | undefined> {
  const folder = dirname(resolve(path))
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await makeFolder(folder)
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await settle(temporary, path)
    await syncFolder(folder)
    return undefined
  } catch (error) {
    return fail(
      'secret-not-writable',
      `No secret could be made in ${folder} (${codeOf(error)}). Make the folder writable for this user, or name another data folder.`,
    )
  }
}

/** A hard link fails where the name exists, so that a secret made meanwhile by another process stays. */
async function settle(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      // Some file systems have no hard links.
      await rename(temporary, path)
      return
    }
  }
  await unlink(temporary)
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder for syncing, and does not need to.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function fail(code: SecretCode, message: string): Failure<SecretCode> {
  return { ok: false, code, message }
}
