/**
 * Calls operations: over HTTP where a node is running on the data folder, and directly on the stored data where
 * none is. Commands do not see which, but for operations that need the network.
 */

import { z } from 'zod'
import type { Result } from '../../../protocol/types.ts'
import type { Settings } from '../../config.ts'
import { type Operation, pathInputs } from '../operation.ts'
import { type InputOf, type OperationName, type OutputOf, operations } from '../operations.ts'
import { request } from './http-request.ts'
import type { Composed, Log, Program } from './program.ts'
import { findRunning } from './run-file.ts'

export interface Client {
  /** The URL of the running node; undefined when the stored data is worked on directly. */
  readonly url: string | undefined
  call<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<Result<OutputOf<Name>>>
  close(): Promise<void>
}

export interface ClientOptions {
  readonly program: Program
  readonly folder: string
  readonly settings: Settings
  readonly log: Log
  /** The command is of no use on stored data. */
  readonly needsRunning: boolean
  /** The command may begin a data folder. */
  readonly mayCreate: boolean
}

export async function openClient(options: ClientOptions): Promise<Result<Client>> {
  const { program, folder, settings, log } = options
  const running = await findRunning(folder)
  if (running !== undefined) {
    const token = await program.token(folder)
    return token.ok ? { ok: true, value: remoteClient(running.url, token.value) } : token
  }
  if (options.needsRunning) {
    return {
      ok: false,
      code: 'no-node',
      message: `No node is running on ${folder}, and this needs one. Start it with 'swarmlore up${await dataFlag(program, folder)}'.`,
    }
  }
  if (!options.mayCreate && !(await program.holdsNode(folder))) {
    return {
      ok: false,
      code: 'no-data-folder',
      message: `There is nothing at ${folder} yet. Start a node with 'swarmlore up', or name another folder with --data.`,
    }
  }
  const composed = await program.compose(folder, settings, log)
  return composed.ok ? { ok: true, value: localClient(composed.value) } : composed
}

export function localClient({ node, close }: Composed): Client {
  return {
    url: undefined,
    call: async (name, input) => {
      const done = await operations[name].run(node, input)
      return done.ok ? { ok: true, value: outputOf(name, done.value) } : done
    },
    close,
  }
}

export function remoteClient(url: string, token: string): Client {
  return {
    url,
    call: async (name, input) => {
      const operation: Operation = operations[name]
      const built = buildRequest(operation, input)
      const answer = await request({
        url: url + built.path,
        method: operation.method,
        headers: { ...built.headers, authorization: `Bearer ${token}`, accept: 'application/json' },
        ...(built.body !== undefined && { body: built.body }),
      })
      if (!answer.ok) return answer
      const { status, text } = answer.value
      const body = parseJson(text)
      if (status === operation.status) {
        const parsed = operation.output.safeParse(body)
        if (parsed.success) return { ok: true, value: outputOf(name, parsed.data) }
      }
      return failureOf(status, body)
    },
    close: async () => {},
  }
}

/** The output was made or checked by the operation of this name; the schema's type says what that is. */
function outputOf<Name extends OperationName>(_: Name, value: unknown): OutputOf<Name> {
  return value as OutputOf<Name>
}

interface Built {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** The inputs where the operation wants them: path, header, query or body. */
function buildRequest(operation: Operation, input: Readonly<Record<string, unknown>>): Built {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  let path = operation.path
  for (const name of pathInputs(path)) {
    path = path.replace(`{${name}}`, encodeURIComponent(String(rest.get(name))))
    rest.delete(name)
  }
  const headers: Record<string, string> = {}
  for (const [name, header] of Object.entries(operation.headers ?? {})) {
    if (rest.has(name)) headers[header] = String(rest.get(name))
    rest.delete(name)
  }
  if (operation.method === 'GET' || operation.method === 'DELETE') {
    const query = new URLSearchParams(
      [...rest].map(([name, value]): [string, string] => [name, String(value)]),
    )
    return { path: query.size > 0 ? `${path}?${query}` : path, headers }
  }
  const content = operation.bodyInput === undefined ? Object.fromEntries(rest) : rest.get(operation.bodyInput)
  return {
    path,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(content),
  }
}

const problem = z.object({ code: z.string(), detail: z.string() })

function failureOf(status: number, body: unknown): Result<never> {
  const parsed = problem.safeParse(body)
  if (parsed.success) return { ok: false, code: parsed.data.code, message: parsed.data.detail }
  return {
    ok: false,
    code: 'strange-answer',
    message: `The running node answered (status ${status}) in a way that this version does not understand. Restart it, so that both are the same version.`,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller reports an answer that is no JSON as one that it does not understand.
    return undefined
  }
}

async function dataFlag(program: Program, folder: string): Promise<string> {
  return folder === (await program.defaultDataFolder()) ? '' : ` --data ${folder}`
}
