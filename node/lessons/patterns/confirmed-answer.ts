/**
 * A question, its answer, and explicit feedback that the answer was right: a fact. The only lesson that holds
 * what somebody wrote, and whether that is private no code can tell, so that the owner approves each before it is
 * shared. It is made only of episodes that are nothing but question and answer, only from someone's word (a reward
 * or a test speaks of a whole run), and not where redaction found anything.
 */

import type { RedactedEpisode } from '../../ports.ts'
import { own, quotedText, say } from '../vocabulary.ts'
import type { Finding, Pattern } from './pattern.ts'

const QUESTION_LENGTH_MAX = 400
const ANSWER_LENGTH_MAX = 1200
/** Question, summary and answer stand in one entry of at most 4 KiB, with its other fields. */
const BYTES_MAX = 2800
const SUMMARY_LENGTH_MAX = 300
const REDACTED = /<(?:secret|email|phone|card|iban|ip|host|user|own):\d+>/

export const confirmedAnswer: Pattern = {
  id: 'confirmed-answer',
  asksToShare: 1,
  needsSolved: true,
  needsReview: true,
  find(runs) {
    const answers = runs.flatMap(run => {
      const pair = questionAndAnswer(run.episode)
      return pair === undefined ? [] : [{ run, ...pair, key: [plain(pair.question), plain(pair.answer)] }]
    })
    // The same answer called wrong as often as right is no fact.
    const balance = new Map<string, number>()
    for (const { run, key } of answers) {
      const id = key.join('\n')
      balance.set(id, (balance.get(id) ?? 0) + (run.solved === true ? 1 : -1))
    }
    return answers
      .filter(({ key }) => (balance.get(key.join('\n')) ?? 0) > 0)
      .map(({ run, question, answer, key }): Finding => ({ run, key, lesson: toLesson(question, answer) }))
  },
}

function questionAndAnswer(
  episode: RedactedEpisode,
): { readonly question: string; readonly answer: string } | undefined {
  const { outcome, interactions } = episode
  if (outcome === undefined || (outcome.by !== 'feedback' && outcome.by !== 'user')) return undefined
  const [asked, answered] = interactions
  if (interactions.length !== 2 || asked?.type !== 'message' || answered?.type !== 'message') return undefined
  if (asked.role !== 'user' || answered.role !== 'assistant') return undefined
  const question = asked.text.trim().replace(/\s+/g, ' ')
  const answer = answered.text.trim()
  const fits =
    question !== '' &&
    answer !== '' &&
    question.length <= QUESTION_LENGTH_MAX &&
    answer.length <= ANSWER_LENGTH_MAX
  if (!fits || Buffer.byteLength(question) + Buffer.byteLength(answer) * 1.25 > BYTES_MAX) return undefined
  return !REDACTED.test(question) && !REDACTED.test(answer) ? { question, answer } : undefined
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

function toLesson(question: string, answer: string): Finding['lesson'] {
  const short =
    answer.length <= SUMMARY_LENGTH_MAX
      ? answer
      : `${answer.slice(0, SUMMARY_LENGTH_MAX - 1).toWellFormed()}…`
  return {
    kind: 'fact',
    domains: ['questions'],
    situation: quotedText(question),
    summary: quotedText(short),
    detail:
      short === answer
        ? own('Explicit feedback confirmed this answer.')
        : say`The confirmed answer in full: ${quotedText(answer)}`,
    action: own('Answer so when the same is asked, unless something newer contradicts it.'),
    tools: [],
  }
}
