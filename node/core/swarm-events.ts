/** What a swarm tells the node, and asks of it: what only the whole node can decide. */

import type { DigestRecord, Entry, EntryCid, PeerId, RetractRecord } from '../../protocol/types.ts'
import type { StoreOp } from '../../store/ports.ts'
import type { Wanted } from '../pipeline/fetch/failed-fetches.ts'
import type { Gone } from './ledger.ts'

export interface SwarmEvents {
  readonly isKept: (cid: EntryCid) => boolean
  /** Whether anything of this author may be kept at present. Who is turned away is looked at again when there is room. */
  readonly hasRoomFor: (author: PeerId) => boolean
  /** Whether, and how urgently, a digest's entry is wanted; undefined when it is not. */
  readonly worth: (digest: DigestRecord) => number | undefined
  readonly onEntry: (entry: Entry, bytes: Uint8Array, wanted: Wanted) => Promise<void>
  /** A digest of an entry that is kept already. */
  readonly onKnown: (digest: DigestRecord) => Promise<void>
  /** Entries that have left the replicated set: retracted, replaced or expired. Returns the writes that drop them. */
  readonly onGone: (gone: readonly Gone[], retraction: RetractRecord | undefined) => readonly StoreOp[]
  /** The author signed a digest that its own entry does not match. */
  readonly onMismatch: (digest: DigestRecord, reason: string) => Promise<void>
  readonly onPeer: (peer: PeerId, state: 'up' | 'down' | 'member') => void
  /** A member said how another's lessons did with it. */
  readonly onAttested: () => void
  readonly onRefused: (reason: string) => void
  readonly score: (peer: PeerId) => number
}
