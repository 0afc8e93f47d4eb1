/**
 * A distiller that also asks a language model. The local distiller always runs, and whatever the model does, its
 * lessons stand; those of the model come beside them. Runs with an outcome are asked about once, in groups, within a
 * deadline and a daily budget; what was taken is stored beside the episodes, and goes with them.
 */

import { episodeHead } from '../../store/episodes.ts'
import { llmDay, llmLessons, putLlmDayOps, putLlmLessonsOps, type StoredLlmDay } from '../../store/llm.ts'
import type { Store } from '../../store/ports.ts'
import { withAskNames } from '../lessons/asks.ts'
import {
  type Answer,
  draftOf,
  type Flaw,
  type LlmLesson,
  lessonTexts,
  readAnswer,
} from '../lessons/llm/answer.ts'
import { countAsks } from '../lessons/llm/leaks.ts'
import { answerSchema, questionOf } from '../lessons/llm/question.ts'
import { groupsOf } from '../lessons/llm/shown-runs.ts'
import { type RedactionRules, redact } from '../pipeline/redact.ts'
import type {
  Clock,
  Cpu,
  Distiller,
  EntryDraft,
  Llm,
  LlmCode,
  LlmReply,
  LlmStatus,
  Log,
  RedactedEpisode,
} from '../ports.ts'
import { today } from './today.ts'

export interface LlmDistillingDeps {
  readonly local: Distiller
  readonly llm: Llm
  readonly clock: Clock
  readonly cpu: Cpu
  readonly store: Store
  readonly log: Log
  /** The lessons go through them once more. */
  readonly rules: RedactionRules
  readonly budget: LlmBudget
}

export interface LlmBudget {
  readonly deadlineMs: number
  readonly requestsPerDay: number
  /** Of questions and answers together. A request is counted in full before it is sent, and corrected by what the endpoint says. */
  readonly tokensPerDay: number
  readonly answerTokensMax: number
}

/** Less than a look may take in all: what is not asked within it waits for the next look. */
const lookMsMax = 90_000
/** Requests at once: a local endpoint has one model, a remote one limits the rate. */
const atOnce = 2
/** After a failure nothing is asked for a minute, and for twice as long after each further one. */
const pauseMsMin = 60_000
const pauseMsMax = 3_600_000
/** An endpoint may ask for a longer rest than that, yet not for one without end. */
const restMsMax = 86_400_000
/** English text has some four characters a token; other scripts have fewer. */
const charsPerToken = 3
const msPerDay = 86_400_000
/** Lessons of one look; more are a flood. */
const draftsMax = 1_000

export class LlmDistilling implements Distiller {
  readonly id: string
  readonly local: Distiller
  readonly #deps: LlmDistillingDeps
  #failures = 0
  #notBefore = 0
  /** Questions about an episode that have failed. */
  readonly #tries = new Map<string, number>()
  /** As stored, or about to be: requests side by side count on it. */
  #spent: StoredLlmDay | undefined

  constructor(deps: LlmDistillingDeps) {
    this.#deps = deps
    this.local = deps.local
    this.id = `${deps.local.id}+llm/1`
  }

  async distil(episodes: readonly RedactedEpisode[], signal: AbortSignal): Promise<readonly EntryDraft[]> {
    const giveUp = new AbortController()
    // The local distiller finds the asks itself.
    const named = withAskNames(episodes)
    const asking = this.#deps.clock
      .within(lookMsMax, AbortSignal.any([signal, giveUp.signal]), inTime => this.#askAll(named, inTime))
      .catch((cause: unknown) =>
        this.#deps.log(
          'error',
          'Asking the LLM failed inside the node; the default distiller goes on alone.',
          {
            cause: String(cause),
          },
        ),
      )
    try {
      const drafts = await this.local.distil(episodes, signal)
      await asking
      return [...drafts, ...this.#remembered(named)].sort((a, b) => (a.key < b.key ? -1 : 1))
    } finally {
      giveUp.abort()
      await asking
    }
  }

  llm(): LlmStatus {
    const { budget, llm } = this.#deps
    const { requests, tokens, waiting, last } = this.#day()
    return {
      model: llm.model,
      url: llm.url,
      requestsToday: requests,
      requestsPerDay: budget.requestsPerDay,
      tokensToday: tokens,
      tokensPerDay: budget.tokensPerDay,
      waiting,
      ...(last === undefined ? {} : { last }),
    }
  }

  /** Runs that wait are asked about once the pause is over, and where the budget of a day was spent on the next day. */
  dueAt(): number | undefined {
    const { waiting, last, day } = this.#day()
    if (waiting === 0) return undefined
    const isSpent = last?.code === 'llm-budget-spent' && Math.floor(last.at / msPerDay) === day
    return Math.max(this.#notBefore, isSpent ? (day + 1) * msPerDay : 0)
  }

  /** What it has answered about these runs, now and before. */
  #remembered(episodes: readonly RedactedEpisode[]): readonly EntryDraft[] {
    const found = new Map<string, { readonly lesson: LlmLesson['draft']; readonly by: RedactedEpisode[] }>()
    for (const episode of episodes) {
      for (const text of llmLessons(this.#deps.store, episode.id) ?? []) {
        const lesson = JSON.parse(text) as LlmLesson['draft']
        const standing = found.get(lesson.key)
        if (standing === undefined) found.set(lesson.key, { lesson, by: [episode] })
        else standing.by.push(episode)
      }
    }
    return [...found.values()].slice(0, draftsMax).map(({ lesson, by }) => draftOf(lesson, by))
  }

  async #askAll(episodes: readonly RedactedEpisode[], signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#deps
    const isNew = (episode: RedactedEpisode): boolean =>
      // Silence is not an outcome: without one nothing could be advised.
      episode.outcome !== undefined &&
      llmLessons(store, episode.id) === undefined &&
      episodeHead(store, episode.id) !== undefined
    // Where none is solved, no lesson could be taken; with a later run one may be.
    const askable = groupsOf(episodes.filter(isNew)).filter(group =>
      group.some(episode => episode.outcome?.solved === true),
    )
    const groups = this.#inTurn(askable)
    const asksWith = countAsks(episodes)
    if (clock.now() >= this.#notBefore) {
      const worker = async (): Promise<void> => {
        while (!signal.aborted && clock.now() >= this.#notBefore) {
          const group = groups.shift()
          if (group === undefined || !(await this.#ask(group, asksWith, signal))) return
        }
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
    }
    await this.#note({ waiting: askable.flat().filter(isNew).length })
  }

  /** What failed goes last: an endpoint may refuse some runs for ever, and take all others. */
  #inTurn(groups: readonly (readonly RedactedEpisode[])[]): (readonly RedactedEpisode[])[] {
    const tries = (group: readonly RedactedEpisode[]): number =>
      Math.max(...group.map(({ id }) => this.#tries.get(id) ?? 0))
    return groups.toSorted((a, b) => tries(a) - tries(b))
  }

  /** Whether another question may follow. */
  async #ask(
    group: readonly RedactedEpisode[],
    asksWith: (word: string) => number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { budget, clock, llm } = this.#deps
    const { system, user } = questionOf(group)
    const reserved = Math.ceil((system.length + user.length) / charsPerToken) + budget.answerTokensMax
    const { requests, tokens } = this.#day()
    if (requests >= budget.requestsPerDay || tokens + reserved > budget.tokensPerDay) {
      await this.#failed('llm-budget-spent', 'The budget of today is spent; it goes on tomorrow.')
      return false
    }
    await this.#note({ requests: requests + 1, tokens: tokens + reserved })
    const request = { system, user, schema: answerSchema, answerTokensMax: budget.answerTokensMax }
    const reply = await clock.within(budget.deadlineMs, signal, inTime => llm.ask(request, inTime))
    // Ended with the look or the node: nobody's fault, and asked again.
    if (signal.aborted) return false
    for (const { id } of group) this.#tries.set(id, (this.#tries.get(id) ?? 0) + 1)
    if (!reply.ok) {
      await this.#failed(reply.code, reply.message, reply.retryAfterMs)
      // What it answers to these runs would be paid for again and again.
      if (isAnswered(reply.code)) await this.#remember(group, [])
      return false
    }
    await this.#correct(reply.value, reserved)
    await this.#deps.cpu.spend('distil', group.length)
    const answer = readAnswer(reply.value.text, group, asksWith)
    if (answer === undefined) {
      await this.#failed('llm-answer-invalid', 'Its answer is not in the form that was asked for.')
      await this.#remember(group, [])
      return false
    }
    await this.#take(group, answer)
    return true
  }

  async #take(group: readonly RedactedEpisode[], answer: Answer): Promise<void> {
    const { clock, log } = this.#deps
    const taken: LlmLesson[] = []
    const refused: Flaw[] = [...answer.refused]
    for (const lesson of answer.lessons) {
      if (await this.#isClean(lesson)) taken.push(lesson)
      else refused.push('personal')
    }
    await this.#remember(group, taken)
    this.#failures = 0
    const reasons = [...new Set(refused)].sort().join(', ')
    const why = reasons === '' ? '' : ` (${reasons})`
    const message = `Lessons taken: ${taken.length}; refused: ${refused.length}${why}; runs asked about: ${group.length}.`
    await this.#note({ last: { at: clock.now(), message } })
    log('info', 'The LLM was asked for lessons.', {
      runs: group.length,
      taken: taken.length,
      refused: reasons,
    })
  }

  /** Redaction, with the owner's own rules, finds nothing in it. */
  async #isClean({ draft }: LlmLesson): Promise<boolean> {
    const texts = lessonTexts(draft)
    const { interactions } = await redact(
      {
        id: 'lesson',
        ask: 'lesson',
        source: 'lesson',
        capturedAt: 0,
        interactions: texts.map(text => ({ type: 'message', role: 'assistant', text })),
      },
      this.#deps.rules,
    )
    return interactions.every((item, index) => item.type === 'message' && item.text === texts[index])
  }

  /** Beside each episode, where it is still the one that was asked about. */
  async #remember(group: readonly RedactedEpisode[], lessons: readonly LlmLesson[]): Promise<void> {
    const { store } = this.#deps
    for (const { id } of group) this.#tries.delete(id)
    const ops = group
      .filter(({ id, outcome }) => episodeHead(store, id)?.outcome?.solved === outcome?.solved)
      .flatMap(({ id }) => {
        const showing = lessons.filter(lesson => lesson.episodes.includes(id))
        return putLlmLessonsOps(
          id,
          showing.map(lesson => JSON.stringify(lesson.draft)),
        )
      })
    await store.batch(ops)
  }

  async #failed(code: LlmCode, message: string, retryAfterMs = 0): Promise<void> {
    const { clock, log } = this.#deps
    const at = clock.now()
    const restMs = Math.min(retryAfterMs, restMsMax)
    // Of two that fail side by side the second makes it no worse.
    if (at >= this.#notBefore) {
      const pauseMs = Math.min(pauseMsMin * 2 ** this.#failures, pauseMsMax)
      this.#failures++
      this.#notBefore = at + Math.max(pauseMs, restMs)
      log('warn', 'The LLM gave no lessons; the default distiller goes on alone.', { code, reason: message })
    } else this.#notBefore = Math.max(this.#notBefore, at + restMs)
    await this.#note({ last: { at, code, message } })
  }

  async #correct(reply: LlmReply, reserved: number): Promise<void> {
    if (reply.tokens === undefined) return
    await this.#note({ tokens: Math.max(0, this.#day().tokens - reserved + reply.tokens) })
  }

  #day(): StoredLlmDay {
    const day = today(this.#deps.clock)
    const stored = this.#spent ?? llmDay(this.#deps.store)
    if (stored === undefined) return { day, requests: 0, tokens: 0, waiting: 0 }
    return stored.day === day ? stored : { ...stored, day, requests: 0, tokens: 0 }
  }

  #note(changes: Partial<StoredLlmDay>): Promise<void> {
    this.#spent = { ...this.#day(), ...changes }
    return this.#deps.store.batch(putLlmDayOps(this.#spent))
  }
}

/** The model has answered, and would answer so again. */
function isAnswered(code: LlmCode): boolean {
  return (
    code === 'llm-declined' ||
    code === 'llm-answer-too-large' ||
    code === 'llm-answer-invalid' ||
    code === 'llm-answer-cut'
  )
}
