/** A machine as the network sees it: where it stands, what its line carries, and how busy it is. */

import type { Random } from '../../node/ports.ts'
import type { Happening, Life } from '../events.ts'

export interface HostInit {
  readonly name: string
  readonly random: Random
  readonly region?: number
  readonly life?: Life
}

/** Microseconds of work beside the node's own: that of the transports. */
interface HostCpu {
  hold(micros: number): void
  /** Lets something happen that takes so long, when what came before is done. */
  take(happen: Happening, micros: number): 'quiet' | undefined
}

/** A small server's line: 100 Mbit/s each way. */
const usualBytesPerMs = 12_500

export class Host {
  readonly name: string
  readonly random: Random
  readonly region: number
  /** Of the node that runs on it now. */
  life: Life
  /** Nobody can dial it. */
  isBehindNat = false
  upBytesPerMs = usualBytesPerMs
  downBytesPerMs = usualBytesPerMs
  /** What its node runs on; none where work takes no time. */
  cpu: HostCpu | undefined
  /** When its line is done with what it has to carry. */
  upFreeMs = 0
  downFreeMs = 0
  sentBytes = 0
  sentMessages = 0

  constructor({ name, random, region = 0, life = { alive: true } }: HostInit) {
    this.name = name
    this.random = random
    this.region = region
    this.life = life
  }

  /** Another line than before: what it still had to carry is gone. */
  setLine(bytesPerMs = usualBytesPerMs): void {
    if (bytesPerMs === this.upBytesPerMs) return
    this.upFreeMs = 0
    this.downFreeMs = 0
    this.upBytesPerMs = bytesPerMs
    this.downBytesPerMs = bytesPerMs
  }
}
