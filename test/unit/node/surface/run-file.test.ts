import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findRunning, removeRun, runPath, writeRun } from '../../../../node/surface/cli/run-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-run-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function healthy() {
  const server = createServer((request, response) => response.end(request.url === '/healthz' ? 'ok' : ''))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { server, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` }
}

test('a node that answers is found', async () => {
  const { server, url } = await healthy()
  await writeRun(folder, { url, pid: process.pid })
  expect(await findRunning(folder)).toEqual({ url, pid: process.pid, folder: await realpath(folder) })
  server.close()
})

test('a copy of the folder is not taken for the one that the node runs on, and a link to it is', async () => {
  const { server, url } = await healthy()
  await writeRun(folder, { url, pid: process.pid })
  const copy = `${folder}-copy`
  const linked = `${folder}-link`
  try {
    await cp(folder, copy, { recursive: true })
    await symlink(folder, linked)
    expect(await findRunning(copy)).toBeUndefined()
    expect(await findRunning(linked)).toMatchObject({ url })
  } finally {
    await rm(copy, { recursive: true, force: true })
    await rm(linked)
    server.close()
  }
})

test('a file left behind by a dead process is not believed, though its port may have a new owner', async () => {
  const child = spawn(process.execPath, ['-e', '0'])
  await once(child, 'exit')
  const { server, url } = await healthy()
  await writeRun(folder, { url, pid: child.pid ?? 0 })
  expect(await findRunning(folder)).toBeUndefined()
  server.close()
})

test('a file whose process lives and whose address nobody answers is not believed', async () => {
  const { server, url } = await healthy()
  server.close()
  await once(server, 'close')
  await writeRun(folder, { url, pid: process.pid })
  expect(await findRunning(folder)).toBeUndefined()
})

test('no file, a damaged one and one with a strange address are all no running node', async () => {
  expect(await findRunning(folder)).toBeUndefined()
  for (const bad of ['', '{', '{"url":"http://127.0.0.1:1"}', '{"url":"file:///etc/passwd","pid":1}', '[]']) {
    await writeFile(runPath(folder), bad)
    expect(await findRunning(folder), bad).toBeUndefined()
  }
})

test('only its own process takes the file away, and writing leaves nothing else behind', async () => {
  await writeRun(folder, { url: 'http://127.0.0.1:1', pid: 123 })
  await removeRun(folder, 124)
  expect(await readdir(folder)).toEqual(['run.json'])
  await removeRun(folder, 123)
  expect(await readdir(folder)).toEqual([])
})
