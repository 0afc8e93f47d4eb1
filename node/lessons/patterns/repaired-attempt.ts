/**
 * Attempts at one program with verdicts of its tests: what a passing one has in place of a failing one's lines. Both
 * versions are at hand, so the lines say it; in other words it could not be said. Over 156 problems of recorded attempts
 * no token of the code set passing from failing ones apart clearly more often than with shuffled verdicts, and lines of
 * code are somebody's: the lesson stays on this node, for when the same program is asked for again.
 */

import type { RedactedEpisode } from '../../ports.ts'
import type { Run } from '../runs.ts'
import { own, quotedText, say } from '../vocabulary.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

/** More of them is another program, not a repair. */
const LINES_MAX = 6
const LINE_CHARS_MAX = 160
/** A program beyond this is no answer to one question. */
const PROGRAM_LINES_MAX = 400
/** Pairs of a failing and a passing attempt that are held against each other, for each problem. */
const PAIRS_MAX = 400
const SITUATION_CHARS_MAX = 600
/** An entry has 4 KiB for its texts and all its other fields. */
const BYTES_MAX = 2_600
const REDACTED = /<[a-z]{2,8}:\d+>/

export const repairedAttempt: Pattern = {
  id: 'repaired-attempt',
  asksToShare: 1,
  needsSolved: false,
  staysHere: true,
  find(runs) {
    const problems = new Map<string, Attempt[]>()
    for (const run of runs) {
      const attempt = attemptOf(run)
      if (attempt === undefined) continue
      const list = problems.get(attempt.asked)
      if (list === undefined) problems.set(attempt.asked, [attempt])
      else list.push(attempt)
    }
    return [...problems.values()].flatMap(repairsOf)
  },
}

interface Attempt {
  readonly run: Run
  readonly asked: string
  /** Trimmed, without comments and without what the question itself holds. */
  readonly lines: ReadonlySet<string>
}

/** A question, one answer and a verdict of tests; nothing was called and nobody spoke in between. */
function attemptOf(run: Run): Attempt | undefined {
  const { interactions, outcome }: RedactedEpisode = run.episode
  if (outcome === undefined || (outcome.by !== 'test' && outcome.by !== 'exit-code')) return undefined
  const messages = interactions.filter(item => item.type === 'message')
  const [question, answer] = messages
  if (messages.length !== 2 || run.calls.length > 0) return undefined
  if (question?.role !== 'user' || answer?.role !== 'assistant') return undefined
  const given = new Set(linesIn(question.text))
  const lines = linesIn(answer.text).filter(line => !given.has(line) && !/^(?:#\s|\/\/)/.test(line))
  if (lines.length === 0 || lines.length > PROGRAM_LINES_MAX) return undefined
  return { run, asked: question.text, lines: new Set(lines) }
}

function linesIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => /[\p{L}\p{N}]/u.test(line))
}

interface Repair {
  readonly removed: readonly string[]
  readonly added: readonly string[]
}

/** The smallest change from a failing attempt to a passing one, where no other attempt speaks against it. */
function repairsOf(attempts: readonly Attempt[]): readonly Finding[] {
  const failed = attempts.filter(({ run }) => run.solved === false)
  const passed = attempts.filter(({ run }) => run.solved === true)
  let best: Repair | undefined
  let pairs = 0
  for (const before of failed) {
    for (const after of passed) {
      if (++pairs > PAIRS_MAX) break
      const repair = changeOf(before, after)
      // The same program with both verdicts: then the verdicts say nothing of the program.
      if (repair.removed.length + repair.added.length === 0) return []
      if (fits(repair) && (best === undefined || isSmaller(repair, best))) best = repair
    }
  }
  const [first] = attempts
  if (best === undefined || first === undefined) return []
  const { removed, added } = best
  const hasOld = ({ lines }: Attempt): boolean => removed.every(line => lines.has(line))
  const hasNew = ({ lines }: Attempt): boolean =>
    added.every(line => lines.has(line)) && !removed.some(line => lines.has(line))
  // Somebody failed with the change, or passed without it: it is not what decides.
  if (failed.some(hasNew) || passed.some(attempt => hasOld(attempt) && !hasNew(attempt))) return []
  const shown = attempts.filter(one => (one.run.solved === true ? hasNew(one) : hasOld(one)))
  const lesson = toLesson(first.asked, best)
  if (Buffer.byteLength(JSON.stringify([lesson.situation, lesson.detail])) > BYTES_MAX) return []
  return shown.map(({ run }) => ({ run, key: [first.asked, ...removed, '=>', ...added], lesson }))
}

function changeOf(before: Attempt, after: Attempt): Repair {
  return {
    removed: [...before.lines].filter(line => !after.lines.has(line)),
    added: [...after.lines].filter(line => !before.lines.has(line)),
  }
}

function fits({ removed, added }: Repair): boolean {
  const lines = [...removed, ...added]
  // Lines that only came in, or only went, are held by programs that are built otherwise as well.
  if (removed.length === 0 || added.length === 0 || lines.length > LINES_MAX) return false
  return lines.every(line => line.length <= LINE_CHARS_MAX && !REDACTED.test(line))
}

function isSmaller(a: Repair, b: Repair): boolean {
  const [one, other] = [a, b].map(({ removed, added }) => JSON.stringify([removed, added]))
  const size = a.removed.length + a.added.length - b.removed.length - b.added.length
  return size === 0 ? (one ?? '') < (other ?? '') : size < 0
}

function toLesson(asked: string, { removed, added }: Repair): Lesson {
  const question = asked.replace(/\s+/g, ' ').trim()
  const short =
    question.length <= SITUATION_CHARS_MAX
      ? question
      : `${question.slice(0, SITUATION_CHARS_MAX - 1).toWellFormed()}…`
  return {
    kind: 'pitfall',
    domains: ['programs'],
    situation: quotedText(short),
    summary: own('An attempt at this program failed its tests; another one passed with a few other lines.'),
    detail: say`Lines of the one that failed:\n${quotedText(removed.join('\n'))}\nLines of the one that passed:\n${quotedText(added.join('\n'))}`,
    action: own('Write it as in the attempt that passed, and try the case that tells the two apart.'),
    tools: [],
  }
}
