import fc from 'fast-check'
import nacl from 'tweetnacl'
import { expect, it } from 'vitest'
import { SalsaStream, salsaBytesMax } from '../../../../node/adapters/salsa-stream.ts'

const key = new Uint8Array(32).map((_, at) => at * 7)
const nonce = new Uint8Array(24).map((_, at) => at * 11)

/** XSalsa20 over all of it at once, by tweetnacl: a secret box begins with 32 bytes of the stream. */
function reference(plain: Uint8Array): Uint8Array {
  return nacl.secretbox(plain, nonce, key).slice(nacl.secretbox.overheadLength)
}

it('a stream is XSalsa20 over all that went through it, however it was cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), parts => {
      const stream = new SalsaStream(key, nonce)
      // The box uses up the first half of the first block.
      stream.next(new Uint8Array(32))
      const written = parts.map(part => stream.next(part) ?? new Uint8Array())
      expect(Buffer.concat(written)).toEqual(Buffer.from(reference(Buffer.concat(parts))))
    }),
  )
})

it('one stream’s large write costs another nothing, ten thousand messages later neither', () => {
  const streams = [new SalsaStream(key, nonce), new SalsaStream(key, nonce)]
  streams[0]?.next(new Uint8Array(700_000))
  // The library’s own cipher ended the process after a thousand.
  for (let turn = 0; turn < 10_000; turn++) streams[turn % 2]?.next(new Uint8Array(10))
  expect(streams[1]?.next(new Uint8Array(10))).toHaveLength(10)
})

it('a stream ends before its blocks are used a second time', () => {
  const stream = new SalsaStream(key, nonce, salsaBytesMax - 200)
  expect(stream.next(new Uint8Array(100))).toHaveLength(100)
  expect(stream.next(new Uint8Array(100))).toBeUndefined()
})
