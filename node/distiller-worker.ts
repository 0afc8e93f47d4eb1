/**
 * What runs in the distiller's thread (`adapters/distiller-thread`): the default distiller, one request after the
 * other. A composition root of its own, like main.
 */

import { parentPort } from 'node:worker_threads'
import type { DistilAnswer, DistilRequest } from './adapters/distiller-thread.ts'
import { createDistiller } from './lessons/distiller.ts'

const distiller = createDistiller()
// Nobody aborts inside the thread: whoever loses patience ends the thread itself.
const { signal } = new AbortController()

parentPort?.on('message', (request: DistilRequest) => {
  distiller.distil(request.episodes, signal).then(
    drafts => answer({ ok: true, drafts }),
    (cause: unknown) => answer({ ok: false, reason: String(cause) }),
  )
})

function answer(message: DistilAnswer): void {
  parentPort?.postMessage(message)
}
