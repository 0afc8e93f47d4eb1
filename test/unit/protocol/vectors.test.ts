/** Every vector beside the SPEC, valid and invalid, read by this implementation; and made again from the same seeds. */

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../../crypto/bytes.ts'
import { keyPairFromSeed, libp2pIdOf, publicKeyOfLibp2pId } from '../../../crypto/keys.ts'
import { readChain } from '../../../protocol/chain.ts'
import { decodeEntry, encodeEntry } from '../../../protocol/entry.ts'
import { decodeEntryPage, decodeEntryWant } from '../../../protocol/entry-page.ts'
import { duplicateKey } from '../../../protocol/entry-text.ts'
import { messageId, readRecord } from '../../../protocol/envelope.ts'
import { decodeHello } from '../../../protocol/hello.ts'
import { cidOf, parsePeerId, parseSwarmId } from '../../../protocol/identity.ts'
import { readInvitation } from '../../../protocol/invitation.ts'
import { readJoinRequest, readJoinResponse } from '../../../protocol/join.ts'
import { objectiveSet } from '../../../protocol/objective.ts'
import { decodePeers, encodePeers } from '../../../protocol/peers.ts'
import { answerRanges } from '../../../protocol/range/answer.ts'
import { fingerprint, sampleCheck, shortIds } from '../../../protocol/range/fingerprint.ts'
import { decodeRangeAnswer, decodeRangeRequest } from '../../../protocol/range/messages.ts'
import {
  decodeGiven,
  decodeRecordPage,
  decodeTaken,
  decodeWants,
} from '../../../protocol/range/page-messages.ts'
import { createRangeIndex, type RangeIndex } from '../../../protocol/range/range-index.ts'
import { openRanges } from '../../../protocol/range/session.ts'
import { createReplicatedSet } from '../../../protocol/replicated-set.ts'
import { sketchOf } from '../../../protocol/sketch.ts'
import { decodeDescriptor, shardOf, swarmIdOf, swarmSeed } from '../../../protocol/swarm.ts'
import type { Descriptor, PeerId, RecordId, SwarmId } from '../../../protocol/types.ts'
import { allVectors } from '../../vectors/make.ts'
import { plain } from '../../vectors/plain.ts'

interface Case {
  readonly name: string
  readonly bytes: string
  readonly text: string
  readonly code: string
  readonly reason: string
  readonly nowS?: number
  readonly host?: HostCase
  readonly [key: string]: unknown
}
interface HostCase {
  readonly swarm: SwarmId
  readonly self: PeerId
  readonly nowS: number
}
interface CaseFile {
  readonly swarm: string
  readonly nowS: number
  readonly peer: PeerId
  readonly descriptor: string
  readonly valid: readonly Case[]
  readonly invalid: readonly Case[]
}

interface RangeItem {
  readonly place: number
  readonly id: RecordId
}
interface RangesFile {
  readonly salt: string
  readonly nonce: string
  readonly until: number
  readonly places: readonly (RangeItem & { readonly t: number })[]
  readonly fingerprints: readonly {
    readonly ids: readonly RecordId[]
    readonly sum: string
    readonly fingerprint: string
  }[]
  readonly shortIds: readonly { readonly id: RecordId; readonly short: string }[]
  readonly sample: { readonly ids: readonly RecordId[]; readonly check: string }
  readonly requests: CaseFile
  readonly answers: CaseFile
  readonly wants: CaseFile
  readonly pages: CaseFile
  readonly taken: CaseFile
  readonly given: CaseFile
  readonly exchange: {
    readonly asker: readonly RangeItem[]
    readonly answerer: readonly RangeItem[]
    readonly rounds: readonly { readonly request: string; readonly answer: string }[]
    readonly have: unknown
    readonly need: unknown
  }
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(pathOf(name), 'utf8'))
}

function pathOf(name: string): URL {
  return new URL(`../../../protocol/vectors/${name}.json`, import.meta.url)
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new TypeError(`not hex: ${hex}`)
  return bytes
}

function descriptorOf(hex: string): Descriptor {
  const read = decodeDescriptor(bytesOf(hex))
  if (!read.ok) throw new TypeError(read.message)
  return read.value
}

/** Runs through a list and insists that there is something in it. */
function each(cases: readonly Case[], run: (one: Case) => void): void {
  expect(cases.length).toBeGreaterThan(0)
  for (const one of cases) run(one)
}

test('the checked-in vectors are those that the generator makes', () => {
  for (const [name, file] of Object.entries(allVectors())) {
    expect(existsSync(pathOf(name)), name).toBe(true)
    expect(load(name), name).toEqual(JSON.parse(JSON.stringify(file)))
  }
})

describe.each(['envelope', 'member', 'digest', 'attest', 'retract'])('%s vectors', name => {
  const file = load<CaseFile>(name)
  const swarm = parseSwarmId(file.swarm)
  if (swarm === undefined) throw new TypeError('the vectors name no swarm')
  const when = { swarm, nowS: file.nowS }

  test('valid records are read as they were meant', () => {
    each(file.valid, one => {
      const read = readRecord(bytesOf(one.bytes), when)
      expect(read.ok, one.name).toBe(true)
      if (!read.ok) return
      const { type, id, envelope } = read.record
      expect({ type, id, envelope: plain(envelope) }, one.name).toEqual({
        type: one.type,
        id: one.id,
        envelope: one.envelope,
      })
      expect(toHex(messageId(bytesOf(one.bytes))), one.name).toBe(one.messageId)
    })
  })

  test('invalid ones are refused for their reason', () => {
    each(file.invalid, one => {
      const read = readRecord(bytesOf(one.bytes), when)
      expect(read.ok ? 'valid' : read.reason, one.name).toBe(one.reason)
    })
  })
})

test('identity vectors', () => {
  const file = load<{
    readonly keys: readonly Readonly<Record<string, string>>[]
    readonly notPeerIds: readonly string[]
    readonly shards: readonly { readonly domain: string; readonly of: number; readonly shard: number }[]
    readonly sketch: {
      readonly vector: readonly number[]
      readonly bits: string
      readonly bytesByDimensions: readonly { readonly dimensions: number; readonly bytes: number }[]
    }
  }>('identity')
  expect(file.keys).toHaveLength(3)
  for (const key of file.keys) {
    const pair = keyPairFromSeed(bytesOf(key.seed ?? ''))
    expect(toHex(pair.publicKey)).toBe(key.publicKey)
    expect(toHex(pair.box.publicKey)).toBe(key.box)
    expect(pair.did).toBe(key.did)
    expect(libp2pIdOf(pair.publicKey)).toBe(key.libp2p)
    expect(publicKeyOfLibp2pId(key.libp2p ?? '')).toEqual(pair.publicKey)
  }
  for (const text of file.notPeerIds) expect(parsePeerId(text), text).toBeUndefined()
  for (const { domain, of, shard } of file.shards) expect(shardOf(domain, of)).toBe(shard)
  expect(toHex(sketchOf(file.sketch.vector))).toBe(file.sketch.bits)
  expect(file.sketch.bytesByDimensions).not.toEqual([])
  for (const { dimensions, bytes } of file.sketch.bytesByDimensions) {
    expect(bytes).toBe(Math.ceil(Math.min(dimensions, 384) / 8))
    expect(sketchOf(new Float32Array(dimensions))).toHaveLength(bytes)
  }
})

test('entry vectors', () => {
  const file = load<CaseFile>('entry')
  each(file.valid, one => {
    const read = decodeEntry(bytesOf(one.bytes))
    if (!read.ok) throw new TypeError(`${one.name}: ${read.message}`)
    expect(cidOf(bytesOf(one.bytes)), one.name).toBe(one.cid)
    if (one.duplicate !== undefined) expect(duplicateKey(read.value)).toBe(one.duplicate)
    if (one.entry !== undefined) expect(read.value).toEqual(one.entry)
    const again = encodeEntry(read.value)
    expect(again.ok && toHex(again.value.bytes), one.name).toBe(one.bytes)
  })
  each(file.invalid, one => {
    const read = decodeEntry(bytesOf(one.bytes))
    expect(read.ok ? 'valid' : read.code, one.name).toBe(one.code)
  })
})

test('descriptor vectors', () => {
  const file = load<CaseFile>('descriptor')
  each(file.valid, one => {
    const read = descriptorOf(one.bytes)
    expect(plain(read), one.name).toEqual(one.descriptor)
    expect(swarmIdOf(read), one.name).toBe(one.swarm)
    expect(toHex(swarmSeed(bytesOf(String(one.rootSeed)), read)), one.name).toBe(one.memberSeed)
  })
  each(file.invalid, one => {
    const read = decodeDescriptor(bytesOf(one.bytes))
    expect(read.ok ? 'valid' : read.code, one.name).toBe(one.code)
  })
})

test('invitation vectors', () => {
  const file = load<CaseFile>('invitation')
  each(file.valid, one => {
    const read = readInvitation(one.text, file.nowS)
    expect(read.ok && plain(read.value), one.name).toEqual(one.invitation)
  })
  each(file.invalid, one => {
    const read = readInvitation(one.text, one.nowS ?? file.nowS)
    expect(read.ok ? 'valid' : read.code, one.name).toBe(one.code)
  })
})

test('join vectors', () => {
  const file = load<{ host: HostCase; requests: CaseFile; responses: CaseFile }>('join')
  each(file.requests.valid, one => {
    const read = readJoinRequest(bytesOf(one.bytes), file.host)
    expect(read.ok && read.value.member, one.name).toBe(one.member)
  })
  each(file.requests.invalid, one => {
    const read = readJoinRequest(bytesOf(one.bytes), one.host ?? file.host)
    expect(read.ok ? 'valid' : read.code, one.name).toBe(one.code)
  })
  const { descriptor, peer, nowS, valid, invalid } = file.responses
  const ends = { descriptor: descriptorOf(descriptor), peer, nowS }
  each(valid, one => expect(readJoinResponse(bytesOf(one.bytes), ends).ok, one.name).toBe(true))
  each(invalid, one => {
    const read = readJoinResponse(bytesOf(one.bytes), ends)
    expect(read.ok ? 'valid' : read.code, one.name).toBe(one.code)
  })
})

test('hello vectors', () => {
  const file = load<CaseFile>('hello')
  const ends = { descriptor: descriptorOf(file.descriptor), peer: file.peer, nowS: file.nowS }
  each(file.valid, one => {
    const read = decodeHello(bytesOf(one.bytes))
    expect(read.ok && read.value.now, one.name).toBe(one.now)
    expect(read.ok && readChain(read.value.chain, ends).ok, one.name).toBe(true)
  })
  each(file.invalid, one => {
    const read = decodeHello(bytesOf(one.bytes))
    const chain = read.ok ? readChain(read.value.chain, { ...ends, nowS: one.nowS ?? file.nowS }) : read
    expect(chain.ok ? 'valid' : chain.code, one.name).toBe(one.code)
  })
})

test('peers vectors', () => {
  const file = load<CaseFile>('peers')
  each(file.valid, one => {
    const read = decodePeers(bytesOf(one.bytes))
    expect(read.ok && read.value.length, one.name).toBe(one.peers)
    expect(read.ok && toHex(encodePeers(read.value)), one.name).toBe(one.bytes)
  })
  each(file.invalid, one => {
    const read = decodePeers(bytesOf(one.bytes))
    expect(read.ok ? 'valid' : read.code, one.name).toBe(one.code)
  })
})

test('ranges vectors: what is hashed', () => {
  const file = load<RangesFile>('ranges')
  const salt = bytesOf(file.salt)
  const index = indexOf(file.places)
  expect(file.places.map(({ place, t }) => place - t)).toEqual([0, 2 ** 32, 2 ** 32, 2 ** 32, 0])
  for (const one of file.fingerprints) {
    const first = one.ids[0] === undefined ? 0 : file.sample.ids.indexOf(one.ids[0])
    const end = first + one.ids.length
    expect(toHex(index.sum(first, end))).toBe(one.sum)
    expect(toHex(fingerprint(index, first, end, salt))).toBe(one.fingerprint)
  }
  for (const { id, short } of file.shortIds) {
    expect(shortIds(bytesOf(id), salt)).toEqual([Number.parseInt(short, 16)])
  }
  expect(toHex(index.ids(0, index.size))).toBe(file.sample.ids.join(''))
  const draws = { salt, nonce: bytesOf(file.nonce) }
  expect(toHex(sampleCheck(index, 0, index.size, draws))).toBe(file.sample.check)
})

test('ranges vectors: messages', () => {
  const file = load<RangesFile>('ranges')
  const readers = [
    [file.requests, decodeRangeRequest, 'request'],
    [file.answers, decodeRangeAnswer, 'answer'],
    [file.wants, decodeWants, 'want'],
    [file.pages, decodeRecordPage, 'page'],
    [file.taken, decodeTaken, 'taken'],
    [file.given, decodeGivenPage, 'page'],
  ] as const
  for (const [cases, decode, key] of readers) {
    each(cases.valid, one => {
      const read = decode(bytesOf(one.bytes))
      expect(read.ok && plain(read.value), one.name).toEqual(one[key])
    })
    each(cases.invalid, one => {
      expect(decode(bytesOf(one.bytes)), one.name).toMatchObject({ ok: false, code: 'range-malformed' })
    })
  }
})

test('entries vectors', () => {
  const file = load<{ readonly wants: CaseFile; readonly pages: CaseFile }>('entries')
  each(file.wants.valid, one => {
    expect(decodeEntryWant(bytesOf(one.bytes)), one.name).toEqual({ ok: true, value: one.cids })
  })
  each(file.pages.valid, one => {
    const read = decodeEntryPage(bytesOf(one.bytes))
    expect(read.ok && read.value.map(cidOf), one.name).toEqual(one.cids)
  })
  for (const [cases, decode] of [
    [file.wants, decodeEntryWant],
    [file.pages, decodeEntryPage],
  ] as const) {
    each(cases.invalid, one => {
      expect(decode(bytesOf(one.bytes)), one.name).toMatchObject({ ok: false, code: 'range-malformed' })
    })
  }
})

test('ranges vectors: an exchange', () => {
  const { salt, nonce, until, exchange } = load<RangesFile>('ranges')
  const session = openRanges(indexOf(exchange.asker), { salt: bytesOf(salt), until })
  const answerer = indexOf(exchange.answerer)
  expect(exchange.rounds.length).toBeGreaterThan(1)
  for (const { request, answer } of exchange.rounds) {
    expect(toHex(session.request() ?? new Uint8Array())).toBe(request)
    const answered = answerRanges(answerer, bytesOf(request), bytesOf(nonce))
    expect(answered.ok && toHex(answered.value.bytes)).toBe(answer)
    expect(session.take(bytesOf(answer)).ok).toBe(true)
  }
  expect(session.request()).toBeUndefined()
  const { have, need } = session.outcome()
  expect({ have, need: plain(need) }).toEqual({ have: exchange.have, need: exchange.need })
})

function decodeGivenPage(bytes: Uint8Array) {
  const read = decodeGiven(bytes)
  return read.ok ? { ...read, value: { records: read.value } } : read
}

function indexOf(items: readonly RangeItem[]): RangeIndex {
  const index = createRangeIndex()
  for (const { place, id } of items) index.add(place, id)
  return index
}

test('objective vectors', () => {
  const file = load<{ descriptor: string; today: number; records: readonly (Case & { set: string })[] }>(
    'objective',
  )
  const descriptor = descriptorOf(file.descriptor)
  const swarm = swarmIdOf(descriptor)
  const records = file.records.map(({ bytes }) => {
    const read = readRecord(bytesOf(bytes), { swarm, nowS: file.today * 86_400 })
    if (!read.ok) throw new TypeError(read.reason)
    return read.record
  })
  const reasons = new Set(file.records.map(({ set }) => set))
  // Written out, so that the vectors keep meeting each rule.
  expect([...reasons].sort()).toEqual(
    ['aged-out', 'expired', 'in', 'not-member', 'replaced', 'retracted', 'wrong-shard'].sort(),
  )
  for (const order of [records, records.toReversed()]) {
    const set = createReplicatedSet(descriptor, file.today)
    const pure = objectiveSet(order, { descriptor, today: file.today })
    for (const record of order) set.offer(record)
    for (const [index, { set: expected }] of file.records.entries()) {
      const id = records[index]?.id
      if (id === undefined) throw new RangeError('a record for each case')
      expect(set.has(id), `${index}`).toBe(expected === 'in')
      expect(pure.excluded.get(id) ?? 'in', `${index}`).toBe(expected)
    }
  }
})
