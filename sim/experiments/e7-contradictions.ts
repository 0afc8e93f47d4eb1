/**
 * Pairs of published entries that say opposite things without a condition that sets them apart: one advises what the
 * other refuses, each names another thing as the only one, or two of one pattern answer one situation in two ways.
 */

import { claimsOf } from '../../node/lessons/claims.ts'
import { clash } from '../../node/lessons/clashes.ts'
import type { Entry } from '../../protocol/types.ts'

export interface Published {
  /** The draft's key. */
  readonly key: string
  readonly entry: Entry
}

export interface Contradiction {
  readonly keys: readonly [string, string]
  /** What the two say of it. */
  readonly about: string
}

export function contradictions(published: readonly Published[]): readonly Contradiction[] {
  const claimed = published.map(one => ({ ...one, claims: claimsOf(one.key) ?? [] }))
  return claimed.flatMap((a, index) =>
    claimed.slice(index + 1).flatMap((b): Contradiction[] => {
      const about = answersOtherwise(a.entry, b.entry) ? 'the same situation' : clash(a.claims, b.claims)
      return about === undefined ? [] : [{ keys: [a.key, b.key], about }]
    }),
  )
}

function answersOtherwise(a: Entry, b: Entry): boolean {
  if (a.situation !== b.situation || a.insight.action === b.insight.action) return false
  return a.lineage.method === b.lineage.method || (a.kind === 'fact' && b.kind === 'fact')
}
