/**
 * Where everything stands in the store: one prefix for each kind of row, and the version of this layout. Parts
 * of a key are ASCII without a slash; texts from outside (an ask, an idempotency key) stand there as hashes.
 */

import { toHex, utf8Bytes } from '../crypto/bytes.ts'
import { taggedHash } from '../crypto/hash.ts'
import type { Result } from '../protocol/types.ts'
import { encode, read } from './codec.ts'
import type { StoreErrorCode } from './errors.ts'
import type { Store, StoreOp } from './ports.ts'

/** A change of a prefix, a key or a value's fields that an older program would misread is a new version. */
const SCHEMA_VERSION = 2
const schemaKey = 'schema'

export const prefixes = {
  /** id → what a listing shows of an episode. */
  episodeHead: 'episode/head/',
  /** id → the episode itself. */
  episodeBody: 'episode/body/',
  /** id → the episode as it was redacted, and by which rules. */
  episodeRedacted: 'episode/redacted/',
  /** id → lessons that a language model found in it. */
  episodeLlm: 'episode/llm/',
  /** time, id → nothing: order of capture. */
  episodeTime: 'episode/time/',
  /** hash of an idempotency key → id. */
  episodeOnce: 'episode/once/',
  /** time, id → nothing: waits for the distiller. */
  episodeQueue: 'episode/queue/',
  /** hash of the draft's key → the draft. */
  draft: 'draft/item/',
  /** hash of the draft's key, episode → support. */
  draftSupport: 'draft/support/',
  /** episode, hash of the draft's key → nothing. */
  draftEpisode: 'draft/episode/',
  /** swarm, record id → a record of the replicated set. */
  record: 'record/',
  /** swarm, CID → what this node knows of a kept entry. */
  kept: 'entry/kept/',
  /** swarm, CID → the block of an entry that peers may fetch. */
  block: 'entry/block/',
  /** swarm, CID → the block of an own entry that stays on this node. */
  privateBlock: 'entry/private/',
  /** space, CID → the entry's vector. */
  vector: 'vector/',
  /** entry or author, id, day → outcomes of that day. */
  evidence: 'evidence/',
  /** recall id → what was handed out. */
  recall: 'recall/item/',
  /** time, recall id → nothing. */
  recallTime: 'recall/time/',
  /** recall id, CID → the outcome that was told. */
  feedback: 'recall/feedback/',
  /** recall id → on which side it was, and how its task ended. */
  recallOutcome: 'recall/outcome/',
  /** → what a language model was asked today. */
  llmDay: 'llm/day/',
  /** peer → the owner's word. */
  word: 'word/',
  /** swarm id → a joined swarm. */
  swarm: 'swarm/item/',
  /** swarm, peer → addresses at which it was reached. */
  address: 'swarm/address/',
  /** swarm, invitation's nonce → an issued invitation. */
  invite: 'swarm/invite/',
  /** swarm, invitation's nonce, member → nothing: one use. */
  redeemed: 'swarm/redeemed/',
} as const

/** The key of a row, or with fewer parts and a final empty one the prefix of several. */
export function keyOf(prefix: string, ...parts: readonly string[]): string {
  for (const part of parts) {
    if (!/^[\x21-\x2e\x30-\x7e]*$/.test(part))
      throw new TypeError(`Not a part of a key: ${JSON.stringify(part)}`)
  }
  return prefix + parts.join('/')
}

/** The parts behind the prefix. */
export function partsOf(prefix: string, key: string): string[] {
  return key.slice(prefix.length).split('/')
}

/** The last part of a key. */
export function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** A text from outside as a part of a key: 128 bits of its hash, far beyond chance. */
export function hashPart(text: string): string {
  return toHex(taggedHash('swarmlore/1 store key', utf8Bytes(text)).subarray(0, 16))
}

/** Milliseconds (or days) as a part of a key, in the order of time up to the year 5138. */
export function timePart(time: number): string {
  if (!Number.isSafeInteger(time) || time < 0 || time >= 1e14) throw new TypeError(`Not a time: ${time}`)
  return String(time).padStart(14, '0')
}

/** Writes the layout's version into an empty store, and refuses one that this program cannot read. `folder` is for the message. */
export async function checkSchema(store: Store, folder: string): Promise<Result<void, StoreErrorCode>> {
  const found = store.get(schemaKey)
  if (found === undefined) {
    for await (const _ of store.entries({ prefix: '', limit: 1 })) {
      const message = `The data folder ${folder} holds data of another program, or lost its version. Choose another folder with --data, or restore it from a backup.`
      return { ok: false, code: 'store-corrupt', message }
    }
    await store.batch([{ type: 'put', key: schemaKey, value: encode({ version: SCHEMA_VERSION }) }])
    return { ok: true, value: undefined }
  }
  const row = read(schemaKey, found)
  const version = row.number('version')
  if (version > SCHEMA_VERSION) {
    const message = `The data folder ${folder} was written by a newer version of swarmlore (layout ${version}, this one reads ${SCHEMA_VERSION}). Update swarmlore, or choose another folder with --data.`
    return { ok: false, code: 'store-newer', message }
  }
  const upgradedTo = row.optionalString('upgradedTo')
  if (version < SCHEMA_VERSION || upgradedTo !== undefined) await upgrade(store, upgradedTo)
  return { ok: true, value: undefined }
}

/** Rows that are written together while a folder is brought up to date. */
const upgradedTogether = 1_000

/**
 * Until version 2 a record's row held when and from whom it came, which nobody asked for. Cut short, it goes on behind the
 * last row that was written: how far it came stands with the version, which no older program reads from the first one on.
 */
async function upgrade(store: Store, after: string = prefixes.record): Promise<void> {
  let ops: StoreOp[] = []
  const write = (upgradedTo?: string): Promise<void> => {
    const schema = encode({ version: SCHEMA_VERSION, upgradedTo })
    return store.batch([...ops, { type: 'put', key: schemaKey, value: schema }])
  }
  for await (const [key, value] of store.entries({ prefix: prefixes.record, after })) {
    ops.push({ type: 'put', key, value: read(key, value).bytes('bytes') })
    if (ops.length < upgradedTogether) continue
    await write(key)
    ops = []
  }
  await write()
}
