/** The contract suites' idea of time where the component under test lives in real time. */

import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 50
/** Below the runner's own limit, so that a failure names the condition's line. */
const patienceMs = 40_000

export const realTime = {
  until: async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    const end = Date.now() + patienceMs
    while (!(await condition())) {
      if (Date.now() > end) throw new Error('the condition did not come true')
      await sleep(pollMs)
    }
  },
  within: (ms: number): AbortSignal => AbortSignal.timeout(ms),
}
