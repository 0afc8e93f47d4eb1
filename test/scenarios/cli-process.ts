/** The real program as processes of the test's own, each on a data folder below one temporary folder. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))

function environment(folder: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(SWARMLORE_|XDG_|TMPDIR|FORCE_COLOR)/.test(name),
  )
  return { ...Object.fromEntries(inherited), XDG_DATA_HOME: folder, TMPDIR: folder }
}

export interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command to its end. */
export async function swarmlore(folder: string, argv: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...argv], { env: environment(folder) })
  child.stdin.end(input)
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  return { status: child.exitCode, out, err }
}

/** As `swarmlore … | head -1`: what reads its output goes after the first of it. */
export async function swarmloreHead(folder: string, argv: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...argv], { env: environment(folder) })
  const ended = once(child, 'close')
  const err = text(child.stderr)
  const [out] = await once(child.stdout, 'data')
  child.stdout.destroy()
  await ended
  return { status: child.exitCode, out: String(out), err: await err }
}

export interface Up {
  readonly child: ChildProcess
  readonly url: string
  /** Sends the signal, and answers with the exit status. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** `swarmlore up` on a free port of loopback, once it is up. */
export async function up(folder: string, more: readonly string[] = []): Promise<Up> {
  const argv = ['up', '--json', '--http-port', '0', '--no-mdns', ...more]
  const child = spawn(process.execPath, [main, ...argv], {
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', part => {
    said += part
  })
  const closed = once(child, 'close')
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    closed.then(() => Promise.reject(new Error(`it ended: ${said}`))),
  ])
  return {
    child,
    url: JSON.parse(line).url,
    async end(signal) {
      child.kill(signal)
      await closed
      return child.exitCode
    },
  }
}
