/**
 * `<data>/run.json`: where the running node of a data folder is found. The file is only a hint. A node that was
 * killed leaves it behind, so whoever reads it asks the address before believing it; and a copy of the folder has it,
 * too, so that it names the folder that it is of.
 */

import { readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { request } from './http-request.ts'

const runSchema = z.object({
  url: z.url({ protocol: /^http$/ }),
  pid: z.int().positive(),
  /** The real path of the data folder. */
  folder: z.string(),
})
type Run = z.infer<typeof runSchema>

const askMs = 2_000

export function runPath(folder: string): string {
  return join(folder, 'run.json')
}

export async function writeRun(folder: string, { url, pid }: Omit<Run, 'folder'>): Promise<void> {
  const path = runPath(folder)
  const temporary = `${path}.${pid}.new`
  const run: Run = { url, pid, folder: await realpath(folder) }
  await writeFile(temporary, `${JSON.stringify(run)}\n`, { mode: 0o600 })
  await rename(temporary, path)
}

/** Takes the file away when it is still the one of this process. */
export async function removeRun(folder: string, pid: number): Promise<void> {
  const run = await readRun(folder)
  if (run?.pid === pid) await rm(runPath(folder), { force: true })
}

/** The running node, or undefined: no file, a damaged file, one of another folder, a dead process, or nobody who answers. */
export async function findRunning(folder: string): Promise<Run | undefined> {
  const run = await readRun(folder)
  if (run === undefined || run.folder !== (await realpath(folder)) || !isAlive(run.pid)) return undefined
  const answer = await request({ url: `${run.url}/healthz`, method: 'GET', timeoutMs: askMs })
  return answer.ok && answer.value.status === 200 ? run : undefined
}

async function readRun(folder: string): Promise<Run | undefined> {
  let text: string
  try {
    text = await readFile(runPath(folder), 'utf8')
  } catch {
    // Not there, or not readable: nobody that this user could speak to is running.
    return undefined
  }
  try {
    const parsed = runSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    // A damaged hint is no hint; the next start of the node writes it anew.
    return undefined
  }
}

/** Signal 0 asks whether there is such a process; EPERM says that there is, and that it belongs to someone else. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
