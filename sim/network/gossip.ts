/**
 * Gossip at message level, after gossipsub 1.1: a mesh of bounded degree that messages flow through, offers of what there
 * is to some outside it, a seen-cache in front of validation, and scores that decide who is listened to.
 */

import { toHex } from '../../crypto/bytes.ts'
import type { Network, Random, Verdict } from '../../node/ports.ts'
import type { PeerId } from '../../protocol/types.ts'
import { draw } from '../random.ts'
import {
  backoffMs,
  floodPeersMax,
  historyGossip,
  historyLength,
  idBytes,
  lazyDegree,
  lazyShare,
  meshDegree,
  offeredMax,
  promiseMs,
  seenMs,
  thresholds,
} from './gossip-parameters.ts'
import { Scores } from './score.ts'

interface Message {
  readonly topic: string
  readonly id: string
  readonly bytes: Uint8Array
}

/** What neighbours send each other. */
export type GossipFrame =
  | ({ readonly type: 'message' } & Message)
  | { readonly type: 'subscribe' | 'unsubscribe' | 'graft' | 'prune'; readonly topic: string }
  | { readonly type: 'ihave'; readonly topic: string; readonly ids: readonly string[] }
  | { readonly type: 'iwant'; readonly ids: readonly string[] }

type Handler = Parameters<Network['subscribe']>[1]

export interface GossipInit {
  readonly topics: readonly string[]
  readonly messageId: (bytes: Uint8Array) => Uint8Array
  readonly peers: () => readonly PeerId[]
  readonly send: (peer: PeerId, frame: GossipFrame, bytes: number) => void
  /** The application's part of the score. */
  readonly weight: (peer: PeerId) => number
  readonly random: Random
  readonly nowMs: () => number
}

const controlBytes = 40

export class Gossip {
  readonly #init: GossipInit
  readonly #scores = new Scores()
  readonly #handlers = new Map<string, Handler>()
  readonly #subscribers = new Map<string, Set<PeerId>>()
  readonly #mesh = new Map<string, Set<PeerId>>()
  /** Message ids, oldest first, and when each was seen. */
  readonly #seen = new Map<string, number>()
  /** Messages that can be asked for, by heartbeat, the newest first; of most heartbeats there are none. */
  readonly #history: (Map<string, Message> | undefined)[] = []
  readonly #backoff = new Map<string, number>()
  /** What was asked for, of whom, and until when. */
  readonly #promises = new Map<string, { readonly peer: PeerId; readonly dueMs: number }>()

  constructor(init: GossipInit) {
    this.#init = init
    for (const topic of init.topics) {
      this.#subscribers.set(topic, new Set())
      this.#mesh.set(topic, new Set())
    }
  }

  mesh(topic: string): ReadonlySet<PeerId> {
    return this.#mesh.get(topic) ?? new Set()
  }

  /** Whom messages on the topic reach from here: through the mesh, or by an offer. */
  audience(topic: string): readonly PeerId[] {
    return [...(this.#subscribers.get(topic) ?? [])].filter(peer => this.isFit(peer, thresholds.gossip))
  }

  score(peer: PeerId): number {
    return this.#scores.of(peer, this.#init.nowMs(), this.#init.weight(peer))
  }

  /** Whether the score is not below a threshold that is not above zero. Asked for every message and every heartbeat. */
  isFit(peer: PeerId, threshold: number): boolean {
    if (!this.#scores.isBlamed(peer) && this.#init.weight(peer) >= 0) return true
    return this.score(peer) >= threshold
  }

  came(peer: PeerId): void {
    this.#scores.came(peer, this.#init.nowMs())
    for (const topic of this.#handlers.keys()) this.#control(peer, { type: 'subscribe', topic })
  }

  gone(peer: PeerId): void {
    this.#scores.gone(peer, this.#init.nowMs())
    for (const peers of this.#subscribers.values()) peers.delete(peer)
    for (const peers of this.#mesh.values()) peers.delete(peer)
  }

  subscribe(topic: string, handler: Handler): () => void {
    if (!this.#subscribers.has(topic)) throw new TypeError(`${topic} is not a topic of this swarm`)
    this.#handlers.set(topic, handler)
    for (const peer of this.#init.peers()) this.#control(peer, { type: 'subscribe', topic })
    return () => {
      if (this.#handlers.get(topic) !== handler) return
      this.#handlers.delete(topic)
      for (const peer of this.#init.peers()) this.#control(peer, { type: 'unsubscribe', topic })
    }
  }

  publish(topic: string, bytes: Uint8Array): number {
    const message = { topic, id: toHex(this.#init.messageId(bytes)), bytes: new Uint8Array(bytes) }
    if (!this.#see(message.id)) return 0
    this.#remember(message)
    const subscribers = [...(this.#subscribers.get(topic) ?? [])]
    const fit = subscribers.filter(peer => this.isFit(peer, thresholds.publish))
    const mesh = this.mesh(topic)
    const floods = subscribers.length <= floodPeersMax
    const few =
      mesh.size > 0 ? fit.filter(peer => mesh.has(peer)) : draw(this.#init.random, fit, meshDegree.wanted)
    const receivers = floods ? fit : few
    for (const peer of receivers) this.#pass(peer, message)
    return receivers.length
  }

  /** @returns undefined when a handler was called, else `quiet`. */
  receive(from: PeerId, frame: GossipFrame): 'quiet' | undefined {
    // As most messages are: nothing else of this node need be looked at.
    if (frame.type === 'message' && this.#seen.has(frame.id)) {
      this.#promises.delete(frame.id)
      return 'quiet'
    }
    if (!this.isFit(from, thresholds.graylist)) return 'quiet'
    switch (frame.type) {
      case 'message':
        return this.#hear(from, frame)
      case 'subscribe':
        this.#subscribers.get(frame.topic)?.add(from)
        return 'quiet'
      case 'unsubscribe':
        this.#subscribers.get(frame.topic)?.delete(from)
        this.#leave(from, frame.topic)
        return 'quiet'
      case 'graft':
        this.#grafted(from, frame.topic)
        return 'quiet'
      case 'prune':
        this.#leave(from, frame.topic)
        this.#backOff(from, frame.topic)
        return 'quiet'
      case 'ihave':
        this.#offered(from, frame.ids)
        return 'quiet'
      case 'iwant':
        this.#asked(from, frame.ids)
        return 'quiet'
    }
  }

  /** Once a second. */
  heartbeat(): void {
    const nowMs = this.#init.nowMs()
    this.#scores.decay()
    for (const [id, { peer, dueMs }] of this.#promises) {
      // Each is given the same time, so they are due in the order in which they were made.
      if (dueMs > nowMs) break
      this.#promises.delete(id)
      this.#scores.misbehaved(peer)
    }
    for (const topic of this.#handlers.keys()) {
      this.#tendMesh(topic)
      this.#offer(topic)
    }
    this.#history.unshift(undefined)
    this.#history.length = historyLength
    for (const [id, sinceMs] of this.#seen) {
      if (nowMs - sinceMs < seenMs) break
      this.#seen.delete(id)
    }
    for (const [key, untilMs] of this.#backoff) {
      if (untilMs > nowMs) break
      this.#backoff.delete(key)
    }
  }

  #hear(from: PeerId, message: Message): 'quiet' | undefined {
    const handler = this.#handlers.get(message.topic)
    this.#promises.delete(message.id)
    if (handler === undefined || !this.#see(message.id)) return 'quiet'
    void this.#judge(handler, message, from).then(({ verdict }) => {
      if (verdict === 'reject') this.#scores.deliveredInvalid(from, message.topic)
      if (verdict !== 'accept') return
      this.#scores.deliveredFirst(from, message.topic)
      this.#remember(message)
      for (const peer of this.mesh(message.topic)) if (peer !== from) this.#pass(peer, message)
    })
    return undefined
  }

  /** A handler that throws has a bug; that is not the neighbour's fault. */
  async #judge(handler: Handler, message: Message, from: PeerId): Promise<Verdict> {
    try {
      return await handler(message.bytes, from)
    } catch (cause) {
      return { verdict: 'ignore', reason: String(cause) }
    }
  }

  #grafted(from: PeerId, topic: string): void {
    const mesh = this.#mesh.get(topic)
    if (mesh === undefined || mesh.has(from)) return
    const isEarly = (this.#backoff.get(`${from} ${topic}`) ?? 0) > this.#init.nowMs()
    if (isEarly) this.#scores.misbehaved(from)
    if (isEarly || !this.#handlers.has(topic) || !this.isFit(from, 0) || mesh.size >= meshDegree.high) {
      this.#backOff(from, topic)
      this.#control(from, { type: 'prune', topic })
      return
    }
    this.#join(from, topic)
  }

  #offered(from: PeerId, ids: readonly string[]): void {
    if (!this.isFit(from, thresholds.gossip)) return
    const wanted = ids.filter(id => !this.#seen.has(id) && !this.#promises.has(id))
    if (wanted.length === 0) return
    const dueMs = this.#init.nowMs() + promiseMs
    for (const id of wanted) this.#promises.set(id, { peer: from, dueMs })
    this.#init.send(from, { type: 'iwant', ids: wanted }, wanted.length * idBytes)
  }

  #asked(from: PeerId, ids: readonly string[]): void {
    if (!this.isFit(from, thresholds.gossip)) return
    for (const id of ids) {
      const message = this.#history.find(window => window?.has(id))?.get(id)
      if (message !== undefined) this.#pass(from, message)
    }
  }

  #tendMesh(topic: string): void {
    const mesh = this.#mesh.get(topic)
    if (mesh === undefined) return
    const { random, nowMs } = this.#init
    // What is deleted from a Set while it is walked is not missed, and nothing else is.
    for (const peer of mesh) if (!this.isFit(peer, 0)) this.#prune(peer, topic)
    if (mesh.size < meshDegree.low) {
      const fit = [...(this.#subscribers.get(topic) ?? [])].filter(
        peer =>
          !mesh.has(peer) && (this.#backoff.get(`${peer} ${topic}`) ?? 0) <= nowMs() && this.isFit(peer, 0),
      )
      for (const peer of draw(random, fit, meshDegree.wanted - mesh.size)) {
        this.#join(peer, topic)
        this.#control(peer, { type: 'graft', topic })
      }
    }
    if (mesh.size > meshDegree.high)
      for (const peer of draw(random, mesh, mesh.size - meshDegree.wanted)) this.#prune(peer, topic)
  }

  /** Tells some outside the mesh what there is, so that a message finds its way around a broken mesh. */
  #offer(topic: string): void {
    const ids: string[] = []
    for (const window of this.#history.slice(0, historyGossip))
      for (const message of window?.values() ?? []) if (message.topic === topic) ids.push(message.id)
    if (ids.length === 0) return
    const mesh = this.mesh(topic)
    const outside: PeerId[] = []
    for (const peer of this.#subscribers.get(topic) ?? [])
      if (!mesh.has(peer) && this.isFit(peer, thresholds.gossip)) outside.push(peer)
    const count = Math.max(lazyDegree, Math.floor(lazyShare * outside.length))
    const told = ids.slice(0, offeredMax)
    for (const peer of draw(this.#init.random, outside, count))
      this.#init.send(peer, { type: 'ihave', topic, ids: told }, told.length * idBytes)
  }

  #remember(message: Message): void {
    this.#history[0] ??= new Map()
    this.#history[0].set(message.id, message)
  }

  #see(id: string): boolean {
    if (this.#seen.has(id)) return false
    this.#seen.set(id, this.#init.nowMs())
    return true
  }

  #join(peer: PeerId, topic: string): void {
    this.#mesh.get(topic)?.add(peer)
    this.#scores.inMesh(peer, topic, this.#init.nowMs())
  }

  #leave(peer: PeerId, topic: string): void {
    if (this.#mesh.get(topic)?.delete(peer)) this.#scores.inMesh(peer, topic, undefined)
  }

  #prune(peer: PeerId, topic: string): void {
    this.#leave(peer, topic)
    this.#backOff(peer, topic)
    this.#control(peer, { type: 'prune', topic })
  }

  #backOff(peer: PeerId, topic: string): void {
    const key = `${peer} ${topic}`
    // Behind all others, so that they stay in the order in which they end.
    this.#backoff.delete(key)
    this.#backoff.set(key, this.#init.nowMs() + backoffMs)
  }

  #pass(peer: PeerId, message: Message): void {
    this.#init.send(peer, { type: 'message', ...message }, message.bytes.length)
  }

  #control(peer: PeerId, frame: GossipFrame): void {
    this.#init.send(peer, frame, controlBytes)
  }
}
