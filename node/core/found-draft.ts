/** An own draft as it is stored: its words in one row, and on which runs it rests in rows of their own. */

import type { Day, Seconds } from '../../protocol/types.ts'
import { getDraft, type StoredDraft, supportOf } from '../../store/drafts.ts'
import type { DraftSupport, EntryDraft, Ports } from '../ports.ts'
import { dayOfMs, today } from './today.ts'

/** Lessons that a person wrote: they rest on no episode. */
export const ownerPattern = 'owner'

export interface FoundDraft {
  readonly stored: StoredDraft
  readonly draft: EntryDraft
  readonly firstSeen: Day
  readonly lastSeen: Day
  /** Of the latest run on which it rests. What a person wrote rests on none. */
  readonly lastCapturedS: Seconds
}

export async function findDraft(
  { clock, store }: Pick<Ports, 'clock' | 'store'>,
  key: string,
): Promise<FoundDraft | undefined> {
  const stored = getDraft(store, key)
  if (stored === undefined) return undefined
  const support = await supportOf(store, key)
  const days = support.map(one => dayOfMs(one.capturedAt))
  const now = today(clock)
  const draft: EntryDraft = {
    ...decodeDraft(stored.body),
    support: support.map((one): DraftSupport => ({ episode: one.episode, ask: one.ask, solved: one.solved })),
  }
  return {
    stored,
    draft,
    firstSeen: Math.min(now, ...days),
    lastSeen: days.length === 0 ? now : Math.max(...days),
    lastCapturedS: support.length === 0 ? Infinity : Math.max(...support.map(one => one.capturedAt)) / 1000,
  }
}

/** A draft without its support. */
export function encodeDraft(draft: EntryDraft): Uint8Array {
  const { support: _support, ...body } = draft
  return new TextEncoder().encode(JSON.stringify(body))
}

function decodeDraft(body: Uint8Array): Omit<EntryDraft, 'support'> {
  return JSON.parse(new TextDecoder().decode(body)) as Omit<EntryDraft, 'support'>
}
