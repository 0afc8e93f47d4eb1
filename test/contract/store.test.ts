/** All stores, held to one contract. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '../../sim/clock.ts'
import { InternedRows } from '../../sim/interned.ts'
import { seededRandom } from '../../sim/random.ts'
import { Disk } from '../../sim/storage.ts'
import { openLevelStore } from '../../store/level.ts'
import { openMemoryStore } from '../../store/memory.ts'
import { storeContract } from './store.ts'

storeContract('memory store', async () => ({ store: openMemoryStore(), remove: async () => undefined }))

storeContract('level store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'swarmlore-store-'))
  const opened = await openLevelStore(folder)
  if (!opened.ok) throw new Error(opened.message)
  return { store: opened.value, remove: () => rm(folder, { recursive: true }) }
})

storeContract('simulated disk', async () => {
  const clock = new VirtualClock(0)
  const running = { on: true }
  // The suite waits for its batches: time passes whenever somebody waits.
  const pass = async () => {
    while (running.on) await clock.advance(1)
  }
  const passing = pass()
  const store = new Disk({
    events: clock.events,
    random: seededRandom('disk'),
    interned: new InternedRows(),
  }).open({ alive: true })
  return {
    store,
    remove: async () => {
      running.on = false
      await passing
    },
  }
})
