/**
 * A node: its ports and its settings in, what it can do out. It ties the parts of `core/` together, and decides
 * what happens when a swarm has news; nothing here knows whether time, network and disk are real.
 */

import { decodeDescriptor } from '../protocol/swarm.ts'
import type { Day, Descriptor, PeerId, Result } from '../protocol/types.ts'
import { type EpisodeHead, episodeCursor, listEpisodes } from '../store/episodes.ts'
import { decay, Evidence } from '../store/evidence.ts'
import { allSwarms, removeSwarmOps, type StoredSwarm } from '../store/swarms.ts'
import { allWords } from '../store/words.ts'
import type { EpisodeSummary, NodeEvent, NodeStatus, SwarmloreNode, SwarmView } from './api.ts'
import type { NodeConfig } from './config.ts'
import { Answering } from './core/answering.ts'
import { attest } from './core/attesting.ts'
import { BaseRates } from './core/base-rates.ts'
import { Catalogue } from './core/catalogue.ts'
import { examine } from './core/doctor.ts'
import { Intake } from './core/intake.ts'
import { foundSwarm, Joining } from './core/joining.ts'
import { KeptSet } from './core/kept-set.ts'
import { Learning } from './core/learning.ts'
import { Owner } from './core/owner.ts'
import { Publishing } from './core/publishing.ts'
import { RecallOutcomes } from './core/recall-outcomes.ts'
import { RecentQueries } from './core/recent-queries.ts'
import { renewMembers } from './core/renewing.ts'
import { Room } from './core/room.ts'
import { countShadow } from './core/shadow.ts'
import { Swarm } from './core/swarm.ts'
import type { SwarmEvents } from './core/swarm-events.ts'
import { TakingBack } from './core/taking-back.ts'
import { today } from './core/today.ts'
import { type RedactionRules, redactionRules } from './pipeline/redact.ts'
import type { Outcome, Ports } from './ports.ts'
import { createTurns } from './queue.ts'
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

/** So many kept entries have their words read before the node starts, in half a second; those of more after it. */
const wordsReadAtOnce = 10_000
const tickMs = 600_000
/** A node that runs for minutes only does its housekeeping, too. */
const firstTickMs = 60_000
class LocalNode implements SwarmloreNode {
  readonly #ports: Ports
  readonly #config: NodeConfig
  readonly #kept: KeptSet
  readonly #authors: Authors
  readonly #publishing: Publishing
  readonly #learning: Learning
  readonly #answering: Answering
  readonly #outcomes: RecallOutcomes
  readonly #owner: Owner
  readonly #joining: Joining
  readonly #catalogue: Catalogue
  readonly #room: Room
  readonly #intake: Intake
  readonly #swarms: Swarm[] = []
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  readonly #rejected = new Map<string, number>()
  readonly #stopping = new AbortController()
  readonly #startedAt: number
  #started = false
  #ticking: Promise<void> = Promise.resolve()
  #wordsRead: Promise<void> | undefined
  readonly #evidence: Evidence
  readonly #shadowsInTurn = createTurns()
  readonly #baseRates: BaseRates

  private constructor(ports: Ports, config: NodeConfig, rules: RedactionRules, stored: StoredState) {
    this.#ports = ports
    this.#config = config
    this.#kept = stored.kept
    this.#evidence = stored.evidence
    this.#startedAt = ports.clock.now()
    const swarms = (): readonly Swarm[] => this.#swarms
    const emit = (event: NodeEvent): void => this.#emit(event)
    const baseRates = new BaseRates({ ports, evidence: stored.evidence })
    this.#baseRates = baseRates
    this.#authors = new Authors(stored.words, {
      reading: author => ({
        hurtWeight: config.hurtWeight,
        baseRate: author === undefined ? baseRates.ofNode : baseRates.ofAuthor(author),
      }),
      countsOf: (author, today) => stored.evidence.ofAuthor(author, today),
      decay,
      now: () => ports.clock.now(),
      today: () => this.#today(),
    })
    const shared = {
      ports,
      config,
      kept: stored.kept,
      evidence: stored.evidence,
      authors: this.#authors,
      queries: new RecentQueries(ports.random.fork('recent queries')),
      baseRates,
      swarms,
      emit,
    }
    this.#room = new Room(shared)
    const takingBack = new TakingBack(shared)
    this.#publishing = new Publishing({
      ...shared,
      takingBack,
      emit: event => this.#emitOwn(event),
      onKept: () => this.#room.make(),
    })
    const { retentionDays } = config
    this.#learning = new Learning({
      ...shared,
      rules,
      retentionDays,
      publishing: this.#publishing,
      takingBack,
    })
    this.#outcomes = new RecallOutcomes(shared)
    this.#answering = new Answering({ ...shared, outcomes: this.#outcomes })
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
      learning: this.#learning,
      publishing: this.#publishing,
    })
    this.#intake = new Intake({
      ...shared,
      outcomes: this.#outcomes,
      room: this.#room,
      queueLimit: config.capacityEntries,
    })
  }

  static async load(ports: Ports, config: NodeConfig, rules: RedactionRules): Promise<LocalNode> {
    const { cpu, embedder, store } = ports
    const { kept, withoutVector } = await KeptSet.load(store, embedder.space, embedder.dimensions, units =>
      cpu.spend('decode', units),
    )
    const node = new LocalNode(ports, config, rules, {
      kept,
      evidence: await Evidence.load(store),
      words: await allWords(store),
    })
    await node.#learning.load()
    await node.#outcomes.load()
    const stored = await allSwarms(store)
    if (stored.length === 0) stored.push(await foundSwarm(ports))
    for (const swarm of stored) {
      const descriptor = decodeDescriptor(swarm.descriptor)
      if (!descriptor.ok) throw new TypeError(`a stored swarm cannot be read: ${descriptor.message}`)
      await node.#add(swarm, descriptor.value)
    }
    await node.#room.rememberEvicted()
    node.#intake.embed(withoutVector)
    if (kept.size <= wordsReadAtOnce) await node.#readWords()
    return node
  }

  async start(): Promise<void> {
    for (const swarm of this.#swarms) await swarm.open()
    this.#started = true
    this.#learning.start()
    this.#ticking = this.#tick()
    // In the background: until it is done, recall finds the others by their meaning alone.
    void this.#readWords()
  }

  readBack(): Promise<void> {
    return this.#readWords()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#learning.close()
    for (const swarm of this.#swarms) await swarm.close()
    await this.#intake.close()
    await this.#shadowsInTurn(async () => undefined)
    await this.#outcomes.close()
    await this.#ticking
    await this.#wordsRead
    await this.#ports.store.close()
  }

  capture: SwarmloreNode['capture'] = (transcript, options = {}) =>
    this.#learning.capture(transcript, options.idempotencyKey)
  distil: SwarmloreNode['distil'] = () => this.#learning.distil()
  preview: SwarmloreNode['preview'] = transcripts => this.#learning.preview(transcripts)
  forget: SwarmloreNode['forget'] = id => this.#learning.forget(id)
  forgetBefore: SwarmloreNode['forgetBefore'] = time => this.#learning.forgetBefore(time)
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

  recall: SwarmloreNode['recall'] = async request => {
    // A command that opens the stored data for one question waits for the whole answer.
    if (!this.#started) await this.#readWords()
    return this.#answering.recall(request)
  }
  feedback: SwarmloreNode['feedback'] = (recallId, outcome, item) =>
    this.#outcomes.feedback(recallId, outcome, item)

  recallOutcome: SwarmloreNode['recallOutcome'] = (recallId, solved) =>
    this.#outcomes.outcome(recallId, solved)

  entries: SwarmloreNode['entries'] = filter => this.#catalogue.list(filter)
  entry: SwarmloreNode['entry'] = cid => this.#catalogue.show(cid)
  retract: SwarmloreNode['retract'] = cid => this.#learning.retract(cid)
  retractBefore: SwarmloreNode['retractBefore'] = before => this.#learning.retractBefore(before)

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
    const worth = this.#outcomes.worth()
    return {
      startedAt: this.#startedAt,
      now: clock.now(),
      swarms: this.swarms(),
      episodes: this.#learning.counts,
      entries: {
        ...this.#catalogue.counts(),
        capacity: this.#config.capacityEntries,
        bytes: this.#kept.bytes,
        capacityBytes: this.#config.capacityBytes,
        evicted: this.#room.evicted,
      },
      fetch: {
        waiting: this.#swarms.reduce((sum, swarm) => sum + swarm.waiting, 0),
        failed: this.#swarms.reduce((sum, swarm) => sum + swarm.failed, 0),
      },
      rejected: Object.fromEntries(this.#rejected),
      recalls: this.#answering.recalls,
      ...(worth === undefined ? {} : { worth }),
      embedder: { space: embedder.space, dimensions: embedder.dimensions },
      distiller: distiller.id,
      ...(distiller.llm === undefined ? {} : { llm: distiller.llm() }),
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

  /** A lesson of its own may show who had said so before. */
  #emitOwn(event: NodeEvent): void {
    this.#emit(event)
    if (event.type !== 'entry' || this.#stopping.signal.aborted) return
    const deps = {
      ports: this.#ports,
      kept: this.#kept,
      authors: this.#authors,
      outcomes: this.#outcomes,
      swarms: () => this.#swarms,
    }
    this.#shadowsInTurn(() => countShadow(deps, event.cid)).catch((cause: unknown) =>
      this.#ports.log('error', 'What strangers had said of an own lesson could not be counted.', {
        cid: event.cid,
        cause: String(cause),
      }),
    )
  }

  async #add(stored: StoredSwarm, descriptor: Descriptor): Promise<Swarm> {
    const swarm = new Swarm({
      ports: this.#ports,
      config: this.#config,
      stored,
      descriptor,
      events: opened => this.#events(opened),
    })
    await swarm.load()
    this.#swarms.push(swarm)
    // What has left the replicated set while the node was off.
    const gone = [...this.#kept.all()].filter(
      meta => meta.swarm === swarm.id && meta.shared && !swarm.announces(meta.author, meta.cid),
    )
    await this.#ports.store.batch(this.#intake.drop(swarm, gone))
    return swarm
  }

  async #drop(swarm: Swarm): Promise<void> {
    this.#swarms.splice(this.#swarms.indexOf(swarm), 1)
    await swarm.close()
    // While it waited for the answer it may have heard some of the swarm.
    const heard = [...this.#kept.all()].filter(meta => meta.swarm === swarm.id)
    const ops = [...this.#intake.drop(swarm, heard), ...(await removeSwarmOps(this.#ports.store, swarm.id))]
    await this.#ports.store.batch(ops)
  }

  #events(swarm: Swarm): SwarmEvents {
    return {
      isKept: cid => this.#kept.get(cid) !== undefined,
      worth: digest => this.#intake.worth(swarm, digest),
      onEntry: (entry, bytes, wanted) => this.#intake.take(swarm, entry, bytes, wanted),
      onKnown: digest => this.#intake.recheck(swarm, digest),
      onGone: (gone, retraction) => {
        // It may have ended a membership.
        if (retraction !== undefined) this.#authors.changed()
        return this.#intake.drop(swarm, gone)
      },
      onMismatch: (digest, reason) => this.#intake.mismatch(swarm, digest, reason),
      onPeer: (peer, state) => {
        if (state === 'member') this.#authors.changed()
        this.#emit({ type: 'peer', peer, state })
      },
      onAttested: () => this.#authors.attestedAnew(),
      onRefused: reason => {
        this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
      },
      score: peer => this.#gossipScore(swarm, peer),
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
    const { signedElsewhere } = swarm
    const memberUntil = swarm.membership.untilMs
    let entries = 0
    for (const meta of this.#kept.all()) if (meta.swarm === swarm.id) entries++
    const alone = swarm.alone()
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
      records: swarm.set.ranges.size,
      entries,
      addresses: swarm.addresses(),
      ...(memberUntil === undefined ? {} : { memberUntil }),
      ...(signedElsewhere === 0 ? {} : { signedElsewhere }),
      ...(alone === undefined ? {} : { alone }),
    }
  }

  /** Once; a failure leaves a node that finds what it kept by meaning. */
  #readWords(): Promise<void> {
    const { cpu, log } = this.#ports
    this.#wordsRead ??= this.#kept
      .readWords(units => cpu.spend('index', units), this.#stopping.signal)
      .then(() => {
        const entries = this.#kept.size
        if (this.#started && !this.#stopping.signal.aborted && entries > wordsReadAtOnce)
          log('info', 'The words of what was kept are read.', { entries })
      })
      .catch((cause: unknown) =>
        log('error', 'What was kept is found by its meaning alone; start the node again to mend it.', {
          cause: String(cause),
        }),
      )
    return this.#wordsRead
  }

  /** What time alone brings: records that expire, days to attest, episodes and recalls past their retention. */
  async #tick(): Promise<void> {
    const { clock } = this.#ports
    const { signal } = this.#stopping
    for (let pauseMs = firstTickMs; !signal.aborted; pauseMs = tickMs) {
      await this.#tryInBackground(() => this.#readBaseRate())
      await this.#tryInBackground(() => clock.sleep(pauseMs, signal))
      if (signal.aborted) return
      await this.#tryInBackground(async () => {
        for (const swarm of this.#swarms) await swarm.advance()
        if (this.#config.attest === 'daily')
          await attest({ ports: this.#ports, evidence: this.#evidence, swarms: () => this.#swarms })
        await this.#learning.forgetOld()
        await this.#outcomes.forgetOld()
        await this.#room.tidy()
        // What is asked for now may be worth a place that it was not worth before.
        for (const swarm of this.#swarms) swarm.wanted.all()
      })
      await this.#tryInBackground(() =>
        renewMembers({ ports: this.#ports, authors: this.#authors, swarms: () => this.#swarms }),
      )
      await this.#tryInBackground(() => this.#learning.refresh())
    }
  }

  /** What ends by the stop itself is no failure. */
  async #tryInBackground(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      if (!this.#stopping.signal.aborted)
        this.#ports.log('error', 'The periodic housekeeping failed; it is tried again.', {
          cause: String(cause),
        })
    }
  }

  async #readBaseRate(): Promise<void> {
    if (await this.#baseRates.read(this.#stopping.signal)) this.#authors.changed()
  }

  #today(): Day {
    return today(this.#ports.clock)
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
