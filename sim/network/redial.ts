/**
 * Keeps a simulated link connected as the real network's `redial.ts` does: addresses given at the start, and peers met
 * since, are dialled again when they are lost, after waits that double up to 15 s.
 */

import type { Random } from '../../node/ports.ts'
import {
  type DialHistory,
  dialsMax,
  isGivenUp,
  type Keep,
  lostMs,
  neverDialled,
  noteDial,
  noteHeld,
  noteLoss,
  tickMs,
  waitAfterDialMs,
  wantedMax,
} from '../../node/redial-waits.ts'
import type { EventQueue, Life, Planned } from '../events.ts'
import { between } from '../random.ts'

interface Wanted {
  readonly address: string
  readonly keep: Keep
  readonly history: DialHistory
  dueMs: number
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

export class Redial {
  readonly #init: RedialInit
  readonly #wanted = new Map<string, Wanted>()
  #tick: Planned | undefined
  #tickMs = 0
  #isClosed = false

  constructor(init: RedialInit) {
    this.#init = init
  }

  want(address: string, keep: Keep): void {
    if (this.#isClosed || this.#wanted.has(address) || this.#wanted.size >= wantedMax) return
    this.#wanted.set(address, { address, keep, history: neverDialled(), dueMs: 0, isDialling: false })
    this.#plan(0)
  }

  /** A connection stands now. */
  came(address: string): void {
    const entry = this.#wanted.get(address)
    if (entry !== undefined) entry.history.upSinceMs ??= this.#init.events.nowMs
  }

  /** The connection is lost. */
  lost(address: string): void {
    const entry = this.#wanted.get(address)
    if (entry === undefined) return
    const { nowMs } = this.#init.events
    noteHeld(entry.history, nowMs)
    const waitMs = noteLoss(entry.history, nowMs) ?? lostMs
    entry.dueMs = Math.max(entry.dueMs, nowMs + this.#jittered(waitMs))
    this.#plan(tickMs)
  }

  /** For a peer that was sent away. */
  forget(address: string): void {
    this.#wanted.delete(address)
  }

  /** For one that was sent away for a while: what was given is called again after it. */
  forgetMet(address: string): void {
    if (this.#wanted.get(address)?.keep !== 'always') this.#wanted.delete(address)
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
    noteDial(entry.history, this.#init.connected().size === 0)
    try {
      await this.#init.dial(entry.address)
    } catch {
      // Whatever it was, it is tried again later, or given up below.
    } finally {
      entry.dueMs = this.#init.events.nowMs + this.#jittered(waitAfterDialMs(entry.history))
      entry.isDialling = false
      if (isGivenUp(entry.history, entry.keep)) this.#wanted.delete(entry.address)
      else this.#plan(tickMs)
    }
  }

  #jittered(ms: number): number {
    return between(this.#init.random, ms / 2, ms)
  }
}
