/**
 * From findings to drafts: the same key is the same lesson, its support is every episode that shows it, and
 * of findings that explain the same thing the best supported one stands. The result hangs on the set of
 * episodes only, not on their order.
 */

import { actionCharsMax, detailCharsMax, situationCharsMax, summaryCharsMax } from '../../protocol/limits.ts'
import { textProblem } from '../../protocol/text.ts'
import type { DraftSupport, EntryDraft } from '../ports.ts'
import { claimsOf } from './claims.ts'
import { clash } from './clashes.ts'
import type { Finding, Pattern } from './patterns/pattern.ts'

/** A call of the distiller with more lessons than this is a flood, not experience. */
const DRAFTS_MAX = 1000

interface Candidate {
  readonly pattern: Pattern
  readonly first: Finding
  readonly key: string
  readonly support: Map<string, DraftSupport>
}

export function toDrafts(found: readonly (readonly [Pattern, readonly Finding[]])[]): readonly EntryDraft[] {
  const candidates = new Map<string, Candidate>()
  for (const [pattern, findings] of found) {
    for (const finding of findings) {
      if (!fits(finding)) continue
      const key = [pattern.id, ...finding.key].join('|')
      let candidate = candidates.get(key)
      if (candidate === undefined) {
        candidate = { pattern, first: finding, key, support: new Map() }
        candidates.set(key, candidate)
      }
      const { ask, episode, solved } = finding.run
      candidate.support.set(episode.id, { episode: episode.id, ask, solved })
    }
  }
  const standing = oneForEachSituation(bestOfGroups([...candidates.values()]))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, DRAFTS_MAX)
  const contradicted = contradictedAmong(standing)
  return standing.map(candidate => toDraft(candidate, contradicted.has(candidate)))
}

/** Names and error templates have bounds of their own; together, or with hidden characters, they may still be no entry. */
function fits({ lesson }: Finding): boolean {
  const texts = [
    [lesson.situation, situationCharsMax],
    [lesson.summary, summaryCharsMax],
    [lesson.detail, detailCharsMax],
    [lesson.action, actionCharsMax],
  ] as const
  return texts.every(([text, max]) => textProblem(text, { min: 1, max, lines: true }) === undefined)
}

function bestOfGroups(candidates: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const group = `${candidate.pattern.id}|${candidate.first.group ?? candidate.key}`
    const standing = best.get(group)
    if (standing === undefined || isBetter(candidate, standing)) best.set(group, candidate)
  }
  return [...best.values()]
}

/**
 * Two lessons of one pattern for the very same situation that say different things contradict each other, unless the
 * situation itself says what sets them apart: of these the best supported one stands.
 */
function oneForEachSituation(candidates: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const { situation } = candidate.first.lesson
    const place = [candidate.pattern.id, situation].join('\n')
    const standing = best.get(place)
    if (standing === undefined || isBetter(candidate, standing)) best.set(place, candidate)
  }
  return [...best.values()]
}

/** Of two that say opposite things without their conditions, the one that rests on less. */
function contradictedAmong(candidates: readonly Candidate[]): ReadonlySet<Candidate> {
  const claimed = candidates.map(candidate => ({ candidate, claims: claimsOf(candidate.key) ?? [] }))
  const contradicted = new Set<Candidate>()
  for (const [index, a] of claimed.entries()) {
    for (const b of claimed.slice(index + 1))
      if (clash(a.claims, b.claims) !== undefined)
        contradicted.add(isBetter(a.candidate, b.candidate) ? b.candidate : a.candidate)
  }
  return contradicted
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const asks = solvedAsks(a.support).size - solvedAsks(b.support).size
  if (asks !== 0) return asks > 0
  if (a.support.size !== b.support.size) return a.support.size > b.support.size
  const rank = (a.first.rank ?? 0) - (b.first.rank ?? 0)
  return rank === 0 ? a.key < b.key : rank < 0
}

function solvedAsks(support: ReadonlyMap<string, DraftSupport>): Set<string> {
  return new Set([...support.values()].filter(one => one.solved === true).map(one => one.ask))
}

function toDraft({ pattern, first, key, support }: Candidate, isContradicted: boolean): EntryDraft {
  const { lesson } = first
  return {
    key,
    pattern: pattern.id,
    kind: lesson.kind,
    domains: lesson.domains,
    situation: lesson.situation,
    insight: { summary: lesson.summary, detail: lesson.detail, action: lesson.action },
    context: lesson.tools.length === 0 ? {} : { tools: lesson.tools },
    support: [...support.values()].sort((a, b) => (a.episode < b.episode ? -1 : 1)),
    asksToShare: pattern.asksToShare,
    needsSolved: pattern.needsSolved,
    ...(pattern.needsReview === undefined ? {} : { needsReview: pattern.needsReview }),
    ...(isContradicted ? { isContradicted: true } : {}),
    ...(pattern.staysHere === undefined ? {} : { staysHere: pattern.staysHere }),
  }
}
