/** The command line's surroundings for tests: a fake node, and a folder of the test's own. */

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Program } from '../../../../node/surface/cli.ts'
import { FakeNode } from './fake-node.ts'

export interface FakeProgram extends Program {
  /** The nodes that were put together, in order. */
  readonly nodes: FakeNode[]
  /** As if another process had the store open. */
  locked: boolean
}

export function fakeProgram(defaultFolder: string, env: Program['env'] = {}): FakeProgram {
  const nodes: FakeNode[] = []
  const composed = () => {
    const node = new FakeNode()
    nodes.push(node)
    return { ok: true as const, value: { node, close: () => node.stop() } }
  }
  const program: FakeProgram = {
    nodes,
    locked: false,
    version: '1.2.3',
    self: [process.execPath, fileURLToPath(new URL('fake-main.ts', import.meta.url))],
    env,
    defaultDataFolder: async () => defaultFolder,
    holdsNode: async folder => existsSync(folder),
    async compose(folder) {
      if (program.locked) {
        return { ok: false, code: 'store-locked', message: `Another process has ${folder} open.` }
      }
      await mkdir(folder, { recursive: true })
      return composed()
    },
    composeInMemory: async () => composed(),
    async token(folder) {
      const path = join(folder, 'token')
      await writeFile(path, randomBytes(32).toString('base64url'), { flag: 'a' })
      return { ok: true, value: (await readFile(path, 'utf8')).slice(0, 43) }
    },
    experiment: async () => ({ ok: true, value: [] }),
    simulate: async () => ({ ok: true, value: 0 }),
    async spread(_written, onRow) {
      onRow({ nodes: 100, isWhole: false, figures: { p50Ms: 85.4, delivered: 1 } })
      return { ok: true, value: undefined }
    },
    calibrate: async () => ({
      fit: { handlingMs: 1.5 },
      inUse: { handlingMs: 2 },
      swarms: [
        {
          nodes: 10,
          isFitted: true,
          othersBusy: 0.07,
          rows: [{ what: 'delivery, 50 %', unit: 'ms', real: 400, simulated: 420, distance: 0.05 }],
        },
      ],
      costs: [{ work: 'verify', measuredMicros: 130, tableMicros: 115 }],
    }),
    mergeSimulated: async () => ({ ok: true, value: { seeds: 0, failing: [] } }),
    async settle() {},
  }
  return program
}
