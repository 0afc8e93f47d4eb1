/**
 * Swarms of this node: founding its own, inviting others, and joining by invitation.
 */

import { toHex } from '../../crypto/bytes.ts'
import { keyPairFromSeed } from '../../crypto/keys.ts'
import { secondsPerDay } from '../../protocol/body.ts'
import { createInvitation, invitationToText, readInvitation } from '../../protocol/invitation.ts'
import { encodeJoinRequest, readJoinResponse } from '../../protocol/join.ts'
import {
  addressesMax,
  invitationUsesMax,
  joinResponseBytesMax,
  nonceBytes,
  pskBytes,
} from '../../protocol/limits.ts'
import {
  createDescriptor,
  encodeDescriptor,
  founderSeed,
  streamsOf,
  swarmIdOf,
} from '../../protocol/swarm.ts'
import type { Descriptor, Invitation, Result, SwarmId } from '../../protocol/types.ts'
import {
  allInvites,
  putInviteOps,
  putSwarmOps,
  redeemedBy,
  type StoredInvite,
  type StoredSwarm,
} from '../../store/swarms.ts'
import type { InviteView } from '../api.ts'
import type { Ports } from '../ports.ts'
import { createTurns } from '../queue.ts'
import type { Swarm } from './swarm.ts'

export interface JoiningDeps {
  readonly ports: Ports
  readonly swarms: () => readonly Swarm[]
  /** Opens a swarm that is not stored yet. */
  readonly open: (stored: StoredSwarm, descriptor: Descriptor) => Promise<Swarm>
  /** Closes a swarm again into which the inviter did not let this node. */
  readonly drop: (swarm: Swarm) => Promise<void>
}

export interface InviteOptions {
  readonly swarm?: SwarmId
  readonly uses?: number
  readonly expiresInS?: number
}

const defaultExpiryS = 7 * secondsPerDay
const dialDeadlineMs = 15_000
const joinDeadlineMs = 15_000
const attemptsMax = 3
const pauseMs = 1_000
/** After which nothing is begun again: an address that says nothing has taken most of it. */
const againMsMax = 15_000

export class Joining {
  readonly #deps: JoiningDeps
  readonly #inTurn = createTurns()

  constructor(deps: JoiningDeps) {
    this.#deps = deps
  }

  async invite({
    swarm: id,
    uses = 1,
    expiresInS = defaultExpiryS,
  }: InviteOptions): Promise<Result<{ text: string; invite: InviteView }>> {
    const { clock, random, store } = this.#deps.ports
    const swarm = this.#invitingSwarm(id)
    if (swarm === undefined)
      return {
        ok: false,
        code: 'unknown-swarm',
        message: `This node is in no swarm ${id}. 'swarmlore swarms' lists those it is in.`,
      }
    if (!(Number.isInteger(uses) && uses >= 1 && uses <= invitationUsesMax)) {
      return {
        ok: false,
        code: 'bad-uses',
        message: `An invitation can be used 1 to ${invitationUsesMax} times.`,
      }
    }
    if (!(expiresInS > 0))
      return { ok: false, code: 'bad-expiry', message: 'An invitation must expire in the future.' }
    const nonce = random.bytes(nonceBytes)
    const { psk } = swarm
    const invitation = createInvitation(
      {
        descriptor: swarm.descriptor,
        addresses: swarm.addresses().slice(0, addressesMax),
        expires: Math.floor(clock.now() / 1000 + expiresInS),
        uses,
        nonce,
        ...(psk === undefined ? {} : { psk }),
      },
      swarm.pair,
    )
    if (!invitation.ok) return invitation
    const invite: StoredInvite = {
      swarm: swarm.id,
      id: toHex(nonce),
      createdAt: clock.now(),
      expires: invitation.value.expires,
      uses,
      revoked: false,
    }
    await store.batch(putInviteOps(invite))
    return { ok: true, value: { text: invitationToText(invitation.value), invite: await this.#view(invite) } }
  }

  async invites(): Promise<readonly InviteView[]> {
    return Promise.all((await allInvites(this.#deps.ports.store)).map(invite => this.#view(invite)))
  }

  async revoke(id: string): Promise<Result<InviteView>> {
    const { store } = this.#deps.ports
    const invite = (await allInvites(store)).find(one => one.id === id)
    if (invite === undefined)
      return {
        ok: false,
        code: 'unknown-invite',
        message: `There is no invitation ${id}. 'swarmlore invite ls' lists them.`,
      }
    const revoked = { ...invite, revoked: true }
    await store.batch(putInviteOps(revoked))
    return { ok: true, value: await this.#view(revoked) }
  }

  /** One after the other: two redemptions of one invitation would open its swarm twice. */
  join(text: string): Promise<Result<Swarm>> {
    return this.#inTurn(() => this.#join(text))
  }

  async #join(text: string): Promise<Result<Swarm>> {
    const { clock } = this.#deps.ports
    const read = readInvitation(text, Math.floor(clock.now() / 1000))
    if (!read.ok) return read
    const invitation = read.value
    const id = swarmIdOf(invitation.descriptor)
    const known = this.#deps.swarms().find(swarm => swarm.id === id)
    if (known !== undefined && known.membership.chain() !== undefined) {
      return {
        ok: false,
        code: 'already-member',
        message: `This node is in the swarm '${known.descriptor.name}' already.`,
      }
    }
    const { psk } = invitation
    const stored: StoredSwarm = {
      id,
      descriptor: encodeDescriptor(invitation.descriptor),
      ...(psk === undefined ? {} : { psk }),
      listen: [],
      bootstrap: invitation.addresses,
      inviter: invitation.inviter,
      joinedAt: clock.now(),
    }
    const swarm = known ?? (await this.#deps.open(stored, invitation.descriptor))
    const redeemed = await this.#redeem(swarm, invitation)
    if (!redeemed.ok && known === undefined) await this.#deps.drop(swarm)
    return redeemed
  }

  async #redeem(swarm: Swarm, invitation: Invitation): Promise<Result<Swarm>> {
    const { clock } = this.#deps.ports
    const { addresses, descriptor, inviter } = invitation
    if (addresses.length === 0) {
      return {
        ok: false,
        code: 'no-address',
        message:
          'The invitation names no address: its node was not running when it was made. Ask for a new one.',
      }
    }
    const answer = await this.#answer(swarm, invitation)
    if (!answer.ok) return answer
    const nowS = Math.floor(clock.now() / 1000)
    const chain = readJoinResponse(answer.value, { descriptor, peer: swarm.self, nowS })
    if (!chain.ok) return chain
    swarm.admitMembers(chain.value, inviter)
    for (const record of chain.value) await swarm.announce(record)
    return { ok: true, value: swarm }
  }

  /**
   * What the inviter says. Where many are let in at once, or a machine is busy, a connection may end half-way: who asks
   * again is told the same, and uses the invitation once.
   */
  async #answer(swarm: Swarm, invitation: Invitation): Promise<Result<Uint8Array>> {
    const { clock, log, random } = this.#deps.ports
    const { addresses, inviter } = invitation
    const beganMs = clock.now()
    for (let attempt = 1; attempt <= attemptsMax && clock.now() - beganMs < againMsMax; attempt++) {
      try {
        const peer = await swarm.dial(addresses, dialDeadlineMs)
        if (peer !== inviter)
          return {
            ok: false,
            code: 'other-peer',
            message: 'Another node than the inviter answers at the invitation’s address. Ask for a new one.',
          }
        const request = encodeJoinRequest(invitation, Math.floor(clock.now() / 1000), swarm.pair)
        const { join } = streamsOf(swarm.id)
        return {
          ok: true,
          value: await swarm.request(peer, join, request, joinResponseBytesMax, joinDeadlineMs),
        }
      } catch (cause) {
        log('debug', 'The inviter could not be reached.', { attempt, cause: String(cause) })
        if (attempt < attemptsMax) await clock.sleep(pauseMs / 2 + random.below(pauseMs))
      }
    }
    return {
      ok: false,
      code: 'inviter-unreachable',
      message: `The inviter does not answer at ${addresses.join(', ')}. Its node must be running, and reachable from here.`,
    }
  }

  /** The one named; else the home swarm. */
  #invitingSwarm(id: SwarmId | undefined): Swarm | undefined {
    const swarms = this.#deps.swarms()
    return id === undefined ? swarms[0] : swarms.find(swarm => swarm.id === id)
  }

  async #view(invite: StoredInvite): Promise<InviteView> {
    const used = (await redeemedBy(this.#deps.ports.store, invite.swarm, invite.id)).length
    return { ...invite, used }
  }
}

/** A private swarm of one's own, with a key of its own: what a node has before it joins any other. */
export async function foundSwarm(ports: Ports): Promise<StoredSwarm> {
  const nonce = ports.random.bytes(nonceBytes)
  const founder = keyPairFromSeed(founderSeed(ports.seed, nonce))
  const descriptor = createDescriptor(
    {
      name: `swarm-${toHex(nonce).slice(0, 4)}`,
      visibility: 'private',
      invite: { by: 'founder' },
      shards: 1,
      nonce,
      addresses: [],
    },
    founder,
  )
  if (!descriptor.ok) throw new TypeError(descriptor.message)
  const stored: StoredSwarm = {
    id: swarmIdOf(descriptor.value),
    descriptor: encodeDescriptor(descriptor.value),
    psk: ports.random.bytes(pskBytes),
    listen: [],
    bootstrap: [],
    joinedAt: ports.clock.now(),
  }
  await ports.store.batch(putSwarmOps(stored))
  return stored
}
