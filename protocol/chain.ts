/**
 * A member chain: the `member` records that lead from the founder to a peer, as peers show it to each other when
 * they meet. It says who let whom in; that nobody took it back is for the replicated set to say. SPEC section "Chain".
 */

import { secondsPerDay } from './body.ts'
import { readRecord } from './envelope.ts'
import type { Fields } from './fields.ts'
import { chainMax, futureSlackSeconds, memberBytesMax } from './limits.ts'
import type { Span } from './spans.ts'
import { chainLengthMax, swarmIdOf } from './swarm.ts'
import type { Descriptor, Failure, MemberRecord, PeerId, Result, Seconds } from './types.ts'

export type ChainFault = 'chain-broken' | 'chain-too-long' | 'chain-not-in-force' | 'chain-bad-record'

export interface ChainEnds {
  readonly descriptor: Descriptor
  /** Whom the chain leads to. */
  readonly peer: PeerId
  readonly nowS: Seconds
}

/** Verifies each record and that each was signed by the one before, founder first. The founder's own chain is empty. */
export function readChain(
  chain: readonly Uint8Array[],
  { descriptor, peer, nowS }: ChainEnds,
): Result<readonly MemberRecord[], ChainFault> {
  if (chain.length > chainLengthMax(descriptor)) {
    return failure('chain-too-long', 'The chain of members is longer than this swarm allows.')
  }
  const swarm = swarmIdOf(descriptor)
  const members: MemberRecord[] = []
  let end = descriptor.founder
  for (const bytes of chain) {
    const read = readRecord(bytes, { swarm, nowS })
    if (!read.ok)
      return failure('chain-bad-record', `A record in the chain of members is refused: ${read.reason}.`)
    const { record } = read
    if (record.type !== 'member' || record.envelope.author !== end) {
      return failure('chain-broken', 'The chain of members does not lead from the founder to this peer.')
    }
    if (!isInForce(record, nowS)) {
      return failure('chain-not-in-force', 'A membership in the chain has expired, or has not begun yet.')
    }
    members.push(record)
    end = record.envelope.body.member
  }
  if (end !== peer)
    return failure('chain-broken', 'The chain of members does not lead from the founder to this peer.')
  return { ok: true, value: members }
}

export function isInForce(record: MemberRecord, atS: Seconds): boolean {
  const { from, to } = timeInForce(record)
  return from <= atS && atS < to
}

/** From its own time, less what clocks may differ, to the end of the day on which it expires. */
export function timeInForce({ envelope: { t, body } }: MemberRecord): Span {
  return { from: t - futureSlackSeconds, to: (body.expires + 1) * secondsPerDay }
}

/** The list of whole records, as byte strings, in a hello and in the answer to a join. */
export function readChainField(fields: Fields): readonly Uint8Array[] {
  const items = fields.list('chain', 0, chainMax)
  const chain = items.filter(item => item instanceof Uint8Array)
  fields.require(chain.length === items.length, 'chain must be a list of byte strings')
  const fit = chain.every(bytes => bytes.length <= memberBytesMax)
  fields.require(fit, `chain must hold records of at most ${memberBytesMax} bytes`)
  return chain
}

function failure(code: ChainFault, message: string): Failure<ChainFault> {
  return { ok: false, code, message }
}
