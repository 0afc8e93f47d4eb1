/**
 * What `up` does: the node in the foreground, with its HTTP API. The API listens before the swarms are opened, so
 * that a port in use is found first, and the run file appears last, so that whoever finds it finds a whole node.
 */

import { multiaddr } from '@multiformats/multiaddr'
import type { Result } from '../../../../protocol/types.ts'
import type { SwarmView } from '../../../api.ts'
import { isLoopback, type Settings } from '../../../config.ts'
import { createApi } from '../../http/api.ts'
import { type Listening, listen } from '../../http/server.ts'
import type { Context } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import { causes, type Output } from '../output.ts'
import type { Log } from '../program.ts'
import { findRunning, removeRun, writeRun } from '../run-file.ts'
import { dataFolder, loadSettings } from '../settings.ts'

/** `untilStdinEnds`: for a program that runs the node as its child; when that ends, however it ends, so does the node. */
export async function up(context: Context, untilStdinEnds: boolean): Promise<Result<ExitStatus>> {
  const { program, out } = context
  const stopping = stopSignal(out, untilStdinEnds)
  const folder = await dataFolder(program, context.dataFlag)
  const read = await loadSettings(program, folder, context.settingFlags)
  if (!read.ok) return read
  const { settings } = read.value
  const running = await findRunning(folder)
  if (running !== undefined) {
    return {
      ok: false,
      code: 'already-running',
      message: `A node is running on ${folder} already (process ${running.pid}, ${running.url}). Stop it first, or name another folder with --data.`,
    }
  }
  for (const key of ['listen', 'announce'] as const) {
    const wrong = settings[key].find(address => !isMultiaddr(address))
    if (wrong === undefined) continue
    return {
      ok: false,
      code: 'bad-setting',
      message: `${read.value.from[key] ?? key}: '${wrong}' is no multiaddr. Write it like /ip4/0.0.0.0/tcp/4501.`,
    }
  }
  const log = terminalLog(out, settings.logLevel)
  const composed = await program.compose(folder, settings, log)
  if (!composed.ok) return composed
  const { node, close } = composed.value
  const token = await program.token(folder)
  if (!token.ok) {
    await close()
    return token
  }
  let ready = false
  const api = createApi({
    node,
    token: token.value,
    hosts: settings.httpHosts,
    exposed: settings.exposeHttp,
    version: program.version,
    ready: () => ready,
    report: error => log('error', 'A request failed inside the node', { causes: causes(error) }),
  })
  const listening = await listen(api, {
    host: settings.httpHost,
    port: settings.httpPort,
    expose: settings.exposeHttp,
  })
  if (!listening.ok) {
    await close()
    return listening
  }
  let settling: Promise<void> | undefined
  try {
    await node.start()
    ready = true
    await writeRun(folder, { url: listening.value.url, pid: process.pid })
    // What reading left behind is given back when all is read; for a small store that is now.
    settling = node.readBack().then(() => program.settle())
    announce(out, { folder, settings, listening: listening.value, swarms: node.swarms() })
    await stopping
  } finally {
    await removeRun(folder, process.pid)
    await listening.value.close()
    await close()
    await settling
    // Open, it would keep the process.
    if (untilStdinEnds) process.stdin.destroy()
  }
  if (!out.json) out.note('Stopped.')
  return { ok: true, value: exitStatus.done }
}

/** Resolves at the first Ctrl-C (or SIGTERM), or where standard input ends; the second one ends the process at once. */
function stopSignal(out: Output, untilStdinEnds: boolean): Promise<void> {
  return new Promise(resolve => {
    let asked = false
    if (untilStdinEnds) process.stdin.once('end', resolve).once('error', resolve).resume()
    const ask = (signal: NodeJS.Signals): void => {
      // 128 and the number of the signal, as shells have it.
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143)
      asked = true
      if (!out.json) out.note('\nStopping; once more stops at once.')
      resolve()
    }
    process.on('SIGINT', ask)
    process.on('SIGTERM', ask)
  })
}

interface Announced {
  readonly folder: string
  readonly settings: Settings
  readonly listening: Listening
  readonly swarms: readonly SwarmView[]
}

function announce(out: Output, { folder, settings, listening, swarms }: Announced): void {
  const document = {
    type: 'up',
    url: listening.url,
    pid: process.pid,
    data: folder,
    swarms: swarms.map(({ id, name, self, addresses }) => ({ id, name, self, addresses })),
  }
  const reachable = swarms.some(swarm => swarm.addresses.some(address => !isLoopback(address)))
  out.show(document, () => [
    ...swarms.flatMap(swarm => [
      `${out.style('bold', `Swarm '${swarm.name}'`)} (${swarm.visibility})`,
      `  node       ${swarm.self}`,
      ...swarm.addresses.map((address, at) => `  ${at === 0 ? 'listens on' : '          '} ${address}`),
    ]),
    `API          ${listening.url}  (token in ${folder}/token)`,
    `Data         ${folder}`,
    '',
    'Take transcripts in:  swarmlore ingest FILE',
    'Let others in:        swarmlore invite create',
    reachable
      ? 'Other machines reach this node at the addresses above that do not begin with /ip4/127.'
      : 'Only this machine reaches this node. For others: swarmlore up --listen /ip4/0.0.0.0/tcp/4501',
    'Ctrl-C stops it.',
  ])
  if (settings.exposeHttp) {
    out.note(
      `Take care: the HTTP API listens on ${listening.host} port ${listening.port}, unencrypted. Whoever reaches it and has the token can read every captured episode and speak for this node.`,
    )
  }
}

function isMultiaddr(text: string): boolean {
  try {
    multiaddr(text)
    return true
  } catch {
    // The library throws whatever is wrong with it; the caller says how it should look.
    return false
  }
}

const levels = ['debug', 'info', 'warn', 'error'] as const

/** The node's diary, on standard error: time, level, message, fields. */
function terminalLog(out: Output, from: Settings['logLevel']): Log {
  return (level, message, fields = {}) => {
    if (levels.indexOf(level) < levels.indexOf(from)) return
    const details = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    out.note([new Date().toISOString().slice(11, 19), level.padEnd(5), message, ...details].join(' '))
  }
}
