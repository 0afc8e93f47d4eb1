/**
 * What a node can do, as types: the methods that the operations table, the library and the tests call.
 * `createNode` returns this. Times are milliseconds, trust and scores lie between 0 and 1.
 */

import type { Entry, EntryCid, EntryKind, InvitePolicy, PeerId, Result, SwarmId } from '../protocol/types.ts'
import type { DialFailure, Episode, EpisodeId, LlmStatus, Outcome } from './ports.ts'

/** Whether an entry may reach a prompt. `corroborated` is said of entries only, never of peers. */
export type Tier = 'own' | 'trusted' | 'corroborated' | 'quarantined'

export interface Captured {
  readonly episode: EpisodeId
  /** The same episode, or the same idempotency key, was captured before. */
  readonly known: boolean
}

export interface EpisodeSummary extends Omit<Episode, 'interactions'> {
  /** How many there are. */
  readonly interactions: number
}

export interface DistilReport {
  readonly episodes: number
  /** Drafts found in these episodes; a repeat adds support to the draft that stands. */
  readonly drafts: number
  readonly newDrafts: number
  /** Entries announced to swarms by this run. */
  readonly published: number
  /** Drafts that wait for a quiet moment: so many came at once. */
  readonly heldOver: number
  /** Drafts that stand, and are not shared, by reason. */
  readonly local: Readonly<Record<string, number>>
}

/** What was forgotten with episodes. */
export interface Forgotten {
  /** Lessons that rested on them alone. */
  readonly dropped: number
  /** Their entries that were shared, and are retracted. */
  readonly retracted: number
}

export interface DraftView {
  /** What the lesson says, in parts: drafts with the same key are the same lesson. */
  readonly key: string
  readonly pattern: string
  readonly entry: Entry
  readonly cid: EntryCid
  readonly bytes: Uint8Array
  /** The runs behind it, each with the ask for which it counts. */
  readonly runs: readonly { readonly episode: EpisodeId; readonly ask: string; readonly solved?: boolean }[]
  /** Why it would stay on this node; undefined when it would be shared. */
  readonly heldBack?: { readonly code: string; readonly message: string }
}

/** Transcripts are named by their place in what was given, from 0. */
export interface DistilPreview {
  readonly drafts: readonly DraftView[]
  /** Those that could be read. The same run given twice is one episode. */
  readonly episodes: readonly {
    readonly transcript: number
    readonly episode: EpisodeId
    readonly solved?: boolean
    /** The transcript tells of success and of failure: its outcome is unknown. */
    readonly contradictory?: true
  }[]
  /** Transcripts that could not be read, and lessons (then without a place) that fit into no entry. */
  readonly failures: readonly {
    readonly transcript?: number
    readonly code: string
    readonly message: string
  }[]
}

export interface RecallRequest {
  readonly query?: string
  /** The tool call about to be made: a name, and the arguments as JSON text. */
  readonly pendingCall?: { readonly tool: string; readonly arguments?: string }
  readonly lastError?: string
  /** Names of the tools on offer: lessons about other tools are left out. */
  readonly tools?: readonly string[]
  readonly limit?: number
  readonly tokenBudget?: number
  readonly timeBudgetMs?: number
  /** False where it is for no model: then it is never withheld to compare. */
  readonly control?: boolean
}

export interface RecallItem {
  readonly cid: EntryCid
  readonly swarm: SwarmId
  readonly kind: EntryKind
  readonly situation: string
  readonly insight: Entry['insight']
  readonly author: PeerId
  readonly tier: Tier
  readonly trust: number
  readonly evidence: { readonly helped: number; readonly hurt: number }
  readonly support: Entry['support']
  readonly score: number
  /** Sentences: what matched, and whose word it is. */
  readonly why: readonly string[]
  /** Other entries for the same situation that say something else. */
  readonly alternatives: readonly EntryCid[]
  /** Authors that say the same. */
  readonly corroboratedBy: readonly PeerId[]
  /** How many of them are independent of its author and of each other: no voucher but this node stands behind two. */
  readonly independent: number
}

export interface HeldBack {
  readonly author: PeerId
  readonly entries: number
  readonly reason: 'stranger' | 'blocked'
  /** The command that would let this author in. */
  readonly command: string
}

export interface RecallResult {
  readonly recallId: string
  readonly items: readonly RecallItem[]
  /** The block for the model: data only, delimited, with provenance beside each item. Empty when nothing helps. */
  readonly prompt: string
  readonly heldBack: readonly HeldBack[]
  /** Something was found, and withheld to see how the task ends without it. */
  readonly withheld: boolean
  readonly tookMs: number
}

export type FeedbackOutcome = 'helped' | 'hurt' | 'unused'

export interface FeedbackReport {
  readonly counted: readonly { readonly cid: EntryCid; readonly author: PeerId; readonly trust: number }[]
}

/** What recall is worth on this node. Shares lie between 0 and 1; they are absent while one side has no outcome. */
export interface Worth {
  /** Of the recalls, how many are withheld to compare. */
  readonly share: number
  /** Outcomes older than so many days do not count. */
  readonly days: number
  /** Tasks of recalls that were handed out. */
  readonly given: { readonly solved: number; readonly failed: number }
  readonly withheld: { readonly solved: number; readonly failed: number }
  /** The share that was solved with recall, less the share without. */
  readonly difference?: number
  /** Between these two it lies 95 times of 100. */
  readonly low?: number
  readonly high?: number
}

export type EntryStatus = 'local' | 'review' | 'shared' | 'received'

export interface EntryView {
  readonly cid: EntryCid
  readonly swarm: SwarmId
  readonly entry: Entry
  readonly size: number
  readonly tier: Tier
  readonly status: EntryStatus
  /** Why an own entry is not shared. */
  readonly heldBack?: string
  readonly receivedAt: number
  readonly evidence: { readonly helped: number; readonly hurt: number }
}

export interface EntryDetail extends EntryView {
  /** Episodes of this node that it came from. */
  readonly episodes: readonly EpisodeId[]
  readonly alternatives: readonly EntryCid[]
  /** Present where an alternative did clearly better here (contested), or its outcomes alone speak against it (refuted). */
  readonly standing?: 'contested' | 'refuted'
  /** What recall merges into one with it, itself included; absent where it stands alone. */
  readonly merged?: readonly EntryCid[]
  readonly corroboratedBy: readonly PeerId[]
}

/** What one word took back. */
export interface RetractedBefore {
  /** Swarms that were told. */
  readonly swarms: number
  /** Own entries that are here no more, shared or not. */
  readonly entries: number
}

export interface EntryFilter {
  readonly status?: EntryStatus
  readonly author?: PeerId
  readonly domain?: string
  readonly text?: string
  readonly swarm?: SwarmId
  readonly cursor?: string
  readonly limit?: number
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}

export interface NewEntry {
  readonly kind: EntryKind
  readonly domains: readonly string[]
  readonly situation: string
  readonly insight: { readonly summary: string; readonly detail?: string; readonly action: string }
  readonly tools?: readonly { readonly name: string; readonly arguments?: readonly string[] }[]
  readonly swarm?: SwarmId
}

export type ShareMode = 'verified' | 'reviewed' | 'all' | 'none'

/** Why a node is on its own in a swarm, and what to do about it. */
export interface Alone {
  readonly reason:
    | 'not-a-member'
    | 'membership-over'
    | 'clock-behind'
    | 'nobody-else'
    | 'no-address'
    | 'searching'
    | DialFailure
  readonly message: string
}

export interface SwarmView {
  readonly id: SwarmId
  readonly name: string
  readonly visibility: 'private' | 'open'
  readonly founder: PeerId
  readonly self: PeerId
  readonly invite: InvitePolicy
  readonly share: ShareMode
  readonly members: number
  readonly peers: number
  readonly records: number
  readonly entries: number
  readonly addresses: readonly string[]
  /** When this node's membership runs out, unless it is renewed; absent for a founder, and for who is no member. */
  readonly memberUntil?: number
  /** Records under this node's own key that peers brought since it was loaded, and that it did not have; absent for none. */
  readonly signedElsewhere?: number
  /** Absent where the node runs and is connected as it should be. */
  readonly alone?: Alone
}

export interface InviteView {
  readonly id: string
  readonly swarm: SwarmId
  readonly createdAt: number
  readonly expires: number
  readonly uses: number
  readonly used: number
  readonly revoked: boolean
}

export interface OwnerWord {
  readonly pinned: boolean
  readonly blocked: boolean
  /** Entries created at or after this time (seconds) are blocked; all when it is absent. */
  readonly blockedSince?: number
  readonly trust?: number
}

export interface PeerView {
  readonly peer: PeerId
  readonly swarm: SwarmId
  readonly connected: boolean
  readonly member: boolean
  readonly invitedBy?: PeerId
  readonly tier: Tier
  /** The opinion E of this peer as an author. */
  readonly trust: number
  /** Half the width of the opinion's uncertainty. */
  readonly uncertainty: number
  /** How much its word on others weighs here, where this node has 1; 0 when nobody with influence vouches for it. */
  readonly influence: number
  /** The peer next to this node through which all vouching for it passes, perhaps itself. */
  readonly behind?: PeerId
  readonly evidence: { readonly helped: number; readonly hurt: number }
  /** What members attest of it, each word times its influence. */
  readonly attested: { readonly helped: number; readonly hurt: number }
  readonly word: OwnerWord
  readonly entries: number
  /** Sentences: why this tier. */
  readonly why: readonly string[]
  /** Their clock minus ours, where they told. */
  readonly clockOffsetMs?: number
}

/** One part of the answer to why a peer's word weighs what it weighs, and what it rests on. */
export interface TrustReason {
  readonly about: 'word' | 'experience' | 'vouching' | 'attestations' | 'tier'
  readonly text: string
  readonly details: readonly string[]
}

export interface PeerDetail extends PeerView {
  readonly reasons: readonly TrustReason[]
}

export interface NodeStatus {
  readonly startedAt: number
  readonly now: number
  readonly swarms: readonly SwarmView[]
  readonly episodes: { readonly stored: number; readonly waiting: number }
  readonly entries: {
    readonly own: number
    readonly received: number
    readonly quarantined: number
    readonly capacity: number
    /** Of the blocks of all kept entries. */
    readonly bytes: number
    readonly capacityBytes: number
    /** Entries of peers that had to go since the start. */
    readonly evicted: number
  }
  readonly fetch: { readonly waiting: number; readonly failed: number }
  readonly rejected: Readonly<Record<string, number>>
  readonly recalls: number
  /** Absent where no recall is or was withheld. */
  readonly worth?: Worth
  readonly embedder: { readonly space: string; readonly dimensions: number }
  readonly distiller: string
  /** The language model that is asked for lessons, too; absent where none is. */
  readonly llm?: LlmStatus
}

/** Something of which a person may want to know, with the way to mend it. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'error'
  readonly check: string
  readonly message: string
}

export type NodeEvent =
  | { readonly type: 'episode'; readonly episode: EpisodeId }
  | { readonly type: 'entry'; readonly cid: EntryCid; readonly author: PeerId; readonly own: boolean }
  | { readonly type: 'retracted'; readonly cid: EntryCid; readonly author: PeerId }
  | { readonly type: 'evicted'; readonly cid: EntryCid }
  | { readonly type: 'peer'; readonly peer: PeerId; readonly state: 'up' | 'down' | 'member' }
  | { readonly type: 'trust'; readonly peer: PeerId; readonly tier: Tier; readonly trust: number }

export interface SwarmloreNode {
  /** Opens the swarms. Everything else works before it, too, on what is stored. */
  start(): Promise<void>
  /** Resolves when all that is kept was read: a node with a large store starts before it has read every word. */
  readBack(): Promise<void>
  /** Waits for work under way, closes swarms and the store. */
  stop(): Promise<void>

  capture(transcript: unknown, options?: { readonly idempotencyKey?: string }): Promise<Result<Captured>>
  /** Distils every episode that waits, and publishes what the sharing rules allow. */
  distil(): Promise<DistilReport>
  /** What would come out of these transcripts: nothing is stored. */
  preview(transcripts: readonly unknown[]): Promise<DistilPreview>
  episodes(cursor?: string, limit?: number): Promise<Page<EpisodeSummary>>
  episode(id: EpisodeId): Promise<Result<Episode & { readonly entries: readonly EntryCid[] }>>
  forget(id: EpisodeId): Promise<Result<Forgotten>>
  /** All episodes captured before this time (milliseconds). */
  forgetBefore(time: number): Promise<Result<Forgotten & { readonly episodes: number }>>
  outcome(id: EpisodeId, outcome: Outcome): Promise<Result<Captured>>

  recall(request: RecallRequest): Promise<RecallResult>
  feedback(recallId: string, outcome: FeedbackOutcome, item?: EntryCid): Promise<Result<FeedbackReport>>

  /** How the task of a recall ended: counts where recalls are withheld to compare, and tells of no lesson. */
  recallOutcome(recallId: string, solved: boolean): Promise<Result<{ readonly counted: boolean }>>

  entries(filter: EntryFilter): Promise<Page<EntryView>>
  entry(cid: EntryCid): Promise<Result<EntryDetail>>
  addEntry(entry: NewEntry): Promise<Result<EntryView>>
  retract(cid: EntryCid): Promise<Result<{ readonly swarms: number }>>
  /** All of this node's own entries created before this time (seconds), in every swarm. */
  retractBefore(before: number): Promise<Result<RetractedBefore>>
  review(cid: EntryCid, verdict: 'approve' | 'reject'): Promise<Result<EntryView>>

  peers(): Promise<readonly PeerView[]>
  peer(id: PeerId): Promise<Result<PeerDetail>>
  setTrust(id: PeerId, word: Partial<OwnerWord> | undefined): Promise<Result<PeerDetail>>

  swarms(): readonly SwarmView[]
  invite(options: {
    swarm?: SwarmId
    uses?: number
    expiresInS?: number
  }): Promise<Result<{ readonly text: string; readonly invite: InviteView }>>
  invites(): Promise<readonly InviteView[]>
  revokeInvite(id: string): Promise<Result<InviteView>>
  join(invitation: string): Promise<Result<SwarmView>>

  status(): NodeStatus
  doctor(): Promise<readonly Finding[]>
  onEvent(listener: (event: NodeEvent) => void): () => void
}
