/**
 * Where two lessons say opposite things without a condition that sets them apart: one advises what the other refuses,
 * or each names another thing as the only one.
 */

import type { Claim, Condition } from './claims.ts'

/** What the two say otherwise; undefined where they can both be right. */
export function clash(claims: readonly Claim[], others: readonly Claim[]): string | undefined {
  for (const a of claims)
    for (const b of others)
      if (isSameMatter(a, b) && !areSetApart(a.when, b.when) && disagree(a, b))
        return [a.about, a.tool ?? b.tool ?? '', a.of].filter(part => part !== '').join(' ')
  return undefined
}

function isSameMatter(a: Claim, b: Claim): boolean {
  if (a.about !== b.about) return false
  if (a.tool === b.tool) return fieldPath(a.of) === fieldPath(b.of)
  // What is said of every tool is said of an argument by its name alone.
  return (a.tool === undefined || b.tool === undefined) && lastName(a.of) === lastName(b.of)
}

function disagree(a: Claim, b: Claim): boolean {
  const refused = (one: Claim, other: Claim): boolean =>
    one.advises.length > 0 && one.advises.every(advised => other.refuses.includes(advised))
  const apart = a.only && b.only && !a.advises.some(advised => b.advises.includes(advised))
  return apart || refused(a, b) || refused(b, a)
}

/**
 * One has a condition more: it is the exception, and the other the rule. Two that each ask for another state of a
 * record before one call are not set apart by that: each forbids the call where the other wants it made.
 */
function areSetApart(a: readonly Condition[], b: readonly Condition[]): boolean {
  return within(a, b) !== within(b, a)
}

function within(some: readonly Condition[], all: readonly Condition[]): boolean {
  return some.every(one => all.some(other => one.about === other.about && one.is === other.is))
}

function fieldPath(path: string): string {
  return path.replace(/\[\]$/, '')
}

function lastName(path: string): string {
  return fieldPath(path).split('.').at(-1) ?? path
}
