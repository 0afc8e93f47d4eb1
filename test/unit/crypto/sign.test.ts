import fc from 'fast-check'
import nacl from 'tweetnacl'
import { describe, expect, test } from 'vitest'
import { concat, fromHex } from '../../../crypto/bytes.ts'
import { keyPairFromSeed } from '../../../crypto/keys.ts'
import { isUsableKey, sign, verify, verifyAll } from '../../../crypto/sign.ts'
import { withGroupOrderAdded } from '../protocol/fixtures.ts'

const pair = keyPairFromSeed(new Uint8Array(32).fill(11))
const message = new TextEncoder().encode('what was learned')

function hex(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array()
}

describe('signatures', () => {
  test('are those of tweetnacl, byte for byte, and each verifies the other’s', () => {
    const inputs = [
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 600 }),
    ] as const
    fc.assert(
      fc.property(...inputs, (seed, text) => {
        const mine = keyPairFromSeed(seed)
        const theirs = nacl.sign.keyPair.fromSeed(seed)
        const signature = sign(text, mine)
        expect(signature).toEqual(nacl.sign.detached(text, theirs.secretKey))
        expect(verify(text, signature, mine.publicKey)).toBe(true)
        expect(nacl.sign.detached.verify(text, signature, theirs.publicKey)).toBe(true)
      }),
      { numRuns: 15 },
    )
  })

  test('do not hold for another message, key or a flipped bit', () => {
    const signature = sign(message, pair)
    expect(verify(concat(message, new Uint8Array(1)), signature, pair.publicKey)).toBe(false)
    expect(verify(message, signature, keyPairFromSeed(new Uint8Array(32)).publicKey)).toBe(false)
    for (let bit = 0; bit < 512; bit++) {
      const flipped = signature.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verify(message, flipped, pair.publicKey), `bit ${bit}`).toBe(false)
    }
  })

  test('have one S: S + L is refused, which tweetnacl takes', () => {
    const signature = withGroupOrderAdded(sign(message, pair))
    expect(nacl.sign.detached.verify(message, signature, pair.publicKey)).toBe(true)
    expect(verify(message, signature, pair.publicKey)).toBe(false)
  })

  test('of a small-order key are refused, which tweetnacl takes for any message', () => {
    const neutral = concat(new Uint8Array([1]), new Uint8Array(31))
    // R is the base point and S is 1, so S·B − k·A = B whatever the message.
    const base = hex(`58${'66'.repeat(31)}`)
    const signature = concat(base, neutral)
    expect(nacl.sign.detached.verify(message, signature, neutral)).toBe(true)
    expect(verify(message, signature, neutral)).toBe(false)
  })

  test('of wrong lengths are refused, not thrown at', () => {
    const signature = sign(message, pair)
    expect(verify(message, signature.subarray(1), pair.publicKey)).toBe(false)
    expect(verify(message, concat(signature, signature), pair.publicKey)).toBe(false)
    expect(verify(message, signature, pair.publicKey.subarray(1))).toBe(false)
    expect(verify(message, new Uint8Array(), new Uint8Array())).toBe(false)
  })

  test('are answered the same when many are asked about at once, on other threads', async () => {
    const signature = sign(message, pair)
    const neutral = concat(new Uint8Array([1]), new Uint8Array(31))
    const smallOrder = concat(hex(`58${'66'.repeat(31)}`), neutral)
    const { publicKey } = pair
    const flipped = signature.slice()
    flipped[3] = (flipped[3] ?? 0) ^ 1
    const answers = await verifyAll([
      { message, signature, publicKey },
      { message, signature: flipped, publicKey },
      { message, signature: withGroupOrderAdded(signature), publicKey },
      { message, signature: smallOrder, publicKey: neutral },
      { message, signature: signature.subarray(1), publicKey },
      { message, signature, publicKey: publicKey.subarray(1) },
      { message: concat(message, new Uint8Array(1)), signature, publicKey },
      { message, signature, publicKey },
    ])
    expect(answers).toEqual([true, false, false, false, false, false, false, true])
  })

  test('are answered the same when asked again', () => {
    const signature = sign(message, pair)
    const bad = signature.slice().fill(0, 0, 1)
    for (let i = 0; i < 3; i++) {
      expect(verify(message, signature, pair.publicKey)).toBe(true)
      expect(verify(message, bad, pair.publicKey)).toBe(false)
    }
  })
})

describe('a usable key', () => {
  test('is none of the small-order points, with either sign', () => {
    const ys = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `ec${'ff'.repeat(30)}7f`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    ]
    for (const y of ys) {
      const key = hex(y)
      expect(isUsableKey(key), y).toBe(false)
      key[31] = (key[31] ?? 0) | 0x80
      expect(isUsableKey(key), `${y} with the sign bit`).toBe(false)
    }
  })

  test('has one spelling: y below the field prime', () => {
    expect(isUsableKey(hex(`ed${'ff'.repeat(30)}7f`))).toBe(false)
    expect(isUsableKey(hex(`f0${'ff'.repeat(30)}ff`))).toBe(false)
    expect(isUsableKey(pair.publicKey)).toBe(true)
    expect(isUsableKey(pair.publicKey.subarray(1))).toBe(false)
  })
})
