import { describe, expect, it } from 'vitest'
import { entryOf, heldBackBy, needsSuccessor, tallyOf } from '../../../../node/pipeline/publish.ts'
import type { DraftSupport, EntryDraft } from '../../../../node/ports.ts'
import { cid, entry, peer } from '../entry-samples.ts'

function support(
  ...runs: readonly (readonly [ask: string, solved: boolean | undefined])[]
): readonly DraftSupport[] {
  return runs.map(([ask, solved], index) => ({ episode: `e${index}`, ask, solved }))
}

function draft(changes: Partial<EntryDraft> = {}): EntryDraft {
  const { kind, domains, situation, insight, context } = entry()
  return {
    key: 'k',
    pattern: 'repair',
    kind,
    domains,
    situation,
    insight,
    context,
    asksToShare: 2,
    needsSolved: false,
    support: support(['a', true], ['b', true]),
    ...changes,
  }
}

describe('sharing', () => {
  it('lets out a lesson with an outcome and enough asks', () => {
    expect(heldBackBy(draft(), 'verified', undefined)).toBeUndefined()
  })

  it.each([
    [
      'one solved ask, where solved ones are needed',
      draft({ needsSolved: true, support: support(['a', true], ['b', false]) }),
      'verified',
      undefined,
      'too-few-asks',
    ],
    [
      'one ask alone',
      draft({ support: support(['a', true], ['a', true]) }),
      'verified',
      undefined,
      'too-few-asks',
    ],
    [
      'no outcome',
      draft({ asksToShare: 1, support: support(['a', undefined]) }),
      'verified',
      undefined,
      'no-outcome',
    ],
    ['not yet reviewed', draft(), 'reviewed', undefined, 'awaits-review'],
    ['rejected by the owner', draft(), 'all', 'rejected', 'rejected'],
    ['sharing off', draft(), 'none', 'approved', 'sharing-off'],
  ] as const)('keeps it here: %s', (_name, given, mode, review, code) => {
    expect(heldBackBy(given, mode, review)?.code).toBe(code)
    expect(heldBackBy(given, mode, review)?.message).toMatch(/\.$/)
  })

  it('lets out what the owner approved, on one ask too', () => {
    expect(heldBackBy(draft({ support: support(['a', undefined]) }), 'reviewed', 'approved')).toBeUndefined()
  })
})

describe('entries from drafts', () => {
  it('say on how many runs and asks they rest, solved and not', () => {
    expect(tallyOf(support(['a', true], ['a', false], ['b', undefined]))).toEqual({
      episodes: 3,
      asks: 2,
      solved: 1,
      unsolved: 1,
    })
  })

  it('name their predecessor', () => {
    const made = entryOf(draft(), {
      author: peer('me'),
      created: 1,
      supersedes: cid('1'),
      firstSeen: 1,
      lastSeen: 2,
    })
    expect(made).toMatchObject({
      supersedes: cid('1'),
      lineage: { parents: [cid('1')], method: 'repair' },
      support: { firstSeen: 1, lastSeen: 2 },
    })
  })

  it('are replaced when the words change or the asks double, and not for one more run', () => {
    const standing = entryOf(draft(), { author: peer('me'), created: 1, firstSeen: 1, lastSeen: 1 })
    expect(needsSuccessor(standing, draft({ support: support(['a', true], ['b', true], ['b', true]) }))).toBe(
      false,
    )
    expect(
      needsSuccessor(
        standing,
        draft({ support: support(['a', true], ['b', true], ['c', true], ['d', true]) }),
      ),
    ).toBe(true)
    expect(needsSuccessor(standing, draft({ situation: 'Wider.' }))).toBe(true)
    const written = draft({ support: [] })
    const standingWritten = entryOf(written, { author: peer('me'), created: 1, firstSeen: 1, lastSeen: 1 })
    expect(needsSuccessor(standingWritten, written)).toBe(false)
  })
})
