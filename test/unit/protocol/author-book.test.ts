/** What one record may cost its receiver: a member may send hundreds a second, so none may touch all the others. */

import { expect, test } from 'vitest'
import { concat } from '../../../crypto/bytes.ts'
import { type KeyPair, keyPairFromSeed } from '../../../crypto/keys.ts'
import { AuthorBook, heldOf, type State } from '../../../protocol/author-book.ts'
import { signRecord } from '../../../protocol/envelope.ts'
import { peerOf } from '../../../protocol/identity.ts'
import { lastDayOf, protocolAllowances } from '../../../protocol/objective.ts'
import type { AttestBody, RecordId } from '../../../protocol/types.ts'
import { ada, day0, filled, swarm, t0 } from './fixtures.ts'

const subjectKeys = Array.from({ length: 300 }, (_, i) =>
  keyPairFromSeed(concat(filled(30, 9), new Uint8Array([i >> 8, i & 0xff]))),
)
const byBytes = (a: KeyPair, b: KeyPair) => Buffer.compare(a.publicKey, b.publicKey)

function attestation(subject: KeyPair, body: Partial<AttestBody> = {}) {
  const whole = { subject: peerOf(subject.publicKey), day: day0, helped: 1, hurt: 0, ...body }
  return signRecord({ swarm, kind: 'attest', t: t0, body: whole }, ada)
}

function countingBook() {
  const states = new Map<RecordId, State>()
  const settled: RecordId[] = []
  const book = new AuthorBook(peerOf(ada.publicKey), {
    allowances: { ...protocolAllowances, attestSubjects: 100 },
    setState(held, state) {
      held.state = state
      states.set(held.id, state)
      settled.push(held.id)
    },
    namesLiveMember: () => false,
    digestsNaming: () => [],
  })
  /** The records that were looked at for this one. */
  function add(record: ReturnType<typeof attestation>): readonly RecordId[] {
    settled.length = 0
    book.add(heldOf(record, lastDayOf(record), true))
    return [...settled]
  }
  return { book, states, settled, add }
}

test('an attestation settles its own subject and the one it displaces, never the whole day', () => {
  const { add, states, book, settled } = countingBook()
  for (const subject of subjectKeys) expect(add(attestation(subject)).length).toBeLessThanOrEqual(2)
  const [first, ...others] = [...subjectKeys].sort(byBytes)
  if (first === undefined) throw new TypeError('no subjects')
  const record = attestation(first, { helped: 2 })
  expect(new Set(add(record))).toEqual(new Set([record.id, attestation(first).id]))
  expect([...states.values()].filter(state => state === 'live')).toHaveLength(100)
  expect(states.get(attestation(first).id)).toBe('replaced')

  // With the first subject gone, exactly the next one beyond the allowance takes its place.
  const promoted = others[99]
  if (promoted === undefined) throw new TypeError('too few subjects')
  expect(states.get(attestation(promoted).id)).toBe('allowance')
  for (const gone of [record, attestation(first)]) {
    const held = book.held.get(gone.id)
    if (held !== undefined) book.remove(held)
  }
  expect(states.get(attestation(promoted).id)).toBe('live')
  expect(settled.length).toBeLessThan(10)
})

test('an author whose membership ends and begins again has the same attestations live', () => {
  const { add, book, states } = countingBook()
  for (const subject of subjectKeys) add(attestation(subject))
  const before = new Map(states)
  for (const held of book.held.values()) book.setBelongs(held, false)
  expect(new Set(states.values())).toEqual(new Set(['not-member']))
  for (const held of book.held.values()) book.setBelongs(held, true)
  expect(states).toEqual(before)
})
