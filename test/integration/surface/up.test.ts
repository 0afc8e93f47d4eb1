import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const fakeMain = fileURLToPath(new URL('../../unit/node/surface/fake-main.ts', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-up-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function up(env: Record<string, string> = {}, more: readonly string[] = []) {
  const argv = [fakeMain, 'up', '--data', folder, '--http-port', '0', ...more]
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...env } })
  const out: string[] = []
  const err: string[] = []
  const lines = createInterface({ input: child.stdout }).on('line', line => out.push(line))
  createInterface({ input: child.stderr }).on('line', line => err.push(line))
  const closed = once(child, 'close')
  await Promise.race([once(lines, 'line'), closed])
  return { child, out, err, closed }
}

test('the first Ctrl-C stops the node in order, and the run file goes', async () => {
  const { child, out, err, closed } = await up()
  expect((await stat(join(folder, 'run.json'))).mode & 0o077).toBe(0)
  child.kill('SIGINT')
  await closed
  expect({ status: child.exitCode, err: err.join('\n') }).toEqual({
    status: 0,
    err: '\nStopping; once more stops at once.\nStopped.',
  })
  for (const part of [
    'did:key:z6Mk',
    '/ip4/127.0.0.1/tcp/4501',
    'http://127.0.0.1:',
    'swarmlore invite create',
    '--listen',
  ]) {
    expect(out.join('\n')).toContain(part)
  }
  await expect(readFile(join(folder, 'run.json'))).rejects.toThrow('ENOENT')
})

test('the second Ctrl-C ends a node that does not stop', async () => {
  const { child, err, closed } = await up({ FAKE_STOP: 'never' })
  child.kill('SIGINT')
  await expect.poll(() => err.join('\n')).toContain('once more')
  child.kill('SIGINT')
  await closed
  expect(child.exitCode).toBe(130)
})

test('with --json, standard output holds the one document that programs wait for', async () => {
  const { child, out, closed } = await up({}, ['--json'])
  child.kill('SIGTERM')
  await closed
  expect(child.exitCode).toBe(0)
  expect(out).toHaveLength(1)
  expect(JSON.parse(out[0] ?? '')).toMatchObject({
    type: 'up',
    pid: child.pid,
    data: folder,
    swarms: [{ name: 'home' }],
  })
})

test('beyond loopback the API listens only when told, and says what that exposes', async () => {
  const refused = await up({}, ['--http-host', '0.0.0.0'])
  await refused.closed
  expect(refused.child.exitCode).toBe(1)
  expect(refused.err.join('\n')).toContain('exposeHttp')
  const exposed = await up({}, ['--http-host', '0.0.0.0', '--expose-http'])
  exposed.child.kill('SIGTERM')
  await exposed.closed
  expect(exposed.err.join('\n')).toContain('Take care: the HTTP API listens on 0.0.0.0')
})
