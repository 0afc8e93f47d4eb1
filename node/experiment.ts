/**
 * Puts an experiment of `sim/experiments` together with what really stands behind the ports: a part of the composition
 * root that only `swarmlore experiment` loads.
 */

import type { Result } from '../protocol/types.ts'
import { e7 } from '../sim/experiments/e7.ts'
import { swarmOpener } from './adapters/libp2p.ts'
import { openEmbedder } from './adapters/onnx.ts'
import { systemClock, systemCpu } from './adapters/system.ts'
import type { Settings } from './config.ts'
import { createDistiller } from './lessons/distiller.ts'
import { type TracedShare, tracedShare } from './lessons/traced-share.ts'
import { captureValue } from './pipeline/capture.ts'
import { redact, redactionRules } from './pipeline/redact.ts'
import type { ExperimentOptions } from './surface/cli/program.ts'

/** With fewer splits the share hangs on which few tasks fell together. */
const splits = 15
const shuffles = 5

export async function experiment(
  options: ExperimentOptions,
): Promise<Result<readonly Readonly<Record<string, unknown>>[]>> {
  const { files, seed, heldOut, settings, log, onProgress } = options
  const embedder = await openEmbedder(settings.modelFolder)
  if (!embedder.ok) return embedder
  const ports = {
    clock: systemClock,
    cpu: systemCpu(),
    embedder: embedder.value,
    distiller: createDistiller(),
    openSwarm: swarmOpener({ listen: settings.listen, mdns: false, dht: false }, log),
    tracedShare: (transcripts: readonly unknown[]) => tracedShareOf(transcripts, settings),
  }
  try {
    return { ok: true, value: await e7(ports, { files, seed, heldOut, splits, shuffles, onProgress }) }
  } finally {
    await embedder.value.close()
  }
}

/** Of the runs as the node would keep them: captured, and redacted by the owner's rules. */
export async function tracedShareOf(
  transcripts: readonly unknown[],
  settings: Pick<Settings, 'redactRules' | 'redactAllow'>,
): Promise<TracedShare> {
  const rules = redactionRules(settings)
  if (!rules.ok) throw new TypeError(rules.message)
  const captured = transcripts.map(transcript => captureValue(transcript, { capturedAt: 0, source: 'e7' }))
  const episodes = captured.flatMap(one => (one.ok ? [one.value] : []))
  return tracedShare(await Promise.all(episodes.map(episode => redact(episode, rules.value))))
}
