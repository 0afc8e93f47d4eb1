import { describe, expect, it } from 'vitest'
import { readSettings, settingFromText } from '../../../node/config.ts'

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
})
