/**
 * What work costs on this machine, kind by kind, beside the table that a real node yields by and a simulated one is busy by
 * (`work-costs.ts`). Each kind is done on something of the usual size until enough time has gone by.
 */

import { keyPairFromSeed } from '../../crypto/keys.ts'
import { sign, verify } from '../../crypto/sign.ts'
import { decodeEntry, encodeEntry } from '../../protocol/entry.ts'
import { cidOf, peerOf } from '../../protocol/identity.ts'
import type { EntryCid, PeerId } from '../../protocol/types.ts'
import { syntheticEmbedder } from '../../sim/embedder.ts'
import { must } from '../../sim/must.ts'
import { seededRandom } from '../../sim/random.ts'
import { createTopics, lessonOn, questionOn } from '../../sim/topics.ts'
import { LexicalIndex } from '../../store/lexical.ts'
import { VectorIndex } from '../../store/vectors.ts'
import { readModelFolder } from '../adapters/model-folder.ts'
import { shippedModelFolder } from '../adapters/onnx.ts'
import { createDistiller } from '../lessons/distiller.ts'
import { captureValue } from '../pipeline/capture.ts'
import { redact, redactionRules } from '../pipeline/redact.ts'
import { refinePolicies } from '../pipeline/refine/policies.ts'
import type { Work } from '../ports.ts'
import { demoTranscripts } from '../surface/demo/transcripts.ts'
import { unitMicros } from '../work-costs.ts'

export interface MeasuredCost {
  readonly work: Work
  /** Microseconds of one unit, on this machine. */
  readonly measuredMicros: number
  /** The same by the table. */
  readonly tableMicros: number
}

/** Does some of the work; answers with how many units that was. */
type Doing = () => number | Promise<number>

const entries = 5_000
const forMs = 400
/** An entry has some hundred words, a text of the workload five. */
const wordsOfEntry = 100
const wordsOfText = 5
const noStop = new AbortController().signal

export async function measureCosts(): Promise<readonly MeasuredCost[]> {
  const kinds = await doings()
  const measured: MeasuredCost[] = []
  for (const [work, doing] of kinds) {
    await doing()
    let units = 0
    const beganMs = performance.now()
    while (performance.now() - beganMs < forMs) units += await doing()
    const micros = ((performance.now() - beganMs) * 1000) / units
    measured.push({ work, measuredMicros: micros, tableMicros: unitMicros[work] })
  }
  return measured
}

async function doings(): Promise<ReadonlyMap<Work, Doing>> {
  const random = seededRandom('costs')
  const topics = createTopics(random, 200)
  const pair = keyPairFromSeed(random.bytes(32))
  const message = random.bytes(400)
  const signature = sign(message, pair)
  const model = must(await readModelFolder(shippedModelFolder))
  const lessons = Array.from({ length: entries }, (_, at) => {
    const topic = topics[at % topics.length]
    if (topic === undefined) throw new RangeError('there are topics')
    return lessonOn(topic, `lesson${at}`, random)
  })
  const [lesson] = lessons
  if (lesson === undefined) throw new RangeError('there are lessons')
  const { kind, domains, situation, insight } = lesson
  const entry = {
    v: 1,
    kind,
    domains,
    situation,
    insight: { detail: '', ...insight },
    context: {},
    support: { episodes: 3, asks: 2, solved: 1, unsolved: 1, firstSeen: 20_000, lastSeen: 20_001 },
    lineage: { parents: [], method: 'costs/1' },
    author: peerOf(pair.publicKey),
    created: 1_700_000_100,
  } as const
  const block = must(encodeEntry(entry)).bytes
  const texts = lessons.map(one => one.situation)
  const vectors = await syntheticEmbedder.embed(texts)
  const index = new VectorIndex(syntheticEmbedder.dimensions)
  for (const [at, vector] of vectors.entries()) index.add(`${at}`, vector)
  const words = new LexicalIndex()
  let asked = 0
  let added = 0
  const question = (): string => questionOn(topics[asked++ % topics.length] ?? topics[0] ?? never(), random)
  const rules = must(redactionRules({ redactRules: [], redactAllow: [] }))
  const transcripts = await demoTranscripts('shop-a.jsonl')
  const episodes = transcripts.map(one => must(captureValue(one, { capturedAt: 0, source: 'costs' })))
  const [first] = transcripts
  // A transcript that fills several units of text.
  const long = must(
    captureValue(
      { ...first, messages: Array.from({ length: 8 }, () => transcripts.flatMap(messagesOf)).flat() },
      { capturedAt: 0, source: 'costs' },
    ),
  )
  const redacted = await Promise.all(episodes.map(episode => redact(episode, rules)))
  const distiller = createDistiller()
  return new Map<Work, Doing>([
    [
      'verify',
      () => {
        // Another message each time: what was seen before is known.
        new DataView(message.buffer).setUint32(0, added++)
        return verify(message, signature, pair.publicKey) ? 0 : 1
      },
    ],
    ['sign', () => sign(message, pair).length / signature.length],
    ['decode', () => (decodeEntry(block).ok ? 1 : 0)],
    ['hash', () => (cidOf(block) === '' ? 0 : 1)],
    ['embed', () => (model.tokenizer.ids(question()).length > 0 ? 1 : 0)],
    [
      'index',
      () => {
        const at = added++ % texts.length
        words.add(`${at}`, [{ text: texts.slice(at, at + wordsOfEntry / wordsOfText).join(' '), weight: 1 }])
        return 1
      },
    ],
    [
      'scan',
      async () => {
        let units = 0
        const [query] = await syntheticEmbedder.embed([question()])
        const pause = (more: number): void => {
          units += more
        }
        if (query !== undefined) await index.search(query, { k: 5, pause })
        return units
      },
    ],
    [
      'redact',
      async () => {
        let units = 0
        const pause = (more: number): void => {
          units += more
        }
        await redact(long, rules, pause)
        return units
      },
    ],
    [
      'distil',
      async () => {
        await distiller.distil(redacted, noStop)
        return redacted.length
      },
    ],
    ['refine', () => refineOnce(vectors, index)],
  ])
}

/** Units that refining away half of all takes. */
async function refineOnce(vectors: readonly Float32Array[], index: VectorIndex): Promise<number> {
  let units = 0
  await refinePolicies.demand({
    facts: vectors.map((_, at) => ({
      cid: `${at}` as EntryCid,
      author: `${at % 50}` as PeerId,
      trust: 0.75,
      helped: 0,
      hurt: 0,
      createdAt: at,
      bytes: 1_000,
      isOwn: false,
      uses: 0,
    })),
    budget: { entries: entries / 2, bytes: Number.MAX_SAFE_INTEGER },
    nowMs: entries,
    demand: {
      queries: vectors.slice(0, 100),
      copySketch: (cid, into, at) => index.copySketch(cid, into, at),
      cosine: (cid, query) => index.cosine(cid, query) ?? 0,
    },
    seed: 1,
    pause: more => {
      units += more
    },
  })
  return units
}

function never(): never {
  throw new RangeError('there are topics')
}

function messagesOf({ messages }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(messages) ? messages : []
}
