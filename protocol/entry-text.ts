/**
 * The texts of an entry on which peers must agree: what its sketch is made from, what makes two entries the same,
 * and whether it is what its digest announced. SPEC sections "Sketch", "Duplicates" and "digest".
 */

import { toHex, utf8Bytes } from '../crypto/bytes.ts'
import { taggedHash } from '../crypto/hash.ts'
import { shardOf } from './swarm.ts'
import type { DigestRecord, Entry, Result } from './types.ts'

/** The text that is embedded: the situation alone, since it is what recall matches. Sketches of peers depend on it. */
export function embeddingText(entry: Entry): string {
  return entry.situation
}

/** Kind, situation and insight without differences of case, spacing and composition. Context and support do not count. */
function normalisedText(entry: Entry): string {
  const { kind, situation, insight } = entry
  return [kind, situation, insight.summary, insight.detail, insight.action].map(normalised).join('\0')
}

/** Recall asks for the key of every candidate, each time. */
const keys = new WeakMap<Entry, string>()

/** Entries with the same key say the same: 64 hex digits. */
export function duplicateKey(entry: Entry): string {
  const known = keys.get(entry)
  if (known !== undefined) return known
  const key = toHex(taggedHash('swarmlore/1 duplicate', utf8Bytes(normalisedText(entry))))
  keys.set(entry, key)
  return key
}

/**
 * Whether an entry is what its author announced. A mismatch is provable from the two alone, and counts against the
 * author, never against the neighbour that passed the digest on. The sketch is compared by whoever can embed.
 */
export function matchesDigest(
  entry: Entry,
  bytesLength: number,
  digest: DigestRecord,
  shards: number,
): Result<true, 'digest-mismatch'> {
  const { author, body } = digest.envelope
  const fields: readonly (readonly [name: string, equal: boolean])[] = [
    ['author', entry.author === author],
    ['size', bytesLength === body.size],
    ['created', entry.created === body.created],
    ['expires', entry.expires === body.expires],
    ['supersedes', entry.supersedes === body.supersedes],
    ['shard', shardOf(entry.domains[0] ?? '', shards) === body.shard],
  ]
  const wrong = fields.find(([, equal]) => !equal)
  if (wrong === undefined) return { ok: true, value: true }
  return {
    ok: false,
    code: 'digest-mismatch',
    message: `The entry is not what its digest announced: ${wrong[0]} differs.`,
  }
}

function normalised(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()
}
