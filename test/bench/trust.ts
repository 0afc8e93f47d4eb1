/**
 * What it takes to weigh everybody anew: the vouching graph of 10,000 peers and 100,000 edges out of member records and
 * attestations, influence, what is attested, whose word is independent of whose, and the tier of each.
 */

import { Authors, type Membership } from '../../node/trust/authors.ts'
import type { Attested } from '../../node/trust/vouching.ts'
import { peerOf } from '../../protocol/identity.ts'
import type { PeerId } from '../../protocol/types.ts'
import { seededRandom } from '../../sim/random.ts'
import { decay } from '../../store/evidence.ts'
import { atMost, type Bench, BenchFailure, type Group, type Measured, median } from './figure.ts'

const peers = 10_000
const edges = 100_000
/** Odd, for the median. */
const repeats = 9
const today = 20_000
/** Of so many peers this node has tried lessons. */
const tried = 200

export const trustGroup: Group = {
  figures: [{ name: 'influence_10k_ms', unit: 'ms', goal: atMost(200) }],
  measure,
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  say('making 10,000 peers')
  const random = seededRandom('trust')
  const ids = Array.from({ length: peers }, () => peerOf(random.bytes(32)))
  const membership = swarmOf(ids, random)
  const counts = new Map(ids.slice(0, tried).map((id, at) => [id, { helped: at % 7, hurt: at % 3 }]))
  const none = { helped: 0, hurt: 0 }
  const authors = new Authors(new Map(), {
    reading: () => ({ hurtWeight: 1.5 }),
    countsOf: author => counts.get(author) ?? none,
    decay,
    now: () => 0,
    today: () => today,
  })
  const samples: number[] = []
  for (let repeat = 0; repeat <= repeats; repeat++) {
    say(`weighing 10,000 peers, ${repeat + 1} of ${repeats + 1}`)
    // The owner's word: nothing of the time before is used any more.
    authors.setWord(ids[0] ?? membership.self, undefined)
    const startedAt = performance.now()
    const { edges: found, peers: weighed } = authors.weights(membership)
    const tiers = new Map<string, number>()
    for (const id of ids) {
      const { tier } = authors.standing(id, membership)
      tiers.set(tier, (tiers.get(tier) ?? 0) + 1)
    }
    samples.push(performance.now() - startedAt)
    if (weighed !== peers || found < edges * 0.99 || (tiers.get('trusted') ?? 0) < 10)
      throw new BenchFailure(
        `Of ${peers} peers and ${edges} edges only ${weighed} and ${found} were weighed.`,
      )
  }
  yield { name: 'influence_10k_ms', value: median(samples.slice(1)) }
}

/** Everybody was let in by somebody before; a tenth of the edges are these, the others what members attest of each other. */
function swarmOf(ids: readonly PeerId[], random: ReturnType<typeof seededRandom>): Membership {
  const at = (index: number): PeerId => ids[index] ?? self
  const self = ids[0] ?? peerOf(random.bytes(32))
  const inviters = new Map<PeerId, PeerId>()
  for (let index = 1; index < ids.length; index++) {
    // Wide rather than deep, as invitations are: half by the first hundred.
    inviters.set(at(index), at(random.below(random.below(2) === 0 ? Math.min(index, 100) : index)))
  }
  const attested = new Map<string, Attested>()
  while (attested.size < edges - ids.length) {
    const [author, subject] = [at(1 + random.below(ids.length - 1)), at(1 + random.below(ids.length - 1))]
    if (author === subject || inviters.get(subject) === author) continue
    const day = today - random.below(90)
    attested.set(`${author} ${subject}`, {
      author,
      subject,
      day,
      helped: 2 + random.below(9),
      hurt: random.below(2),
    })
  }
  return {
    self,
    inviter: undefined,
    inviterOf: peer => inviters.get(peer),
    members: () => ids.map(peer => ({ peer, inviter: inviters.get(peer) })),
    attested: () => attested.values(),
    records: edges,
  }
}
