import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Locked {
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as {
  packages: Readonly<Record<string, Locked>>
}

describe('lock file', () => {
  it('has an entry for every optional package, those of other platforms included, or `npm ci` refuses it', () => {
    const missing: string[] = []
    for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
      for (const name of Object.keys(optionalDependencies)) {
        const places = [`${path}/node_modules/${name}`, `node_modules/${name}`]
        if (!places.some(place => place in packages)) missing.push(name)
      }
    }
    expect(missing).toEqual([])
  })

  it('carries no addresses, so that it works with any registry mirror', () => {
    const addressed = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
    expect(addressed.map(([path]) => path)).toEqual([])
  })
})
