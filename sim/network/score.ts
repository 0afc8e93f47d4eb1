/**
 * What gossip thinks of its neighbours: gossipsub's peer score with the parameters of the real network. Kept for an hour
 * after a neighbour has gone, so that coming back washes nothing off.
 */

import type { PeerId } from '../../protocol/types.ts'
import { score as parameters, topicScoreCap } from './gossip-parameters.ts'

interface TopicCounters {
  readonly topic: string
  meshSinceMs: number | undefined
  first: number
  invalid: number
}

interface Counters {
  /** Those with something to count: as many as the swarm has shards, at most. */
  readonly topics: TopicCounters[]
  behaviour: number
  goneAtMs: number | undefined
}

export class Scores {
  readonly #of = new Map<PeerId, Counters>()
  /** Those of which something is left to decay: of most neighbours there is nothing. */
  readonly #decaying = new Set<Counters>()
  /** Those with anything against them: most nodes have nobody. */
  readonly #blamed = new Set<Counters>()

  inMesh(peer: PeerId, topic: string, sinceMs: number | undefined): void {
    this.#topic(peer, topic).meshSinceMs = sinceMs
  }

  deliveredFirst(peer: PeerId, topic: string): void {
    const counters = this.#topic(peer, topic)
    counters.first = Math.min(parameters.firstDeliveries.cap, counters.first + 1)
    this.#decaying.add(this.#counters(peer))
  }

  deliveredInvalid(peer: PeerId, topic: string): void {
    this.#topic(peer, topic).invalid++
    this.#blame(this.#counters(peer))
  }

  misbehaved(peer: PeerId): void {
    const counters = this.#counters(peer)
    counters.behaviour++
    this.#blame(counters)
  }

  came(peer: PeerId, nowMs: number): void {
    const counters = this.#of.get(peer)
    if (counters?.goneAtMs === undefined) return
    if (nowMs - counters.goneAtMs <= parameters.retainMs) counters.goneAtMs = undefined
    else this.#forget(peer, counters)
  }

  gone(peer: PeerId, nowMs: number): void {
    const counters = this.#of.get(peer)
    if (counters === undefined) return
    counters.goneAtMs = nowMs
    for (const topic of counters.topics) topic.meshSinceMs = undefined
  }

  /** `application`: what the node adds by `weigh`. */
  of(peer: PeerId, nowMs: number, application: number): number {
    const counters = this.#of.get(peer)
    if (counters === undefined) return application
    let topics = 0
    for (const topic of counters.topics) topics += topicScore(topic, nowMs)
    const { weight, threshold } = parameters.behaviour
    const excess = Math.max(0, counters.behaviour - threshold)
    return Math.min(topics, topicScoreCap) + weight * excess * excess + application
  }

  /** Whether anything counts against it: else its score is not below what the application adds. */
  isBlamed(peer: PeerId): boolean {
    if (this.#blamed.size === 0) return false
    const counters = this.#of.get(peer)
    return counters !== undefined && this.#blamed.has(counters)
  }

  /** Once a second. */
  decay(): void {
    for (const counters of this.#decaying) {
      counters.behaviour = decayed(counters.behaviour, parameters.behaviour.decay)
      let isBlamed = counters.behaviour > 0
      let isAnyLeft = false
      for (const topic of counters.topics) {
        topic.first = decayed(topic.first, parameters.firstDeliveries.decay)
        topic.invalid = decayed(topic.invalid, parameters.invalid.decay)
        isBlamed ||= topic.invalid > 0
        isAnyLeft ||= topic.first > 0
      }
      if (!isBlamed) this.#blamed.delete(counters)
      if (!isBlamed && !isAnyLeft) this.#decaying.delete(counters)
    }
  }

  #forget(peer: PeerId, counters: Counters): void {
    this.#of.delete(peer)
    this.#decaying.delete(counters)
    this.#blamed.delete(counters)
  }

  #blame(counters: Counters): void {
    this.#decaying.add(counters)
    this.#blamed.add(counters)
  }

  #counters(peer: PeerId): Counters {
    let counters = this.#of.get(peer)
    if (counters === undefined) {
      counters = { topics: [], behaviour: 0, goneAtMs: undefined }
      this.#of.set(peer, counters)
    }
    return counters
  }

  #topic(peer: PeerId, topic: string): TopicCounters {
    const { topics } = this.#counters(peer)
    let counters = topics.find(one => one.topic === topic)
    if (counters === undefined) {
      counters = { topic, meshSinceMs: undefined, first: 0, invalid: 0 }
      topics.push(counters)
    }
    return counters
  }
}

function topicScore({ meshSinceMs, first, invalid }: TopicCounters, nowMs: number): number {
  const { timeInMesh, firstDeliveries, invalid: wrong } = parameters
  const quanta = meshSinceMs === undefined ? 0 : (nowMs - meshSinceMs) / timeInMesh.quantumMs
  return (
    Math.min(quanta, timeInMesh.cap) * timeInMesh.weight +
    first * firstDeliveries.weight +
    invalid * invalid * wrong.weight
  )
}

function decayed(count: number, decay: number): number {
  if (count === 0) return 0
  const left = count * decay
  return left < parameters.decayToZero ? 0 : left
}
