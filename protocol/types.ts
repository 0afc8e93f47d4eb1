/**
 * The words of the wire format as types. Every id is a branded string, so that one kind cannot stand in
 * for another; SPEC.md gives the bytes behind each.
 */

declare const brand: unique symbol
type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** A node in one swarm: `did:key:z6Mk…` of its Ed25519 public key. Author, member, neighbour and provider are all this id. */
export type PeerId = Branded<string, 'PeerId'>
/** SHA-256 of the swarm descriptor without addresses, 64 hex digits. */
export type SwarmId = Branded<string, 'SwarmId'>
/** SHA-256 of a record's unsigned bytes, 64 hex digits. */
export type RecordId = Branded<string, 'RecordId'>
/** CIDv1, raw codec, sha2-256, in base32: `bafkrei…`. */
export type EntryCid = Branded<string, 'EntryCid'>
/** An embedding space: SHA-256 over model, tokenizer, pooling and dimensions, 64 hex digits. */
export type SpaceId = Branded<string, 'SpaceId'>

/** Whole seconds since 1970-01-01 UTC. */
export type Seconds = number
/** Whole days since 1970-01-01 UTC. */
export type Day = number

/** `inviter` is the envelope's author: the member record is signed by whoever let the member in. */
export interface MemberBody {
  readonly member: PeerId
  /** X25519 public key of the member, 32 bytes. */
  readonly box: Uint8Array
  readonly expires: Day
}

/** The signed announcement of an entry. `author` and `t` stand in the envelope. */
export interface DigestBody {
  readonly cid: EntryCid
  /** Size of the entry's block in bytes. */
  readonly size: number
  readonly shard: number
  readonly created: Seconds
  readonly expires?: Day
  readonly space: SpaceId
  /** Sign bits of the first min(dimensions, 384) components, most significant bit first. */
  readonly sketch: Uint8Array
  readonly supersedes?: EntryCid
}

/** How often the subject's entries helped and hurt the author's model on one UTC day; cumulative for that day. */
export interface AttestBody {
  readonly subject: PeerId
  readonly day: Day
  readonly helped: number
  readonly hurt: number
}

/** A tombstone: for one entry, or for all of the author's own entries created before a time. Exactly one is set. */
export type RetractBody =
  | { readonly cid: EntryCid; readonly before?: never }
  | { readonly before: Seconds; readonly cid?: never }

interface EnvelopeOf<Kind extends string, Body> {
  readonly v: 1
  readonly swarm: SwarmId
  readonly kind: Kind
  readonly author: PeerId
  readonly t: Seconds
  readonly body: Body
  readonly ext?: Uint8Array
  readonly sig: Uint8Array
}

export type MemberEnvelope = EnvelopeOf<'member', MemberBody>
export type DigestEnvelope = EnvelopeOf<'digest', DigestBody>
export type AttestEnvelope = EnvelopeOf<'attest', AttestBody>
export type RetractEnvelope = EnvelopeOf<'retract', RetractBody>

/** A valid envelope of a kind, or of a body version, that this node does not know: relayed and kept as it is. */
export interface OpaqueEnvelope {
  readonly v: 1
  readonly swarm: SwarmId
  readonly kind: string
  readonly author: PeerId
  readonly t: Seconds
  readonly body: unknown
  readonly ext?: Uint8Array
  readonly sig: Uint8Array
}

interface RecordOf<Type extends string, E> {
  /** `opaque` for what this version does not know; else the envelope's kind. */
  readonly type: Type
  readonly id: RecordId
  /** The full signed bytes, as they travel. */
  readonly bytes: Uint8Array
  readonly envelope: E
}

export type MemberRecord = RecordOf<'member', MemberEnvelope>
export type DigestRecord = RecordOf<'digest', DigestEnvelope>
export type AttestRecord = RecordOf<'attest', AttestEnvelope>
export type RetractRecord = RecordOf<'retract', RetractEnvelope>
export type OpaqueRecord = RecordOf<'opaque', OpaqueEnvelope>

/** Anything in the signed envelope, decoded and with its signature verified. What gossip and sync carry. */
export type SwarmRecord = MemberRecord | DigestRecord | AttestRecord | RetractRecord | OpaqueRecord

export type EntryKind = 'fact' | 'procedure' | 'pitfall' | 'preference'

/** A tool as an entry speaks of it: its name and the names of the arguments that matter. No values. */
export interface ToolMention {
  readonly name: string
  readonly arguments: readonly string[]
}

export interface EntryContext {
  readonly languages?: readonly string[]
  readonly frameworks?: readonly string[]
  readonly tools?: readonly ToolMention[]
  readonly versions?: readonly string[]
  readonly modelFamily?: string
}

/** On how much an entry rests, said by its author. An ask is one distinct task, however many runs it had. */
export interface Support {
  readonly episodes: number
  readonly asks: number
  readonly solved: number
  readonly unsolved: number
  readonly firstSeen: Day
  readonly lastSeen: Day
}

/** One distilled, reusable lesson. Its canonical dag-cbor bytes, at most 4 KiB, are one raw block named by its CID. */
export interface Entry {
  readonly v: 1
  readonly kind: EntryKind
  readonly domains: readonly string[]
  /** When does this apply: what recall matches. */
  readonly situation: string
  readonly insight: {
    readonly summary: string
    readonly detail: string
    readonly action: string
  }
  readonly context: EntryContext
  readonly support: Support
  readonly lineage: { readonly parents: readonly EntryCid[]; readonly method: string }
  readonly author: PeerId
  readonly created: Seconds
  readonly expires?: Day
  readonly supersedes?: EntryCid
}

/** Who may invite: the founder alone, or members whose chain to the founder is at most `depth` long. */
export type InvitePolicy = { readonly by: 'founder' } | { readonly by: 'members'; readonly depth: 1 | 2 | 3 }

/** What a swarm is, signed by its founder. The swarm id is the hash of it without `addresses` and signature. */
export interface Descriptor {
  readonly v: 1
  readonly name: string
  readonly founder: PeerId
  readonly visibility: 'private' | 'open'
  readonly invite: InvitePolicy
  readonly shards: number
  readonly nonce: Uint8Array
  readonly addresses: readonly string[]
  readonly sig: Uint8Array
}

/** One copyable string lets one or more nodes in. For a private swarm it carries the pre-shared key. */
export interface Invitation {
  readonly v: 1
  readonly descriptor: Descriptor
  readonly inviter: PeerId
  /** Multiaddrs at which the inviter, or a member that knows it, can be reached. */
  readonly addresses: readonly string[]
  readonly expires: Seconds
  readonly uses: number
  readonly nonce: Uint8Array
  /** Pre-shared key of a private swarm, 32 bytes. */
  readonly psk?: Uint8Array
  readonly sig: Uint8Array
}

/** A failure that was to be expected, as a value: a stable code, and a sentence that a person can act on. */
export interface Failure<Code extends string = string> {
  readonly ok: false
  readonly code: Code
  readonly message: string
}
export type Result<T, Code extends string = string> = { readonly ok: true; readonly value: T } | Failure<Code>
