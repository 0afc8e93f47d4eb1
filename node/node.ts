/**
 * A node: its ports and its settings in, what it can do out. It ties the parts of `core/` together, and decides
 * what happens when a swarm has news; nothing here knows whether time, network and disk are real.
 */

import { decodeDescriptor } from '../protocol/swarm.ts'
import type { Result } from '../protocol/types.ts'
import { type EpisodeHead, episodeCursor, listEpisodes } from '../store/episodes.ts'
import { Evidence } from '../store/evidence.ts'
import { allSwarms } from '../store/swarms.ts'
import { allWords } from '../store/words.ts'
import type { EpisodeSummary, SwarmloreNode } from './api.ts'
import type { NodeConfig } from './config.ts'
import { examine } from './core/doctor.ts'
import { keepHouse } from './core/housekeeping.ts'
import { foundSwarm } from './core/joining.ts'
import { KeptSet } from './core/kept-set.ts'
import { createParts, type Parts } from './core/parts.ts'
import { statusOf, swarmViewOf } from './core/status.ts'
import { type RedactionRules, redactionRules } from './pipeline/redact.ts'
import type { Outcome, Ports } from './ports.ts'

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

class LocalNode implements SwarmloreNode {
  readonly #parts: Parts
  readonly #stopping: AbortController
  #started = false
  #ticking: Promise<void> = Promise.resolve()
  #wordsRead: Promise<void> | undefined

  private constructor(parts: Parts, stopping: AbortController) {
    this.#parts = parts
    this.#stopping = stopping
  }

  static async load(ports: Ports, config: NodeConfig, rules: RedactionRules): Promise<LocalNode> {
    const { cpu, embedder, store } = ports
    const { kept, withoutVector } = await KeptSet.load(store, embedder.space, embedder.dimensions, units =>
      cpu.spend('decode', units),
    )
    const stopping = new AbortController()
    const { signal } = stopping
    const evidence = await Evidence.load(store)
    const words = await allWords(store)
    const parts = createParts({ ports, config, rules, kept, evidence, words, signal })
    await parts.learning.load()
    await parts.outcomes.load()
    const stored = await allSwarms(store)
    if (stored.length === 0) stored.push(await foundSwarm(ports))
    for (const swarm of stored) {
      const descriptor = decodeDescriptor(swarm.descriptor)
      if (!descriptor.ok) throw new TypeError(`a stored swarm cannot be read: ${descriptor.message}`)
      await parts.nodeSwarms.add(swarm, descriptor.value)
    }
    await parts.room.rememberEvicted()
    parts.intake.embed(withoutVector)
    const node = new LocalNode(parts, stopping)
    if (kept.size <= wordsReadAtOnce) await node.#readWords()
    return node
  }

  async start(): Promise<void> {
    for (const swarm of this.#parts.swarms()) await swarm.open()
    this.#started = true
    this.#parts.learning.start()
    this.#ticking = keepHouse(this.#parts, this.#stopping.signal)
    // In the background: until it is done, recall finds the others by their meaning alone.
    void this.#readWords()
  }

  readBack(): Promise<void> {
    return this.#readWords()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#parts.learning.close()
    for (const swarm of this.#parts.swarms()) await swarm.close()
    await this.#parts.intake.close()
    await this.#parts.ownLessons.close()
    await this.#parts.outcomes.close()
    await this.#ticking
    await this.#wordsRead
    await this.#parts.ports.store.close()
  }

  capture: SwarmloreNode['capture'] = (transcript, options = {}) =>
    this.#parts.learning.capture(transcript, options.idempotencyKey)
  distil: SwarmloreNode['distil'] = () => this.#parts.learning.distil()
  preview: SwarmloreNode['preview'] = transcripts => this.#parts.learning.preview(transcripts)
  forget: SwarmloreNode['forget'] = id => this.#parts.learning.forget(id)
  forgetBefore: SwarmloreNode['forgetBefore'] = time => this.#parts.learning.forgetBefore(time)
  outcome: SwarmloreNode['outcome'] = (id, outcome) => this.#parts.learning.outcome(id, outcome)

  episodes: SwarmloreNode['episodes'] = async (cursor, limit = 50) => {
    const heads = (await listEpisodes(this.#parts.ports.store, limit, cursor)).map(summaryOf)
    const last = heads.at(-1)
    return heads.length < limit || last === undefined
      ? { items: heads }
      : { items: heads, next: episodeCursor(last) }
  }

  episode: SwarmloreNode['episode'] = async id => {
    const episode = this.#parts.learning.episode(id)
    if (episode === undefined) {
      return {
        ok: false,
        code: 'unknown-episode',
        message: `There is no episode ${id} on this node. 'swarmlore episodes ls' lists them.`,
      }
    }
    return { ok: true, value: { ...episode, entries: await this.#parts.learning.entriesOf(id) } }
  }

  recall: SwarmloreNode['recall'] = async request => {
    // A command that opens the stored data for one question waits for the whole answer.
    if (!this.#started) await this.#readWords()
    return this.#parts.answering.recall(request)
  }
  feedback: SwarmloreNode['feedback'] = (recallId, outcome, item) =>
    this.#parts.outcomes.feedback(recallId, outcome, item)

  recallOutcome: SwarmloreNode['recallOutcome'] = (recallId, solved) =>
    this.#parts.outcomes.outcome(recallId, solved)

  entries: SwarmloreNode['entries'] = filter => this.#parts.catalogue.list(filter)
  entry: SwarmloreNode['entry'] = cid => this.#parts.catalogue.show(cid)
  retract: SwarmloreNode['retract'] = cid => this.#parts.learning.retract(cid)
  retractBefore: SwarmloreNode['retractBefore'] = before => this.#parts.learning.retractBefore(before)

  addEntry: SwarmloreNode['addEntry'] = async entry => {
    const added = await this.#parts.learning.add(entry)
    return added.ok ? this.#parts.catalogue.first(added.value) : added
  }

  review: SwarmloreNode['review'] = async (cid, verdict) => {
    const reviewed = await this.#parts.learning.review(cid, verdict)
    return reviewed.ok ? this.#parts.catalogue.first(reviewed.value) : reviewed
  }

  peers: SwarmloreNode['peers'] = async () => this.#parts.owner.peers()
  peer: SwarmloreNode['peer'] = async id => this.#parts.owner.peer(id)
  setTrust: SwarmloreNode['setTrust'] = (id, word) => this.#parts.owner.setTrust(id, word)

  swarms: SwarmloreNode['swarms'] = () => this.#parts.swarms().map(swarm => swarmViewOf(this.#parts, swarm))
  invite: SwarmloreNode['invite'] = options => this.#parts.joining.invite(options)
  invites: SwarmloreNode['invites'] = () => this.#parts.joining.invites()
  revokeInvite: SwarmloreNode['revokeInvite'] = id => this.#parts.joining.revoke(id)

  join: SwarmloreNode['join'] = async text => {
    const joined = await this.#parts.joining.join(text)
    if (!joined.ok) return joined
    try {
      // What was learned before is shared with the new swarm, too.
      await this.#parts.learning.publishAll()
    } catch (cause) {
      this.#parts.ports.log(
        'error',
        'Joined; sharing what was learned before is tried again at the next start.',
        {
          cause: String(cause),
        },
      )
    }
    return { ok: true, value: swarmViewOf(this.#parts, joined.value) }
  }

  status: SwarmloreNode['status'] = () => statusOf(this.#parts)

  doctor: SwarmloreNode['doctor'] = async () => {
    const offsets = this.#parts
      .swarms()
      .flatMap(swarm => swarm.peers().map(peer => swarm.clockOffsetMs(peer)))
    return examine({
      status: this.status(),
      started: this.#started,
      clockOffsetsMs: offsets.filter(offset => offset !== undefined),
    })
  }

  onEvent: SwarmloreNode['onEvent'] = listener => this.#parts.listeners.add(listener)

  /** Once; a failure leaves a node that finds what it kept by meaning. */
  #readWords(): Promise<void> {
    const { cpu, log } = this.#parts.ports
    this.#wordsRead ??= this.#parts.kept
      .readWords(units => cpu.spend('index', units), this.#stopping.signal)
      .then(() => {
        const entries = this.#parts.kept.size
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
}

/** The store keeps who told the outcome as text; only `capture` writes it. */
function summaryOf({ outcome, ...head }: EpisodeHead): EpisodeSummary {
  return outcome === undefined
    ? head
    : { ...head, outcome: { solved: outcome.solved, by: outcome.by as Outcome['by'] } }
}
