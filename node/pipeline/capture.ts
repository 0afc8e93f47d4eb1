/**
 * Capture: from one JSON object of a transcript to an episode, as pure functions. What comes in is hostile:
 * size, depth and count are limited before anything else looks at it, and every failure is a value with
 * a code and a sentence (the caller adds the line's number). Recalled text is taken out here, so that no
 * later stage ever sees it.
 */

import { toHex, utf8Bytes } from '../../crypto/bytes.ts'
import { taggedHash } from '../../crypto/hash.ts'
import type { Result } from '../../protocol/types.ts'
import { isRecallTool, stripRecallBlocks } from '../lessons/recall-block.ts'
import { chatTranscript, displayedTranscript } from '../lessons/transcripts/chat.ts'
import {
  type CaptureCode,
  DEPTH_MAX,
  deeperThan,
  type EpisodeInput,
  failure,
  isObject,
  type TranscriptFormat,
} from '../lessons/transcripts/input.ts'
import { answeredQuestion, attempt, nativeEpisode, observations } from '../lessons/transcripts/records.ts'
import { genAiSpan } from '../lessons/transcripts/spans.ts'
import type { Episode, Interaction } from '../ports.ts'

/** The longest recorded run is 82,000 characters; a day's coding session about 2 MiB. */
const EPISODE_BYTES_MAX = 4 * 1024 * 1024
const INTERACTIONS_MAX = 20_000
/** One file printed by a tool; what is longer teaches no more. */
const TEXT_LENGTH_MAX = 256 * 1024

/** The most specific first: a chat transcript may also hold a field `name` or `success`. */
const FORMATS: readonly TranscriptFormat[] = [
  nativeEpisode,
  chatTranscript,
  displayedTranscript,
  genAiSpan,
  answeredQuestion,
  attempt,
  observations,
]

export interface CaptureContext {
  /** Milliseconds since 1970. */
  readonly capturedAt: number
  /** Where the transcript comes from, when it does not say so itself: a file's name, `http`, … */
  readonly source: string
}

/** `value`: parsed JSON, a request's body or a line of a file. */
export function captureValue(value: unknown, context: CaptureContext): Result<Episode, CaptureCode> {
  if (!isObject(value))
    return failure('not-an-object', 'A transcript must be a JSON object, one for each episode.')
  if (deeperThan(value, DEPTH_MAX))
    return failure('too-deep', `The transcript nests deeper than ${DEPTH_MAX} levels.`)
  for (const format of FORMATS) {
    const input = format(value)
    if (input !== undefined) return input.ok ? toEpisode(input.value, context) : input
  }
  return failure(
    'unknown-format',
    'No known transcript format: expected messages (or traj), question and answer, gen_ai span attributes, observations, interactions, or an attempt with its verdict.',
  )
}

function toEpisode(input: EpisodeInput, context: CaptureContext): Result<Episode, CaptureCode> {
  if (input.interactions.length > INTERACTIONS_MAX)
    return failure(
      'too-many-interactions',
      `An episode holds at most ${INTERACTIONS_MAX} interactions; split it.`,
    )
  const fresh = withoutRecalled(input.interactions)
  const recalled =
    fresh.length < input.interactions.length || fresh.some((one, at) => one !== input.interactions[at])
  const interactions = fresh.map(cut)
  if (interactions.length === 0)
    return failure('empty-episode', 'The transcript holds no message, call or observation.')
  const { task, trial, domain, model, outcome, contradictory } = input
  const canonical = JSON.stringify([
    task,
    trial,
    domain,
    model,
    outcome,
    interactions.map(canonicalInteraction),
  ])
  if (Buffer.byteLength(canonical) > EPISODE_BYTES_MAX) {
    return failure('too-large', `An episode may be at most ${EPISODE_BYTES_MAX} bytes; split the transcript.`)
  }
  const source = input.source ?? context.source
  const ask = task === undefined ? `text:${hash(firstWords(interactions))}` : `${domain ?? source}/${task}`
  return {
    ok: true,
    value: {
      // Over what was said and done, not over when and from where: the same run twice is one episode.
      id: hash(canonical),
      ask,
      source,
      ...(model === undefined ? {} : { model }),
      capturedAt: context.capturedAt,
      interactions,
      ...(outcome === undefined ? {} : { outcome }),
      ...(contradictory === undefined ? {} : { contradictory }),
      ...(recalled ? { recalled } : {}),
    },
  }
}

/**
 * Recalled blocks are cut out of every text; the answers of our own recall tools go as a whole. What holds nothing of it
 * comes back as it is.
 */
function withoutRecalled(interactions: readonly Interaction[]): Interaction[] {
  const kept: Interaction[] = []
  for (const interaction of interactions) {
    if (interaction.type === 'result' && isRecallTool(interaction.tool)) continue
    if (interaction.type === 'observation') {
      const value = stripRecallBlocks(interaction.value)
      if (value === interaction.value) kept.push(interaction)
      else if (value !== '') kept.push({ ...interaction, value })
    } else if (interaction.type === 'call') {
      kept.push(interaction)
    } else {
      const text = stripRecallBlocks(interaction.text)
      if (text === interaction.text) kept.push(interaction)
      else if (text !== '') kept.push({ ...interaction, text })
    }
  }
  return kept
}

function cut(interaction: Interaction): Interaction {
  if (interaction.type === 'observation') return { ...interaction, value: cutText(interaction.value) }
  if (interaction.type === 'call' && interaction.text.length > TEXT_LENGTH_MAX)
    return { ...interaction, arguments: undefined, text: cutText(interaction.text) }
  return { ...interaction, text: cutText(interaction.text) }
}

function cutText(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text
  const rest = text.length - TEXT_LENGTH_MAX
  return `${text.slice(0, TEXT_LENGTH_MAX).toWellFormed()}\n[${rest} characters cut]`
}

/** A fixed order of fields, so that the id does not hang on the order in which a parser met them. */
function canonicalInteraction(item: Interaction): readonly unknown[] {
  if (item.type === 'message') return [item.type, item.role, item.text]
  if (item.type === 'reasoning') return [item.type, item.text]
  if (item.type === 'call') return [item.type, item.id, item.tool, item.text]
  if (item.type === 'result') return [item.type, item.callId, item.tool, item.text]
  return [item.type, item.name, item.value, item.at ?? null]
}

function firstWords(interactions: readonly Interaction[]): string {
  const asked = interactions.find(item => item.type === 'message' && item.role === 'user') ?? interactions[0]
  return JSON.stringify(asked === undefined ? [] : canonicalInteraction(asked))
}

function hash(text: string): string {
  return toHex(taggedHash('swarmlore/1 episode', utf8Bytes(text.toWellFormed())))
}
