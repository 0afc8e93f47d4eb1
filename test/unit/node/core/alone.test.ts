import { describe, expect, it } from 'vitest'
import { type AloneFacts, whyAlone } from '../../../../node/core/alone.ts'
import type { DialFailure, SearchView } from '../../../../node/ports.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import { ada, day0, founder, peer, swarm, t0 } from '../../protocol/fixtures.ts'

const body = { member: peer(ada), box: ada.box.publicKey, expires: day0 + 10 }
const membership = signRecord({ swarm, kind: 'member', t: t0, body }, founder)

type Dial = SearchView['dials'][number]
const dial = (last: Dial['last'], address = '/ip4/10.0.0.5/tcp/4501'): Dial => ({ address, last })

function why(changes: Partial<AloneFacts>, dials: readonly Dial[] = [], mdns = false) {
  return whyAlone({
    nowS: t0,
    peers: 0,
    others: 1,
    isMember: true,
    membership,
    listensHereOnly: () => false,
    search: { mdns, dials },
    ...changes,
  })
}

describe('a node that is on its own', () => {
  it('says nothing while it is a member with a neighbour, or does not look for any', () => {
    expect(why({ peers: 1 }, [dial('refused')])).toBeUndefined()
    expect(why({ search: undefined })).toBeUndefined()
  })

  it('says that nobody was invited, and how to invite', () => {
    expect(why({ others: 0 })).toMatchObject({
      reason: 'nobody-else',
      message: expect.stringContaining('swarmlore invite create'),
    })
  })

  it('says that it knows no address, and what that means on a network without multicast', () => {
    expect(why({})?.reason).toBe('no-address')
    expect(why({})?.message).not.toContain('multicast')
    expect(why({}, [], true)?.message).toContain('multicast may be blocked')
  })

  it('says that it is still looking', () => {
    expect(why({}, [dial('none')])).toMatchObject({
      reason: 'searching',
      message: expect.stringContaining('/ip4/10.0.0.5/tcp/4501'),
    })
  })

  const failures: readonly DialFailure[] = [
    'refused',
    'silent',
    'no-such-name',
    'no-route',
    'no-websocket',
    'other-network',
    'other-node',
    'not-dialable',
    'failed',
  ]
  it.each(failures)('says of an address that failed, %s, what to do', failure => {
    const alone = why({ others: 0 }, [dial('none', '/ip4/10.0.0.9/tcp/1'), dial(failure)])
    expect(alone?.reason).toBe(failure)
    expect(alone?.message).toContain('/ip4/10.0.0.5/tcp/4501')
    expect(alone?.message).not.toContain('10.0.0.9')
  })

  it('says each failure in its own words', () => {
    expect(new Set(failures.map(failure => why({}, [dial(failure)])?.message)).size).toBe(failures.length)
  })

  it('names the failure that can be mended first, and two of the addresses', () => {
    const many = [dial('silent', '/a'), dial('refused', '/b'), dial('refused', '/c'), dial('refused', '/d')]
    expect(why({}, many)).toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('/b, /c and 1 more'),
    })
    expect(why({}, [...many, dial('other-network', '/e')])?.reason).toBe('other-network')
  })

  it('says where it cannot be reached itself, too', () => {
    expect(why({ listensHereOnly: () => true }, [dial('refused')])?.message).toContain('--listen')
    expect(why({}, [dial('refused')])?.message).not.toContain('--listen')
  })

  it('says that it is no member any more, even among neighbours, and when its clock is to blame', () => {
    const outside = { isMember: false, peers: 2 }
    expect(why({ ...outside, membership: undefined })?.reason).toBe('not-a-member')
    expect(why(outside)?.reason).toBe('not-a-member')
    expect(why({ ...outside, nowS: t0 + 11 * 86_400 })?.reason).toBe('membership-over')
    expect(why({ ...outside, nowS: t0 - 86_400 })).toMatchObject({
      reason: 'clock-behind',
      message: expect.stringContaining('NTP'),
    })
  })
})
