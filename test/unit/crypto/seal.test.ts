import { describe, expect, test } from 'vitest'
import { keyPairFromSeed } from '../../../crypto/keys.ts'
import { openFrom, openShared, sealFor, sealOverheadBytes, sealShared } from '../../../crypto/seal.ts'

const writer = keyPairFromSeed(new Uint8Array(32).fill(1)).box
const reader = keyPairFromSeed(new Uint8Array(32).fill(2)).box
const other = keyPairFromSeed(new Uint8Array(32).fill(3)).box
const nonce = new Uint8Array(24).fill(4)
const key = new Uint8Array(32).fill(5)
const message = new TextEncoder().encode('for one reader')

function damaged(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice()
  out[out.length - 1] = (out.at(-1) ?? 0) ^ 1
  return out
}

describe('what is sealed for one reader', () => {
  const sealed = sealFor(message, nonce, reader.publicKey, writer.secretKey)

  test('opens for that reader', () => {
    expect(sealed).toHaveLength(message.length + sealOverheadBytes)
    expect(openFrom(sealed, nonce, writer.publicKey, reader.secretKey)).toEqual(message)
  })

  test('does not open for another, from another, with another nonce, or altered', () => {
    expect(openFrom(sealed, nonce, writer.publicKey, other.secretKey)).toBeUndefined()
    expect(openFrom(sealed, nonce, other.publicKey, reader.secretKey)).toBeUndefined()
    expect(openFrom(sealed, new Uint8Array(24), writer.publicKey, reader.secretKey)).toBeUndefined()
    expect(openFrom(damaged(sealed), nonce, writer.publicKey, reader.secretKey)).toBeUndefined()
  })

  test('of wrong lengths is answered, not thrown at', () => {
    expect(openFrom(new Uint8Array(15), nonce, writer.publicKey, reader.secretKey)).toBeUndefined()
    expect(openFrom(sealed, nonce.subarray(1), writer.publicKey, reader.secretKey)).toBeUndefined()
    expect(openFrom(sealed, nonce, writer.publicKey.subarray(1), reader.secretKey)).toBeUndefined()
  })
})

describe('what is sealed under a shared key', () => {
  const sealed = sealShared(message, nonce, key)

  test('opens with the key and nonce only', () => {
    expect(openShared(sealed, nonce, key)).toEqual(message)
    expect(openShared(sealed, nonce, new Uint8Array(32))).toBeUndefined()
    expect(openShared(sealed, new Uint8Array(24), key)).toBeUndefined()
    expect(openShared(damaged(sealed), nonce, key)).toBeUndefined()
    expect(openShared(sealed, nonce, key.subarray(1))).toBeUndefined()
    expect(openShared(new Uint8Array(3), nonce, key)).toBeUndefined()
  })
})
