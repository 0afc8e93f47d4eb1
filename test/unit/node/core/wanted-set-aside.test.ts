/** What is announced and not fetched now is set aside: remembered, and asked for when it is wanted, until it is here. */

import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { KeyPair } from '../../../../crypto/keys.ts'
import { Ledger } from '../../../../node/core/ledger.ts'
import { WantedEntries } from '../../../../node/core/wanted.ts'
import type { Fetcher } from '../../../../node/pipeline/fetch/fetch.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import type { DigestRecord, EntryCid, PeerId, SwarmRecord } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { openMemoryStore } from '../../../../store/memory.ts'
import {
  ada,
  ben,
  cidNumber,
  day0,
  descriptor,
  digestBody,
  founder,
  peer,
  swarm,
  t0,
} from '../../protocol/fixtures.ts'
import { virtualPorts } from '../virtual-nodes.ts'

function digestOf(number: number, author: KeyPair = ada): DigestRecord {
  const body = digestBody({ cid: cidNumber(number) })
  return signRecord({ swarm, kind: 'digest', t: t0, body }, author)
}

async function holding(...digests: readonly DigestRecord[]) {
  const ports = virtualPorts(new VirtualClock(t0 * 1000), openMemoryStore())
  const { signal } = new AbortController()
  const kept = new Set<EntryCid>()
  const unwanted = new Set<EntryCid>()
  const full = new Set<PeerId>()
  const known: DigestRecord[] = []
  const asked: DigestRecord[] = []
  const ledger = new Ledger({
    ports,
    swarm,
    descriptor,
    onDigest: () => undefined,
    onGone: () => [],
    onMember: () => undefined,
    signal,
  })
  const admit = async (record: SwarmRecord): Promise<void> => {
    const { outcome, ops } = ledger.admit(record)
    expect(outcome.status).toBe('live')
    await ports.store.batch(ops)
  }
  for (const member of [ada, ben]) {
    const body = { member: peer(member), box: member.box.publicKey, expires: day0 + 365 }
    await admit(signRecord({ swarm, kind: 'member', t: t0, body }, founder))
  }
  for (const digest of digests) await admit(digest)
  const wanted = new WantedEntries({
    cpu: ports.cpu,
    ledger,
    signal,
    isKept: cid => kept.has(cid),
    onKnown: async digest => {
      known.push(digest)
    },
    hasRoomFor: author => !full.has(author),
    worth: ({ envelope }) => (unwanted.has(envelope.body.cid) ? undefined : 1),
    inBackground: work => void work,
  })
  const fetcher: Fetcher = {
    want: ({ digest }) => asked.push(digest) > 0,
    has: () => false,
    arriving: () => undefined,
    retry: () => undefined,
    waiting: 0,
    failed: 0,
    idle: async () => undefined,
    close: async () => undefined,
  }
  /** What is asked for from now on, until all is gone through. */
  const askedBy = async (act: () => void): Promise<readonly DigestRecord[]> => {
    asked.splice(0)
    act()
    await setImmediate()
    return [...asked]
  }
  return { admit, askedBy, fetcher, full, kept, known, store: ports.store, unwanted, wanted }
}

describe('an announced entry', () => {
  test('that was read back at start is fetched when there is a network, and not before', async () => {
    const [here, missing] = [digestOf(1), digestOf(2)]
    const { askedBy, fetcher, kept, known, wanted } = await holding(here, missing)
    kept.add(here.envelope.body.cid)
    expect(
      await askedBy(() => {
        wanted.note(here)
        wanted.note(missing)
        wanted.all()
      }),
    ).toEqual([])
    expect(await askedBy(() => wanted.fetchWith(fetcher))).toEqual([missing])
    // What was here already is no news.
    expect(known).toEqual([])
  })

  test('that is kept, as an own one always is, is fetched from nobody: its digest is looked at', async () => {
    const own = digestOf(1)
    const { askedBy, fetcher, kept, known, wanted } = await holding(own)
    wanted.fetchWith(fetcher)
    kept.add(own.envelope.body.cid)
    expect(await askedBy(() => wanted.want(own, undefined))).toEqual([])
    expect(known).toEqual([own])
    expect(await askedBy(() => wanted.all())).toEqual([])
  })

  test('that nobody wants now is set aside, and fetched when that changes, until it is here', async () => {
    const digest = digestOf(1)
    const { cid } = digest.envelope.body
    const { askedBy, fetcher, unwanted, wanted } = await holding(digest)
    wanted.fetchWith(fetcher)
    unwanted.add(cid)
    expect(await askedBy(() => wanted.want(digest, undefined))).toEqual([])
    expect(await askedBy(() => wanted.all())).toEqual([])
    unwanted.delete(cid)
    expect(await askedBy(() => wanted.all())).toEqual([digest])
    wanted.settled(cid)
    expect(await askedBy(() => wanted.all())).toEqual([])
  })

  test('of an author who has had its share is not even read, and fetched when there is room', async () => {
    const [beyond, other] = [digestOf(1), digestOf(2, ben)]
    const { askedBy, fetcher, full, store, wanted } = await holding(beyond, other)
    const read = vi.spyOn(store, 'get')
    full.add(peer(ada))
    wanted.note(beyond)
    wanted.note(other)
    expect(await askedBy(() => wanted.fetchWith(fetcher))).toEqual([other])
    expect(read).toHaveBeenCalledTimes(1)
    full.clear()
    wanted.settled(cidNumber(2))
    expect(await askedBy(() => wanted.all())).toEqual([beyond])
  })

  test('that had to go is fetched again when it is worth it', async () => {
    const digests = [digestOf(1), digestOf(1, ben)]
    const { askedBy, fetcher, wanted } = await holding(...digests)
    wanted.fetchWith(fetcher)
    wanted.settled(cidNumber(1))
    expect(await askedBy(() => wanted.evicted(cidNumber(1)))).toEqual([])
    expect(new Set(await askedBy(() => wanted.all()))).toEqual(new Set(digests))
  })

  test('of which one author lied is not asked for on its word, and still on another’s', async () => {
    const [lie, other] = [digestOf(1), digestOf(1, ben)]
    const { askedBy, fetcher, wanted } = await holding(lie, other)
    wanted.note(lie)
    wanted.note(other)
    expect(await askedBy(() => wanted.fetchWith(fetcher))).toEqual([lie, other])
    wanted.dismiss(lie)
    expect(await askedBy(() => wanted.all())).toEqual([other])
  })

  test('that its author has retracted is asked for no more', async () => {
    const digest = digestOf(1)
    const { cid } = digest.envelope.body
    const { admit, askedBy, fetcher, wanted } = await holding(digest)
    wanted.note(digest)
    expect(await askedBy(() => wanted.fetchWith(fetcher))).toEqual([digest])
    await admit(signRecord({ swarm, kind: 'retract', t: t0, body: { cid } }, ada))
    expect(await askedBy(() => wanted.all())).toEqual([])
  })
})
