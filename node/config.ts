/**
 * Every setting in one schema, with its default and its reason. Flags come before environment variables
 * (`SWARMLORE_*`), these before `<data>/config.json`, and that before the defaults.
 */

import { z } from 'zod'
import type { Failure, Result } from '../protocol/types.ts'

const shareMode = z.enum(['verified', 'reviewed', 'all', 'none'])

/** What `createNode` reads. */
export const nodeConfigSchema = z.strictObject({
  /** What may be shared in a private swarm: verified = has an outcome or repeated agreement. */
  sharePrivate: shareMode.default('verified'),
  /** What may be shared in an open swarm: tool names and rules still tell who you are, so a person approves first. */
  shareOpen: shareMode.default('reviewed'),
  /** Entries kept; beyond it the least useful are evicted. */
  capacityEntries: z.int().min(10).max(1_000_000).default(100_000),
  /** Bytes of their blocks together, which counts as well. An entry has at most 4 KiB, and most have a third of that. */
  capacityBytes: z.int().min(65_536).max(8_589_934_592).default(268_435_456),
  /**
   * Which entries of peers stay when there is not room for all: those that serve this node's recent queries best, or (to
   * compare with) the newest, those used last, any. Own lessons always stay.
   */
  refinePolicy: z.enum(['demand', 'fifo', 'lru', 'random']).default('demand'),
  /** Episodes are forgotten after this many days; what was distilled from them stays. */
  retentionDays: z.int().min(1).max(3650).default(30),
  /** At most this many lessons in an answer to recall. */
  recallLimit: z.int().min(1).max(20).default(5),
  /** At most this many tokens (four characters each) in a prompt block. */
  recallTokenBudget: z.int().min(50).max(20_000).default(800),
  /**
   * Of the recalls that have something for a model, this share is withheld at random, so that `status` can say what
   * recall is worth here; 0.1 says it soonest. None unless told: it costs help, and is for nothing where nobody says how
   * the tasks ended.
   */
  controlShare: z.number().min(0).max(0.5).default(0),
  /** After this time recall answers with what it has. */
  recallTimeBudgetMs: z.int().min(1).max(10_000).default(50),
  /**
   * Share of recalls in which another side of a disagreement leads than the one that did best, so that it is tried again. 0
   * where answers go to users: it costs them.
   */
  recallExploration: z.number().min(0).max(1).default(0),
  /** A failure weighs this many times a success in the opinion of an author. */
  hurtWeight: z.number().min(1).max(3).default(1.5),
  /** Whether this node tells its swarms once a day how often each author's lessons helped and hurt here. Names no query. */
  attest: z.enum(['off', 'daily']).default('daily'),
  /** Own rules for redaction: regular expressions whose matches are replaced. */
  redactRules: z.array(z.string().max(500)).max(100).default([]),
  /** Texts that redaction leaves alone. */
  redactAllow: z.array(z.string().max(200)).max(1000).default([]),
  /** Fetches at once, per swarm. Each waits for its peer most of the time: with 8 `late_joiner_1000_listed_s` took twice as long. */
  fetchConcurrency: z.int().min(1).max(64).default(32),
  /** How long one fetch may take over all its providers. */
  fetchDeadlineMs: z.int().min(100).max(120_000).default(10_000),
})
export type NodeConfig = z.infer<typeof nodeConfigSchema>

/** What the program around the node reads: the node's settings, and where it listens. */
export const settingsSchema = nodeConfigSchema
  .extend({
    /** Address of the HTTP API. Anything but loopback exposes it, and needs `exposeHttp`. */
    httpHost: z.string().max(100).default('127.0.0.1'),
    httpPort: z.int().min(0).max(65_535).default(7717),
    /** Said explicitly before the HTTP API listens beyond loopback. */
    exposeHttp: z.boolean().default(false),
    /** Other names by which the API may be called (`Host` header), beyond loopback names. */
    httpHosts: z.array(z.string().max(200)).max(20).default([]),
    /**
     * Multiaddrs to listen on for peers: loopback unless told. Port 0 takes a free port and keeps it over restarts;
     * with another one, the node's first swarm takes it, the second the next, and so on.
     */
    listen: z.array(z.string().max(200)).min(1).max(8).default(['/ip4/127.0.0.1/tcp/0']),
    /**
     * Multiaddrs that peers are told instead of those above: where a router or a container forwards a port to this node. A
     * second swarm has the next port, as it has when listening.
     */
    announce: z.array(z.string().max(200)).max(8).default([]),
    /** Find peers on the local network by multicast DNS; of effect only when listening beyond loopback. */
    mdns: z.boolean().default(true),
    /** Find peers by rendezvous in a distributed hash table among the swarm's own members. */
    dht: z.boolean().default(true),
    /** Folder of a sentence-transformers ONNX model; the shipped all-MiniLM-L6-v2 when absent. */
    modelFolder: z.string().max(1000).optional(),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    /**
     * Base URL of an OpenAI-compatible endpoint that is asked for lessons, too; none when absent. Redacted text of runs
     * goes there, and names and stories that have no form of their own are in it still.
     */
    llmUrl: z
      .string()
      .max(500)
      .refine(isPlainUrl, 'must be an http(s) URL without a user, a query or a fragment')
      .optional(),
    /** The model's name there. Needed with `llmUrl`. */
    llmModel: z.string().min(1).max(200).optional(),
    /** A file (mode 0600) that holds the key for the endpoint; none is sent when absent. */
    llmKeyFile: z.string().max(1000).optional(),
    /** How long one request may take. */
    llmDeadlineMs: z.int().min(100).max(80_000).default(30_000),
    /** Requests on one UTC day, failed ones included. */
    llmRequestsPerDay: z.int().min(0).max(100_000).default(50),
    /** Tokens on one UTC day, of questions and answers together. */
    llmTokensPerDay: z.int().min(0).max(1_000_000_000).default(500_000),
    /** Tokens of one answer, at most. */
    llmAnswerTokensMax: z.int().min(100).max(100_000).default(4_000),
  })
  .refine(
    ({ announce, listen }) =>
      announce.length === 0 || listen.every(address => !/\/tcp\/0(\/|$)/.test(address)),
    {
      path: ['announce'],
      error: 'needs ports in `listen` that stay the same: what is forwarded to port 0 arrives nowhere',
    },
  )
  .refine(settings => settings.llmUrl === undefined || settings.llmModel !== undefined, {
    path: ['llmModel'],
    error: 'must name a model where llmUrl is set',
  })
export type Settings = z.infer<typeof settingsSchema>
export type SettingName = keyof Settings

export interface SettingsSource {
  /** For messages: `--flag`, `SWARMLORE_…`, or the path of the file. */
  readonly name: (key: string) => string
  readonly values: Readonly<Record<string, unknown>>
}

export interface ReadSettings {
  readonly settings: Settings
  /** Where each setting that is not a default came from. */
  readonly from: Readonly<Partial<Record<SettingName, string>>>
}

/** Merges the sources, first one wins, and checks the whole. An unknown key is an error that names the known one that was meant. */
export function readSettings(sources: readonly SettingsSource[]): Result<ReadSettings, 'bad-setting'> {
  const known = Object.keys(settingsSchema.shape)
  const merged: Record<string, unknown> = {}
  const from: Partial<Record<string, string>> = {}
  for (const source of sources) {
    for (const [key, value] of Object.entries(source.values)) {
      if (!known.includes(key)) {
        const near = nearest(key, known)
        const hint = near === undefined ? "'swarmlore config show' lists them." : `Did you mean '${near}'?`
        return bad(`${source.name(key)} is not a setting. ${hint}`)
      }
      if (value === undefined || key in merged) continue
      merged[key] = value
      from[key] = source.name(key)
    }
  }
  const parsed = settingsSchema.safeParse(merged)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const key = String(issue?.path[0] ?? '')
    const place = from[key] ?? key
    if (issue === undefined || issue.code === 'custom')
      return bad(`${place}: ${issue?.message ?? 'is not valid'}.`)
    return bad(`${place}: it takes ${whatItTakes(key)}, and not ${shown(merged[key])}.`)
  }
  return { ok: true, value: { settings: parsed.data, from } }
}

/** Text from the environment as the type that the setting has: numbers, booleans, comma-separated lists. */
export function settingFromText(key: string, text: string): unknown {
  const fallback = (nodeDefaults as Record<string, unknown>)[key]
  // What is no number stays as it stood, for the message.
  if (typeof fallback === 'number')
    return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
  if (typeof fallback === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text
  if (Array.isArray(fallback))
    return text
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== '')
  return text
}

/** Whether a multiaddr is one at which only this machine reaches the node. */
export function isLoopback(multiaddr: string): boolean {
  return multiaddr.startsWith('/ip4/127.') || multiaddr.startsWith('/ip6/::1/')
}

/** What `config show` prints must hold no secret, and the endpoint's path is added to it. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === ''
}

const nodeDefaults: Settings = settingsSchema.parse({})

function bad(message: string): Failure<'bad-setting'> {
  return { ok: false, code: 'bad-setting', message }
}

/** 'a whole number from 1 to 20', out of the schema. */
function whatItTakes(key: string): string {
  const schema: z.ZodType | undefined = new Map(Object.entries(settingsSchema.shape)).get(key)
  if (schema === undefined) return 'something else'
  const { type, enum: values, minimum, maximum, maxLength } = z.toJSONSchema(schema, { io: 'input' })
  if (values !== undefined) return `one of ${values.join(', ')}`
  switch (type) {
    case 'integer':
      return `a whole number from ${minimum} to ${maximum}`
    case 'number':
      return `a number from ${minimum} to ${maximum}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list of texts, within its limits'
    default:
      return maxLength === undefined ? 'a text' : `a text of at most ${maxLength} characters`
  }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 60).toWellFormed()}…`
}

/** The name that was probably meant: at most a third of the letters differ. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known.map(
    candidate => [editDistance(word.toLowerCase(), candidate.toLowerCase()), candidate] as const,
  )
  scored.sort((a, b) => a[0] - b[0])
  const [best] = scored
  return best !== undefined && best[0] <= word.length / 3 ? best[1] : undefined
}

/** Levenshtein distance with one row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substituted))
    }
    row = next
  }
  return row[b.length] ?? 0
}
