/**
 * Topics out of real text: intents with their many phrasings, questions with their answers, tasks with the tools that
 * solve them.
 * The files are public ones that a project may lay beside itself; they are read as strictly as anything from outside, and
 * what does not fit into a lesson is left out.
 */

import { z } from 'zod'
import type { Random } from '../node/ports.ts'
import { domainCharsMax, situationCharsMax } from '../protocol/limits.ts'
import type { Result } from '../protocol/types.ts'
import { type Topic, type Wording, withTurns } from './topics.ts'

export const workloadNames = ['synthetic', 'clinc150', 'opentriviaqa', 'tau_bench'] as const
export type WorkloadName = (typeof workloadNames)[number]
type RealName = Exclude<WorkloadName, 'synthetic'>

/** Below the folder of the data, one JSON object a line. */
export const filesOf: Readonly<Record<RealName, readonly string[]>> = {
  clinc150: ['clinc150/train.jsonl', 'clinc150/test.jsonl'],
  opentriviaqa: ['opentriviaqa/all.jsonl'],
  tau_bench: ['tau_bench/retail.train.jsonl', 'tau_bench/airline.test.jsonl'],
}
export const textBytesMax = 64 * 1024 * 1024

/** Of each file's lines the topics, always the same for the same files. `random` decides on which of them the answer changes. */
export function topicsFrom(
  name: RealName,
  files: readonly string[],
  random: Random,
): Result<readonly Topic[]> {
  const read = { clinc150: intents, opentriviaqa: questions, tau_bench: tasks }[name](files)
  if (!read.ok) return read
  const topics = read.value.filter(isUsable)
  if (topics.length < topicsLeast)
    return bad(
      `The data of ${name} has ${topics.length} topics, and ${topicsLeast} are the least that a run needs.`,
    )
  return { ok: true, value: withTurns(topics, random) }
}

type Text = Parameters<typeof withTurns>[0][number]

const topicsLeast = 8
/** Of a question this much is said again by who asks in other words. */
const saidAgain = 0.7

const intentSchema = z.looseObject({ text: z.string(), intent: z.string() })

/** Lessons are put as in the first file, and questions as in the second: no phrasing stands in both. */
function intents([lessons = '', asked = '']: readonly string[]): Result<readonly Text[]> {
  const phrasings = new Map<string, { readonly lessons: string[]; readonly questions: string[] }>()
  for (const [text, into] of [
    [lessons, 'lessons'],
    [asked, 'questions'],
  ] as const) {
    const rows = rowsOf(text, intentSchema)
    if (!rows.ok) return rows
    for (const row of rows.value) {
      // Out of scope: nothing is to be learned about it.
      if (row.intent === 'oos') continue
      const known = phrasings.get(row.intent) ?? { lessons: [], questions: [] }
      phrasings.set(row.intent, known)
      known[into].push(row.text)
    }
  }
  const topics = [...phrasings].map(([intent, known]) => ({
    name: intent,
    situations: { parts: known.lessons, atOnce: 1 },
    questions: { parts: known.questions, atOnce: 1 },
    answer: intent.replaceAll('_', ' '),
  }))
  return { ok: true, value: topics }
}

const questionSchema = z.looseObject({ question: z.string(), answer: z.string(), category: z.string() })

function questions([text = '']: readonly string[]): Result<readonly Text[]> {
  const rows = rowsOf(text, questionSchema)
  if (!rows.ok) return rows
  const topics = rows.value.map(({ answer, category, question }, at) => {
    const words = question.split(/\s+/).filter(word => word !== '')
    const situations: Wording = { parts: words, atOnce: words.length }
    const again: Wording = { parts: words, atOnce: Math.ceil(saidAgain * words.length) }
    return { name: `${category}-${at}`, situations, questions: again, answer }
  })
  return { ok: true, value: topics }
}

const taskSchema = z.looseObject({
  instruction: z.string(),
  actions: z.array(z.looseObject({ name: z.string() })),
})

/** Tasks with the same tools in their right solution are one topic: every second is learned from, the others are asked about. */
function tasks(files: readonly string[]): Result<readonly Text[]> {
  const byTools = new Map<string, string[]>()
  for (const text of files) {
    const rows = rowsOf(text, taskSchema)
    if (!rows.ok) return rows
    for (const { actions, instruction } of rows.value) {
      const tools = [...new Set(actions.map(({ name }) => name))].join(', ')
      const known = byTools.get(tools) ?? []
      byTools.set(tools, known)
      if (instruction.length <= situationCharsMax) known.push(instruction)
    }
  }
  const topics = [...byTools].map(([tools, instructions], at) => ({
    name: `tools-${at}`,
    situations: { parts: instructions.filter((_, place) => place % 2 === 0), atOnce: 1 },
    questions: { parts: instructions.filter((_, place) => place % 2 === 1), atOnce: 1 },
    answer: tools,
  }))
  return { ok: true, value: topics }
}

/** What a lesson may say. */
function isUsable({ answer, name, questions, situations }: Text): boolean {
  const lengthMax = situations.atOnce === 1 ? longest(situations.parts) : situations.parts.join(' ').length
  return (
    /^[a-z0-9_-]+$/.test(name) &&
    name.length <= domainCharsMax &&
    answer.trim() !== '' &&
    answer.length <= 200 &&
    situations.parts.length > 0 &&
    questions.parts.length > 0 &&
    lengthMax > 0 &&
    lengthMax <= situationCharsMax &&
    ![answer, ...situations.parts, ...questions.parts].some(part => hidden.test(part))
  )
}

/** Control and format characters: no lesson takes them. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}]/u

function longest(parts: readonly string[]): number {
  return parts.reduce((most, part) => Math.max(most, part.length), 0)
}

function rowsOf<T>(text: string, schema: z.ZodType<T>): Result<readonly T[]> {
  const rows: T[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const row = schema.safeParse(parsed(line))
    if (!row.success) return bad(`Line ${at + 1} of the data is not as it should be.`)
    rows.push(row.data)
  }
  return { ok: true, value: rows }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Told to the caller as a bad line.
    return undefined
  }
}

function bad(message: string): Result<never> {
  return { ok: false, code: 'bad-input', message }
}
