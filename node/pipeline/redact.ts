/**
 * Redaction, before anything is distilled. This is the only place that makes a `RedactedEpisode`. What is
 * secret or personal by its form becomes a typed placeholder, the same for the same value within an episode
 * (`<email:1>`), so that it can still be traced where a value came from. All texts of an episode go through
 * the rules in one pass: messages, reasoning, arguments with their keys, results, observations, names.
 */

import { toHex, utf8Bytes } from '../../crypto/bytes.ts'
import { taggedHash } from '../../crypto/hash.ts'
import type { Result } from '../../protocol/types.ts'
import type { Pause } from '../../store/ports.ts'
import { detect, type SensitiveType, type Span, typeByKey } from '../lessons/redaction/detectors.ts'
import { applyOwnRules, compileOwnRules, type OwnRules } from '../lessons/redaction/own-rules.ts'
import { parseJson } from '../lessons/transcripts/input.ts'
import type { Episode, Interaction, Json, RedactedEpisode } from '../ports.ts'

/** What `redact` goes by: made once from the configuration with `redactionRules`. */
export type RedactionRules = OwnRules

export function redactionRules(config: {
  readonly redactRules: readonly string[]
  readonly redactAllow: readonly string[]
}): Result<RedactionRules, 'bad-redact-rule'> {
  return compileOwnRules(config.redactRules, config.redactAllow)
}

/** `pause` is told of each 16 KiB of text that the rules went through, and lets others have their turn. */
export async function redact(
  episode: Episode,
  rules: RedactionRules,
  pause: Pause = () => undefined,
): Promise<RedactedEpisode> {
  const parsed = episode.interactions.map(readable)
  const texts = new TextPool()
  for (const item of parsed) collect(item, texts)
  const { ask, source, model } = episode
  // What capture has made of the first message is a hash already, by which it is known that no task was named.
  const isHash = /^text:[0-9a-f]{64}$/.test(ask)
  for (const label of [isHash ? '' : ask, source, model ?? '']) texts.add(label)
  const spans = await spansIn(texts.joined(), rules, pause)
  const replaced = texts.replace(spans, rules)
  const ids = new Map<string, string>()
  const interactions = parsed.map(item => rewrite(item, replaced, ids))
  const clean: Episode = {
    ...episode,
    // Placeholders of two episodes are not comparable, asks are: so a sensitive one becomes its hash.
    ask: replaced.has(ask) ? `hash:${toHex(taggedHash('swarmlore/1 ask', utf8Bytes(ask)))}` : ask,
    source: replaced.get(source) ?? source,
    ...(model === undefined ? {} : { model: replaced.get(model) ?? model }),
    interactions,
  }
  // The one cast of the project to the brand: everything above is what it promises.
  return clean as RedactedEpisode
}

/** What the rules see at once: some 30 ms of work. */
const windowChars = 128 * 1024
/** More than anything that a rule matches: a private key of 8,192 bits has 6,400 characters. */
const marginChars = 16 * 1024
const charsPerUnit = 16 * 1024

/** In windows that overlap: each finds what begins between its margins, with enough of the text around to know it. */
export async function spansIn(text: string, rules: RedactionRules, pause: Pause): Promise<Span[]> {
  const spans: Span[] = []
  for (let start = 0; ; start += windowChars - 2 * marginChars) {
    const end = Math.min(text.length, start + windowChars)
    const piece = text.slice(start, end)
    const from = start === 0 ? 0 : marginChars
    const to = end === text.length ? piece.length + 1 : piece.length - marginChars
    for (const span of [...(await knownSecrets(piece)), ...detect(piece), ...applyOwnRules(piece, rules)])
      if (span.start >= from && span.start < to)
        spans.push({ ...span, start: start + span.start, end: start + span.end })
    await pause(Math.ceil(piece.length / charsPerUnit))
    if (end === text.length) return spans
  }
}

/** An interaction with its result as a JSON value where it is one: escapes would hide what they spell. */
interface Readable {
  readonly interaction: Interaction
  readonly value?: Json
}

function readable(interaction: Interaction): Readable {
  if (interaction.type === 'call' && interaction.arguments !== undefined)
    return { interaction, value: interaction.arguments }
  if (interaction.type === 'result' && /^\s*[[{"]/.test(interaction.text)) {
    const value = parseJson(interaction.text)
    if (value !== undefined) return { interaction, value }
  }
  return { interaction }
}

function collect({ interaction, value }: Readable, texts: TextPool): void {
  if (interaction.type === 'call' || interaction.type === 'result') texts.add(interaction.tool)
  if (interaction.type === 'observation') {
    texts.add(interaction.name)
    texts.add(interaction.value)
    const type = typeByKey(interaction.name, interaction.value)
    if (type !== undefined) texts.mark(interaction.value, type)
  } else if (value === undefined) texts.add(interaction.text)
  else collectJson(value, '', texts)
}

function collectJson(value: Json, key: string, texts: TextPool): void {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value)
    texts.add(text)
    const type = typeof value === 'string' || text.length >= 7 ? typeByKey(key, text) : undefined
    if (type !== undefined) texts.mark(text, type)
  } else if (isList(value)) {
    for (const item of value) collectJson(item, key, texts)
  } else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) {
      texts.add(name)
      collectJson(item, name, texts)
    }
  }
}

/** Lines with a null character between texts: no rule's match can cross it. */
const BETWEEN = '\n\u0000\n'

/** The distinct texts of an episode, joined for one pass of the rules. */
class TextPool {
  readonly #starts = new Map<string, number>()
  readonly #marked = new Map<string, SensitiveType>()
  #length = 0

  add(text: string): void {
    if (text === '' || this.#starts.has(text)) return
    this.#starts.set(text, this.#length)
    this.#length += text.length + BETWEEN.length
  }

  /** The text as a whole is sensitive wherever it stands. */
  mark(text: string, type: SensitiveType): void {
    this.#marked.set(text, type)
  }

  joined(): string {
    return [...this.#starts.keys()].join(BETWEEN)
  }

  /** Each text that holds something sensitive, with its replacement. */
  replace(spans: readonly Span[], rules: RedactionRules): Map<string, string> {
    const names = new Placeholders()
    const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end)
    const replaced = new Map<string, string>()
    let next = 0
    for (const [text, start] of this.#starts) {
      const inside: Span[] = []
      for (
        let span = sorted[next];
        span !== undefined && span.start < start + text.length;
        span = sorted[next]
      ) {
        next++
        if (span.end > start)
          inside.push({
            ...span,
            start: Math.max(0, span.start - start),
            end: Math.min(text.length, span.end - start),
          })
      }
      const type = this.#marked.get(text)
      if (type !== undefined) inside.splice(0, inside.length, { start: 0, end: text.length, type })
      const result = replaceSpans(text, inside, rules, names)
      if (result !== text) replaced.set(text, result)
    }
    return replaced
  }
}

/** Spans in order of start; overlapping ones are replaced together, as the type of the first. */
function replaceSpans(
  text: string,
  spans: readonly Span[],
  rules: RedactionRules,
  names: Placeholders,
): string {
  const parts: string[] = []
  let done = 0
  for (let i = 0; i < spans.length; ) {
    const first = spans[i]
    if (first === undefined) break
    let { end } = first
    for (i++; i < spans.length; i++) {
      const other = spans[i]
      if (other === undefined || other.start >= end) break
      end = Math.max(end, other.end)
    }
    const value = text.slice(first.start, end)
    if (rules.allowed.has(value.trim().toLowerCase())) continue
    parts.push(text.slice(done, first.start), names.of(first.type, value))
    done = end
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(done)
}

class Placeholders {
  readonly #names = new Map<string, string>()
  readonly #counts = new Map<SensitiveType, number>()

  of(type: SensitiveType, value: string): string {
    // One number for one value, however it is written: +1 (555) 010-9999 and 15550109999.
    const plain =
      type === 'phone' || type === 'card' ? value.replace(/\D/g, '') : value.toLowerCase().replace(/\s/g, '')
    const key = `${type}:${plain}`
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const count = (this.#counts.get(type) ?? 0) + 1
    this.#counts.set(type, count)
    const name = `<${type}:${count}>`
    this.#names.set(key, name)
    return name
  }
}

function rewrite(
  item: Readable,
  replaced: ReadonlyMap<string, string>,
  ids: Map<string, string>,
): Interaction {
  const { interaction, value } = item
  const clean = (text: string): string => replaced.get(text) ?? text
  if (interaction.type === 'observation')
    return { ...interaction, name: clean(interaction.name), value: clean(interaction.value) }
  if (interaction.type === 'message' || interaction.type === 'reasoning')
    return { ...interaction, text: clean(interaction.text) }
  const tool = clean(interaction.tool)
  const json = value === undefined ? undefined : rewriteJson(value, clean)
  const text = json === undefined ? clean(interaction.text) : JSON.stringify(json)
  if (interaction.type === 'result')
    return { type: 'result', callId: renamed(interaction.callId, ids), tool, text }
  return { type: 'call', id: renamed(interaction.id, ids), tool, arguments: json, text }
}

/** Ids of calls are whatever the transcript says; only which ones are equal matters. */
function renamed(id: string, ids: Map<string, string>): string {
  const known = ids.get(id)
  if (known !== undefined) return known
  const name = `call-${ids.size + 1}`
  ids.set(id, name)
  return name
}

function rewriteJson(value: Json, clean: (text: string) => string): Json {
  if (typeof value === 'string') return clean(value)
  if (typeof value === 'number') {
    const text = String(value)
    const cleaned = clean(text)
    return cleaned === text ? value : cleaned
  }
  if (value === null || typeof value === 'boolean') return value
  if (isList(value)) return value.map(item => rewriteJson(item, clean))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [clean(key), rewriteJson(item, clean)]),
  )
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

type Lint = (content: string) => Promise<readonly Span[]>
let linter: Promise<Lint> | undefined

/** Secrets with a known form, by secretlint's recommended rules. They are loaded at first use: it takes 30 ms. */
async function knownSecrets(content: string): Promise<readonly Span[]> {
  linter ??= loadLinter()
  const lint = await linter
  return lint(content)
}

async function loadLinter(): Promise<Lint> {
  const [{ lintSource }, { creator }, { secretLintProfiler }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
    import('@secretlint/profiler'),
  ])
  // It keeps every mark that it makes, some fifty an episode, for as long as the process lives.
  secretLintProfiler.setEnabled(false)
  const preset = {
    id: '@secretlint/secretlint-rule-preset-recommend',
    rule: creator,
    // Access key ids are off by default there because source code holds examples; a transcript does not.
    rules: [{ id: '@secretlint/secretlint-rule-aws', options: { enableIDScanRule: true } }],
  }
  return async content => {
    const result = await lintSource({
      // A comment in the text must not switch rules off.
      source: {
        content: content.replaceAll('secretlint-', 'secretlint_'),
        filePath: 'episode.txt',
        ext: '.txt',
        contentType: 'text',
      },
      options: { locale: 'en', noPhysicFilePath: true, config: { rules: [preset] } },
    })
    return result.messages.map(({ range: [start, end] }) => ({ start, end, type: 'secret' as const }))
  }
}
