import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const readme = read('README.md')

/** Codes as they stand in the source: in a failure that is made there, or in a type that lists them. */
function codesIn(source: string): readonly string[] {
  const made = [...source.matchAll(/(?:\bcode: |\b(?:failure|bad|usage)\()'([a-z]+(?:-[a-z]+)+)'/g)]
  const listed = [
    ...source.matchAll(/type \w*(?:Code|Fault)\b[^\n]*=((?:\s*\|?\s*(?:\/\*\*[^*]*\*\/\s*)?'[a-z-]+')+)/g),
  ]
  const names = listed.flatMap(match => [...(match[1] ?? '').matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)])
  return [...made, ...names].map(match => match[1] ?? '')
}

describe('README', () => {
  it('names every error code that the source can give', () => {
    const files = globSync('{crypto,protocol,store,node}/**/*.ts', { cwd: root.pathname })
    const codes = new Set(files.flatMap(file => codesIn(read(file))))
    // Faults of encoding stand inside a sentence, or behind a prefix.
    codes.delete('non-canonical')
    expect(codes.size).toBeGreaterThan(80)
    expect([...codes].filter(code => !readme.includes(`\`${code}\``)).sort()).toEqual([])
  })

  it('names every folder at the top, and no other', () => {
    const named = [...readme.matchAll(/^\| `(\w+)\/` \|/gm)].map(match => match[1])
    expect(named.sort()).toEqual(['crypto', 'node', 'protocol', 'sim', 'store', 'test'])
  })

  it('names every command of the command line that it shows', () => {
    const shown = new Set([...readme.matchAll(/^swarmlore (\w+)/gm)].map(match => match[1] ?? ''))
    const commands =
      read('node/surface/cli.ts') +
      globSync('node/surface/cli/**/*.ts', { cwd: root.pathname }).map(read).join('')
    expect(shown.size).toBeGreaterThan(8)
    for (const command of shown)
      expect(commands).toMatch(new RegExp(`(command\\('|subject\\('|')${command}\\b`))
  })
})
