/**
 * Which lessons of strangers may reach a prompt because independent ones say the same (behaviour.md, "corroborated").
 * What independence is stands in `trust/corroboration`; here the lessons are held against each other.
 */

import type { EntryCid, PeerId } from '../../protocol/types.ts'
import type { Candidate } from '../pipeline/recall.ts'
import { cluster, relate } from '../pipeline/reconcile.ts'
import { agreementOf, isCorroborated, type Voice } from '../trust/corroboration.ts'

/** Lessons of strangers that are held against each other: the time grows with the square. */
const comparedMax = 40

/**
 * The authors that corroborate each such lesson. `held`: what strangers say of the query, best first; `admitted`: what is
 * known of it anyway, against which, or beside which, no stranger is let in.
 */
export function corroborators(
  held: readonly Candidate[],
  admitted: readonly Candidate[],
  voiceOf: (candidate: Candidate) => Voice,
): ReadonlyMap<EntryCid, readonly PeerId[]> {
  const voices = new Map<PeerId, Voice>()
  const heard = held
    .filter(one => {
      const voice = voiceOf(one)
      voices.set(voice.author, voice)
      return voice.branch !== undefined && !voice.isSilenced && !one.blocked
    })
    .slice(0, comparedMax)
  const found = new Map<EntryCid, readonly PeerId[]>()
  for (const { head, alternatives } of cluster(heard)) {
    if (admitted.some(one => relate(one, head) !== 'unrelated')) continue
    const sides = [head, ...alternatives].map(side => ({ side, ...agreementOn(side, heard, voices) }))
    const [best] = sides.sort((a, b) => b.expected - a.expected || (a.side.cid < b.side.cid ? -1 : 1))
    if (best === undefined || !isCorroborated(best)) continue
    const { author } = best.side.entry
    const others = best.voices.filter(other => voices.get(other)?.branch !== voices.get(author)?.branch)
    found.set(best.side.cid, others)
  }
  return found
}

function agreementOn(side: Candidate, heard: readonly Candidate[], voices: ReadonlyMap<PeerId, Voice>) {
  const agreeing = heard.filter(one => ['same', 'corroborates', 'duplicate'].includes(relate(one, side)))
  const authors = new Set(agreeing.map(one => one.entry.author))
  return agreementOf([...authors].map(author => voices.get(author)).filter(voice => voice !== undefined))
}
