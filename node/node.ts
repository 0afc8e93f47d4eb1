/**
 * A node: its ports and its settings in, what it can do out. It ties the parts of `core/` together, and decides
 * what happens when a swarm has news; nothing here knows whether time, network and disk are real.
 */

import { secondsPerDay } from '../protocol/body.ts'
import { embeddingText } from '../protocol/entry-text.ts'
import { hamming, sketchOf } from '../protocol/sketch.ts'
import { decodeDescriptor } from '../protocol/swarm.ts'
import type { Day, Descriptor, DigestRecord, Entry, EntryCid, PeerId, Result } from '../protocol/types.ts'
import { type EpisodeHead, episodeCursor, listEpisodes } from '../store/episodes.ts'
import { Evidence } from '../store/evidence.ts'
import type { StoreOp } from '../store/ports.ts'
import { allSwarms, removeSwarmOps, type StoredSwarm } from '../store/swarms.ts'
import { allWords } from '../store/words.ts'
import type { EpisodeSummary, NodeEvent, NodeStatus, SwarmloreNode, SwarmView } from './api.ts'
import type { NodeConfig } from './config.ts'
import { Answering } from './core/answering.ts'
import { Catalogue } from './core/catalogue.ts'
import { examine } from './core/doctor.ts'
import { foundSwarm, Joining } from './core/joining.ts'
import { KeptSet } from './core/kept-set.ts'
import { Learning } from './core/learning.ts'
import { Owner } from './core/owner.ts'
import { Publishing } from './core/publishing.ts'
import { Swarm, type SwarmEvents } from './core/swarm.ts'
import type { Wanted } from './pipeline/fetch.ts'
import { type RedactionRules, redactionRules } from './pipeline/redact.ts'
import { type KeptFacts, leastUseful, usefulness } from './pipeline/refine.ts'
import type { Outcome, Ports } from './ports.ts'
import { createQueue, type Queue } from './queue.ts'
import { Authors } from './trust/authors.ts'

/** Reads what is stored. Fails with a sentence when a setting cannot be used; throws when the store cannot be read. */
export async function createNode(
  ports: Ports,
  config: NodeConfig,
): Promise<Result<SwarmloreNode, 'bad-redact-rule'>> {
  const rules = redactionRules(config)
  if (!rules.ok) return rules
  return { ok: true, value: await LocalNode.load(ports, config, rules.value) }
}

/** Of the capacity, what strangers may fill all together (protocol.md, "Two sets"). */
const strangersShare = 0.1
/** When room must be made, this share of the capacity is freed at once, so that the work is done rarely. */
const evictShare = 0.02
/** Entries embedded in one call when many arrive. */
const embedBatch = 32
const tickMs = 600_000
/** Bits in which sketches of one text may differ between processors (protocol.md, "Records"). */
const sketchToleranceBits = 8

class LocalNode implements SwarmloreNode {
  readonly #ports: Ports
  readonly #config: NodeConfig
  readonly #kept: KeptSet
  readonly #evidence: Evidence
  readonly #authors: Authors
  readonly #publishing: Publishing
  readonly #learning: Learning
  readonly #answering: Answering
  readonly #owner: Owner
  readonly #joining: Joining
  readonly #catalogue: Catalogue
  readonly #swarms: Swarm[] = []
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  readonly #rejected = new Map<string, number>()
  readonly #embedQueue: Queue<EntryCid>
  readonly #sketches = new Map<EntryCid, DigestRecord>()
  readonly #stopping = new AbortController()
  readonly #startedAt: number
  #started = false
  #ticking: Promise<void> = Promise.resolve()
  #makingRoom: Promise<void> = Promise.resolve()
  /** Usefulness of the best entry that had to go: what is worth no more is not fetched while there is no room. */
  #evictedBelow = 0

  private constructor(ports: Ports, config: NodeConfig, rules: RedactionRules, stored: StoredState) {
    this.#ports = ports
    this.#config = config
    this.#kept = stored.kept
    this.#evidence = stored.evidence
    this.#startedAt = ports.clock.now()
    const swarms = (): readonly Swarm[] => this.#swarms
    const emit = (event: NodeEvent): void => this.#emit(event)
    this.#authors = new Authors(stored.words, {
      hurtWeight: config.hurtWeight,
      countsOf: (author, today) => stored.evidence.ofAuthor(author, today),
      today: () => this.#today(),
    })
    const shared = {
      ports,
      config,
      kept: stored.kept,
      evidence: stored.evidence,
      authors: this.#authors,
      swarms,
      emit,
    }
    this.#publishing = new Publishing({ ...shared, onKept: () => this.#makeRoom() })
    const { retentionDays } = config
    this.#learning = new Learning({ ...shared, rules, retentionDays, publishing: this.#publishing })
    this.#answering = new Answering(shared)
    this.#owner = new Owner(shared)
    this.#joining = new Joining({
      ports,
      swarms,
      open: async (found, descriptor) => {
        const swarm = await this.#add(found, descriptor)
        await swarm.open()
        return swarm
      },
      drop: swarm => this.#drop(swarm),
    })
    this.#catalogue = new Catalogue({
      ...shared,
      clock: ports.clock,
      learning: this.#learning,
      publishing: this.#publishing,
      answering: this.#answering,
    })
    this.#embedQueue = createQueue<EntryCid>({
      limit: config.capacityEntries,
      workers: 1,
      run: cid => this.#embed(cid),
      onError: (cause, cid) =>
        ports.log('error', 'An entry could not be embedded; it is found by its words.', {
          cid,
          cause: String(cause),
        }),
    })
  }

  static async load(ports: Ports, config: NodeConfig, rules: RedactionRules): Promise<LocalNode> {
    const { cpu, embedder, store } = ports
    const { kept, withoutVector } = await KeptSet.load(store, embedder.space, embedder.dimensions, units =>
      cpu.spend('index', units),
    )
    const node = new LocalNode(ports, config, rules, {
      kept,
      evidence: await Evidence.load(store),
      words: await allWords(store),
    })
    await node.#learning.load()
    const stored = await allSwarms(store)
    if (stored.length === 0) stored.push(await foundSwarm(ports))
    for (const swarm of stored) {
      const descriptor = decodeDescriptor(swarm.descriptor)
      if (!descriptor.ok) throw new TypeError(`a stored swarm cannot be read: ${descriptor.message}`)
      await node.#add(swarm, descriptor.value)
    }
    await node.#rememberEvicted()
    for (const cid of withoutVector) node.#embedQueue.push(cid)
    return node
  }

  async start(): Promise<void> {
    for (const swarm of this.#swarms) await swarm.open()
    this.#started = true
    this.#learning.start()
    this.#ticking = this.#tick()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#learning.close()
    for (const swarm of this.#swarms) await swarm.close()
    await this.#embedQueue.close()
    await this.#answering.close()
    await this.#ticking
    await this.#ports.store.close()
  }

  capture: SwarmloreNode['capture'] = (transcript, options = {}) =>
    this.#learning.capture(transcript, options.idempotencyKey)
  distil: SwarmloreNode['distil'] = () => this.#learning.distil()
  preview: SwarmloreNode['preview'] = transcripts => this.#learning.preview(transcripts)
  forget: SwarmloreNode['forget'] = id => this.#learning.forget(id)
  outcome: SwarmloreNode['outcome'] = (id, outcome) => this.#learning.outcome(id, outcome)

  episodes: SwarmloreNode['episodes'] = async (cursor, limit = 50) => {
    const heads = (await listEpisodes(this.#ports.store, limit, cursor)).map(summaryOf)
    const last = heads.at(-1)
    return heads.length < limit || last === undefined
      ? { items: heads }
      : { items: heads, next: episodeCursor(last) }
  }

  episode: SwarmloreNode['episode'] = async id => {
    const episode = this.#learning.episode(id)
    if (episode === undefined) {
      return {
        ok: false,
        code: 'unknown-episode',
        message: `There is no episode ${id} on this node. 'swarmlore episodes ls' lists them.`,
      }
    }
    return { ok: true, value: { ...episode, entries: await this.#learning.entriesOf(id) } }
  }

  recall: SwarmloreNode['recall'] = request => this.#answering.recall(request)
  feedback: SwarmloreNode['feedback'] = (recallId, outcome, item) =>
    this.#answering.feedback(recallId, outcome, item)

  entries: SwarmloreNode['entries'] = filter => this.#catalogue.list(filter)
  entry: SwarmloreNode['entry'] = cid => this.#catalogue.show(cid)
  retract: SwarmloreNode['retract'] = cid => this.#learning.retract(cid)

  addEntry: SwarmloreNode['addEntry'] = async entry => {
    const added = await this.#learning.add(entry)
    return added.ok ? this.#catalogue.first(added.value) : added
  }

  review: SwarmloreNode['review'] = async (cid, verdict) => {
    const reviewed = await this.#learning.review(cid, verdict)
    return reviewed.ok ? this.#catalogue.first(reviewed.value) : reviewed
  }

  peers: SwarmloreNode['peers'] = async () => this.#owner.peers()
  peer: SwarmloreNode['peer'] = async id => this.#owner.peer(id)
  setTrust: SwarmloreNode['setTrust'] = (id, word) => this.#owner.setTrust(id, word)

  swarms: SwarmloreNode['swarms'] = () => this.#swarms.map(swarm => this.#swarmView(swarm))
  invite: SwarmloreNode['invite'] = options => this.#joining.invite(options)
  invites: SwarmloreNode['invites'] = () => this.#joining.invites()
  revokeInvite: SwarmloreNode['revokeInvite'] = id => this.#joining.revoke(id)

  join: SwarmloreNode['join'] = async text => {
    const joined = await this.#joining.join(text)
    if (!joined.ok) return joined
    try {
      // What was learned before is shared with the new swarm, too.
      await this.#learning.publishAll()
    } catch (cause) {
      this.#ports.log('error', 'Joined; sharing what was learned before is tried again at the next start.', {
        cause: String(cause),
      })
    }
    return { ok: true, value: this.#swarmView(joined.value) }
  }

  status(): NodeStatus {
    const { clock, distiller, embedder } = this.#ports
    return {
      startedAt: this.#startedAt,
      now: clock.now(),
      swarms: this.swarms(),
      episodes: this.#learning.counts,
      entries: { ...this.#catalogue.counts(), capacity: this.#config.capacityEntries },
      fetch: {
        waiting: this.#swarms.reduce((sum, swarm) => sum + swarm.waiting, 0),
        failed: this.#swarms.reduce((sum, swarm) => sum + swarm.failed, 0),
      },
      rejected: Object.fromEntries(this.#rejected),
      recalls: this.#answering.recalls,
      embedder: { space: embedder.space, dimensions: embedder.dimensions },
      distiller: distiller.id,
    }
  }

  doctor: SwarmloreNode['doctor'] = async () => {
    const offsets = this.#swarms.flatMap(swarm => swarm.peers().map(peer => swarm.clockOffsetMs(peer)))
    return examine({
      status: this.status(),
      started: this.#started,
      clockOffsetsMs: offsets.filter(offset => offset !== undefined),
    })
  }

  onEvent(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A listener that throws is the listener's bug, and stops neither the node nor the others. */
  #emit(event: NodeEvent): void {
    const failed = (cause: unknown): void =>
      this.#ports.log('error', 'A listener to events failed.', { event: event.type, cause: String(cause) })
    for (const listener of this.#listeners) {
      try {
        // An async function passes for a listener, too.
        const answer: unknown = listener(event)
        if (answer instanceof Promise) answer.catch(failed)
      } catch (cause) {
        failed(cause)
      }
    }
  }

  async #add(stored: StoredSwarm, descriptor: Descriptor): Promise<Swarm> {
    const swarm = new Swarm({
      ports: this.#ports,
      config: this.#config,
      stored,
      descriptor,
      events: this.#events(),
    })
    await swarm.load(cid => this.#kept.get(cid) !== undefined)
    this.#swarms.push(swarm)
    // What has left the replicated set while the node was off.
    const gone = [...this.#kept.all()].filter(
      meta => meta.swarm === swarm.id && meta.shared && swarm.set.digests(meta.cid).length === 0,
    )
    const cids = gone.map(meta => meta.cid)
    await this.#ports.store.batch(this.#onGone(swarm, cids))
    return swarm
  }

  async #drop(swarm: Swarm): Promise<void> {
    this.#swarms.splice(this.#swarms.indexOf(swarm), 1)
    await swarm.close()
    // While it waited for the answer it may have heard some of the swarm.
    const heard = [...this.#kept.all()].filter(meta => meta.swarm === swarm.id).map(meta => meta.cid)
    const ops = [...this.#onGone(swarm, heard), ...(await removeSwarmOps(this.#ports.store, swarm.id))]
    await this.#ports.store.batch(ops)
  }

  #events(): SwarmEvents {
    return {
      isKept: cid => this.#kept.get(cid) !== undefined,
      worth: (swarm, digest) => this.#worth(swarm, digest),
      onEntry: (swarm, entry, bytes, wanted) => this.#onEntry(swarm, entry, bytes, wanted),
      onGone: (swarm, cids, retraction) => {
        // It may have ended a membership.
        if (retraction !== undefined) this.#authors.changed()
        return this.#onGone(swarm, cids)
      },
      onMismatch: (swarm, digest, reason) => this.#onMismatch(swarm, digest, reason),
      onPeer: (_swarm, peer, state) => {
        if (state === 'member') this.#authors.changed()
        this.#emit({ type: 'peer', peer, state })
      },
      onRefused: reason => {
        this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
      },
      score: (swarm, peer) => this.#gossipScore(swarm, peer),
    }
  }

  /** Trust alone so far; nothing for what is blocked, replaced, here already, or beyond what strangers may fill. */
  #worth(swarm: Swarm, digest: DigestRecord): number | undefined {
    const { author, body } = digest.envelope
    if (this.#kept.get(body.cid) !== undefined || this.#authors.isBlocked(author, body.created))
      return undefined
    if (swarm.set.successors(body.cid, author).length > 0) return undefined
    if (swarm.set.isRetracted(body.cid, author, body.created)) return undefined
    const standing = this.#authors.standing(author, swarm.membership)
    if (standing.tier === 'quarantined' && !this.#hasRoomForStrangers(swarm)) return undefined
    if (this.#isFull() && this.#valueUnseen(standing.trust, body.created) <= this.#evictedBelow)
      return undefined
    return standing.trust
  }

  #isFull(): boolean {
    const { capacityEntries } = this.#config
    return this.#kept.size >= capacityEntries - Math.floor(capacityEntries * evictShare)
  }

  /** What an entry that is not here would count for: as much as an unused one of that time that is. */
  #valueUnseen(trust: number, createdS: number): number {
    const lastTouchedAt = createdS * 1000
    const facts = { own: false, trust, helped: 0, hurt: 0, uses: 0, lastTouchedAt }
    return usefulness(facts, this.#ports.clock.now())
  }

  #hasRoomForStrangers(swarm: Swarm): boolean {
    const { membership } = swarm
    const strangers = this.#kept.countWhere(
      author => this.#authors.standing(author, membership).tier === 'quarantined',
    )
    return strangers < this.#config.capacityEntries * strangersShare
  }

  async #onEntry(swarm: Swarm, entry: Entry, bytes: Uint8Array, { digest, from }: Wanted): Promise<void> {
    const { cid, space, sketch } = digest.envelope.body
    // It may have been retracted, or replaced, while it was on its way.
    if (this.#worth(swarm, digest) === undefined) return swarm.settled(cid)
    const meta = {
      swarm: swarm.id,
      cid,
      author: entry.author,
      shared: true,
      receivedAt: this.#ports.clock.now(),
      uses: 0,
      ...(from === undefined ? {} : { from }),
    }
    const keeping = this.#kept.put(meta, entry, bytes, undefined)
    const replaced = entry.supersedes === undefined ? undefined : this.#kept.get(entry.supersedes)
    const dropping = replaced?.author === entry.author ? this.#kept.drop(replaced.cid) : undefined
    await this.#ports.store.batch([...keeping.ops, ...(dropping?.ops ?? [])])
    dropping?.apply()
    keeping.apply()
    if (swarm.set.digests(cid).length === 0) {
      // Taken back while it was written.
      await this.#ports.store.batch(this.#onGone(swarm, [cid]))
      return
    }
    swarm.settled(cid)
    if (space === this.#ports.embedder.space) {
      this.#kept.addSketch(cid, sketch)
      this.#sketches.set(cid, digest)
    }
    this.#emit({ type: 'entry', cid, author: entry.author, own: false })
    this.#embedQueue.push(cid)
    await this.#makeRoom()
  }

  /** What leaves the replicated set leaves memory at once, and the disk with the record that caused it. */
  #onGone(swarm: Swarm, cids: readonly EntryCid[]): readonly StoreOp[] {
    const ops: StoreOp[] = []
    for (const cid of cids) {
      const meta = this.#kept.get(cid)
      if (meta === undefined || meta.swarm !== swarm.id) continue
      const dropping = this.#kept.drop(cid)
      ops.push(...dropping.ops)
      dropping.apply()
      this.#emit({ type: 'retracted', cid, author: meta.author })
    }
    return ops
  }

  /** Counts once for each digest, as a lesson that hurt: the author signed what is not so. */
  async #onMismatch(swarm: Swarm, digest: DigestRecord, reason: string): Promise<void> {
    const { author, body } = digest.envelope
    swarm.dismiss(digest)
    this.#ports.log('warn', 'An entry is not what its author announced.', { cid: body.cid, author, reason })
    await this.#answering.note({
      recallId: `mismatch-${digest.id.slice(0, 32)}`,
      cid: body.cid,
      author,
      outcome: 'hurt',
      day: this.#today(),
      authorOnly: true,
    })
  }

  /** Embeds one entry and whatever else waits, in one call; checks the author's sketch on the way. */
  async #embed(first: EntryCid): Promise<void> {
    const cids = [first, ...this.#embedQueue.take(embedBatch - 1)]
    try {
      await this.#embedAll(cids.filter(cid => this.#kept.vector(cid) === undefined))
    } finally {
      for (const cid of cids) this.#sketches.delete(cid)
    }
  }

  async #embedAll(cids: readonly EntryCid[]): Promise<void> {
    const entries = cids.map(cid => [cid, this.#kept.entry(cid)] as const)
    const found = entries.filter((pair): pair is readonly [EntryCid, Entry] => pair[1] !== undefined)
    if (found.length === 0) return
    await this.#ports.cpu.spend('embed', found.length)
    const vectors = await this.#ports.embedder.embed(
      found.map(([, entry]) => embeddingText(entry)),
      this.#stopping.signal,
    )
    const ops: StoreOp[] = []
    const applies: (() => void)[] = []
    for (const [index, [cid]] of found.entries()) {
      const vector = vectors[index]
      const meta = this.#kept.get(cid)
      const swarm = this.#swarms.find(one => one.id === meta?.swarm)
      if (vector === undefined || swarm === undefined) continue
      const digest = this.#sketches.get(cid)
      const lied =
        digest !== undefined && hamming(sketchOf(vector), digest.envelope.body.sketch) > sketchToleranceBits
      if (lied) await this.#onMismatch(swarm, digest, 'its sketch is not of its situation')
      const change = lied ? this.#kept.drop(cid) : this.#kept.setVector(cid, vector)
      ops.push(...change.ops)
      applies.push(() => change.apply())
    }
    await this.#ports.store.batch(ops)
    for (const apply of applies) apply()
  }

  /** Evicts the least useful of peers' entries when there are more than the capacity. The digests stay. */
  #makeRoom(): Promise<void> {
    // One after the other, or two would make the same room twice.
    const turn = this.#makingRoom.then(() => this.#evict())
    // The next turn does not share a failure, which reaches the caller through `turn`.
    this.#makingRoom = turn.catch(() => undefined)
    return turn
  }

  async #evict(): Promise<void> {
    const { capacityEntries } = this.#config
    const over = this.#kept.size - capacityEntries
    if (over <= 0) return
    const now = this.#ports.clock.now()
    const facts = await this.#factsOfReceived()
    const count = over + Math.floor(capacityEntries * evictShare)
    const evicted = leastUseful(facts.values(), count, now)
    const metas = evicted.map(cid => this.#kept.get(cid)).filter(meta => meta !== undefined)
    const changes = metas.map(meta => this.#kept.drop(meta.cid))
    await this.#ports.store.batch(changes.flatMap(change => change.ops))
    for (const change of changes) change.apply()
    const last = facts.get(evicted.at(-1) ?? ('' as EntryCid))
    if (last !== undefined) this.#evictedBelow = usefulness(last, now)
    for (const { cid, swarm } of metas) {
      this.#swarms.find(one => one.id === swarm)?.evicted(cid)
      this.#emit({ type: 'evicted', cid })
    }
  }

  /** Own lessons are never evicted: no peer has them for this node. */
  async #factsOfReceived(): Promise<ReadonlyMap<EntryCid, KeptFacts>> {
    const today = this.#today()
    const swarms = new Map(this.#swarms.map(swarm => [swarm.id, swarm]))
    const facts = new Map<EntryCid, KeptFacts>()
    for (const { swarm: id, cid, author, uses, draftKey, lastUsedAt, receivedAt } of this.#kept.all()) {
      if (draftKey !== undefined) continue
      await this.#ports.cpu.spend('refine', 1)
      const swarm = swarms.get(id)
      const { blocked } = this.#authors.wordOn(author)
      const trust =
        swarm === undefined || blocked ? 0 : this.#authors.standing(author, swarm.membership).trust
      const { helped, hurt } = this.#evidence.ofEntry(cid, today)
      // When it was made and not when it came, so that it compares with what is not here.
      const created = swarm?.set.digests(cid)[0]?.created
      const lastTouchedAt = lastUsedAt ?? (created === undefined ? receivedAt : created * 1000)
      facts.set(cid, { cid, uses, trust, helped, hurt, own: false, lastTouchedAt })
    }
    return facts
  }

  /** What was evicted before a restart is not fetched again after it: the least useful that is here tells. */
  async #rememberEvicted(): Promise<void> {
    if (!this.#isFull()) return
    const now = this.#ports.clock.now()
    for (const facts of (await this.#factsOfReceived()).values()) {
      const value = usefulness(facts, now)
      if (this.#evictedBelow === 0 || value < this.#evictedBelow) this.#evictedBelow = value
    }
  }

  /** The application's part of the gossip score: a good forwarder whose lessons do not help is a good forwarder. */
  #gossipScore(swarm: Swarm, peer: PeerId): number {
    const word = this.#authors.wordOn(peer)
    if (word.blocked && word.blockedSince === undefined) return -100
    return this.#authors.standing(peer, swarm.membership).tier === 'trusted' ? 5 : 0
  }

  #swarmView(swarm: Swarm): SwarmView {
    const { descriptor } = swarm
    const { name, visibility, founder, invite } = descriptor
    let entries = 0
    for (const meta of this.#kept.all()) if (meta.swarm === swarm.id) entries++
    return {
      id: swarm.id,
      name,
      visibility,
      founder,
      self: swarm.self,
      invite,
      share: this.#publishing.shareMode(swarm),
      members: swarm.members().length,
      peers: swarm.peers().length,
      records: swarm.set.liveCount,
      entries,
      addresses: swarm.addresses(),
    }
  }

  /** What time alone brings: records that expire, episodes and recalls past their retention. */
  async #tick(): Promise<void> {
    const { clock, log } = this.#ports
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await clock.sleep(tickMs, signal)
        for (const swarm of this.#swarms) await swarm.advance()
        await this.#learning.forgetOld()
        await this.#answering.forgetOld()
      } catch (cause) {
        if (!signal.aborted)
          log('error', 'The periodic housekeeping failed; it is tried again.', { cause: String(cause) })
      }
    }
  }

  #today(): Day {
    return Math.floor(this.#ports.clock.now() / 1000 / secondsPerDay)
  }
}

/** The store keeps who told the outcome as text; only `capture` writes it. */
function summaryOf({ outcome, ...head }: EpisodeHead): EpisodeSummary {
  return outcome === undefined
    ? head
    : { ...head, outcome: { solved: outcome.solved, by: outcome.by as Outcome['by'] } }
}

interface StoredState {
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly words: Awaited<ReturnType<typeof allWords>>
}
