/** The distiller on its own thread, with the entry that ships. */

import { readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { distillerThread } from '../../../node/adapters/distiller-thread.ts'
import { createDistiller } from '../../../node/lessons/distiller.ts'
import { captureValue } from '../../../node/pipeline/capture.ts'
import { redact, redactionRules } from '../../../node/pipeline/redact.ts'
import type { RedactedEpisode } from '../../../node/ports.ts'

const shipped = new URL('../../../node/distiller-worker.ts', import.meta.url)
const never = new AbortController().signal
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function thread(entry = shipped) {
  const distiller = distillerThread(createDistiller().id, entry)
  closing.push(() => distiller.close())
  return distiller
}

/** An entry of the test's own making: what runs in the thread instead of the distiller. */
function entryOf(source: string): URL {
  return new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${source}`)}`,
  )
}

async function episodes(): Promise<readonly RedactedEpisode[]> {
  const rules = redactionRules({ redactRules: [], redactAllow: [] })
  if (!rules.ok) throw new TypeError(rules.message)
  const text = readFileSync(
    new URL('../../../node/surface/demo-transcripts/shop-a.jsonl', import.meta.url),
    'utf8',
  )
  const found: RedactedEpisode[] = []
  for (const line of text.trim().split('\n')) {
    const captured = captureValue(JSON.parse(line), { capturedAt: 1, source: 'test' })
    if (captured.ok) found.push(await redact(captured.value, rules.value))
  }
  return found
}

it('finds what the distiller finds, once and again', async () => {
  const runs = await episodes()
  const expected = await createDistiller().distil(runs, never)
  const distiller = thread()
  expect(expected.length).toBeGreaterThan(0)
  expect(await distiller.distil(runs, never)).toEqual(expected)
  expect(await distiller.distil(runs, never)).toEqual(expected)
})

it('gives up work that hangs when it is aborted, and works again after it', async () => {
  const distiller = thread(
    entryOf(`parentPort.on('message', ({ episodes }) => {
      if (episodes.length === 0) for (;;) {}
      parentPort.postMessage({ ok: true, drafts: [] })
    })`),
  )
  const abort = new AbortController()
  const hanging = distiller.distil([], abort.signal)
  abort.abort(new RangeError('enough'))
  await expect(hanging).rejects.toThrow('enough')
  expect(await distiller.distil(await episodes(), never)).toEqual([])
})

it('says so when the distiller throws or its thread ends, and starts a new one', async () => {
  const throwing = thread(
    entryOf(`parentPort.on('message', () => parentPort.postMessage({ ok: false, reason: 'broken' }))`),
  )
  await expect(throwing.distil([], never)).rejects.toMatchObject({
    code: 'distiller-failed',
    message: 'broken',
  })
  const ending = thread(entryOf(`parentPort.on('message', () => process.exit(1))`))
  await expect(ending.distil([], never)).rejects.toMatchObject({ code: 'distiller-failed' })
  await expect(ending.distil([], never)).rejects.toMatchObject({ code: 'distiller-failed' })
})
