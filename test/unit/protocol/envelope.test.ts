import { describe, expect, test } from 'vitest'
import { toHex } from '../../../crypto/bytes.ts'
import {
  decodeRecord,
  memberMark,
  messageId,
  readRecord,
  restoreRecord,
  signRecord,
  verifyRecord,
} from '../../../protocol/envelope.ts'
import { RejectReason, sentenceOf, verdictOf } from '../../../protocol/errors.ts'
import {
  attestBytesMax,
  attestCountMax,
  dayMax,
  digestBytesMax,
  entryBytesMax,
  extBytesMax,
  memberBytesMax,
  retractBytesMax,
  secondsMax,
  shardsMax,
} from '../../../protocol/limits.ts'
import { topicOf } from '../../../protocol/swarm.ts'
import {
  ada,
  ben,
  cidNumber,
  day0,
  descriptorWith,
  digestBody,
  filled,
  founder,
  opaqueRecord,
  peer,
  rawEnvelope,
  signRaw,
  swarm,
  t0,
} from './fixtures.ts'

const digest = signRecord({ swarm, kind: 'digest', t: t0, body: digestBody() }, ada)

describe('with every field at its largest', () => {
  const ext = filled(extBytesMax, 0xff)
  const lastDay = Math.floor(secondsMax / 86_400)

  test('a digest fits 480 bytes', () => {
    const body = digestBody({
      size: entryBytesMax,
      shard: shardsMax - 1,
      created: secondsMax,
      expires: dayMax,
      supersedes: cidNumber(2),
    })
    const { bytes } = signRecord({ swarm, kind: 'digest', t: secondsMax, body, ext }, ada)
    expect(digestBytesMax).toBe(480)
    expect(bytes.length).toBe(479)
  })

  test('a retraction fits 224 bytes', () => {
    const { bytes } = signRecord({ swarm, kind: 'retract', t: secondsMax, body: { cid: cidNumber(1) } }, ada)
    expect(retractBytesMax).toBe(224)
    expect(bytes.length).toBe(221)
  })

  test('a membership and an attestation fit their limits', () => {
    const member = { member: peer(ada), box: ada.box.publicKey, expires: dayMax }
    const attest = { subject: peer(ben), day: lastDay, helped: attestCountMax, hurt: attestCountMax }
    const joined = signRecord({ swarm, kind: 'member', t: secondsMax, body: member, ext }, founder)
    const attested = signRecord({ swarm, kind: 'attest', t: secondsMax, body: attest, ext }, ada)
    expect(joined.bytes.length).toBeLessThanOrEqual(memberBytesMax)
    expect(attested.bytes.length).toBeLessThanOrEqual(attestBytesMax)
  })
})

describe('reading in two steps', () => {
  test('the cheap step does not look at the signature, the dear one does', () => {
    const forged = signRaw(rawEnvelope(ben), ada)
    const decoded = decodeRecord(forged, swarm)
    expect(decoded).toMatchObject({ ok: true, author: peer(ben), t: t0 })
    if (!decoded.ok) return
    expect(verifyRecord(decoded, t0)).toMatchObject({ ok: false, verdict: 'reject', reason: 'bad-signature' })
  })

  test('a date too far ahead is ignored only when the signature holds', () => {
    const { bytes } = signRecord({ swarm, kind: 'retract', t: t0 + 901, body: { before: 1 } }, ada)
    expect(readRecord(bytes, { swarm, nowS: t0 })).toMatchObject({ verdict: 'ignore', reason: 'future' })
    expect(readRecord(bytes, { swarm, nowS: t0 + 1 })).toMatchObject({ ok: true })
    const forged = signRaw(rawEnvelope(ben, { t: t0 + 901 }), ada)
    expect(readRecord(forged, { swarm, nowS: t0 })).toMatchObject({
      verdict: 'reject',
      reason: 'bad-signature',
    })
  })
})

test('a record replayed into another swarm is foreign there, even with the swarm’s id written over', () => {
  const there = descriptorWith({ by: 'founder' }, 3)
  const other = signRecord({ swarm, kind: 'retract', t: t0, body: { before: 1 } }, ada)
  expect(there.shards).toBe(3)
  const elsewhere = signRaw(rawEnvelope(ada, { swarm: filled(32, 5) }), ada)
  expect(readRecord(elsewhere, { swarm, nowS: t0 })).toMatchObject({ reason: 'foreign-swarm' })
  // signRaw signs for this swarm: the id inside the signed bytes differs from the one in the domain.
  const id = toHex(filled(32, 5)) as typeof swarm
  expect(readRecord(elsewhere, { swarm: id, nowS: t0 })).toMatchObject({ reason: 'bad-signature' })
  expect(readRecord(other.bytes, { swarm: id, nowS: t0 })).toMatchObject({ reason: 'foreign-swarm' })
})

test('signing again gives the same record: same bytes, same id', () => {
  const again = signRecord({ swarm, kind: 'digest', t: t0, body: digestBody() }, ada)
  expect(again).toEqual(digest)
})

test('the gossip id differs for a copy with another signature, the record id does not', () => {
  const forged = digest.bytes.slice()
  const at = Buffer.from(forged).indexOf(Buffer.from(digest.envelope.sig))
  forged[at] = (forged[at] ?? 0) ^ 1
  const decoded = decodeRecord(forged, swarm)
  expect(decoded.ok && decoded.id).toBe(digest.id)
  expect(messageId(forged)).not.toEqual(messageId(digest.bytes))
  expect(messageId(forged)).toHaveLength(20)
})

test('an unknown kind is kept byte for byte, and travels on the common topic', () => {
  const song = opaqueRecord(ada, swarm, t0, { verses: ['la', 2, true, null] })
  const read = readRecord(song.bytes, { swarm, nowS: t0 })
  expect(read).toMatchObject({ ok: true, record: { type: 'opaque', envelope: { kind: 'song' } } })
  expect(read.ok && toHex(read.record.bytes)).toBe(toHex(song.bytes))
  expect(topicOf(song)).toBe(`/swarmlore/1/${swarm}/common`)
  expect(topicOf(digest)).toBe(`/swarmlore/1/${swarm}/0`)
})

test('a draft that no reader would take is refused when it is signed', () => {
  const body = { member: peer(founder), box: founder.box.publicKey, expires: day0 }
  expect(() => signRecord({ swarm, kind: 'member', t: t0, body }, founder)).toThrow(/member must be another/)
})

test('every reason has a sentence; only what may be right elsewhere or later is ignored', () => {
  const reasons = Object.values(RejectReason)
  for (const reason of reasons) expect(sentenceOf(reason), reason).toMatch(/^[A-Z].*\.$/)
  expect(reasons.filter(reason => verdictOf(reason) === 'ignore')).toEqual(['unknown-version', 'future'])
})

test('a record comes out of the store as it went in, whatever its kind', () => {
  const body = { member: peer(ben), box: ben.box.publicKey, expires: day0 }
  const member = signRecord({ swarm, kind: 'member', t: t0, body }, founder)
  const song = opaqueRecord(ada, swarm, t0, { verses: ['la'] })
  for (const record of [digest, member, song])
    expect(restoreRecord(record.id, record.bytes)).toStrictEqual(record)
  expect(restoreRecord(digest.id, digest.bytes.subarray(1))).toBeUndefined()
  expect(restoreRecord(digest.id, filled(1, 0xa0))).toBeUndefined()
  expect(Buffer.from(member.bytes).includes(memberMark, 0, 'latin1')).toBe(true)
  expect(Buffer.from(digest.bytes).includes(memberMark, 0, 'latin1')).toBe(false)
})
