import { describe, expect, test } from 'vitest'
import { decodeEntry, encodeEntry, restoreEntry } from '../../../protocol/entry.ts'
import { duplicateKey, embeddingText, matchesDigest } from '../../../protocol/entry-text.ts'
import { signRecord } from '../../../protocol/envelope.ts'
import { hamming, sketchOf } from '../../../protocol/sketch.ts'
import { shardOf } from '../../../protocol/swarm.ts'
import { textProblem, withoutHidden } from '../../../protocol/text.ts'
import type { DigestBody, Entry } from '../../../protocol/types.ts'
import { ada, ben, cidNumber, day0, digestBody, entry, swarm, t0 } from './fixtures.ts'

function encoded(value: Entry) {
  const result = encodeEntry(value)
  if (!result.ok) throw new TypeError(result.message)
  return result.value
}

describe('limits of an entry', () => {
  const cases: readonly (readonly [string, Partial<Entry>, string])[] = [
    ['17 domains', { domains: Array.from({ length: 17 }, (_, i) => `d${i}`) }, 'domains'],
    ['a long domain', { domains: ['x'.repeat(65)] }, 'domains'],
    ['a long situation', { situation: 'x'.repeat(1001) }, 'situation'],
    ['a long summary', { insight: { ...entry.insight, summary: 'x'.repeat(501) } }, 'insight.summary'],
    ['a long action', { insight: { ...entry.insight, action: 'x'.repeat(2001) } }, 'insight.action'],
    ['a tool without a name', { context: { tools: [{ name: '', arguments: [] }] } }, 'context.tools.name'],
    [
      'nine parents',
      { lineage: { parents: Array.from({ length: 9 }, (_, i) => cidNumber(i)), method: 'm' } },
      'parents',
    ],
    ['support that does not add up', { support: { ...entry.support, unsolved: 1 } }, 'support.solved'],
    ['an expiry before its making', { expires: day0 - 1 }, 'expires'],
    ['a fraction of a second', { created: t0 + 0.5 }, 'created'],
  ]
  test.each(cases)('%s is refused, and the field named', (_name, changes, field) => {
    const result = encodeEntry({ ...entry, ...changes })
    expect(result).toMatchObject({ ok: false, code: 'entry-invalid' })
    expect(!result.ok && result.message).toContain(field)
  })

  test('characters are counted, not bytes or UTF-16 units', () => {
    expect(encodeEntry({ ...entry, domains: ['😀'.repeat(64)] }).ok).toBe(true)
    expect(encodeEntry({ ...entry, domains: ['😀'.repeat(65)] }).ok).toBe(false)
  })

  test('a block is at most 4 KiB, whatever its fields allow', () => {
    const long = (length: number) => ({ ...entry, insight: { ...entry.insight, detail: 'x'.repeat(length) } })
    const room = 4096 - encoded(long(3000)).bytes.length + 3000
    expect(encoded(long(room)).bytes).toHaveLength(4096)
    expect(encodeEntry(long(room + 1))).toMatchObject({ ok: false, code: 'entry-too-large' })
  })

  test('an empty list in the context is the same as none', () => {
    const { cid } = encoded({ ...entry, context: {} })
    expect(encoded({ ...entry, context: { languages: [], tools: [] } }).cid).toBe(cid)
    expect(decodeEntry(encoded({ ...entry, context: { languages: [] } }).bytes)).toMatchObject({
      value: { context: {} },
    })
  })
})

describe('text', () => {
  const prose = { min: 0, max: 100, lines: true }

  test.each([
    ['NUL', 'a\0b'],
    ['escape', '\u001b[31m'],
    ['next line', 'a\u0085b'],
    ['soft hyphen', 'pass\u00adword'],
    ['zero-width space', 'a\u200bb'],
    ['right-to-left override', 'a\u202eb'],
    ['isolate', 'a\u2066b'],
    ['byte order mark', '\ufeffa'],
    ['variation selector', 'a\ufe0fb'],
    ['tag', 'a\u{e0041}b'],
    ['variation selector supplement', 'a\u{e0100}b'],
    ['hieroglyph joiner', 'a\u{13430}b'],
    ['hieroglyph segment end', 'a\u{1343f}b'],
    ['Arabic number sign', 'a\u0600b'],
    ['Arabic number mark above', 'a\u0605b'],
    ['Arabic end of ayah', 'a\u06ddb'],
    ['Syriac abbreviation mark', 'a\u070fb'],
    ['Arabic pound mark above', 'a\u0890b'],
    ['Arabic piastre mark above', 'a\u0891b'],
    ['Arabic disputed end of ayah', 'a\u08e2b'],
    ['Kaithi number sign', 'a\u{110bd}b'],
    ['Kaithi number sign above', 'a\u{110cd}b'],
    ['blank Braille pattern', 'a\u2800b'],
    ['noncharacter inside a plane', 'a\ufdd0b'],
    ['noncharacter FFFE', 'a\ufffeb'],
    ['noncharacter FFFF', 'a\uffffb'],
    ['noncharacter of plane 1', 'a\u{1fffe}b'],
    ['noncharacter of plane 13', 'a\u{dffff}b'],
    ['first of private use', 'a\ue000b'],
    ['last of private use', 'a\uf8ffb'],
    ['private use of plane 15', 'a\u{f0000}b'],
    ['private use of plane 16', 'a\u{10fffd}b'],
    ['half a surrogate pair', 'a\ud83d'],
  ])('%s is refused, and taken out of text of our own', (_name, text) => {
    expect(textProblem(text, prose)).toBeDefined()
    expect(textProblem(withoutHidden(text), prose)).toBeUndefined()
  })

  test('what people write in other scripts stands', () => {
    for (const text of [
      'Zürich',
      '東京',
      'שלום',
      'مرحبا',
      'नमस्ते',
      '😀',
      '٠٦',
      '⠁',
      '豈',
      '\ufffd',
      '𓀀',
      '𝅘𝅥',
      'a\n\tb',
    ]) {
      expect(textProblem(text, prose), text).toBeUndefined()
      expect(withoutHidden(text)).toBe(text)
    }
  })

  test('lines stand only where they may', () => {
    expect(textProblem('a\nb', { ...prose, lines: false })).toContain('U+000A')
  })
})

describe('what an entry is compared by', () => {
  test('its sketch is made from the situation alone', () => {
    expect(embeddingText(entry)).toBe(entry.situation)
  })

  test('duplicates differ in case, spacing and composition only', () => {
    const key = duplicateKey(entry)
    expect(duplicateKey({ ...entry, situation: `  ${entry.situation.toUpperCase()}\n` })).toBe(key)
    expect(duplicateKey({ ...entry, support: { ...entry.support, episodes: 9 }, created: 5 })).toBe(key)
    expect(duplicateKey({ ...entry, kind: 'fact' })).not.toBe(key)
    expect(duplicateKey({ ...entry, insight: { ...entry.insight, action: 'Do not.' } })).not.toBe(key)
  })

  test('sketches keep signs, most significant bit first, of at most 384 components', () => {
    expect([...sketchOf([1, 0, -1, 2, 0, 0, 0, 0, 3])]).toEqual([0b10010000, 0b10000000])
    expect(sketchOf(new Float32Array(768).fill(1))).toEqual(new Uint8Array(48).fill(255))
    expect(hamming(sketchOf([1, 1, 1]), sketchOf([1, -1, -1]))).toBe(2)
    expect(hamming(new Uint8Array(48).fill(255), new Uint8Array(48))).toBe(384)
    expect(hamming(new Uint8Array(2), new Uint8Array(3))).toBe(8)
  })
})

describe('an entry and its digest', () => {
  const value: Entry = { ...entry, expires: day0 + 5, supersedes: cidNumber(2) }
  const { bytes, cid } = encoded(value)
  const shard = shardOf('flights', 4)
  const announced = {
    cid,
    size: bytes.length,
    shard,
    created: t0,
    expires: day0 + 5,
    supersedes: cidNumber(2),
  }
  const announce = (changes: Partial<DigestBody> = {}, author = ada) =>
    signRecord({ swarm, kind: 'digest', t: t0, body: digestBody({ ...announced, ...changes }) }, author)

  test('match when all that was announced is so', () => {
    expect(matchesDigest(value, bytes.length, announce(), 4)).toEqual({ ok: true, value: true })
  })

  test.each([
    ['size', announce({ size: bytes.length + 1 })],
    ['created', announce({ created: t0 - 1 })],
    ['expires', announce({ expires: day0 + 6 })],
    ['supersedes', announce({ supersedes: cidNumber(3) })],
    ['shard', announce({ shard: (shard + 1) % 4 })],
    ['author', announce({}, ben)],
  ])('do not when %s differs, and the field is named', (field, digest) => {
    const result = matchesDigest(value, bytes.length, digest, 4)
    expect(result).toMatchObject({ ok: false, code: 'digest-mismatch' })
    expect(!result.ok && result.message).toContain(field)
  })
})

test('an entry comes out of the store as it went in; what is none does not', () => {
  const { bytes } = encoded(entry)
  expect(restoreEntry(bytes)).toStrictEqual(entry)
  expect(restoreEntry(bytes.subarray(1))).toBeUndefined()
  expect(restoreEntry(Uint8Array.of(0xa0))).toBeUndefined()
})
