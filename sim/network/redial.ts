/**
 * Keeps a simulated link connected as the real network's `redial.ts` does: addresses given at the start, and peers met
 * since, are dialled again when they are lost, after waits that double up to 15 s.
 */

import type { Random } from '../../node/ports.ts'
import type { EventQueue, Life, Planned } from '../events.ts'
import { between } from '../random.ts'

interface Wanted {
  readonly address: string
  readonly keep: 'always' | 'while-it-answers'
  attempts: number
  brief: number
  dueMs: number
  upSinceMs: number | undefined
  isDialling: boolean
}

export interface RedialInit {
  readonly events: EventQueue
  readonly life: Life
  readonly random: Random
  /** Addresses of all that are connected now. */
  readonly connected: () => ReadonlySet<string>
  readonly hasRoom: () => boolean
  /** Rejects when nobody answers. */
  readonly dial: (address: string) => Promise<unknown>
}

const tickMs = 500
const waitMsMin = 500
const waitMsMax = 15_000
const attemptsMax = 25
const heldMs = 20_000
const briefMsMin = 2_500
const briefMsMax = 600_000
const wantedMax = 256
const dialsMax = 16

export class Redial {
  readonly #init: RedialInit
  readonly #wanted = new Map<string, Wanted>()
  #tick: Planned | undefined
  #tickMs = 0
  #isClosed = false

  constructor(init: RedialInit) {
    this.#init = init
  }

  want(address: string, keep: Wanted['keep']): void {
    if (this.#isClosed || this.#wanted.has(address) || this.#wanted.size >= wantedMax) return
    this.#wanted.set(address, {
      address,
      keep,
      attempts: 0,
      brief: 0,
      dueMs: 0,
      upSinceMs: undefined,
      isDialling: false,
    })
    this.#plan(0)
  }

  /** A connection stands now. */
  came(address: string): void {
    const entry = this.#wanted.get(address)
    if (entry !== undefined) entry.upSinceMs ??= this.#init.events.nowMs
  }

  /** The connection is lost. Both sides wait a different while, or they would dial at the same moment. */
  lost(address: string): void {
    const entry = this.#wanted.get(address)
    if (entry === undefined) return
    const { nowMs } = this.#init.events
    const isBrief = entry.upSinceMs !== undefined && nowMs - entry.upSinceMs <= heldMs
    if (entry.upSinceMs !== undefined && !isBrief) {
      entry.attempts = 0
      entry.brief = 0
    }
    const isAgain = isBrief && entry.brief++ > 0
    entry.upSinceMs = undefined
    const waitMs = isAgain ? Math.min(briefMsMin * 2 ** entry.brief, briefMsMax) : 2 * waitMsMin
    entry.dueMs = Math.max(entry.dueMs, nowMs + this.#jittered(waitMs))
    this.#plan(tickMs)
  }

  /** For a peer that was sent away. */
  forget(address: string): void {
    this.#wanted.delete(address)
  }

  close(): void {
    this.#isClosed = true
    this.#tick?.cancel()
  }

  #plan(ms: number): void {
    const { events, life } = this.#init
    const atMs = events.nowMs + ms
    if (this.#isClosed || (this.#tick !== undefined && this.#tickMs <= atMs)) return
    this.#tick?.cancel()
    this.#tickMs = atMs
    const happen = (): 'quiet' | undefined => {
      this.#tick = undefined
      return this.#dialDue()
    }
    this.#tick = events.in(ms, happen, life)
  }

  #dialDue(): 'quiet' | undefined {
    const { nowMs } = this.#init.events
    const connected = this.#init.connected()
    const missing = [...this.#wanted.values()].filter(one => !connected.has(one.address))
    const dialling = missing.filter(one => one.isDialling).length
    const due = missing.filter(one => !one.isDialling && one.dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs)
    this.#planNext(missing)
    if (due.length === 0 || !this.#init.hasRoom()) return 'quiet'
    for (const entry of due.slice(0, Math.max(0, dialsMax - dialling))) void this.#dialOnce(entry)
    return undefined
  }

  /** The real one looks twice a second; here the next moment is known at which it would find something to do. */
  #planNext(missing: readonly Wanted[]): void {
    const dues = missing.filter(one => !one.isDialling).map(one => one.dueMs)
    if (dues.length > 0) this.#plan(Math.max(tickMs, Math.min(...dues) - this.#init.events.nowMs))
  }

  async #dialOnce(entry: Wanted): Promise<void> {
    entry.isDialling = true
    entry.attempts++
    try {
      await this.#init.dial(entry.address)
    } catch {
      // Whatever it was, it is tried again later, or given up below.
    } finally {
      const waitMs = Math.min(waitMsMin * 2 ** entry.attempts, waitMsMax)
      entry.dueMs = this.#init.events.nowMs + this.#jittered(waitMs)
      entry.isDialling = false
      if (entry.keep === 'while-it-answers' && entry.attempts > attemptsMax)
        this.#wanted.delete(entry.address)
      else this.#plan(tickMs)
    }
  }

  #jittered(ms: number): number {
    return between(this.#init.random, ms / 2, ms)
  }
}
