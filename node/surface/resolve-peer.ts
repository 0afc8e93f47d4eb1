/**
 * Finds the peer that a person means: a whole did:key, or the beginning or end of one that is known here. A
 * whole id need not be known, so that a peer can be blocked before it is met.
 */

import type { PeerId, Result } from '../../protocol/types.ts'
import type { SwarmloreNode } from '../api.ts'
import { fullPeerId } from './schemas.ts'

type Code = 'unknown-peer' | 'ambiguous-peer'

export async function resolvePeer(node: SwarmloreNode, text: string): Promise<Result<PeerId, Code>> {
  if (fullPeerId.test(text)) return { ok: true, value: text as PeerId }
  const known = new Set((await node.peers()).map(view => view.peer))
  const meant = [...known].filter(
    id => id.startsWith(text) || id.startsWith(`did:key:${text}`) || id.endsWith(text),
  )
  const [first, second] = meant
  if (first === undefined) {
    return fail('unknown-peer', `No peer's id begins or ends with '${text}'. 'swarmlore peers' lists them.`)
  }
  if (second !== undefined) {
    return fail(
      'ambiguous-peer',
      `'${text}' fits ${meant.length} peers. Give more characters, or the whole id.`,
    )
  }
  return { ok: true, value: first }
}

function fail(code: Code, message: string): Result<never, Code> {
  return { ok: false, code, message }
}
