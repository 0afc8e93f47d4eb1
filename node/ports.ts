/**
 * The ports of a node: time, chance, work, the network, blocks, the embedder and the distiller arrive from
 * outside. What stands behind them may be real or simulated; nothing in the node knows which.
 */

import type { Signed } from '../crypto/sign.ts'
import type {
  Descriptor,
  EntryCid,
  EntryContext,
  EntryKind,
  Failure,
  PeerId,
  SpaceId,
  SwarmId,
} from '../protocol/types.ts'
import type { Store } from '../store/ports.ts'

export type Stop = () => void

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Does the work with a signal that aborts after `ms`, or with its parent. Work that does not heed the signal is waited
   * for all the same. No timer stays behind once it is done.
   */
  within<T>(
    ms: number,
    parent: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>
}

export interface Random {
  bytes(length: number): Uint8Array
  /** A whole number in [0, n). */
  below(n: number): number
  /** An independent source, the same for the same label and seed. */
  fork(label: string): Random
}

/** Kinds of work that a virtual clock charges for; one unit is one item of the kind (one signature, one vector, …). */
export type Work =
  | 'verify'
  | 'sign'
  | 'decode'
  | 'hash'
  | 'embed'
  | 'scan'
  | 'index'
  | 'redact'
  | 'distil'
  | 'refine'

export interface Cpu {
  /** Charges `units` of work; returns a promise when it is time to let others run. Chunk loops by units, never by time. */
  spend(work: Work, units: number): void | Promise<void>
  /** Whether each holds, found out on other cores; absent where there are none. */
  readonly verifyAll?: (signatures: readonly Signed[]) => Promise<readonly boolean[]>
}

/** What a subscription handler answers. Only `reject` counts against the neighbour that sent the message. */
export type Verdict =
  | { readonly verdict: 'accept' }
  | { readonly verdict: 'ignore' | 'reject'; readonly reason: string }

export interface RequestOptions {
  readonly maxBytes: number
  readonly signal: AbortSignal
}

export interface ServeOptions {
  /** Largest request body that is read. */
  readonly maxBytes: number
  /** Requests of one peer that may run at once; more are refused. */
  readonly perPeer: number
}

/** Why an address did not lead to a peer; the adapter's `dial-failure.ts` says what each stands for. */
export type DialFailure =
  | 'refused'
  | 'silent'
  | 'no-such-name'
  | 'no-route'
  | 'no-websocket'
  | 'other-network'
  | 'other-node'
  | 'not-dialable'
  | 'failed'

/** How the search for the swarm stands. */
export interface SearchView {
  /** Whether nodes on the local network are sought, too. */
  readonly mdns: boolean
  /** One of each peer or nameless address that is dialled, and what came of it last; a few of them where there are many. */
  readonly dials: readonly { readonly address: string; readonly last: DialFailure | 'none' | 'connected' }[]
}

/** What a peer has signed of where it listens. */
export interface PeerRecord {
  readonly peer: PeerId
  /** Only what may be dialled on the word of whoever handed the record on. */
  readonly addresses: readonly string[]
}

/** Finding others, and what came of it. */
export interface Discovery {
  search(): SearchView
  /** What connected peers have signed of where they listen, as it may be handed on. */
  peerRecords(peers: readonly PeerId[]): Promise<readonly Uint8Array[]>
  /** Reads such a record that `from` handed on: undefined where its signature does not hold. Never rejects. */
  readPeerRecord(bytes: Uint8Array, from: PeerId): Promise<PeerRecord | undefined>
}

export interface Network {
  readonly self: PeerId
  /** Multiaddrs at which this node listens, with its peer id. */
  addresses(): readonly string[]
  peers(): readonly PeerId[]
  /** Multiaddrs at which a connected peer says it listens, with its peer id. */
  addressesOf(peer: PeerId): Promise<readonly string[]>
  onPeer(listener: (peer: PeerId, state: 'up' | 'down') => void): Stop
  dial(addresses: readonly string[], signal: AbortSignal): Promise<PeerId>
  disconnect(peer: PeerId, reason: string): Promise<void>
  /** Announces that this node can be found under the rendezvous key. */
  advertise(key: Uint8Array, signal: AbortSignal): Promise<void>
  discover(key: Uint8Array, signal: AbortSignal): AsyncIterable<readonly string[]>
  /** Resolves with the number of neighbours it went to; 0 when there was none. */
  publish(topic: string, bytes: Uint8Array): Promise<number>
  /** The handler must be quick (gossip waits for it) and never throws; an adapter treats a throw as `ignore`. */
  subscribe(topic: string, handler: (bytes: Uint8Array, from: PeerId) => Promise<Verdict>): Stop
  request(peer: PeerId, protocol: string, bytes: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  serve(
    protocol: string,
    options: ServeOptions,
    handler: (bytes: Uint8Array, from: PeerId, signal: AbortSignal) => Promise<Uint8Array>,
  ): Stop
  /**
   * `score`: the application's part of the gossip score: +5 trusted, −100 blocked, 0 else. Asked whenever scores are
   * computed. `isMember` decides, with it, who goes first when there are too many connections.
   */
  weigh(score: (peer: PeerId) => number, isMember: (peer: PeerId) => boolean): void
}

export interface Fetched {
  readonly bytes: Uint8Array
  readonly from: PeerId | undefined
  /** Providers that were asked, and did not deliver. */
  readonly failed: readonly PeerId[]
}

export interface FetchOptions {
  /** Whom to ask, best first; multiaddrs where a provider may not be connected. */
  readonly providers: readonly { readonly peer: PeerId; readonly addresses?: readonly string[] }[]
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** Content-addressed blocks of one swarm. A block is written with `store.batch`, never here: see `BlockSource`. */
export interface Blocks {
  /** Bytes verified against the CID and not stored. Rejects when no provider delivers before the signal aborts. */
  fetch(cid: EntryCid, options: FetchOptions): Promise<Fetched>
}

/** What the node serves to peers: the swarm's own blocks, out of the node's store. */
export interface BlockSource {
  get(cid: EntryCid): Uint8Array | undefined
  has(cid: EntryCid): boolean
  /** For a peer that asks: the same, after a moment where it is on its way here. */
  hasSoon(cid: EntryCid): boolean | Promise<boolean>
}

export interface SwarmLink {
  readonly network: Network
  readonly blocks: Blocks
  /** Absent where everybody is connected by whoever made the network, as in memory. */
  readonly discovery?: Discovery
  close(): Promise<void>
}

export interface SwarmOptions {
  readonly id: SwarmId
  readonly descriptor: Descriptor
  /** The Ed25519 seed of this node in this swarm, 32 bytes. */
  readonly seed: Uint8Array
  /** Pre-shared key of a private swarm, 32 bytes. */
  readonly psk?: Uint8Array
  /** Gossip topics of the swarm; others are not allowed. */
  readonly topics: readonly string[]
  readonly blocks: BlockSource
  /** Multiaddrs to dial at start. */
  readonly bootstrap: readonly string[]
  /** Synchronous, pure id of a gossip message, 20 bytes. */
  readonly messageId: (bytes: Uint8Array) => Uint8Array
  /** Addresses at which this swarm listened before, so that peers find it again after a restart. */
  readonly listen: readonly string[]
}

/** A network of its own for each swarm. Rejects when it cannot listen. */
export type OpenSwarm = (options: SwarmOptions) => Promise<SwarmLink>

export interface Embedder {
  readonly space: SpaceId
  readonly dimensions: number
  /** Unit vectors, in the order of the texts. A text's vector does not depend on its batch. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
}

export type EpisodeId = string

/** JSON as it stands in tool arguments. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** One exchange of the model with its world. Never leaves the node. */
export type Interaction =
  | { readonly type: 'message'; readonly role: 'system' | 'user' | 'assistant'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  /** `arguments` is undefined where the recorded text was not JSON; `text` is what was recorded. */
  | {
      readonly type: 'call'
      readonly id: string
      readonly tool: string
      readonly arguments: Json | undefined
      readonly text: string
    }
  | { readonly type: 'result'; readonly callId: string; readonly tool: string; readonly text: string }
  /** A sensor, an environment, a test run: name, value and, where known, the time in milliseconds. */
  | { readonly type: 'observation'; readonly name: string; readonly value: string; readonly at?: number }

/** How the episode ended, and who says so. No outcome, no advice: silence is not one. */
export interface Outcome {
  readonly solved: boolean
  readonly by: 'feedback' | 'reward' | 'exit-code' | 'test' | 'user'
}

/** The interactions of one task or session. Never leaves the node. */
export interface Episode {
  readonly id: EpisodeId
  /** The task id where given, else `text:` and a hash of the first user message: then the distiller finds runs alike. */
  readonly ask: string
  readonly source: string
  readonly model?: string
  readonly capturedAt: number
  readonly interactions: readonly Interaction[]
  readonly outcome?: Outcome
  /** The transcript tells of success and of failure, so that it has no outcome. */
  readonly contradictory?: true
  /** Lessons were handed out in it: how it ended says nothing of how tasks end here anyway. */
  readonly recalled?: true
}

declare const redacted: unique symbol
/** Made only by `pipeline/redact`: the only form of an episode that a distiller accepts. */
export type RedactedEpisode = Episode & { readonly [redacted]: true }

/** An episode on which a draft rests. */
export interface DraftSupport {
  readonly episode: EpisodeId
  readonly ask: string
  /** Undefined where the episode has no outcome. */
  readonly solved: boolean | undefined
}

/** A lesson as the distiller found it, before it is an entry. Drafts with the same key are the same lesson. */
export interface EntryDraft {
  readonly key: string
  /** Which pattern found it: becomes `lineage.method`. */
  readonly pattern: string
  readonly kind: EntryKind
  readonly domains: readonly string[]
  readonly situation: string
  readonly insight: { readonly summary: string; readonly detail: string; readonly action: string }
  readonly context: EntryContext
  readonly support: readonly DraftSupport[]
  /** Distinct asks that it must rest on before it may be shared; 1 where the evidence is direct (a confirmed answer). */
  readonly asksToShare: number
  /** It recommends what solved runs did: only asks with a solved run count towards `asksToShare`. */
  readonly needsSolved: boolean
  /** Its words are free text, which no rule has made: shared only once a person approved it, whatever the share mode. */
  readonly needsReview?: true
  /** A better supported lesson says the opposite, and nothing sets the two apart: shared only once a person approved it. */
  readonly isContradicted?: true
  /** It quotes what somebody wrote: it helps on this node, and is never shared, whatever the share mode or a review says. */
  readonly staysHere?: true
}

export interface Distiller {
  /** Name and version: drafts of another version are made again. */
  readonly id: string
  /**
   * Lessons in these episodes. The caller passes new episodes together with the earlier runs of the same asks;
   * the same episodes give the same drafts, in the same order.
   */
  distil(episodes: readonly RedactedEpisode[], signal: AbortSignal): Promise<readonly EntryDraft[]>
  /** The part that asks nobody outside this node, where there is another: a preview goes no further. */
  readonly local?: Distiller
  /** How the language model behind it does, where there is one. */
  llm?(): LlmStatus
  /** When it may find more in episodes that it was given before, in milliseconds; undefined where none wait for that. */
  dueAt?(): number | undefined
}

/** A question to a language model that somebody else may run: only redacted text may be in it. */
export interface LlmRequest {
  readonly system: string
  readonly user: string
  /** The JSON schema that the answer's text must obey. A model may break it all the same. */
  readonly schema: { readonly [key: string]: unknown }
  readonly answerTokensMax: number
}

export interface LlmReply {
  /** What the model wrote: hostile text. */
  readonly text: string
  /** Tokens of question and answer, where the endpoint says. */
  readonly tokens: number | undefined
}

export type LlmCode =
  | 'llm-unreachable'
  | 'llm-too-slow'
  | 'llm-unauthorized'
  | 'llm-busy'
  | 'llm-failed'
  | 'llm-refused'
  | 'llm-redirected'
  | 'llm-declined'
  | 'llm-answer-too-large'
  | 'llm-answer-malformed'
  | 'llm-answer-cut'
  | 'llm-answer-invalid'
  | 'llm-budget-spent'

/** `retryAfterMs`: what it said of how long it is not to be asked. */
export type LlmFailure = Failure<LlmCode> & { readonly retryAfterMs?: number }

export interface Llm {
  readonly model: string
  /** The base URL at which it is asked. Holds no secret. */
  readonly url: string
  /** Ends soon after the signal aborts. No message of a failure holds the key, the question or what was answered. */
  ask(
    request: LlmRequest,
    signal: AbortSignal,
  ): Promise<{ readonly ok: true; readonly value: LlmReply } | LlmFailure>
}

export interface LlmStatus {
  readonly model: string
  readonly url: string
  readonly requestsToday: number
  readonly requestsPerDay: number
  readonly tokensToday: number
  readonly tokensPerDay: number
  /** Runs with an outcome that it has not been asked about yet. */
  readonly waiting: number
  /** How the last request went; absent before the first one. */
  readonly last?: {
    /** Milliseconds. */
    readonly at: number
    /** An `LlmCode`; absent where it went well. */
    readonly code?: string
    readonly message: string
  }
}

export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly cpu: Cpu
  readonly store: Store
  readonly embedder: Embedder
  readonly distiller: Distiller
  readonly openSwarm: OpenSwarm
  /** The node's own 32-byte seed; swarm keys are derived from it. */
  readonly seed: Uint8Array
  readonly log: Log
}

/** One line of the node's diary, for `status`, events and the log file. No content of interactions. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void
