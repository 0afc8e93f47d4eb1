/**
 * The schemas say once more what api.ts says. These types do not compile when one of the two has a field or a
 * word more than the other; the test itself only gives them a place.
 */

import { expect, test } from 'vitest'
import type { z } from 'zod'
import type * as api from '../../../../node/api.ts'
import type * as schemas from '../../../../node/surface/schemas.ts'
import type { Entry } from '../../../../protocol/types.ts'

/** Every key with whether it may be absent, all the way down; words and numbers as they are, ids as text. */
type Shape<T> = T extends readonly (infer Item)[]
  ? Shape<Item>[]
  : T extends string
    ? // A record of a literal has a required key; one of text, branded or not, has an index signature.
      Record<never, never> extends Record<T, 1>
      ? string
      : T
    : T extends Uint8Array
      ? string
      : T extends object
        ? { -readonly [Key in keyof T]: Shape<T[Key]> }
        : T
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Check<Schema extends z.ZodType, Type> = Same<Shape<z.output<Schema>>, Shape<Type>>

const same: readonly true[] = [
  true satisfies Check<typeof schemas.entry, Entry>,
  true satisfies Check<typeof schemas.captured, api.Captured>,
  true satisfies Check<typeof schemas.distilReport, api.DistilReport>,
  true satisfies Check<typeof schemas.episodeSummary, api.EpisodeSummary>,
  true satisfies Check<typeof schemas.distilPreview, api.DistilPreview>,
  true satisfies Check<typeof schemas.recallResult, api.RecallResult>,
  true satisfies Check<typeof schemas.feedbackReport, api.FeedbackReport>,
  true satisfies Check<typeof schemas.entryView, api.EntryView>,
  true satisfies Check<typeof schemas.entryDetail, api.EntryDetail>,
  true satisfies Check<typeof schemas.swarmView, api.SwarmView>,
  true satisfies Check<typeof schemas.inviteView, api.InviteView>,
  true satisfies Check<typeof schemas.peerView, api.PeerView>,
  true satisfies Check<typeof schemas.nodeStatus, api.NodeStatus>,
  true satisfies Check<typeof schemas.finding, api.Finding>,
]

test('the schemas of the surfaces are the types of the node, field by field', () => {
  expect(same.every(Boolean)).toBe(true)
})
