/** Records in others' names: signed with a key that is not theirs, altered on the way, or beyond what their signer may say. */

import { publicKeyOfPeer } from '../../protocol/identity.ts'
import { encodeRecordPage } from '../../protocol/range/page-messages.ts'
import { cidOfRecord } from '../../protocol/retraction.ts'
import { streamsOf, topicOf } from '../../protocol/swarm.ts'
import type { PeerId, SwarmRecord } from '../../protocol/types.ts'
import { happens, pick } from '../random.ts'
import type { Adversary } from './adversary.ts'
import type { Agent } from './agent.ts'

export const forger: Adversary = {
  about: 'gossips and hands out records that are altered, or signed in others’ names',
  strength: 0.02,
  begin: agent =>
    agent.every(2_000, async () => {
      if (agent.heard.length === 0) return
      const record = pick(agent.random, agent.heard)
      const forged = happens(agent.random, 0.5)
        ? withAnotherSignature(record)
        : inTheNameOf(record.envelope.author, agent)
      await spread(agent, topicOf(record), forged)
    }),
}

export const retractionForger: Adversary = {
  about: 'takes back what others have said: in its own name, in theirs, and their membership',
  strength: 0.02,
  begin: agent => agent.every(2_000, () => takeBackOfOthers(agent)),
}

async function takeBackOfOthers(agent: Agent): Promise<void> {
  // Whom it has let in it may put out: that is no forgery.
  const others = agent.heard.filter(
    ({ type, envelope }) => type !== 'member' || envelope.author !== agent.self,
  )
  if (others.length === 0) return
  const record = pick(agent.random, others)
  const cid = record.type === 'digest' ? record.envelope.body.cid : cidOfRecord(record.id)
  const own = agent.sign({ kind: 'retract', body: { cid } })
  await agent.say(own)
  await agent.say(agent.sign({ kind: 'retract', body: { before: agent.nowS } }))
  if (happens(agent.random, 0.1))
    await spread(agent, topicOf(own), signedBy(record.envelope.author, own.bytes, agent))
}

/** Half of the time by gossip, which sends it away for that; else as catch-up hands out what a peer lacks. */
async function spread(agent: Agent, topic: string, bytes: Uint8Array): Promise<void> {
  if (happens(agent.random, 0.5) || agent.victims.length === 0) await agent.network?.publish(topic, bytes)
  else {
    const given = encodeRecordPage({ records: [bytes] })
    await agent.ask(pick(agent.random, agent.victims), streamsOf(agent.world.swarm).given, given)
  }
}

function withAnotherSignature({ bytes, envelope }: SwarmRecord): Uint8Array {
  const forged = new Uint8Array(bytes)
  const at = Buffer.from(bytes).indexOf(envelope.sig)
  forged[at] = (forged[at] ?? 0) ^ 1
  return forged
}

function inTheNameOf(author: PeerId, agent: Agent): Uint8Array {
  return signedBy(author, agent.sign({ kind: 'retract', body: { before: agent.nowS } }).bytes, agent)
}

/** Its own record with another's key in the place of its own: all is right but the signature. */
function signedBy(author: PeerId, own: Uint8Array, agent: Agent): Uint8Array {
  const forged = new Uint8Array(own)
  forged.set(publicKeyOfPeer(author), Buffer.from(own).indexOf(agent.pair.publicKey))
  return forged
}
