import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { swarmlore } from './cli-process.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-demo-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('the demo goes the whole way, and its document says so and nothing else', async () => {
  const { status, out, err } = await swarmlore(folder, ['demo', '--json'])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out.trimEnd().split('\n')).toHaveLength(1)
  const report = z
    .strictObject({
      ok: z.literal(true),
      nodes: z.literal(3),
      episodesIngested: z.int().min(10),
      entriesDistilled: z.int().min(3),
      recalledFromPeer: z.literal(true),
      conflictShown: z.literal(true),
      retractionHonoured: z.literal(true),
      survivedRestart: z.literal(true),
      caughtUp: z.literal(true),
      publishToRecallableMs: z.number().positive(),
    })
    .safeParse(JSON.parse(out))
  expect(report.error?.issues).toBeUndefined()
  expect(await readdir(folder)).toEqual([])
}, 180_000)

test('an interrupted demo says so, and leaves no folder and no process behind', async () => {
  const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, 'demo', '--json'], { env: { ...process.env, TMPDIR: folder } })
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  const closed = once(child, 'close')
  const nodes = async (): Promise<string[]> => {
    const [demo] = await readdir(folder)
    return demo === undefined ? [] : readdir(join(folder, demo))
  }
  await expect.poll(nodes, { timeout: 30_000 }).toHaveLength(3)
  child.kill('SIGINT')
  await closed
  const [out] = await said
  expect(child.exitCode).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ ok: false, failure: 'It was interrupted.' })
  expect(await readdir(folder)).toEqual([])
}, 180_000)

test.each(['SIGKILL', 'an end of those who read'] as const)(
  'after %s no node of the demo is left',
  async how => {
    const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))
    const child = spawn(process.execPath, [main, 'demo'], { env: { ...process.env, TMPDIR: folder } })
    // A node announces itself in a file of its folder, with its process.
    const runFiles = async () =>
      (await readdir(folder, { recursive: true })).filter(file => basename(file) === 'run.json')
    await expect.poll(runFiles, { timeout: 30_000 }).toHaveLength(3)
    const files = (await runFiles()).map(file => readFileSync(join(folder, file), 'utf8'))
    const pids = files.map(file => z.object({ pid: z.number() }).parse(JSON.parse(file)).pid)
    const closed = once(child, 'exit')
    if (how === 'SIGKILL') child.kill('SIGKILL')
    else child.stdout.destroy()
    await closed
    await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([])
  },
  180_000,
)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    // No such process.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ESRCH') return false
    throw cause
  }
}
