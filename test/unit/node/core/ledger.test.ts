/** Members and entries of a swarm as its records have them: whatever came first, and whoever else says the same. */

import { describe, expect, test } from 'vitest'
import type { KeyPair } from '../../../../crypto/keys.ts'
import { type Gone, Ledger } from '../../../../node/core/ledger.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import { swarmIdOf } from '../../../../protocol/swarm.ts'
import type { DigestBody, PeerId, SwarmRecord } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { openMemoryStore } from '../../../../store/memory.ts'
import type { Store } from '../../../../store/ports.ts'
import {
  ada,
  ben,
  cidNumber,
  day0,
  descriptorWith,
  digestBody,
  founder,
  peer,
  t0,
} from '../../protocol/fixtures.ts'
import { virtualPorts } from '../virtual-nodes.ts'

const descriptor = descriptorWith({ by: 'members', depth: 2 })
const swarm = swarmIdOf(descriptor)
const daySeconds = 86_400

function ledgerOn(store: Store, clock = new VirtualClock(t0 * 1000)) {
  const joined: PeerId[] = []
  const gone: Gone[] = []
  const ledger = new Ledger({
    ports: virtualPorts(clock, store),
    swarm,
    descriptor,
    onDigest: () => undefined,
    onGone: left => {
      gone.push(...left)
      return []
    },
    onMember: member => joined.push(member),
    signal: new AbortController().signal,
  })
  const take = async (record: SwarmRecord): Promise<string> => {
    const { outcome, ops } = ledger.admit(record)
    await store.batch(ops)
    return outcome.status
  }
  return { ledger, clock, joined, gone, take }
}

function letIn(member: KeyPair, inviter: KeyPair, t = t0, days = 365) {
  const body = { member: peer(member), box: member.box.publicKey, expires: day0 + days }
  return signRecord({ swarm, kind: 'member', t, body }, inviter)
}

function announced(author: KeyPair, t: number, body: Partial<DigestBody> = {}) {
  return signRecord({ swarm, kind: 'digest', t, body: digestBody({ created: t0, ...body }) }, author)
}

describe('a member', () => {
  test('whose record came before that of its inviter counts when the inviter’s is here, and once', async () => {
    const store = openMemoryStore()
    const { ledger, joined, take } = ledgerOn(store)
    expect(await take(letIn(ben, ada))).toBe('pending')
    expect(ledger.members()).toEqual([peer(founder)])
    expect(joined).toEqual([])

    expect(await take(letIn(ada, founder))).toBe('live')
    expect(ledger.members()).toEqual([peer(founder), peer(ben), peer(ada)])
    expect(joined.toSorted()).toEqual([peer(ada), peer(ben)].toSorted())

    const again = ledgerOn(store).ledger
    await again.load(() => undefined)
    expect(again.members().toSorted()).toEqual([peer(founder), peer(ada), peer(ben)].toSorted())
  })

  test('whose record still waits after a restart counts when the inviter’s comes then', async () => {
    const store = openMemoryStore()
    await ledgerOn(store).take(letIn(ben, ada))
    const { ledger, take } = ledgerOn(store)
    await ledger.load(() => undefined)
    expect(ledger.members()).toEqual([peer(founder)])
    await take(letIn(ada, founder))
    expect(ledger.members().toSorted()).toEqual([peer(founder), peer(ada), peer(ben)].toSorted())
  })

  test('whom several let in, and the founder whom somebody lets in, count once', async () => {
    const store = openMemoryStore()
    const { ledger, joined, take } = ledgerOn(store)
    for (const record of [letIn(ada, founder), letIn(ada, founder, t0 + 5), letIn(ben, ada)])
      await take(record)
    await take(letIn(founder, ada))
    expect(ledger.members().toSorted()).toEqual([peer(founder), peer(ada), peer(ben)].toSorted())
    expect(joined.filter(member => member === peer(ada))).toHaveLength(1)
  })

  test('for whom one more stands than before is told again: trust goes by who let whom in', async () => {
    const { joined, take } = ledgerOn(openMemoryStore())
    await take(letIn(ada, founder))
    await take(letIn(ben, ada, t0, 30))
    const told = () => joined.filter(member => member === peer(ben)).length
    expect(told()).toBe(1)
    await take(letIn(ben, founder, t0 + 5, 20))
    expect(told()).toBe(2)
    // Once more by the same one changes nothing.
    await take(letIn(ben, founder, t0 + 9, 60))
    expect(told()).toBe(2)
  })

  test('whose clock is some minutes ahead counts at once; one whose membership is over no more', async () => {
    const { ledger, clock, take } = ledgerOn(openMemoryStore())
    await take(letIn(ada, founder, t0 + 800))
    expect(ledger.members()).toContain(peer(ada))
    await clock.advance(366 * daySeconds * 1000)
    await ledger.advance()
    expect(ledger.members()).toEqual([peer(founder)])
  })
})

describe('an entry', () => {
  async function withMembers() {
    const store = openMemoryStore()
    const made = ledgerOn(store)
    for (const member of [ada, ben]) await made.take(letIn(member, founder))
    return { ...made, store }
  }
  const cid = cidNumber(1)

  test('goes with its author’s last digest, whatever others announce', async () => {
    const { ledger, gone, take, clock } = await withMembers()
    await take(announced(ada, t0, { expires: day0 + 2 }))
    await take(announced(ben, t0))
    await clock.advance(3 * daySeconds * 1000)
    await ledger.advance()
    expect(gone).toEqual([{ cid, author: peer(ada) }])
    expect(ledger.announces(peer(ben), cid)).toBe(true)
  })

  test('stays when another’s digest of it expires', async () => {
    const { ledger, gone, take, clock } = await withMembers()
    await take(announced(ada, t0))
    await take(announced(ben, t0, { expires: day0 + 2 }))
    await clock.advance(3 * daySeconds * 1000)
    await ledger.advance()
    // What is told to be gone names the author, so that nobody takes it for the entry.
    expect(gone).toEqual([{ cid, author: peer(ben) }])
    expect(ledger.announces(peer(ada), cid)).toBe(true)
  })

  test('stays when another announces it and takes that back', async () => {
    const { ledger, gone, take } = await withMembers()
    await take(announced(ada, t0))
    await take(announced(ben, t0))
    await take(signRecord({ swarm, kind: 'retract', t: t0 + 9, body: { cid } }, ben))
    expect(gone).toEqual([{ cid, author: peer(ben) }])
    expect(ledger.announces(peer(ada), cid)).toBe(true)
  })

  test('that its author announced twice stays until the later digest is too old as well', async () => {
    const { ledger, gone, take, clock } = await withMembers()
    await take(announced(ada, t0))
    await take(announced(ada, t0 + 10 * daySeconds))
    await clock.advance(185 * daySeconds * 1000)
    await ledger.advance()
    expect(gone).toEqual([])
    expect(ledger.announces(peer(ada), cid)).toBe(true)
    await clock.advance(10 * daySeconds * 1000)
    await ledger.advance()
    expect(gone).toEqual([{ cid, author: peer(ada) }])
  })
})
