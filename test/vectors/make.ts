/**
 * Makes `protocol/vectors/*.json` from fixed seeds: `node test/vectors/make.ts` writes them, and a test compares what
 * is checked in with what this makes. Byte strings are hex, ids are text.
 */

import { writeFileSync } from 'node:fs'
import { CID } from 'multiformats/cid'
import { concat, toHex } from '../../crypto/bytes.ts'
import { sha256 } from '../../crypto/hash.ts'
import { libp2pIdOf } from '../../crypto/keys.ts'
import { encodeCanonical } from '../../protocol/cbor.ts'
import { encodeEntry } from '../../protocol/entry.ts'
import { encodeEntryPage, encodeEntryWant } from '../../protocol/entry-page.ts'
import { duplicateKey } from '../../protocol/entry-text.ts'
import { decodeRecord, messageId, signRecord } from '../../protocol/envelope.ts'
import { encodeHello } from '../../protocol/hello.ts'
import { cidOf, multiformatsCidOf } from '../../protocol/identity.ts'
import { createInvitation, invitationToText } from '../../protocol/invitation.ts'
import { encodeJoinAccepted, encodeJoinRefused, encodeJoinRequest } from '../../protocol/join.ts'
import { objectiveSet } from '../../protocol/objective.ts'
import { encodePeers } from '../../protocol/peers.ts'
import { cidOfRecord } from '../../protocol/retraction.ts'
import { sketchOf } from '../../protocol/sketch.ts'
import {
  encodeDescriptor,
  rendezvousKey,
  shardOf,
  streamsOf,
  swarmIdOf,
  swarmSeed,
  topicsOf,
} from '../../protocol/swarm.ts'
import type { DigestBody, RetractBody, SwarmRecord } from '../../protocol/types.ts'
import {
  ada,
  ben,
  cidNumber,
  cyd,
  day0,
  descriptor,
  descriptorWith,
  digestBody,
  entry,
  filled,
  founder,
  opaqueRecord,
  peer,
  rawEnvelope,
  signRaw,
  swarm,
  t0,
  withGroupOrderAdded,
} from '../unit/protocol/fixtures.ts'
import { plain } from './plain.ts'
import { rangeVectors } from './ranges.ts'

export interface VectorFile {
  readonly about: string
  readonly [key: string]: unknown
}

export function allVectors(): Readonly<Record<string, VectorFile>> {
  return {
    identity: identityVectors(),
    envelope: envelopeVectors(),
    member: memberVectors(),
    digest: digestVectors(),
    attest: attestVectors(),
    retract: retractVectors(),
    entry: entryVectors(),
    descriptor: descriptorVectors(),
    invitation: invitationVectors(),
    join: joinVectors(),
    hello: helloVectors(),
    peers: peersVectors(),
    ranges: rangeVectors(oneOfEachKind, t0 + 100),
    entries: entryPageVectors(),
    objective: objectiveVectors(),
  }
}

function entryPageVectors(): VectorFile {
  const blocks = [filled(40, 1), filled(4_096, 2)]
  const cids = blocks.map(cidOf)
  const hashes = blocks.map(sha256)
  const raw = (name: string, value: unknown) => ({ name, bytes: toHex(encodeCanonical(value)) })
  return {
    about: 'Entries in batches: which are wanted, by the hashes in their CIDs, and a page of their blocks.',
    wants: {
      valid: [{ name: 'two', bytes: toHex(encodeEntryWant(cids)), cids }],
      invalid: [
        raw('none', { v: 1, hashes: [] }),
        raw('a short hash', { v: 1, hashes: [filled(31, 1)] }),
        raw('65', { v: 1, hashes: Array.from({ length: 65 }, () => hashes[0]) }),
        raw('a field too many', { v: 1, hashes, next: 1 }),
        raw('a later version', { v: 2, hashes }),
      ],
    },
    pages: {
      valid: [
        { name: 'two', bytes: toHex(encodeEntryPage(cids, cid => blocks[cids.indexOf(cid)])), cids },
        { name: 'none of them is here', bytes: toHex(encodeEntryPage(cids, () => undefined)), cids: [] },
      ],
      invalid: [
        raw('a block that is too large', { v: 1, blocks: [filled(4_097, 1)] }),
        raw('a text', { v: 1, blocks: ['block'] }),
        raw('no blocks', { v: 1 }),
      ],
    },
  }
}

const memberOfAda = { member: peer(ada), box: ada.box.publicKey, expires: day0 + 365 }
const adaJoined = signRecord({ swarm, kind: 'member', t: t0, body: memberOfAda }, founder)
const recordHead = { swarm, nowS: t0 }
const oneOfEachKind: readonly SwarmRecord[] = [
  adaJoined,
  signRecord({ swarm, kind: 'digest', t: t0 + 20, body: digestBody() }, ada),
  signRecord(
    { swarm, kind: 'attest', t: t0 + 30, body: { subject: peer(ben), day: day0, helped: 1, hurt: 0 } },
    ada,
  ),
  opaqueRecord(ada, swarm, t0 + 40, { verses: 1 }),
  signRecord({ swarm, kind: 'retract', t: t0 + 50, body: { before: 5 } }, ada),
]

function identityVectors(): VectorFile {
  return {
    about:
      'One seed, its public key, did:key, libp2p PeerId and X25519 box key; a shard, topics and a sketch.',
    keys: [founder, ada, ben].map(pair => ({
      seed: toHex(pair.seed),
      publicKey: toHex(pair.publicKey),
      did: pair.did,
      libp2p: libp2pIdOf(pair.publicKey),
      box: toHex(pair.box.publicKey),
    })),
    notPeerIds: [
      '',
      'did:key:z6Mk',
      `${ada.did}1`,
      ada.did.replace('z6Mk', 'z6Ls'),
      libp2pIdOf(ada.publicKey),
      ada.did.toUpperCase(),
    ],
    shards: ['flights', 'payment', 'Zürich'].map(domain => ({ domain, of: 16, shard: shardOf(domain, 16) })),
    topics: topicsOf(swarm, 2),
    streams: streamsOf(swarm),
    rendezvous: [0, 1].map(shard => ({ shard, key: toHex(rendezvousKey(swarm, shard)) })),
    sketch: {
      vector: [0.5, -0.5, 0, 1, 1, -1, -1, -1, 0.25],
      bits: toHex(sketchOf([0.5, -0.5, 0, 1, 1, -1, -1, -1, 0.25])),
      bytesByDimensions: [1, 8, 9, 376, 377, 384, 385, 768].map(dimensions => ({
        dimensions,
        bytes: sketchOf(new Float32Array(dimensions)).length,
      })),
    },
  }
}

function envelopeVectors(): VectorFile {
  const good = signRecord({ swarm, kind: 'retract', t: t0, body: { before: 5 } }, ada)
  const { bytes } = good
  const song = opaqueRecord(ada, swarm, t0, { verses: [1, 2], of: 'later versions' })
  const unsorted = concat(
    bytes.subarray(0, 1),
    bytes.subarray(8, 11),
    bytes.subarray(1, 8),
    bytes.subarray(11),
  )
  const twice = concat(new Uint8Array([0xa8]), bytes.subarray(1, 8), bytes.subarray(1))
  const stretched = replaceOnce(bytes, [0x61, 0x76, 0x01], [0x61, 0x76, 0x18, 0x01])
  const foreign = signRecord(
    { swarm: swarmIdOf(descriptorWith({ by: 'founder' }, 2)), kind: 'retract', t: t0, body: { before: 5 } },
    ada,
  )
  const signature = good.envelope.sig
  const badSig = replaceOnce(bytes, signature, flipped(signature, 10))
  const withOrder = replaceOnce(bytes, signature, withGroupOrderAdded(signature))
  return {
    about:
      'Reading any record: size, decoding, shape, swarm, signature, date. `id` and `messageId` of valid ones.',
    ...recordHead,
    valid: [
      valid('a retraction by time', bytes),
      valid(
        'with an extension',
        signRecord({ swarm, kind: 'retract', t: t0, body: { before: 5 }, ext: filled(26, 1) }, ada).bytes,
      ),
      valid('of an unknown kind: opaque', song.bytes),
      valid(
        'of a later body version: opaque',
        signRaw(rawEnvelope(ada, { kind: 'digest', body: { v: 2, new: true } }), ada),
      ),
      valid(
        '900 seconds ahead',
        signRecord({ swarm, kind: 'retract', t: t0 + 900, body: { before: 5 } }, ada).bytes,
      ),
    ],
    invalid: [
      invalid('empty', new Uint8Array(), 'malformed'),
      invalid('cut short by one byte', bytes.subarray(0, -1), 'malformed'),
      invalid('one byte too many', concat(bytes, new Uint8Array(1)), 'malformed'),
      invalid('481 bytes', filled(481, 0), 'too-large'),
      invalid(
        'nested nine deep',
        signRaw(rawEnvelope(ada, { kind: 'song', body: nested(8) }), ada),
        'malformed',
      ),
      invalid(
        'indefinite length',
        concat(new Uint8Array([0xbf]), bytes.subarray(1), new Uint8Array([0xff])),
        'malformed',
      ),
      invalid('keys out of order', unsorted, 'non-canonical'),
      invalid('a key twice', twice, 'malformed'),
      invalid('a number in more bytes than it needs', stretched, 'malformed'),
      invalid('a field missing', signRaw(without(rawEnvelope(ada), 't'), ada), 'bad-shape'),
      invalid('a field too many', signRaw(rawEnvelope(ada, { x: 1 }), ada), 'bad-shape'),
      invalid('a kind with a capital', signRaw(rawEnvelope(ada, { kind: 'Retract' }), ada), 'bad-shape'),
      invalid('a time that is no whole number', signRaw(rawEnvelope(ada, { t: 1.5 }), ada), 'bad-shape'),
      invalid('a time of 33 bits', signRaw(rawEnvelope(ada, { t: 2 ** 32 }), ada), 'bad-shape'),
      invalid(
        'an extension of 65 bytes',
        signRaw(rawEnvelope(ada, { kind: 'song', ext: filled(65, 1) }), ada),
        'bad-shape',
      ),
      invalid(
        'a small-order key',
        signRaw(rawEnvelope(ada, { author: concat(filled(1, 1), filled(31, 0)) }), ada),
        'bad-shape',
      ),
      invalid('envelope version 2', signRaw(rawEnvelope(ada, { v: 2 }), ada), 'unknown-version'),
      invalid('of another swarm', foreign.bytes, 'foreign-swarm'),
      invalid('a bit of the signature flipped', badSig, 'bad-signature'),
      invalid('S + L', withOrder, 'bad-signature'),
      invalid('signed by another', signRaw(rawEnvelope(ben), ada), 'bad-signature'),
      invalid(
        '901 seconds ahead',
        signRecord({ swarm, kind: 'retract', t: t0 + 901, body: { before: 5 } }, ada).bytes,
        'future',
      ),
    ],
  }
}

function memberVectors(): VectorFile {
  const body = { member: ada.publicKey, box: ada.box.publicKey, expires: day0 }
  return {
    about: 'Records of kind member.',
    ...recordHead,
    valid: [valid('for a year', adaJoined.bytes)],
    invalid: badBodies('member', founder, [
      ['of oneself', { ...body, member: founder.publicKey }],
      ['expired the day before it was signed', { ...body, expires: day0 - 1 }],
      ['a box key of 31 bytes', { ...body, box: filled(31, 1) }],
      ['a day of 17 bits', { ...body, expires: 65_536 }],
      ['an unknown field', { ...body, inviter: founder.publicKey }],
    ]),
  }
}

function digestVectors(): VectorFile {
  const least = signRecord({ swarm, kind: 'digest', t: t0, body: digestBody() }, ada)
  const most = digestBody({ size: 4096, shard: 63, expires: 65_535, supersedes: cidNumber(2) })
  const full = signRecord({ swarm, kind: 'digest', t: t0, body: most, ext: filled(64, 1) }, ada)
  const body = {
    cid: multiformatsCidOf(cidNumber(1)),
    size: 300,
    shard: 0,
    created: t0,
    space: filled(32, 7),
    sketch: filled(48, 1),
  }
  const otherCodec = CID.createV1(0x71, multiformatsCidOf(cidNumber(1)).multihash)
  return {
    about: 'Records of kind digest. The largest has 479 bytes.',
    ...recordHead,
    valid: [
      valid('with what it must have', least.bytes),
      valid('with all it may have, at its largest', full.bytes),
    ],
    invalid: badBodies('digest', ada, [
      ['a CID of another codec', { ...body, cid: otherCodec }],
      ['the CID as text', { ...body, cid: cidNumber(1) }],
      ['an entry of 4,097 bytes', { ...body, size: 4097 }],
      ['an entry of no bytes', { ...body, size: 0 }],
      ['shard 64', { ...body, shard: 64 }],
      ['created after it was signed', { ...body, created: t0 + 1 }],
      ['expired before it was created', { ...body, expires: day0 - 1 }],
      ['a sketch of 49 bytes', { ...body, sketch: filled(49, 1) }],
      ['its own predecessor', { ...body, prior: body.cid }],
      ['the predecessor under its long name', { ...body, supersedes: multiformatsCidOf(cidNumber(2)) }],
    ]),
  }
}

function attestVectors(): VectorFile {
  const made = { subject: peer(ben), day: day0, helped: 3, hurt: 1 }
  const body = { subject: ben.publicKey, day: day0, helped: 3, hurt: 1 }
  return {
    about: 'Records of kind attest.',
    ...recordHead,
    valid: [valid('a day', signRecord({ swarm, kind: 'attest', t: t0, body: made }, ada).bytes)],
    invalid: badBodies('attest', ada, [
      ['of oneself', { ...body, subject: ada.publicKey }],
      ['of tomorrow', { ...body, day: day0 + 1 }],
      ['of 91 days ago', { ...body, day: day0 - 91 }],
      ['a count of 256', { ...body, helped: 256 }],
      ['a negative count', { ...body, hurt: -1 }],
      ['nothing counted', { ...body, helped: 0, hurt: 0 }],
    ]),
  }
}

function retractVectors(): VectorFile {
  return {
    about: 'Records of kind retract: of one entry, of a member record by its name, of all before a time.',
    ...recordHead,
    valid: [
      valid(
        'one entry: 221 bytes',
        signRecord({ swarm, kind: 'retract', t: t0, body: { cid: cidNumber(1) } }, ada).bytes,
      ),
      valid(
        'all before a time',
        signRecord({ swarm, kind: 'retract', t: t0, body: { before: t0 } }, ada).bytes,
      ),
    ],
    invalid: [
      ...badBodies('retract', ada, [
        ['all before a time to come', t0 + 1],
        ['a negative time', -1],
        ['a broken time', 0.5],
        ['a map', { before: 5 }],
        ['nothing', null],
      ]),
      invalid(
        'an entry, with an extension: 225 bytes and more',
        signRaw(rawEnvelope(ada, { body: multiformatsCidOf(cidNumber(1)), ext: filled(1, 1) }), ada),
        'too-large',
      ),
    ],
  }
}

function entryVectors(): VectorFile {
  const encoded = encodeEntry(entry)
  const full = encodeEntry({
    ...entry,
    expires: day0 + 90,
    supersedes: cidNumber(2),
    lineage: { parents: [cidNumber(3)], method: 'merge' },
  })
  if (!encoded.ok || !full.ok) throw new TypeError('the entries of the vectors must be valid')
  const wire = entryWire()
  const insight = { summary: 's', detail: '', action: '' }
  const bad = (name: string, changes: Readonly<Record<string, unknown>>, code = 'entry-invalid') => ({
    name,
    bytes: toHex(encodeCanonical({ ...wire, ...changes })),
    code,
  })
  return {
    about: 'Entries: their block, CID, duplicate key and fields.',
    valid: [
      {
        name: 'a pitfall',
        bytes: toHex(encoded.value.bytes),
        cid: encoded.value.cid,
        duplicate: duplicateKey(entry),
        entry,
      },
      { name: 'with all that is optional', bytes: toHex(full.value.bytes), cid: full.value.cid },
    ],
    invalid: [
      { name: 'empty', bytes: '', code: 'entry-malformed' },
      { name: 'cut short', bytes: toHex(encoded.value.bytes.subarray(0, -1)), code: 'entry-malformed' },
      { name: '4,097 bytes', bytes: toHex(filled(4097, 0)), code: 'entry-too-large' },
      {
        name: 'a number in more bytes than it needs',
        bytes: toHex(replaceOnce(encoded.value.bytes, [0x61, 0x76, 0x01], [0x61, 0x76, 0x18, 0x01])),
        code: 'entry-malformed',
      },
      bad('version 2', { v: 2 }, 'entry-unknown-version'),
      bad('no domains', { domains: [] }),
      bad('17 domains', { domains: Array.from({ length: 17 }, (_, i) => `d${i}`) }),
      bad('a domain of 65 characters', { domains: ['d'.repeat(65)] }),
      bad('a domain twice', { domains: ['a', 'a'] }),
      bad('a summary of 501 characters', { insight: { ...insight, summary: 's'.repeat(501) } }),
      bad('a right-to-left override', { situation: 'pay \u202eyap' }),
      bad('a zero-width space', { situation: 'pay\u200bment' }),
      bad('a tag character', { situation: 'pay\u{e0041}' }),
      bad('an Arabic number sign', { situation: 'pay\u0600ment' }),
      bad('a blank Braille pattern', { situation: 'pay\u2800ment' }),
      bad('a private use character', { situation: 'pay\ue000ment' }),
      bad('a private use character of the last plane', { situation: 'pay\u{10fffd}ment' }),
      bad('a noncharacter', { situation: 'pay\uffffment' }),
      bad('a noncharacter of another plane', { situation: 'pay\u{1fffe}ment' }),
      bad('a hieroglyph joiner', { situation: 'pay\u{13430}ment' }),
      bad('a NUL', { situation: 'pay\0' }),
      bad('a line feed in a domain', { domains: ['a\nb'] }),
      bad('an empty situation', { situation: '' }),
      bad('an unknown kind', { kind: 'rumour' }),
      bad('an unknown field', { space: filled(32, 7) }),
      bad('an empty list of tools', { context: { tools: [] } }),
      bad('more solved than episodes', { support: { ...entry.support, solved: 5 } }),
      bad('a parent of another codec', {
        lineage: { parents: [CID.createV1(0x71, multiformatsCidOf(cidNumber(1)).multihash)], method: 'm' },
      }),
      bad('an author that is no key', { author: filled(31, 1) }),
    ],
  }
}

function entryWire(): Readonly<Record<string, unknown>> {
  return { ...entry, author: ada.publicKey }
}

function descriptorVectors(): VectorFile {
  const members = descriptorWith({ by: 'members', depth: 3 }, 4, 'private')
  const bytes = encodeDescriptor(descriptor)
  const rename = replaceOnce(bytes, [0x4c, 0x61, 0x62], [0x4c, 0x61, 0x64])
  return {
    about: 'Descriptors: their bytes and the id of their swarm; the seed that a node has in it.',
    valid: [descriptor, members].map(one => ({
      name: one.invite.by === 'founder' ? 'only the founder invites' : 'members invite',
      bytes: toHex(encodeDescriptor(one)),
      swarm: swarmIdOf(one),
      descriptor: plain(one),
      rootSeed: toHex(filled(32, 42)),
      memberSeed: toHex(swarmSeed(filled(32, 42), one)),
    })),
    invalid: [
      { name: 'renamed by another hand', bytes: toHex(rename), code: 'descriptor-altered' },
      { name: 'cut short', bytes: toHex(bytes.subarray(0, -1)), code: 'descriptor-malformed' },
      {
        name: 'no shards',
        bytes: toHex(
          replaceOnce(
            bytes,
            [...new TextEncoder().encode('shards'), 1],
            [...new TextEncoder().encode('shards'), 0],
          ),
        ),
        code: 'descriptor-malformed',
      },
      {
        name: 'version 2',
        bytes: toHex(replaceOnce(bytes, [0x61, 0x76, 0x01], [0x61, 0x76, 0x02])),
        code: 'descriptor-unknown-version',
      },
    ],
  }
}

const privateSwarm = descriptorWith({ by: 'founder' }, 1, 'private')
const invited = {
  descriptor: privateSwarm,
  addresses: ['/ip4/127.0.0.1/tcp/4001'],
  expires: t0 + 86_400,
  uses: 3,
  nonce: filled(16, 8),
  psk: filled(32, 6),
}

function invitation() {
  const made = createInvitation(invited, founder)
  if (!made.ok) throw new TypeError(made.message)
  return made.value
}

function invitationVectors(): VectorFile {
  const text = invitationToText(invitation())
  return {
    about: 'Invitations as text, read at `nowS`.',
    nowS: t0,
    valid: [
      { name: 'to a private swarm', text, invitation: plain(invitation()) },
      {
        name: 'in capitals, broken over lines',
        text: `${text.slice(0, 60).toUpperCase()}\n  ${text.slice(60)}\r\n`,
        invitation: plain(invitation()),
      },
    ],
    invalid: [
      {
        name: 'one letter changed',
        text: `${text.slice(0, 100)}${text[100] === 'a' ? 'b' : 'a'}${text.slice(101)}`,
        code: 'invitation-altered',
      },
      { name: 'the end missing', text: text.slice(0, -8), code: 'invitation-altered' },
      { name: 'some other text', text: 'https://example.org/join', code: 'invitation-malformed' },
      {
        name: 'of a later version',
        text: text.replace('swarmlore1', 'swarmlore2'),
        code: 'invitation-unknown-version',
      },
      { name: 'expired', text, nowS: t0 + 86_400, code: 'invitation-expired' },
    ],
  }
}

function joinVectors(): VectorFile {
  const request = encodeJoinRequest(invitation(), t0, cyd)
  const home = swarmIdOf(privateSwarm)
  const cydJoined = signRecord(
    {
      swarm: home,
      kind: 'member',
      t: t0,
      body: { member: peer(cyd), box: cyd.box.publicKey, expires: day0 + 30 },
    },
    founder,
  )
  const host = { swarm: home, self: peer(founder), nowS: t0 }
  const response = encodeJoinAccepted([cydJoined])
  return {
    about: 'Join requests as the inviter reads them, and answers as the joiner does.',
    host,
    requests: {
      valid: [{ name: 'a stranger with an invitation', bytes: toHex(request), member: peer(cyd) }],
      invalid: [
        { name: 'cut short', bytes: toHex(request.subarray(0, -1)), code: 'bad-request' },
        {
          name: 'the proof of possession altered',
          bytes: toHex(replaceOnce(request, cyd.publicKey, ben.publicKey)),
          code: 'bad-request',
        },
        { name: 'asked of another swarm', bytes: toHex(request), host: { ...host, swarm }, code: 'foreign' },
        {
          name: 'asked of another node',
          bytes: toHex(request),
          host: { ...host, self: peer(ben) },
          code: 'not-inviter',
        },
        {
          name: 'a clock 901 seconds off',
          bytes: toHex(request),
          host: { ...host, nowS: t0 + 901 },
          code: 'clock',
        },
        {
          name: 'expired',
          bytes: toHex(encodeJoinRequest(invitation(), t0 + 86_400, cyd)),
          host: { ...host, nowS: t0 + 86_400 },
          code: 'expired',
        },
      ],
    },
    responses: {
      descriptor: toHex(encodeDescriptor(privateSwarm)),
      peer: peer(cyd),
      nowS: t0,
      valid: [{ name: 'let in by the founder', bytes: toHex(response) }],
      invalid: [
        { name: 'refused', bytes: toHex(encodeJoinRefused('used-up')), code: 'used-up' },
        { name: 'an empty chain', bytes: toHex(encodeJoinAccepted([])), code: 'chain-broken' },
        {
          name: 'the membership of another swarm',
          bytes: toHex(encodeJoinAccepted([adaJoined])),
          code: 'chain-bad-record',
        },
        {
          name: 'longer than the swarm allows',
          bytes: toHex(encodeJoinAccepted([cydJoined, cydJoined])),
          code: 'chain-too-long',
        },
        {
          name: 'an unknown refusal',
          bytes: toHex(encodeCanonical({ v: 1, refused: 'mood' })),
          code: 'join-malformed',
        },
        { name: 'cut short', bytes: toHex(response.subarray(0, -1)), code: 'join-malformed' },
      ],
    },
  }
}

function helloVectors(): VectorFile {
  const hello = encodeHello(t0, [adaJoined])
  const five = Array.from({ length: 5 }, () => adaJoined)
  return {
    about: 'Hellos: a clock and the chain of the sender; the chain is read at `nowS`.',
    descriptor: toHex(encodeDescriptor(descriptor)),
    peer: peer(ada),
    nowS: t0,
    valid: [{ name: 'from a member', bytes: toHex(hello), now: t0, chain: 1 }],
    invalid: [
      { name: 'five records', bytes: toHex(encodeHello(t0, five)), code: 'hello-malformed' },
      { name: 'no clock', bytes: toHex(encodeCanonical({ v: 1, chain: [] })), code: 'hello-malformed' },
      { name: 'the founder’s, from another', bytes: toHex(encodeHello(t0, [])), code: 'chain-broken' },
      {
        name: 'an expired membership',
        bytes: toHex(hello),
        nowS: t0 + 366 * 86_400,
        code: 'chain-not-in-force',
      },
    ],
  }
}

/** Records stand for themselves: they are libp2p's signed peer records, and opaque in this message. */
function peersVectors(): VectorFile {
  const some = [filled(100, 1), filled(1_024, 2)]
  const raw = (peers: unknown) => toHex(encodeCanonical({ v: 1, peers }))
  return {
    about: 'Answers to a member that wants to meet others.',
    valid: [
      { name: 'nobody', bytes: toHex(encodePeers([])), peers: 0 },
      { name: 'two', bytes: toHex(encodePeers(some)), peers: 2 },
      { name: 'as many as may be', bytes: toHex(encodePeers(Array(16).fill(filled(200, 3)))), peers: 16 },
    ],
    invalid: [
      { name: 'seventeen', bytes: raw(Array(17).fill(filled(1, 1))), code: 'page-malformed' },
      { name: 'one of 1,025 bytes', bytes: raw([filled(1_025, 1)]), code: 'page-malformed' },
      { name: 'an empty one', bytes: raw([new Uint8Array()]), code: 'page-malformed' },
      { name: 'text', bytes: raw(['/ip4/127.0.0.1/tcp/1']), code: 'page-malformed' },
      { name: 'no list', bytes: raw(1), code: 'page-malformed' },
      { name: 'cut short', bytes: toHex(encodePeers(some).subarray(0, -1)), code: 'page-malformed' },
    ],
  }
}

/** One small history; who is in and who is out, and why, on the day given. */
function objectiveVectors(): VectorFile {
  const today = day0 + 200
  const late = t0 + 150 * 86_400
  const member = (who: typeof ada, by: typeof ada, expires: number, t = t0) =>
    signRecord({ swarm, kind: 'member', t, body: { member: peer(who), box: who.box.publicKey, expires } }, by)
  const digest = (by: typeof ada, changes: Partial<DigestBody>, t = late) =>
    signRecord({ swarm, kind: 'digest', t, body: digestBody({ created: t, ...changes }) }, by)
  const retract = (by: typeof ada, body: RetractBody, t = late) =>
    signRecord({ swarm, kind: 'retract', t, body }, by)
  const attest = (helped: number, hurt: number) =>
    signRecord(
      { swarm, kind: 'attest', t: late, body: { subject: peer(ben), day: day0 + 150, helped, hurt } },
      ada,
    )
  const benJoined = member(ben, founder, day0 + 365)
  const records: readonly SwarmRecord[] = [
    member(ada, founder, day0 + 365),
    benJoined,
    member(cyd, ada, day0 + 365),
    member(cyd, founder, day0 + 19),
    digest(ada, { cid: cidNumber(1) }),
    digest(ada, { cid: cidNumber(2), supersedes: cidNumber(1) }),
    digest(ada, { cid: cidNumber(3) }),
    retract(ada, { cid: cidNumber(3) }),
    retract(ada, { cid: cidNumber(3) }, late + 1),
    retract(ben, { cid: cidNumber(1) }),
    retract(ada, { before: late - 5 }),
    retract(ada, { before: late - 6 }),
    digest(ada, { cid: cidNumber(4), created: late - 6 }),
    digest(ada, { cid: cidNumber(5), expires: day0 + 199 }),
    digest(ada, { cid: cidNumber(6), expires: day0 + 200 }),
    digest(ada, { cid: cidNumber(7) }, t0),
    digest(ada, { cid: cidNumber(8), shard: 1 }),
    digest(cyd, { cid: cidNumber(9) }),
    digest(ben, { cid: cidNumber(10) }),
    retract(founder, { cid: cidOfRecord(benJoined.id) }, late + 10),
    digest(ben, { cid: cidNumber(11) }, late + 10),
    attest(3, 1),
    attest(2, 2),
    attest(2, 1),
    opaqueRecord(ada, swarm, late, 'a song'),
    opaqueRecord(cyd, swarm, late, 'a song'),
  ]
  const { live, excluded } = objectiveSet(records, { descriptor, today })
  return {
    about:
      'The replicated set of these records on the day `today`: `in`, or why not. Any order gives the same.',
    descriptor: toHex(encodeDescriptor(descriptor)),
    today,
    records: records.map(({ id, bytes }) => ({
      id,
      bytes: toHex(bytes),
      set: live.has(id) ? 'in' : excluded.get(id),
    })),
  }
}

function valid(name: string, bytes: Uint8Array) {
  const read = decodeRecord(bytes, swarm)
  if (!read.ok) throw new TypeError(`${name}: ${read.reason} ${read.detail}`)
  const { type, id, envelope } = read.claimed
  return {
    name,
    bytes: toHex(bytes),
    type,
    id,
    messageId: toHex(messageId(bytes)),
    envelope: plain(envelope),
  }
}

function invalid(name: string, bytes: Uint8Array, reason: string) {
  return { name, bytes: toHex(bytes), reason }
}

function badBodies(
  kind: string,
  author: typeof ada,
  bodies: readonly (readonly [name: string, body: unknown])[],
) {
  return bodies.map(([name, body]) =>
    invalid(name, signRaw(rawEnvelope(author, { kind, body }), author), 'bad-body'),
  )
}

function without(fields: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key))
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice()
  out[at] = (out[at] ?? 0) ^ 1
  return out
}

function replaceOnce(bytes: Uint8Array, from: ArrayLike<number>, to: ArrayLike<number>): Uint8Array {
  const at = Buffer.from(bytes).indexOf(Buffer.from(Array.from(from)))
  if (at < 0) throw new RangeError('what is to be replaced is not there')
  return concat(bytes.subarray(0, at), Uint8Array.from(to), bytes.subarray(at + from.length))
}

if (import.meta.main) {
  for (const [name, file] of Object.entries(allVectors())) {
    const path = new URL(`../../protocol/vectors/${name}.json`, import.meta.url)
    writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`)
  }
}
