/**
 * A node that keeps a few things in memory, for tests of the surfaces alone: what goes in and out of HTTP and
 * the command line, without libp2p, Level and the model. It answers with failures where the real one would.
 */

import type {
  EntryView,
  NodeEvent,
  OwnerWord,
  PeerDetail,
  SwarmloreNode,
  SwarmView,
} from '../../../../node/api.ts'
import type { Episode } from '../../../../node/ports.ts'
import type { EntryCid, PeerId, Result, SpaceId, SwarmId } from '../../../../protocol/types.ts'

const self = `did:key:z6Mk${'a'.repeat(44)}` as PeerId
export const friend = `did:key:z6Mk${'b'.repeat(43)}X` as PeerId
const stranger = `did:key:z6Mk${'b'.repeat(43)}Y` as PeerId
const swarm = '5'.repeat(64) as SwarmId

/** Different for the numbers 0 to 25. */
export function cidOf(number: number): EntryCid {
  return `bafkrei${String.fromCharCode(97 + number).repeat(52)}` as EntryCid
}

const noEvidence = { helped: 0, hurt: 0 }

function entryView(number: number): EntryView {
  return {
    cid: cidOf(number),
    swarm,
    entry: {
      v: 1,
      kind: 'pitfall',
      domains: ['shop'],
      situation: `issue_refund: not delivered yet (${number})`,
      insight: { summary: 'Refunds are refused before delivery.', detail: '', action: 'Cancel the order.' },
      context: { tools: [{ name: 'issue_refund', arguments: ['order'] }] },
      support: { episodes: 3, asks: 2, solved: 2, unsolved: 1, firstSeen: 20_000, lastSeen: 20_001 },
      lineage: { parents: [], method: 'other-tool' },
      author: friend,
      created: 1_780_000_000,
    },
    size: 400,
    tier: 'trusted',
    status: 'received',
    receivedAt: 1_780_000_000_000,
    evidence: noEvidence,
  }
}

const swarmView: SwarmView = {
  id: swarm,
  name: 'home',
  visibility: 'private',
  founder: self,
  self,
  invite: { by: 'founder' },
  share: 'verified',
  members: 2,
  peers: 1,
  records: 5,
  entries: 2,
  addresses: ['/ip4/127.0.0.1/tcp/4501'],
}

function missing(code: string, message: string): Result<never> {
  return { ok: false, code, message }
}

export class FakeNode implements SwarmloreNode {
  readonly captured = new Map<string, Episode>()
  readonly keys = new Map<string, string>()
  readonly listeners = new Set<(event: NodeEvent) => void>()
  readonly words = new Map<PeerId, OwnerWord>()
  readonly stored = new Map<EntryCid, EntryView>([1, 2].map(number => [cidOf(number), entryView(number)]))
  started = false
  stopped = false
  /** What the next call of `status` throws. */
  broken: Error | undefined

  async start(): Promise<void> {
    this.started = true
  }
  async readBack(): Promise<void> {}
  async stop(): Promise<void> {
    this.stopped = true
  }
  emit(event: NodeEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  async capture(transcript: unknown, options: { readonly idempotencyKey?: string } = {}) {
    if (typeof transcript !== 'object' || transcript === null || !('messages' in transcript)) {
      return missing('unknown-format', 'No known transcript format.')
    }
    const text = JSON.stringify(transcript)
    const id =
      (options.idempotencyKey && this.keys.get(options.idempotencyKey)) ??
      `e${text.length}-${text.slice(-40)}`
    const known = this.captured.has(id)
    if (options.idempotencyKey !== undefined) this.keys.set(options.idempotencyKey, id)
    this.captured.set(id, {
      id,
      ask: 'ask',
      source: 'test',
      capturedAt: 1_780_000_000_000,
      interactions: [
        { type: 'message', role: 'user', text: 'refund please' },
        { type: 'call', id: 'c1', tool: 'issue_refund', arguments: { order: '#1' }, text: '{"order":"#1"}' },
        { type: 'result', callId: 'c1', tool: 'issue_refund', text: 'not delivered yet' },
      ],
      outcome: { solved: true, by: 'reward' },
    })
    return { ok: true as const, value: { episode: id, known } }
  }
  async distil() {
    const local: Readonly<Record<string, number>> = { 'one ask alone': 1 }
    return {
      episodes: this.captured.size,
      drafts: 2,
      newDrafts: 1,
      published: 1,
      heldOver: 0,
      local,
    }
  }
  async preview(transcripts: readonly unknown[]) {
    const { cid, entry } = entryView(1)
    const runs = [{ episode: 'e1', ask: 'runs.jsonl/7', solved: true }]
    const draft = { key: 'k', pattern: 'other-tool', entry, cid, bytes: Uint8Array.of(1, 2, 255), runs }
    const heldBack = { code: 'too-few-asks', message: 'It rests on one ask alone.' }
    const episodes = transcripts.map((_, transcript) => ({ transcript, episode: `e${transcript + 1}` }))
    return {
      drafts: [draft, { ...draft, heldBack }],
      episodes: episodes.slice(0, 5),
      failures: episodes
        .slice(5)
        .map(({ transcript }) => ({ transcript, code: 'unknown-format', message: 'No.' })),
    }
  }
  async episodes(_cursor?: string, limit = 100) {
    const items = [...this.captured.values()].map(episode => ({
      ...episode,
      interactions: episode.interactions.length,
    }))
    return { items: items.slice(0, limit), ...(items.length > limit && { next: 'more' }) }
  }
  async episode(id: string) {
    const found = this.captured.get(id)
    return found
      ? { ok: true as const, value: { ...found, entries: [cidOf(1)] } }
      : missing('unknown-episode', `There is no episode ${id}.`)
  }
  async forget(id: string) {
    return this.captured.delete(id)
      ? { ok: true as const, value: { dropped: 1, retracted: 0 } }
      : missing('unknown-episode', `There is no episode ${id}.`)
  }
  async forgetBefore(time: number) {
    const old = [...this.captured.values()].filter(episode => episode.capturedAt < time)
    for (const { id } of old) this.captured.delete(id)
    return { ok: true as const, value: { episodes: old.length, dropped: old.length, retracted: 0 } }
  }
  async outcome(id: string) {
    return { ok: true as const, value: { episode: id, known: true } }
  }

  async recallOutcome() {
    return { ok: true as const, value: { counted: false } }
  }
  async recall(request: { readonly query?: string }) {
    const { cid, entry } = entryView(1)
    const item = {
      cid,
      swarm,
      kind: entry.kind,
      situation: entry.situation,
      insight: entry.insight,
      author: friend,
      tier: 'trusted' as const,
      trust: 0.8,
      evidence: noEvidence,
      support: entry.support,
      score: 0.7,
      why: ['The tool issue_refund is named.'],
      alternatives: [cidOf(2)],
      corroboratedBy: [],
      independent: 0,
    }
    const held = {
      author: stranger,
      entries: 2,
      reason: 'stranger' as const,
      command: 'swarmlore trust pin Y',
    }
    return {
      recallId: 'r-1',
      items: request.query === 'nothing' ? [] : [item],
      prompt: request.query === 'nothing' ? '' : '<lessons>\nCancel the order.\n</lessons>',
      heldBack: [held],
      withheld: false,
      tookMs: 3,
    }
  }
  async feedback(recallId: string, _outcome: 'helped' | 'hurt' | 'unused', item: EntryCid = cidOf(1)) {
    if (recallId !== 'r-1') return missing('unknown-recall', `There is no recall ${recallId}.`)
    return { ok: true as const, value: { counted: [{ cid: item, author: friend, trust: 0.85 }] } }
  }

  async entries(filter: { readonly status?: string }) {
    const all = [...this.stored.values()]
    return { items: all.filter(view => filter.status === undefined || view.status === filter.status) }
  }
  async entry(cid: EntryCid) {
    const view = this.stored.get(cid)
    const episodes: readonly string[] = []
    return view
      ? { ok: true as const, value: { ...view, episodes, alternatives: [cidOf(2)], corroboratedBy: [] } }
      : missing('unknown-entry', `There is no entry ${cid} here.`)
  }
  async addEntry() {
    const view: EntryView = { ...entryView(3), status: 'shared', tier: 'own' }
    this.stored.set(view.cid, view)
    return { ok: true as const, value: view }
  }
  async retract(cid: EntryCid) {
    return this.stored.delete(cid)
      ? { ok: true as const, value: { swarms: 1 } }
      : missing('unknown-entry', `There is no entry ${cid} here.`)
  }
  async retractBefore(before: number) {
    const old = [...this.stored.values()].filter(view => view.entry.created < before)
    for (const { cid } of old) this.stored.delete(cid)
    return { ok: true as const, value: { swarms: 1, entries: old.length } }
  }
  async review(cid: EntryCid) {
    const view = this.stored.get(cid)
    return view
      ? { ok: true as const, value: view }
      : missing('unknown-entry', `There is no entry ${cid} here.`)
  }

  async peers() {
    return [friend, stranger].map(peer => this.#peer(peer))
  }
  async peer(id: PeerId) {
    return { ok: true as const, value: this.#peer(id) }
  }
  async setTrust(id: PeerId, word: Partial<OwnerWord> | undefined) {
    if (word === undefined) this.words.delete(id)
    else this.words.set(id, { pinned: false, blocked: false, ...this.words.get(id), ...word })
    return { ok: true as const, value: this.#peer(id) }
  }
  #peer(peer: PeerId): PeerDetail {
    return {
      peer,
      swarm,
      connected: peer === friend,
      member: true,
      invitedBy: self,
      tier: 'trusted',
      trust: 0.8,
      uncertainty: 0.1,
      evidence: noEvidence,
      word: this.words.get(peer) ?? { pinned: false, blocked: false },
      entries: 1,
      why: ['You invited this peer.'],
      influence: 0.25,
      behind: peer,
      attested: { helped: 0.5, hurt: 0 },
      reasons: [
        { about: 'word', text: 'You have said nothing about it.', details: [] },
        { about: 'vouching', text: 'Influence 0.25.', details: ['You vouch for it with 0.75.'] },
        { about: 'tier', text: 'So it is trusted. You invited this peer.', details: [] },
      ],
    }
  }

  swarms() {
    return [swarmView]
  }
  async invite() {
    return { ok: true as const, value: { text: 'swarmlore1invitation', invite: this.#invite(false) } }
  }
  async invites() {
    return [this.#invite(false)]
  }
  async revokeInvite(id: string) {
    return id === 'i1'
      ? { ok: true as const, value: this.#invite(true) }
      : missing('unknown-invite', `There is no invitation ${id}.`)
  }
  #invite(revoked: boolean) {
    return {
      id: 'i1',
      swarm,
      createdAt: 1_780_000_000_000,
      expires: 1_790_000_000,
      uses: 1,
      used: 0,
      revoked,
    }
  }
  async join(invitation: string) {
    return invitation === 'swarmlore1invitation'
      ? { ok: true as const, value: swarmView }
      : missing('bad-invitation', 'This is no invitation.')
  }

  status() {
    if (this.broken !== undefined) throw this.broken
    return {
      startedAt: 1_780_000_000_000,
      now: 1_780_000_001_000,
      swarms: [swarmView],
      episodes: { stored: this.captured.size, waiting: 0 },
      entries: {
        own: 0,
        received: 2,
        quarantined: 0,
        capacity: 100_000,
        bytes: 2_600,
        capacityBytes: 268_435_456,
        evicted: 0,
      },
      fetch: { waiting: 0, failed: 0 },
      rejected: { 'bad-signature': 1 },
      recalls: 0,
      worth: {
        share: 0.1,
        days: 30,
        given: { solved: 50, failed: 20 },
        withheld: { solved: 5, failed: 5 },
        difference: 0.214,
        low: -0.03,
        high: 0.401,
      },
      embedder: { space: 'f'.repeat(64) as SpaceId, dimensions: 384 },
      distiller: 'default/1',
    }
  }
  async doctor() {
    return [
      { level: 'ok' as const, check: 'clock', message: 'The clock agrees with the peers.' },
      { level: 'warn' as const, check: 'peers', message: 'No peer is connected.' },
    ]
  }
  onEvent(listener: (event: NodeEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
