import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { isWithin, nearest, scopeOf } from '../../../../node/adapters/address-scope.ts'

it.each([
  ['/ip4/127.0.0.1/tcp/4501', 'machine'],
  ['/ip6/::1/tcp/4501/ws', 'machine'],
  ['/ip4/10.1.2.3/tcp/4501', 'local'],
  ['/ip4/172.20.0.1/tcp/4501', 'local'],
  ['/ip4/192.168.1.9/tcp/4501/ws', 'local'],
  ['/ip4/100.64.0.9/tcp/4501', 'local'],
  ['/ip6/fd00::1/tcp/4501', 'local'],
  ['/ip6/fe80::1/tcp/4501', 'local'],
  ['/ip4/8.8.8.8/tcp/4501', 'public'],
  ['/ip4/172.32.0.1/tcp/443/ws', 'public'],
  ['/ip6/2001:4860::1/tcp/4501', 'public'],
  ['/ip6/::ffff:10.0.0.1/tcp/4501', 'local'],
  ['/ip6/::ffff:127.0.0.1/tcp/4501', 'machine'],
])('%s reaches as far as: %s', (address, scope) => {
  expect(scopeOf(multiaddr(address))).toBe(scope)
})

it.each([
  '/ip4/0.0.0.0/tcp/4501',
  '/ip4/255.255.255.255/tcp/4501',
  '/ip4/239.1.1.1/tcp/4501',
  '/ip6/::/tcp/4501',
  '/ip6/ff02::1/tcp/4501',
  '/ip4/8.8.8.8/tcp/0',
  '/ip4/8.8.8.8/udp/53',
  '/ip4/8.8.8.8',
  '/dns4/printer.office.example/tcp/9100',
  '/dnsaddr/example.org',
  '/ip4/8.8.8.8/tcp/443/tls/ws',
  '/ip4/8.8.8.8/tcp/1/p2p/12D3KooWGzh9GYQZnmyRJAUYj1xkRUsfUFNHgoo3tDFdPFmDRJ6F/p2p-circuit',
])('%s is taken from nobody', address => {
  expect(scopeOf(multiaddr(address))).toBeUndefined()
  expect(isWithin(multiaddr(address), 'machine')).toBe(false)
})

it('a peer is believed about places as far as itself, or further', () => {
  const places = ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip4/8.8.8.8/tcp/1'].map(text =>
    multiaddr(text),
  )
  const believed = (reach: 'machine' | 'local' | 'public') => places.map(place => isWithin(place, reach))
  expect(believed('machine')).toEqual([true, true, true])
  expect(believed('local')).toEqual([false, true, true])
  expect(believed('public')).toEqual([false, false, true])
  expect(nearest(['public', undefined, 'local'])).toBe('local')
  expect(nearest([undefined])).toBe('public')
})
