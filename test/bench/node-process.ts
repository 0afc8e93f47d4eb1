/** `swarmlore up` as a process of its own, on a data folder and a free port, spoken to over its HTTP API. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadOrCreateToken } from '../../node/adapters/keyfile.ts'
import { type Client, remoteClient } from '../../node/surface/cli/client.ts'
import type { InputOf, OperationName, OutputOf } from '../../node/surface/operations.ts'
import { BenchFailure } from './figure.ts'
import { root } from './folders.ts'
import { value } from './real-node.ts'

export const mainFile = join(root, 'node/main.ts')

const wordsLine = 'The words of what was kept are read.'
const pollMs = 5
const startLimitMs = 120_000
const stopLimitMs = 10_000

export interface NodeProcess {
  /** From the start of the process until /readyz answered. */
  readonly startMs: number
  /** The same until the words of all kept entries were read, which a large store does in the background. */
  readonly wordsMs: Promise<number>
  call<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>
  /** Resident memory now, in megabytes of 10^6 bytes; undefined where the system does not tell. */
  rssMb(): Promise<number | undefined>
  stop(): Promise<void>
}

export async function startNode(folder: string): Promise<NodeProcess> {
  const port = await freePort()
  const flags = [
    '--data',
    folder,
    '--http-port',
    String(port),
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--no-mdns',
  ]
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SWARMLORE_')),
  )
  const startedAt = performance.now()
  const child = spawn(process.execPath, [mainFile, 'up', '--json', '--log-level', 'info', ...flags], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  const words = Promise.withResolvers<number>()
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
    if (said.includes(wordsLine)) words.resolve(performance.now() - startedAt)
  })
  const url = `http://127.0.0.1:${port}`
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new BenchFailure(`swarmlore up ended with ${child.exitCode}: ${said}`)
    if (performance.now() - startedAt > startLimitMs) {
      child.kill('SIGKILL')
      throw new BenchFailure(`swarmlore up is not ready after ${startLimitMs / 1000} s: ${said}`)
    }
    await sleep(pollMs)
  }
  const startMs = performance.now() - startedAt
  const client = remoteClient(url, value(await loadOrCreateToken(join(folder, 'token'))))
  return {
    startMs,
    wordsMs: words.promise,
    call: (name, input) => call(client, name, input),
    rssMb: () => rssMb(child),
    stop: () => stop(child),
  }
}

async function call<Name extends OperationName>(
  client: Client,
  name: Name,
  input: InputOf<Name>,
): Promise<OutputOf<Name>> {
  return value(await client.call(name, input))
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).status === 200
  } catch (error) {
    // Nobody listens there yet.
    if (error instanceof TypeError) return false
    throw error
  }
}

async function rssMb(child: ChildProcess): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  return kib === undefined ? undefined : (Number(kib) * 1024) / 1e6
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const late = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
  child.kill('SIGTERM')
  await ended
  clearTimeout(late)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}
