/**
 * Reads what a language model answered, as hostile text. The form is checked as a whole; then each lesson by itself
 * must be short plain text that holds no value, name or sentence of the runs, no link, no markup and no order to the
 * reader, and must rest on runs that were shown. Outcomes and support come from the runs, never from the answer.
 */

import { textProblem } from '../../../protocol/text.ts'
import type { DraftSupport, EntryDraft, RedactedEpisode } from '../../ports.ts'
import { detect } from '../redaction/detectors.ts'
import { domainsOf, toolWord } from '../vocabulary.ts'
import { leakIn, shownTo } from './leaks.ts'
import { answerForm, lessonsMax, partCharsMax } from './question.ts'

/** Why a lesson of an answer was refused. */
export type Flaw =
  | 'text'
  | 'link'
  | 'markup'
  | 'order'
  | 'personal'
  | 'value'
  | 'quote'
  | 'run'
  | 'unsolved'
  | 'tool'
  | 'surplus'

/** A lesson without its support, and the episodes that show it. */
export interface LlmLesson {
  readonly draft: Omit<EntryDraft, 'support'>
  readonly episodes: readonly string[]
}

export interface Answer {
  readonly lessons: readonly LlmLesson[]
  readonly refused: readonly Flaw[]
}

/** Undefined where the text is not an answer in the form that was asked for. Never throws. */
export function readAnswer(
  text: string,
  group: readonly RedactedEpisode[],
  asksWith: (word: string) => number,
): Answer | undefined {
  const parsed = answerForm.safeParse(jsonIn(text))
  if (!parsed.success) return undefined
  const shown = shownTo(group)
  const tools = toolsOf(group)
  const lessons = new Map<string, LlmLesson>()
  const refused: Flaw[] = []
  for (const found of parsed.data.lessons) {
    if (lessons.size >= lessonsMax) {
      refused.push('surplus')
      continue
    }
    const flaw =
      flawOf(found) ??
      toolFlaw(found.tools, tools) ??
      runFlaw(found.runs, group) ??
      leakIn(textsOf(found).join('\n'), shown, asksWith)
    if (flaw !== undefined) {
      refused.push(flaw)
      continue
    }
    const lesson = lessonOf(found, group)
    lessons.set(lesson.draft.key, lesson)
  }
  return { lessons: [...lessons.values()], refused }
}

/** The draft of a lesson that was read before, resting on these episodes as they are now. */
export function draftOf(
  lesson: Omit<EntryDraft, 'support'>,
  episodes: readonly RedactedEpisode[],
): EntryDraft {
  const support = episodes
    .map(({ id, ask, outcome }): DraftSupport => ({ episode: id, ask, solved: outcome?.solved }))
    .sort((a, b) => (a.episode < b.episode ? -1 : 1))
  return { ...lesson, support }
}

/** The texts of a lesson as a reader will see them. */
export function lessonTexts({ situation, insight }: LlmLesson['draft']): readonly string[] {
  return [situation, insight.summary, insight.detail, insight.action]
}

type Found = (typeof answerForm)['_output']['lessons'][number]

/** A fence around the answer is what models add that were not held to a form. */
function jsonIn(text: string): unknown {
  const trimmed = text.trim()
  const fenced = trimmed.startsWith('```') && trimmed.endsWith('```') && trimmed.length > 6
  const body = fenced ? trimmed.slice(3, -3).replace(/^json\b/i, '') : trimmed
  try {
    return JSON.parse(body)
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

function textsOf({ situation, summary, detail, action }: Found): readonly string[] {
  return [situation, summary, detail, action]
}

/** A lesson must fit the block of an entry, whatever script it is written in. */
const lessonBytesMax = 3_000

function flawOf(found: Found): Flaw | undefined {
  for (const part of ['situation', 'summary', 'detail', 'action'] as const) {
    const form = { min: part === 'detail' ? 0 : 1, max: partCharsMax[part], lines: false }
    if (textProblem(found[part], form) !== undefined || found[part] !== found[part].trim()) return 'text'
  }
  const text = textsOf(found).join('\n')
  if (new TextEncoder().encode(text).length > lessonBytesMax) return 'text'
  const plain = text.normalize('NFKC')
  if (LINK.test(plain)) return 'link'
  if (MARKUP.test(plain)) return 'markup'
  if (ORDERS.some(order => order.test(plain))) return 'order'
  if (LONG_NUMBER.test(plain) || detect(plain).length > 0) return 'personal'
  return undefined
}

/** A scheme, `www.`, or a name with a suffix that hosts have and fields of tools rarely do. */
const LINK =
  /[a-z][a-z\d+.-]*:\/\/|\b(?:mailto|javascript|data|file|tel):\S|\bwww\.|[\p{L}\p{N}-]\.(?:com|net|org|io|dev|ai|app|co|biz|xyz|me|to|cc|ru|cn|de|uk|fr|eu|us|gov|edu|onion|example|test|invalid)(?![\p{L}\p{N}_[-])/iu
/** Tags, marks of chat templates, fences, template braces, image and link brackets. */
const MARKUP = /<[\p{L}/!|?]|\|>|```|\[\/?INST|\{\{|\}\}|\]\(|<<|>>|^#{1,6} /imu
/** What a lesson never needs to say, and what somebody does who wants a model to obey it. */
const ORDERS = [
  /\b(?:ignore|disregard|forget|override|bypass|set aside)\b.{0,40}\b(?:instructions?|prompts?|rules?|polic(?:y|ies)|guidelines?|messages?|above|previous|prior|everything)\b/is,
  /\b(?:system|developer)[ -](?:prompt|message|instructions?)\b/i,
  /\byou are (?:now|no longer)\b|\bfrom now on\b|\bact as\b|\bpretend\b|\bjailbreak/i,
  /\b(?:do not|don't|never) (?:tell|inform|mention|reveal|show)\b.{0,40}\b(?:user|owner|operator|anyone|person)\b/is,
  /^["'(]*(?:system|assistant|user|developer|human)\s*:/im,
]
/** Four digits in a row are somebody's number, or a year. */
const LONG_NUMBER = /\p{N}{4}/u

function toolFlaw(
  mentions: Found['tools'],
  tools: ReadonlyMap<string, ReadonlySet<string>>,
): Flaw | undefined {
  const fits = mentions.every(({ name, arguments: names }) => {
    const known = tools.get(name)
    return known !== undefined && names.every(argument => known.has(argument))
  })
  // An entry holds sixteen of each; a lesson that speaks of more than four tools is none.
  return fits && mentions.length <= 4 && mentions.every(one => one.arguments.length <= 8) ? undefined : 'tool'
}

function runFlaw(runs: readonly number[], group: readonly RedactedEpisode[]): Flaw | undefined {
  const cited = runs.map(run => (Number.isInteger(run) ? group[run - 1] : undefined))
  if (cited.length === 0 || cited.includes(undefined)) return 'run'
  return cited.some(episode => episode?.outcome?.solved === true) ? undefined : 'unsolved'
}

/** Names that may stand in an entry, of tools and of the arguments that they were given. */
function toolsOf(group: readonly RedactedEpisode[]): ReadonlyMap<string, ReadonlySet<string>> {
  const tools = new Map<string, Set<string>>()
  for (const item of group.flatMap(episode => episode.interactions)) {
    if (item.type !== 'call' || toolWord(item.tool) === undefined) continue
    const names = tools.get(item.tool) ?? new Set()
    tools.set(item.tool, names)
    const given = item.arguments
    if (typeof given !== 'object' || given === null || Array.isArray(given)) continue
    for (const name of Object.keys(given)) if (toolWord(name) !== undefined) names.add(name)
  }
  return tools
}

function lessonOf(found: Found, group: readonly RedactedEpisode[]): LlmLesson {
  const { kind, situation, summary, detail, action } = found
  const tools = [...new Map(found.tools.map(tool => [tool.name, tool])).values()].map(tool => ({
    name: tool.name,
    arguments: [...new Set(tool.arguments)],
  }))
  const body = {
    kind,
    domains: domainsOf(tools.map(tool => tool.name)),
    situation,
    insight: { summary, detail, action },
    context: tools.length === 0 ? {} : { tools },
  }
  const cited = new Set(found.runs.map(run => group[run - 1]?.id))
  return {
    draft: {
      // Other words are another lesson: what a person approved is exactly what they saw.
      key: `llm|${JSON.stringify(body)}`,
      pattern: 'llm',
      ...body,
      asksToShare: 2,
      needsSolved: true,
      needsReview: true,
    },
    episodes: group.map(episode => episode.id).filter(id => cited.has(id)),
  }
}
