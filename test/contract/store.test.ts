/** Both stores, held to one contract. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
