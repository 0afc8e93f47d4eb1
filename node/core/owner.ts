/**
 * What the owner sees of peers and says of them: tiers with their reasons, and the word that wins over evidence.
 */

import { dayOf } from '../../protocol/body.ts'
import type { PeerId, Result } from '../../protocol/types.ts'
import type { Evidence } from '../../store/evidence.ts'
import { setWordOps } from '../../store/words.ts'
import type { NodeEvent, OwnerWord, PeerDetail, PeerView } from '../api.ts'
import type { Ports } from '../ports.ts'
import { type Authors, noWord } from '../trust/authors.ts'
import type { KeptSet } from './kept-set.ts'
import type { Swarm } from './swarm.ts'

export interface OwnerDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly authors: Authors
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
}

export class Owner {
  readonly #deps: OwnerDeps

  constructor(deps: OwnerDeps) {
    this.#deps = deps
  }

  /** Every peer of every swarm: members, authors, neighbours, and those of whom the owner has said something. */
  peers(): readonly PeerView[] {
    const views: PeerView[] = []
    for (const swarm of this.#deps.swarms()) {
      for (const peer of this.#peersOf(swarm)) views.push(this.#view(swarm, peer))
    }
    return views.sort((a, b) => b.trust - a.trust || (a.peer < b.peer ? -1 : 1))
  }

  peer(id: PeerId): Result<PeerDetail> {
    const swarm = this.#swarmOf(id)
    if (swarm === undefined) return unknownPeer(id)
    return { ok: true, value: this.#detail(swarm, id) }
  }

  /** Merges into the word that stands; `undefined` takes it back. A blocked peer is disconnected at once. */
  async setTrust(id: PeerId, word: Partial<OwnerWord> | undefined): Promise<Result<PeerDetail>> {
    const { authors, emit, ports } = this.#deps
    const swarm = this.#swarmOf(id)
    if (swarm === undefined) return unknownPeer(id)
    if (id === swarm.self) {
      return {
        ok: false,
        code: 'own-peer',
        message: 'This is the node itself; its own lessons are always trusted here.',
      }
    }
    const merged = word === undefined ? undefined : mergeWords(authors.wordOn(id), word)
    await ports.store.batch(setWordOps(id, merged))
    authors.setWord(id, merged)
    const view = this.#detail(swarm, id)
    emit({ type: 'trust', peer: id, tier: view.tier, trust: view.trust })
    if (merged?.blocked === true && merged.blockedSince === undefined)
      await swarm.disconnect(id, 'blocked by the owner')
    else swarm.wanted.all()
    return { ok: true, value: view }
  }

  #peersOf(swarm: Swarm): ReadonlySet<PeerId> {
    const peers = new Set<PeerId>([...swarm.members(), ...swarm.peers()])
    for (const meta of this.#deps.kept.all()) if (meta.swarm === swarm.id) peers.add(meta.author)
    peers.delete(swarm.self)
    return peers
  }

  /** The swarm in which this id is known; the home swarm for one of which the owner has spoken only. */
  #swarmOf(id: PeerId): Swarm | undefined {
    const swarms = this.#deps.swarms()
    const known = swarms.find(swarm => swarm.self === id || this.#peersOf(swarm).has(id))
    return known ?? (this.#deps.authors.peersWithWord().includes(id) ? swarms[0] : undefined)
  }

  #detail(swarm: Swarm, peer: PeerId): PeerDetail {
    return { ...this.#view(swarm, peer), reasons: this.#deps.authors.explain(peer, swarm.membership) }
  }

  #view(swarm: Swarm, peer: PeerId): PeerView {
    const { authors, evidence, kept, ports } = this.#deps
    const nowS = Math.floor(ports.clock.now() / 1000)
    const standing = authors.standing(peer, swarm.membership)
    const { helped, hurt } = evidence.ofAuthor(peer, dayOf(nowS))
    const invitedBy = swarm.membership.inviterOf(peer) ?? swarm.set.member(peer)?.envelope.author
    const weights = authors.weights(swarm.membership)
    const behind = weights.branchOf(peer)
    const clockOffsetMs = swarm.clockOffsetMs(peer)
    return {
      peer,
      swarm: swarm.id,
      connected: swarm.peers().includes(peer),
      member: swarm.set.isMember(peer, nowS),
      ...(invitedBy === undefined ? {} : { invitedBy }),
      tier: standing.tier,
      trust: standing.trust,
      uncertainty: standing.opinion.uncertainty,
      influence: weights.influenceOf(peer),
      ...(behind === undefined ? {} : { behind }),
      evidence: { helped, hurt },
      attested: weights.attestedOf(peer),
      word: authors.wordOn(peer),
      entries: kept.countOf(peer),
      why: standing.why,
      ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
    }
  }
}

/** A new word replaces what it contradicts: a pin lifts a block, a block lifts a pin. */
function mergeWords(before: OwnerWord, said: Partial<OwnerWord>): OwnerWord {
  const base =
    said.blocked === true
      ? { ...before, pinned: false }
      : said.pinned === true
        ? { ...noWord, ...onlyTrust(before) }
        : before
  const merged = { ...base, ...said }
  if (said.blocked === true && said.blockedSince === undefined) {
    const { blockedSince: _since, ...whole } = merged
    return whole
  }
  return merged
}

function onlyTrust({ trust }: OwnerWord): Partial<OwnerWord> {
  return trust === undefined ? {} : { trust }
}

function unknownPeer(id: PeerId): Result<never> {
  return {
    ok: false,
    code: 'unknown-peer',
    message: `No peer ${id} is known here. 'swarmlore peers' lists those that are.`,
  }
}
