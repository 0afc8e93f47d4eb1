/**
 * What runs in the simulator's thread (`simulation-thread`): one piece of work, of which it tells as it goes on. A
 * composition root of its own, like main.
 */

import { parentPort, workerData } from 'node:worker_threads'
import type { Result } from '../protocol/types.ts'
import { mergeSimulated, simulate, spreadAll } from './simulate.ts'
import type { SimulationWork, Told } from './simulation-thread.ts'

tell({ outcome: await done(workerData) })

async function done(work: SimulationWork): Promise<Result<unknown>> {
  switch (work.task) {
    case 'simulate':
      return simulate(
        {
          written: work.written,
          onRuns: runs => tell({ runs }),
          onProgress: progress => tell({ progress }),
          onResult: result => tell({ result }),
        },
        work.version,
      )
    case 'merge':
      return mergeSimulated(work.options)
    case 'spread':
      return spreadAll(work.written, row => tell({ row }))
  }
}

function tell(told: Told): void {
  parentPort?.postMessage(told)
}
