import { afterAll, beforeAll } from 'vitest'
import { type OnnxEmbedder, openEmbedder } from '../../node/adapters/onnx.ts'
import { syntheticEmbedder } from '../../sim/embedder.ts'
import { embedderContract } from './embedder.ts'

let embedder: OnnxEmbedder | undefined

beforeAll(async () => {
  const opened = await openEmbedder()
  if (!opened.ok) throw new Error(opened.message)
  embedder = opened.value
})
afterAll(() => embedder?.close())

embedderContract({
  name: 'onnxruntime on the shipped model',
  embedder: () => {
    if (!embedder) throw new TypeError('not opened yet')
    return embedder
  },
})

embedderContract({
  name: 'synthetic',
  embedder: () => syntheticEmbedder,
  alike: [
    'refunding airline tickets cancelled',
    'refunds: airlines, cancellation of a ticket',
    'two eggs and some flour',
  ],
})
