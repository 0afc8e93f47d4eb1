/**
 * Why a peer could not be dialled, out of what libp2p and its transports throw. `status` and `doctor` say what to do
 * about each, so the words here are few and each stands for one cause.
 */

import type { DialFailure } from '../ports.ts'

const ofSystem: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'no-such-name',
  EAI_AGAIN: 'no-such-name',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  EADDRNOTAVAIL: 'no-route',
  ETIMEDOUT: 'silent',
}

const ofName: Readonly<Record<string, DialFailure>> = {
  TimeoutError: 'silent',
  AbortError: 'silent',
  // Its only use in the WebSocket transport: the dial's time was up.
  ConnectionFailedError: 'silent',
  NoValidAddressesError: 'not-dialable',
  // The connection stood, and what came over it was not this swarm: another network key, or another program.
  EncryptionFailedError: 'other-network',
  UnexpectedEOFError: 'other-network',
}

/** Of several addresses of one peer, the failure that tells most. */
const tellingFirst: readonly DialFailure[] = [
  'other-node',
  'other-network',
  'no-such-name',
  'refused',
  'no-websocket',
  'silent',
  'no-route',
  'not-dialable',
  'failed',
]

const depthMax = 4

/** Never throws; what is not known is `failed`. */
export function failureOf(error: unknown): DialFailure {
  const found = causesOf(error, 0)
  return tellingFirst.find(failure => found.includes(failure)) ?? 'failed'
}

function causesOf(error: unknown, depth: number): readonly DialFailure[] {
  if (typeof error !== 'object' || error === null || depth > depthMax) return []
  const { name, code, message } = { name: '', code: '', message: '', ...named(error) }
  if (name === 'EncryptionFailedError' && message.includes('does not match expected remote identity')) {
    return ['other-node']
  }
  const own = ofSystem[code] ?? ofName[name]
  if (own !== undefined) return [own]
  // A WebSocket tells of its failure by an event, and on purpose not what it was.
  if (error instanceof Event) return ['no-websocket']
  const below: unknown[] = error instanceof AggregateError ? [...error.errors] : []
  if ('cause' in error) below.push(error.cause)
  return below.flatMap(inner => causesOf(inner, depth + 1))
}

function named(error: object): { name?: string; code?: string; message?: string } {
  const found: Record<string, string> = {}
  for (const key of ['name', 'code', 'message']) {
    const value: unknown = Reflect.get(error, key)
    if (typeof value === 'string') found[key] = value
  }
  return found
}
