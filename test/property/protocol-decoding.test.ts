/** Whatever bytes a peer sends are answered with a value: never an exception, never a record that was not signed so. */

import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concat, toHex } from '../../crypto/bytes.ts'
import { decodeCanonical, encodeCanonical, withoutField } from '../../protocol/cbor.ts'
import { decodeEntry, encodeEntry } from '../../protocol/entry.ts'
import { decodeRecord, readRecord, signRecord } from '../../protocol/envelope.ts'
import { decodeHello, encodeHello } from '../../protocol/hello.ts'
import { multiformatsCidOf, recordIdOfHash } from '../../protocol/identity.ts'
import { createInvitation, invitationToText, readInvitation } from '../../protocol/invitation.ts'
import {
  encodeJoinAccepted,
  encodeJoinRequest,
  readJoinRequest,
  readJoinResponse,
} from '../../protocol/join.ts'
import { collectionItemsMax, entryBytesMax, nestingMax, recordBytesMax } from '../../protocol/limits.ts'
import { decodeGiven } from '../../protocol/range/page-messages.ts'
import { pagesOf } from '../../protocol/range/pages.ts'
import { decodeDescriptor, encodeDescriptor } from '../../protocol/swarm.ts'
import type { Entry } from '../../protocol/types.ts'
import {
  ada,
  ben,
  cidNumber,
  day0,
  descriptor,
  digestBody,
  entry,
  filled,
  founder,
  opaqueRecord,
  peer,
  swarm,
  t0,
} from '../unit/protocol/fixtures.ts'

const joined = signRecord(
  { swarm, kind: 'member', t: t0, body: { member: peer(ada), box: ada.box.publicKey, expires: day0 + 9 } },
  founder,
)
const made = createInvitation(
  { descriptor, addresses: [], expires: t0 + 9, uses: 1, nonce: filled(16, 1) },
  founder,
)
if (!made.ok) throw new TypeError(made.message)
const invitation = made.value
const block = encodeEntry(entry)
if (!block.ok) throw new TypeError(block.message)

const records = [
  joined,
  signRecord({ swarm, kind: 'digest', t: t0, body: digestBody({ supersedes: cidNumber(2) }) }, ada),
  signRecord(
    { swarm, kind: 'attest', t: t0, body: { subject: peer(ben), day: day0, helped: 1, hurt: 0 } },
    ada,
  ),
  signRecord({ swarm, kind: 'retract', t: t0, body: { cid: cidNumber(1) } }, ada),
  opaqueRecord(ada, swarm, t0, { a: [1, 'b', null] }),
].map(record => record.bytes)

const ends = { descriptor, peer: peer(ada), nowS: t0 }
const host = { swarm, self: peer(founder), nowS: t0 }
const readers: readonly (readonly [string, readonly Uint8Array[], (bytes: Uint8Array) => unknown])[] = [
  ['records', records, bytes => readRecord(bytes, { swarm, nowS: t0 })],
  ['entries', [block.value.bytes], decodeEntry],
  ['descriptors', [encodeDescriptor(descriptor)], decodeDescriptor],
  ['join requests', [encodeJoinRequest(invitation, t0, ada)], bytes => readJoinRequest(bytes, host)],
  ['join answers', [encodeJoinAccepted([joined])], bytes => readJoinResponse(bytes, ends)],
  ['hellos', [encodeHello(t0, [joined])], decodeHello],
]

/** A few bytes overwritten, inserted or cut out. */
const damage = fc.array(
  fc.record({ at: fc.nat(), cut: fc.nat({ max: 3 }), put: fc.uint8Array({ maxLength: 3 }) }),
  { minLength: 1, maxLength: 3 },
)

function damaged(
  bytes: Uint8Array,
  cuts: readonly { at: number; cut: number; put: Uint8Array }[],
): Uint8Array {
  let out = [...bytes]
  for (const { at, cut, put } of cuts) {
    const from = at % (out.length + 1)
    out = [...out.slice(0, from), ...put, ...out.slice(from + cut)]
  }
  return Uint8Array.from(out)
}

describe.each(readers)('%s', (_name, originals, read) => {
  test('the originals are taken', () => {
    for (const bytes of originals) expect(read(bytes)).toMatchObject({ ok: true })
  })

  test('random bytes are answered', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), bytes => {
        expect(read(bytes)).toMatchObject({ ok: false })
      }),
      { numRuns: 500 },
    )
  })

  test('damaged originals are answered', () => {
    fc.assert(
      fc.property(fc.constantFrom(...originals), damage, (bytes, cuts) => {
        expect(read(damaged(bytes, cuts))).toHaveProperty('ok')
      }),
      { numRuns: 500 },
    )
  })

  test('any dag-cbor value is answered', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        // Text with half a surrogate pair has no UTF-8; what the encoder makes of it must be answered all the same.
        expect(read(encodeCanonical(value))).toMatchObject({ ok: false })
      }),
      { numRuns: 300 },
    )
  })
})

test('a damaged record is never taken for a record: any change of its bytes breaks form or signature', () => {
  fc.assert(
    fc.property(fc.constantFrom(...records), damage, (bytes, cuts) => {
      const changed = damaged(bytes, cuts)
      fc.pre(toHex(changed) !== toHex(bytes))
      expect(readRecord(changed, { swarm, nowS: t0 }).ok).toBe(false)
    }),
    { numRuns: 1_000 },
  )
})

test('what decodes as canonical encodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      const decoded = decodeCanonical(bytes, 40)
      if (decoded.ok) expect(toHex(encodeCanonical(decoded.value))).toBe(toHex(bytes))
    }),
    { numRuns: 5_000 },
  )
})

/** How the SPEC puts it: a strict decoder, and its value encoded again. */
function isCanonical(bytes: Uint8Array): boolean {
  try {
    return toHex(encode(decode(bytes))) === toHex(bytes)
  } catch {
    // Not dag-cbor at all, or a value that has no encoding.
    return false
  }
}

const items = fc.letrec<{ item: unknown }>(tie => ({
  item: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(true, false, null, multiformatsCidOf(cidNumber(1))),
    fc.array(tie('item'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string({ maxLength: 4 }), fc.constant('__proto__')), tie('item'), {
      maxKeys: 5,
    }),
  ),
})).item

test('whatever bytes come, the one pass takes what a strict decoder takes and encodes the same again', () => {
  const check = (bytes: Uint8Array): void => {
    const decoded = decodeCanonical(bytes, 10_000)
    expect(decoded.ok, toHex(bytes)).toBe(isCanonical(bytes))
    if (decoded.ok) expect(decoded.value).toEqual(decode(bytes))
  }
  fc.assert(
    fc.property(items, damage, (value, cuts) => {
      const bytes = encodeCanonical(value)
      check(bytes)
      check(damaged(bytes, cuts))
    }),
    { numRuns: 3_000 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), check), { numRuns: 5_000 })
})

test('a map without one field is what encoding the others makes', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 5 }), items, { minKeys: 1, maxKeys: 9 }), value => {
      const [name = ''] = Object.keys(value)
      const { [name]: _, ...rest } = value
      expect(toHex(withoutField(encodeCanonical(value), name))).toBe(toHex(encodeCanonical(rest)))
    }),
    { numRuns: 500 },
  )
})

describe('the decoder’s bounds', () => {
  const nest = (depth: number): unknown => (depth === 0 ? 0 : [nest(depth - 1)])

  test('nesting', () => {
    expect(decodeCanonical(encodeCanonical(nest(nestingMax)), 100).ok).toBe(true)
    expect(decodeCanonical(encodeCanonical(nest(nestingMax + 1)), 100)).toEqual({
      ok: false,
      fault: 'malformed',
    })
    expect(decodeCanonical(filled(4096, 0x81), 4096)).toEqual({ ok: false, fault: 'malformed' })
    expect(decodeCanonical(filled(4096, 0xd8), 4096)).toEqual({ ok: false, fault: 'malformed' })
  })

  test('items', () => {
    const list = (length: number) => encodeCanonical(Array.from({ length }, () => 0))
    expect(decodeCanonical(list(collectionItemsMax), 1_000).ok).toBe(true)
    expect(decodeCanonical(list(collectionItemsMax + 1), 1_000)).toEqual({ ok: false, fault: 'malformed' })
  })

  test('a promised length that does not follow allocates nothing', () => {
    for (const head of [
      '9affffffff',
      'baffffffff',
      '5affffffff',
      '7bffffffffffffffff',
      '9bffffffffffffffff',
    ]) {
      expect(decodeCanonical(Uint8Array.from(Buffer.from(head, 'hex')), 100)).toEqual({
        ok: false,
        fault: 'malformed',
      })
    }
  })

  test.each([
    ['an integer as a float', 'fb3ff0000000000000', 'non-canonical'],
    ['minus zero', 'fb8000000000000000', 'non-canonical'],
    ['a half float', 'f93e00', 'non-canonical'],
    ['NaN', 'fb7ff8000000000000', 'malformed'],
    ['undefined', 'f7', 'non-canonical'],
    ['a tag that is no CID', 'c100', 'malformed'],
    ['text that is no UTF-8', '61ff', 'non-canonical'],
    ['a map key that is a number', 'a10101', 'malformed'],
    ['a key named __proto__ twice', 'a2695f5f70726f746f5f5f01695f5f70726f746f5f5f02', 'malformed'],
    ['keys out of order', 'a2616201616101', 'non-canonical'],
  ])('%s', (_name, hex, fault) => {
    expect(decodeCanonical(Uint8Array.from(Buffer.from(hex, 'hex')), 100)).toEqual({ ok: false, fault })
  })
})

const text = (max: number) =>
  fc.string({ minLength: 1, maxLength: max, unit: fc.constantFrom(...'abc äß漢😀"\\{}') })
const names = fc.uniqueArray(text(20), { minLength: 1, maxLength: 5 })
const entries: fc.Arbitrary<Entry> = fc
  .record({
    kind: fc.constantFrom('fact' as const, 'procedure' as const, 'pitfall' as const, 'preference' as const),
    domains: names,
    situation: text(200),
    insight: fc.record({ summary: text(100), detail: text(300), action: text(100) }),
    context: fc.record(
      { languages: names, frameworks: names, versions: names, modelFamily: text(10) },
      { requiredKeys: [] },
    ),
    created: fc.nat({ max: 2 ** 31 - 1 }),
  })
  .map(parts => ({ ...entry, ...parts }))

test('an entry comes back as it was, under one CID', () => {
  fc.assert(
    fc.property(entries, value => {
      const encoded = encodeEntry(value)
      if (!encoded.ok) throw new TypeError(encoded.message)
      expect(encoded.value.bytes.length).toBeLessThanOrEqual(entryBytesMax)
      expect(decodeEntry(encoded.value.bytes)).toEqual({ ok: true, value })
      expect(encodeEntry(value)).toEqual(encoded)
    }),
    { numRuns: 300 },
  )
})

test('an invitation comes back as it was, and with any letter changed is refused', () => {
  const packed = invitationToText(invitation)
  expect(readInvitation(packed, t0)).toEqual({ ok: true, value: invitation })
  fc.assert(
    fc.property(
      fc.nat({ max: packed.length - 1 }),
      fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
      (at, letter) => {
        fc.pre(packed[at] !== letter)
        expect(readInvitation(packed.slice(0, at) + letter + packed.slice(at + 1), t0).ok).toBe(false)
      },
    ),
    { numRuns: 500 },
  )
})

test('any text as invitation is answered', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), some => {
      expect(readInvitation(some, t0).ok).toBe(false)
      expect(readInvitation(`swarmlore1${some}`, t0).ok).toBe(false)
    }),
  )
})

test('what was decoded does not change when the buffer it came in is used again', () => {
  const buffer = Buffer.concat([filled(16, 0), ...records.slice(1, 2)])
  const read = decodeRecord(buffer.subarray(16), swarm)
  if (!read.ok) throw new TypeError(read.reason)
  buffer.fill(0)
  expect(read.claimed.bytes).toEqual(records[1])
  expect(read.claimed.type === 'digest' && read.claimed.envelope.body.sketch).toEqual(filled(48, 0xa5))
})

test('pages hold every record once, in order, each page within what a reader takes', () => {
  const item = fc.record({ size: fc.integer({ min: 1, max: recordBytesMax }) })
  fc.assert(
    fc.property(fc.array(item, { maxLength: 600, size: 'max' }), items => {
      const all = items.map(({ size }, index) => ({
        id: recordIdOfHash(concat(filled(28, 0), uint32(index))),
        bytes: filled(size, index & 255),
      }))
      const byId = new Map(all.map(({ id, bytes }) => [id, bytes]))
      const got: Uint8Array[] = []
      for (const { bytes, records } of pagesOf(byId.keys(), id => byId.get(id))) {
        const read = decodeGiven(bytes)
        if (!read.ok) throw new TypeError(read.message)
        expect(read.value).toHaveLength(records)
        got.push(...read.value)
      }
      expect(got).toEqual(all.map(({ bytes }) => bytes))
    }),
    { numRuns: 40 },
  )
})

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
