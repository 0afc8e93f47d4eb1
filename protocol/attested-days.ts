/**
 * One author's attestations, day by day and subject by subject: each record settles its own subject, and the one
 * that the allowance of subjects moves. A neighbour may send hundreds a second, so nothing here walks through a
 * whole day. SPEC section "The replicated set".
 */

import { type AttestFacts, bestAttestations } from './objective.ts'
import { Ranked } from './ranked.ts'
import type { Day } from './types.ts'

export interface DatedAttestation extends AttestFacts {
  readonly day: Day
  /** The subject's key in hex, which sorts as its bytes do: decoded once, not for each comparison. */
  readonly subjectKey: string
  /** Whether the author was a member when it signed this. */
  readonly belongs: boolean
}

export interface AttestedDays<A> {
  /** The record came, is to go (it belongs no more, then), or belongs or not since a moment ago. */
  settle(one: A): void
}

interface AttestedDay<A> {
  readonly bySubject: Map<string, Set<A>>
  readonly subjects: Ranked<string>
  /** Of those, the ones within the allowance. */
  readonly allowed: Set<string>
}

export function createAttestedDays<A extends DatedAttestation>(
  subjectsMax: number,
  setState: (one: A, state: 'live' | 'replaced' | 'allowance' | 'not-member') => void,
): AttestedDays<A> {
  const days = new Map<Day, AttestedDay<A>>()

  function dayOf(day: Day): AttestedDay<A> {
    const known = days.get(day)
    if (known !== undefined) return known
    const bySubject = new Map<string, Set<A>>()
    const allowed = new Set<string>()
    const subjects = new Ranked<string>(subjectsMax, (subject, live) => {
      if (live) allowed.add(subject)
      else allowed.delete(subject)
      settleSubject(bySubject.get(subject) ?? [], live)
    })
    const made = { bySubject, subjects, allowed }
    days.set(day, made)
    return made
  }

  function settleSubject(same: Iterable<A>, isAllowed: boolean): void {
    const best = isAllowed ? bestAttestations(same) : undefined
    for (const one of same) {
      setState(one, best === undefined ? 'allowance' : best.has(one.id) ? 'live' : 'replaced')
    }
  }

  function add(one: A): void {
    const { bySubject, subjects, allowed } = dayOf(one.day)
    const same = bySubject.get(one.subjectKey)
    if (same === undefined) {
      bySubject.set(one.subjectKey, new Set([one]))
      subjects.add(one.subjectKey)
    } else {
      same.add(one)
      settleSubject(same, allowed.has(one.subjectKey))
    }
  }

  function remove(one: A): void {
    setState(one, 'not-member')
    const day = days.get(one.day)
    const same = day?.bySubject.get(one.subjectKey)
    if (day === undefined || same === undefined || !same.delete(one)) return
    if (same.size > 0) {
      settleSubject(same, day.allowed.has(one.subjectKey))
      return
    }
    day.bySubject.delete(one.subjectKey)
    day.allowed.delete(one.subjectKey)
    day.subjects.remove(one.subjectKey)
    if (day.bySubject.size === 0) days.delete(one.day)
  }

  return {
    settle(one) {
      if (one.belongs) add(one)
      else remove(one)
    },
  }
}
