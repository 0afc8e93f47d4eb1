import { describe, expect, it } from 'vitest'
import { Authors, type Membership } from '../../../../node/trust/authors.ts'
import type { Counts } from '../../../../node/trust/opinion.ts'
import type { Attested } from '../../../../node/trust/vouching.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { peer } from '../entry-samples.ts'
import { said, today } from './vouching-world.ts'

/** I let `a` and `b` in, `a` let `c` in, and `c` let `d` in. */
function swarm(attested: Attested[] = []) {
  const inviters = new Map([
    [peer('a'), peer('me')],
    [peer('b'), peer('me')],
    [peer('c'), peer('a')],
    [peer('d'), peer('c')],
  ])
  const state = { nowMs: 0, weighedTimes: 0, counts: new Map<PeerId, Counts>() }
  const membership: Membership = {
    self: peer('me'),
    inviter: undefined,
    inviterOf: member => inviters.get(member),
    members: () => {
      state.weighedTimes++
      return [peer('me'), ...inviters.keys()].map(name => ({ peer: name, inviter: inviters.get(name) }))
    },
    attested: () => attested,
    records: attested.length,
  }
  const authors = new Authors(new Map(), {
    reading: () => ({ hurtWeight: 1.5 }),
    countsOf: author => state.counts.get(author) ?? { helped: 0, hurt: 0 },
    decay: days => 2 ** (-days / 30),
    now: () => state.nowMs,
    today: () => today,
  })
  return { authors, attested, membership, state }
}

/** More edges than are weighed at once. */
const crowd = Array.from({ length: 1_100 }, (_, at) => said('a', `p${at}`, 1))
const strangers = crowd.map(one => ({ peer: one.subject, inviter: undefined }))

describe('weights', () => {
  it('are made once for the same records, and anew when something changed', () => {
    const { authors, attested, membership, state } = swarm()
    const before = authors.standing(peer('d'), membership)
    for (const name of ['a', 'b', 'd']) authors.standing(peer(name), membership)
    expect(state.weighedTimes).toBe(1)
    attested.push(said('b', 'd', 4))
    authors.attestedAnew()
    expect(authors.standing(peer('d'), membership).trust).toBeGreaterThan(before.trust)
    expect(state.weighedTimes).toBe(2)
  })

  it('are not made for a tier, which is that of the standing and follows what was tried here', () => {
    const { authors, membership, state } = swarm()
    expect(authors.tierOf(peer('d'), membership)).toBe('quarantined')
    state.counts.set(peer('d'), { helped: 9, hurt: 0 })
    authors.changed()
    expect(authors.tierOf(peer('d'), membership)).toBe('trusted')
    expect(state.weighedTimes).toBe(0)
    for (const name of ['me', 'a', 'b', 'd'])
      expect(authors.tierOf(peer(name), membership)).toBe(authors.standing(peer(name), membership).tier)
  })

  it('of a large graph rest a millisecond for each edge, but never when the owner has spoken', () => {
    const { authors, attested, membership, state } = swarm(crowd)
    const large = {
      ...membership,
      members: () => [...membership.members(), ...strangers],
    }
    const { edges } = authors.weights(large)
    expect(edges).toBeGreaterThan(1_000)
    attested.push(said('b', 'd', 4))
    authors.changed()
    // A record costs a tenth of an edge.
    const restMs = edges + large.records / 10
    state.nowMs = restMs - 1
    expect(authors.weights(large).attestedOf(peer('d'))).toEqual({ helped: 0, hurt: 0 })
    state.nowMs = restMs
    expect(authors.weights(large).attestedOf(peer('d')).helped).toBeGreaterThan(0)
    authors.setWord(peer('b'), { pinned: false, blocked: true })
    expect(authors.weights(large).attestedOf(peer('d'))).toEqual({ helped: 0, hurt: 0 })
    expect(authors.standing(peer('b'), large)).toMatchObject({ tier: 'quarantined', trust: 0 })
  })

  it('give an author whose lessons helped here a way of its own', () => {
    const { authors, membership, state } = swarm()
    expect(authors.voice(peer('d'), membership).branch).toBe(peer('a'))
    state.counts.set(peer('d'), { helped: 1, hurt: 0 })
    authors.changed()
    expect(authors.voice(peer('d'), membership).branch).toBe(peer('d'))
    state.counts.set(peer('d'), { helped: 0, hurt: 1 })
    authors.changed()
    expect(authors.voice(peer('d'), membership).branch).toBe(peer('a'))
  })

  it('give no word to a key that is blocked since a time: whoever has it can sign with any earlier one', () => {
    const { authors, membership } = swarm([said('b', 'd', 9)])
    expect(authors.weights(membership).attestedOf(peer('d')).helped).toBeGreaterThan(0)
    authors.setWord(peer('b'), { pinned: false, blocked: true, blockedSince: 1 })
    expect(authors.weights(membership).attestedOf(peer('d')).helped).toBe(0)
    expect(authors.voice(peer('b'), membership).isSilenced).toBe(true)
  })
})

describe('the whole reason', () => {
  it('names the word, what happened here, who vouches, who attests, and the rule that decided', () => {
    const { authors, membership, state } = swarm([said('b', 'd', 2), said('nobody', 'd', 0, 9)])
    state.counts.set(peer('d'), { helped: 2, hurt: 1 })
    authors.setWord(peer('a'), { pinned: true, blocked: false })
    const reasons = authors.explain(peer('d'), membership)
    expect(reasons.map(one => one.about)).toEqual(['word', 'experience', 'vouching', 'attestations', 'tier'])
    const [word, experience, vouching, attestations, tier] = reasons
    expect(word?.text).toBe('You have said nothing about it.')
    expect(experience?.text).toContain('helped 2.0 and hurt 1.0 times')
    expect(vouching?.text).toContain('It stands for itself')
    expect(vouching?.details.join(' ')).toContain(`${peer('c')} (influence`)
    expect(vouching?.details.join(' ')).toContain('You vouch for it with')
    expect(attestations?.details).toEqual([expect.stringContaining(`${peer('b')} says helped 2.00`)])
    expect(tier?.text).toContain('So it is quarantined, with trust')
    expect(authors.explain(peer('a'), membership)[0]?.text).toBe('You pinned it.')
  })

  it('says so where there is nothing to say', () => {
    const { authors, membership } = swarm()
    const texts = authors.explain(peer('x'), membership).map(one => one.text)
    expect(texts.slice(1, 4)).toEqual([
      'None of its lessons has been tried here yet.',
      'Nobody with influence here vouches for it: influence 0.',
      'No member attests anything of it.',
    ])
  })

  it('names a few and counts the others', () => {
    const { authors, membership } = swarm(
      crowd.map(one => ({ ...one, author: one.subject, subject: peer('d') })),
    )
    const members = () => [...membership.members(), ...strangers]
    const attested = authors.explain(peer('d'), { ...membership, members })[3]
    expect(attested?.text).toContain(
      '1100 members attest how it did; weighed by their influence that counts as helped 0.00',
    )
    expect(attested?.details).toHaveLength(9)
    expect(attested?.details.at(-1)).toBe('… and 1092 more.')
    expect(attested?.details[0]).toContain('no influence, so it counts nothing')
  })
})

describe('who let an author in', () => {
  it('is asked once, until something changes that it may hang on', () => {
    const { authors, membership } = swarm()
    let asked = 0
    let inviter = peer('a')
    const counting = {
      ...membership,
      inviterOf: () => {
        asked++
        return inviter
      },
    }
    const changes = [
      () => authors.changed(),
      () => authors.attestedAnew(),
      () => {
        authors.setWord(peer('x'), undefined)
        authors.weights(counting)
      },
    ]
    expect(authors.inviterOf(peer('c'), counting)).toBe(peer('a'))
    for (const change of changes) {
      const before = inviter
      inviter = peer(`after ${asked}`)
      asked = 0
      expect(authors.inviterOf(peer('c'), counting)).toBe(before)
      expect(asked).toBe(0)
      change()
      expect(authors.inviterOf(peer('c'), counting)).toBe(inviter)
      asked++
    }
  })

  it('is another one in another swarm, and so are its tier and its standing', () => {
    const { authors, membership } = swarm()
    const elsewhere = { ...membership, self: peer('me there'), inviterOf: () => peer('somebody') }
    expect(authors.inviterOf(peer('b'), membership)).toBe(peer('me'))
    expect(authors.inviterOf(peer('b'), elsewhere)).toBe(peer('somebody'))
    expect(authors.tierOf(peer('b'), membership)).toBe('trusted')
    expect(authors.tierOf(peer('b'), elsewhere)).toBe('quarantined')
    expect(authors.standing(peer('b'), membership).tier).toBe('trusted')
    expect(authors.standing(peer('b'), elsewhere).tier).toBe('quarantined')
  })
})
