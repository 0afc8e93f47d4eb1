/** `swarmlore sim` as a process, where the machine has too little of something: it says so, and leaves nothing half-done. */

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const main = fileURLToPath(new URL('../../../node/main.ts', import.meta.url))
const small = 'sim --nodes 3 --minutes 1'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-sim-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** `words` are put to a shell after the path of Node. */
function shell(before: string, words: string): Promise<{ status: unknown; out: string; err: string }> {
  const { promise, resolve } = Promise.withResolvers<{ status: unknown; out: string; err: string }>()
  execFile(
    'sh',
    ['-c', `${before} "$NODE" ${words}`],
    { env: { ...process.env, NODE: process.execPath } },
    (error, out, err) => resolve({ status: error?.code ?? 0, out, err }),
  )
  return promise
}

test('a run that outgrows the memory of the engine ends with a sentence, not with the process', async () => {
  const little = '--max-old-space-size=16 --max-semi-space-size=1'
  const { err, out, status } = await shell('', `${little} ${main} sim --nodes 400 --minutes 1 --json`)
  expect({ status, error: JSON.parse(out) }).toMatchObject({
    status: 1,
    error: { error: { code: 'out-of-memory' } },
  })
  expect(err).toMatch(
    /^Error: This does not fit into the \d+ MB .*--max-old-space-size=\d+\. \(out-of-memory\)\n$/,
  )
})

test('a report for which there is no room is not there at all', async () => {
  // Blocks of half a kilobyte: enough for the figures, too little for the page.
  const { err, status } = await shell('ulimit -f 16;', `${main} ${small} --report ${folder}`)
  expect(status).toBe(1)
  expect(err).toMatch(/report\.html could not be written/)
  expect(await readdir(folder)).toEqual([])
})

test.skipIf(process.platform !== 'linux')('output that cannot be written is told as that', async () => {
  const { err, status } = await shell('', `${main} ${small} > /dev/full`)
  expect({ status, err }).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^Error: The output could not be written: .*\n$/),
  })
})
