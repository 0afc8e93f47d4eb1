import { keys as libp2pKeys } from '@libp2p/crypto'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import nacl from 'tweetnacl'
import { describe, expect, test } from 'vitest'
import {
  deriveSeed,
  didOf,
  keyPairFromSeed,
  libp2pIdOf,
  publicKeyOfDid,
  publicKeyOfLibp2pId,
} from '../../../crypto/keys.ts'

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('one seed is one node', () => {
  test('the same public key, peer id and box key in node:crypto, tweetnacl and libp2p', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async seed => {
        const pair = keyPairFromSeed(seed)
        expect(pair.publicKey).toEqual(nacl.sign.keyPair.fromSeed(seed).publicKey)
        const theirs = await libp2pKeys.generateKeyPairFromSeed('Ed25519', seed)
        expect(Uint8Array.from(theirs.publicKey.raw)).toEqual(pair.publicKey)
        expect(peerIdFromPrivateKey(theirs).toString()).toBe(libp2pIdOf(pair.publicKey))
        expect(nacl.box.keyPair.fromSecretKey(pair.box.secretKey).publicKey).toEqual(pair.box.publicKey)
        expect(pair.box.secretKey).not.toEqual(seed)
      }),
      { numRuns: 20 },
    )
  })

  test('a did:key and a libp2p id lead back to their key, and to no other', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const { publicKey, did } = keyPairFromSeed(seed)
        expect(publicKeyOfDid(did)).toEqual(publicKey)
        expect(didOf(publicKey)).toBe(did)
        expect(publicKeyOfLibp2pId(libp2pIdOf(publicKey))).toEqual(publicKey)
      }),
      { numRuns: 50 },
    )
  })

  test('text that is no id is not taken for one', () => {
    const { did, publicKey } = keyPairFromSeed(new Uint8Array(32))
    const wrong = [
      '',
      'did:key:',
      did.slice(0, -1),
      `${did}1`,
      did.slice(4),
      `${did} `,
      did.replace('z6', 'z16'),
    ]
    for (const text of wrong) expect(publicKeyOfDid(text), text).toBeUndefined()
    const id = libp2pIdOf(publicKey)
    // The second is an RSA peer's id: a hash, not a key.
    const others = [
      '',
      id.slice(0, -1),
      `${id}1`,
      'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
      did,
      `0${id}`,
    ]
    for (const text of others) expect(publicKeyOfLibp2pId(text), text).toBeUndefined()
  })

  test('any text at all is answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(publicKeyOfDid(`did:key:z${text}`)).toBeUndefined()
        expect(publicKeyOfLibp2pId(text)).toBeUndefined()
      }),
    )
  })
})

test('seeds for different purposes and contexts differ, and are the same every time', () => {
  const root = new Uint8Array(32).fill(3)
  const one = deriveSeed(root, 'member', new Uint8Array(32))
  expect(deriveSeed(root, 'member', new Uint8Array(32))).toEqual(one)
  expect(deriveSeed(root, 'founder', new Uint8Array(32))).not.toEqual(one)
  expect(deriveSeed(root, 'member', new Uint8Array(31))).not.toEqual(one)
  expect(deriveSeed(new Uint8Array(32), 'member', new Uint8Array(32))).not.toEqual(one)
  expect(one).toHaveLength(32)
})

test('a seed or key of a wrong length is a bug, and throws', () => {
  expect(() => keyPairFromSeed(new Uint8Array(31))).toThrow(TypeError)
  expect(() => didOf(new Uint8Array(33))).toThrow(TypeError)
})
