/**
 * Whoever runs the machines: turns them off and on again, in good order or not, and sees to it that they come back. A
 * machine whose disk fails while its node starts is tried again.
 */

import type { StoreOp } from '../store/ports.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

const againMs = 5_000

export class Operator {
  readonly #world: World
  /** Machines that are being started or stopped, or stay off for a while; what was begun before is void. */
  readonly #turns = new Map<Machine, number>()
  readonly #busy = new Set<Machine>()
  readonly #onStarted: (machine: Machine) => void
  readonly #onRestored: (machine: Machine, tookMs: number) => void
  readonly #onPowerLost: (machine: Machine) => void
  readonly #backups = new Map<Machine, { readonly ops: readonly StoreOp[]; readonly tookMs: number }>()

  constructor(
    world: World,
    on: {
      readonly started: (machine: Machine) => void
      /** The machine has again what it had at that time, and nothing since. */
      readonly restored: (machine: Machine, tookMs: number) => void
      /** It is about to lose what is not on its disk. */
      readonly powerLost: (machine: Machine) => void
    },
  ) {
    this.#world = world
    this.#onStarted = on.started
    this.#onRestored = on.restored
    this.#onPowerLost = on.powerLost
  }

  /** Whether the machine's node runs, and is left to run. */
  isFree(machine: Machine): boolean {
    return machine.node !== undefined && !this.#busy.has(machine)
  }

  /** The power fails, and comes back. */
  crash(machine: Machine, offMs: number): void {
    this.#world.note(`${machine.name} loses power`)
    this.#onPowerLost(machine)
    this.#cut(machine)
    this.#startLater(machine, offMs)
  }

  /** Stopped in good order, and started again. */
  restart(machine: Machine, offMs: number): void {
    this.#busy.add(machine)
    this.#world.note(`${machine.name} stops`)
    const turn = this.#turn(machine)
    this.#world.begin(`${machine.name} stops`, async () => {
      try {
        await machine.stop()
      } catch (cause) {
        if (!isStoreError(cause)) throw cause
        this.#cut(machine)
      }
      if (this.#turns.get(machine) === turn || !machine.isOn) this.#startLater(machine, offMs)
    })
  }

  async backUp(machine: Machine): Promise<void> {
    this.#backups.set(machine, { ops: await machine.disk.copy(), tookMs: this.#world.nowMs })
  }

  /** Loses its disk, and is set up from its last backup; nothing where there is none. */
  restore(machine: Machine, offMs: number): void {
    const backup = this.#backups.get(machine)
    if (backup === undefined) return
    this.#world.note(`${machine.name} is restored from a backup`)
    this.#cut(machine)
    this.#world.begin(`${machine.name} is restored`, () => machine.disk.restore(backup.ops))
    this.#onRestored(machine, backup.tookMs)
    this.#startLater(machine, offMs)
  }

  /** Starts whatever is off. */
  startAll(): void {
    for (const machine of this.#world.machines) if (!machine.isOn) this.#startLater(machine, 0)
  }

  #cut(machine: Machine): void {
    machine.powerCut()
    this.#turn(machine)
    this.#busy.add(machine)
  }

  #startLater(machine: Machine, ms: number): void {
    this.#busy.add(machine)
    const turn = this.#turn(machine)
    this.#world.events.in(ms, () => {
      if (this.#turns.get(machine) !== turn) return 'quiet'
      this.#world.begin(`${machine.name} starts`, () => this.#start(machine, turn))
      return undefined
    })
  }

  async #start(machine: Machine, turn: number): Promise<void> {
    try {
      await machine.start()
    } catch (cause) {
      if (!isStoreError(cause)) throw cause
      this.#world.note(`${machine.name} cannot start`)
      this.#cut(machine)
      this.#startLater(machine, againMs)
      return
    }
    if (this.#turns.get(machine) !== turn) return
    this.#world.note(`${machine.name} runs`)
    this.#busy.delete(machine)
    this.#onStarted(machine)
  }

  #turn(machine: Machine): number {
    const turn = (this.#turns.get(machine) ?? 0) + 1
    this.#turns.set(machine, turn)
    return turn
  }
}

/** A disk that fails or is full is no bug of the node. */
export function isStoreError(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'StoreError'
}
