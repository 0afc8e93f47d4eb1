import { describe, expect, it } from 'vitest'
import { isLoopback, readSettings, settingFromText } from '../../../node/config.ts'

const source = (name: string, values: Record<string, unknown>) => ({
  name: (key: string) => `${name}${key}`,
  values,
})

describe('settings', () => {
  it('takes the first source that names a setting, and says where it came from', () => {
    const read = readSettings([
      source('--', { httpPort: 8000 }),
      source('file:', { httpPort: 9000, recallLimit: 3 }),
    ])
    expect(read.ok && read.value.settings.httpPort).toBe(8000)
    expect(read.ok && read.value.settings.recallLimit).toBe(3)
    expect(read.ok && read.value.from).toEqual({ httpPort: '--httpPort', recallLimit: 'file:recallLimit' })
  })

  it('names the nearest known setting for an unknown one', () => {
    const read = readSettings([source('config.json: ', { recalLimit: 3 })])
    expect(!read.ok && read.message).toBe(
      "config.json: recalLimit is not a setting. Did you mean 'recallLimit'?",
    )
  })

  it('suggests nothing for a name that is like none', () => {
    const read = readSettings([source('--set ', { foo: 1 })])
    expect(!read.ok && read.message).toBe("--set foo is not a setting. 'swarmlore config show' lists them.")
  })

  it.each([
    ['recallLimit', 'abc', "it takes a whole number from 1 to 20, and not 'abc'"],
    ['recallLimit', '2.5', 'it takes a whole number from 1 to 20, and not 2.5'],
    ['hurtWeight', '9', 'it takes a number from 1 to 3, and not 9'],
    ['mdns', 'perhaps', "it takes true or false, and not 'perhaps'"],
    ['logLevel', 'loud', "it takes one of debug, info, warn, error, and not 'loud'"],
    ['listen', '', 'it takes a list of texts, within its limits, and not []'],
    ['httpHost', 'x'.repeat(101), /^it takes a text of at most 100 characters, and not 'x{59}…$/],
  ])('says what %s takes when it is given %s', (key, text, said) => {
    const read = readSettings([source('--set ', { [key]: settingFromText(key, text) })])
    const rest = read.ok ? '' : read.message.replace(`--set ${key}: `, '').replace(/\.$/, '')
    if (typeof said === 'string') expect(rest).toBe(said)
    else expect(rest).toMatch(said)
  })

  it('wants ports that stay the same where addresses are announced', () => {
    const announce = ['/ip4/203.0.113.7/tcp/4501']
    const free = readSettings([source('--set ', { announce })])
    expect(!free.ok && free.message).toMatch(/needs ports in `listen` that stay the same/)
    const listen = ['/ip4/0.0.0.0/tcp/4501']
    expect(readSettings([source('--set ', { announce, listen })])).toMatchObject({ ok: true })
  })

  it('says which source holds a value out of range', () => {
    const read = readSettings([source('SWARMLORE_', { httpPort: 70_000 })])
    expect(!read.ok && read.message).toMatch(/^SWARMLORE_httpPort: /)
  })

  it.each([
    ['httpPort', '8000', 8000],
    ['mdns', 'false', false],
    [
      'listen',
      '/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.1/tcp/1',
      ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/1'],
    ],
    ['logLevel', 'warn', 'warn'],
    ['modelFolder', 'models/other', 'models/other'],
  ])('reads %s from text as its type', (key, text, value) => {
    expect(settingFromText(key, text)).toEqual(value)
  })

  it('asks no LLM unless told, and needs a model with its URL', () => {
    const off = readSettings([])
    expect(off.ok && off.value.settings.llmUrl).toBeUndefined()
    const url = { llmUrl: 'http://127.0.0.1:11434/v1' }
    const half = readSettings([source('config.json: ', url)])
    expect(!half.ok && half.message).toBe('llmModel: must name a model where llmUrl is set.')
    expect(readSettings([source('', { ...url, llmModel: 'small' })])).toMatchObject({ ok: true })
  })

  it.each([
    'ftp://host/v1',
    'host/v1',
    'https://user:key@host/v1',
    'https://host/v1?key=secret',
    'https://host/v1#x',
  ])('takes no URL of an LLM that is none, or that could hold a secret: %s', llmUrl => {
    const read = readSettings([source('config.json: ', { llmUrl, llmModel: 'small' })])
    expect(!read.ok && read.message).toMatch(/^config.json: llmUrl: must be an http/)
  })
})

it.each([
  ['/ip4/127.0.0.1/tcp/4501', true],
  ['/ip4/127.1.2.3/tcp/0/p2p/12D3', true],
  ['/ip6/::1/tcp/0', true],
  ['/ip4/0.0.0.0/tcp/4501', false],
  ['/ip4/192.168.127.1/tcp/1', false],
  ['/ip6/::/tcp/0', false],
])('%s is reached from this machine only: %s', (multiaddr, only) => {
  expect(isLoopback(multiaddr)).toBe(only)
})
