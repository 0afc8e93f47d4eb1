/**
 * The nodes of the demo: `swarmlore up` as separate processes with data folders of their own under one temporary
 * folder, spoken to over their HTTP APIs like any other node. Whatever happens, they and the folder go at the end.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { type Client, remoteClient } from '../cli/client.ts'
import type { Program } from '../cli/program.ts'
import type { InputOf, OperationName, OutputOf } from '../operations.ts'

const startMs = 30_000
const stopMs = 5_000
/** Lines of standard error that are kept for the report of a failure. */
const diaryLines = 20

/** A step of the demo that did not come out as it should: what was expected, and what was seen. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure'
}

const upSchema = z.object({ type: z.literal('up'), url: z.string() })

export class Fleet {
  readonly #program: Program
  readonly #folder: string
  readonly #nodes: DemoNode[] = []

  private constructor(program: Program, folder: string) {
    this.#program = program
    this.#folder = folder
  }

  static async create(program: Program): Promise<Fleet> {
    return new Fleet(program, await mkdtemp(join(tmpdir(), 'swarmlore-demo-')))
  }

  async start(name: string): Promise<DemoNode> {
    const node = new DemoNode(this.#program, name, join(this.#folder, name))
    this.#nodes.push(node)
    await node.start()
    return node
  }

  async end(): Promise<void> {
    await Promise.all(this.#nodes.map(node => node.stop()))
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

export class DemoNode {
  readonly name: string
  readonly #program: Program
  readonly #folder: string
  #child: ChildProcess | undefined
  #client: Client | undefined
  #diary: string[] = []
  #over = false

  constructor(program: Program, name: string, folder: string) {
    this.#program = program
    this.name = name
    this.#folder = folder
  }

  /** Resolves when the node has said that it is up. */
  async start(): Promise<void> {
    // The walk may still be under way when the demo has been interrupted.
    if (this.#over) throw new DemoFailure(`${this.name} is not needed any more.`)
    const [command, ...before] = this.#program.self
    const flags = [
      'up',
      '--json',
      '--until-stdin-ends',
      '--data',
      this.#folder,
      '--http-port',
      '0',
      '--no-mdns',
      '--log-level',
      'warn',
    ]
    const child = spawn(command, [...before, ...flags, '--listen', '/ip4/127.0.0.1/tcp/0'], {
      env: withoutSettings(this.#program.env),
      // Its standard input ends with this process, however that ends; and the node with it.
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#diary = []
    createInterface({ input: child.stderr }).on('line', line => {
      this.#diary = [...this.#diary.slice(1 - diaryLines), line]
    })
    const url = await this.#announced(child)
    const token = await this.#program.token(this.#folder)
    if (!token.ok) throw new DemoFailure(token.message)
    this.#client = remoteClient(url, token.value)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Calls an operation that is expected to work. */
  async call<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    const done = await this.attempt(name, input)
    if (done.ok) return done.value
    throw new DemoFailure(`${this.name}: ${name} was refused. ${done.message} (${done.code})${this.#said()}`)
  }

  attempt<Name extends OperationName>(name: Name, input: InputOf<Name>) {
    if (this.#client === undefined) throw new DemoFailure(`${this.name} is not running.`)
    return this.#client.call(name, input)
  }

  /** The hard way: no time for anything to be written that is not written yet. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** For good. */
  async stop(): Promise<void> {
    this.#over = true
    await this.leave()
  }

  /** In good order; `start` brings it back. */
  async leave(): Promise<void> {
    const child = this.#child
    const late = setTimeout(() => child?.kill('SIGKILL'), stopMs)
    await this.#end('SIGTERM')
    clearTimeout(late)
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    this.#client = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  #announced(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => reject(new DemoFailure(`${this.name} ${what}.${this.#said()}`))
      const late = setTimeout(fail, startMs, `was not up within ${startMs / 1000} s`)
      child.once('error', error => fail(`could not be started: ${error.message}`))
      // At `exit` the last lines may still be on their way; `close` comes after them.
      child.once('close', status => {
        clearTimeout(late)
        fail(`ended while it started (status ${status})`)
      })
      if (child.stdout === null) return
      createInterface({ input: child.stdout }).once('line', line => {
        clearTimeout(late)
        const parsed = upSchema.safeParse(JSON.parse(line))
        if (parsed.success) resolve(parsed.data.url)
        else fail(`did not start: ${line}`)
      })
    })
  }

  #said(): string {
    return this.#diary.length === 0 ? '' : ` It said: ${this.#diary.join(' | ')}`
  }
}

/** Settings of the owner's own node are not for the demo's. */
function withoutSettings(env: Program['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SWARMLORE_')))
}
