/** The contract suites' idea of a simulated network: every link on a machine of its own, and time passes all the while. */

import { toHex } from '../../crypto/bytes.ts'
import type { OpenSwarm } from '../../node/ports.ts'
import { VirtualClock } from '../../sim/clock.ts'
import { Host } from '../../sim/network/host.ts'
import { SimNetwork } from '../../sim/network/network.ts'
import { seededRandom } from '../../sim/random.ts'

const stepMs = 20
const patienceMs = 2 * 3_600_000

function createHost(name: string, number: number): Host {
  return new Host({ name, random: seededRandom(name), region: number % 4 })
}

export function simulatedNetwork() {
  const clock = new VirtualClock(1_700_000_000_000)
  const network = new SimNetwork({ events: clock.events })
  /** One machine for each key: it keeps its addresses. */
  const machines = new Map<string, OpenSwarm>()
  let isRunning = false
  const open: OpenSwarm = options => {
    const name = toHex(options.seed)
    const machine = machines.get(name) ?? network.opener(createHost(name, machines.size))
    machines.set(name, machine)
    return machine(options)
  }
  return {
    open,
    /** Lets time pass until `stop`. */
    start: async (): Promise<void> => {
      isRunning = true
      while (isRunning) await clock.advance(stepMs)
    },
    stop: (): void => {
      isRunning = false
    },
    until: async (condition: () => boolean | Promise<boolean>): Promise<void> => {
      const endMs = clock.now() + patienceMs
      while (!(await condition())) {
        if (clock.now() > endMs) throw new Error('the condition did not come true')
        await clock.sleep(stepMs)
      }
    },
    within: (ms: number): AbortSignal => {
      const late = new AbortController()
      clock.sleep(ms).then(() => late.abort(new DOMException(`Not done within ${ms} ms.`, 'TimeoutError')))
      return late.signal
    },
  }
}
