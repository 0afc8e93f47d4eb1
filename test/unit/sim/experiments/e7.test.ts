import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock, systemCpu } from '../../../../node/adapters/system.ts'
import { createDistiller } from '../../../../node/lessons/distiller.ts'
import type { Embedder } from '../../../../node/ports.ts'
import type { SpaceId } from '../../../../protocol/types.ts'
import { bm25 } from '../../../../sim/experiments/bm25.ts'
import { e7 } from '../../../../sim/experiments/e7.ts'
import { ownWords } from '../../../../sim/experiments/own-words.ts'
import { type Script, transcript } from '../../node/lessons/episodes.ts'

/** Vectors of letters: enough to rank, and no model to load. */
const letterEmbedder: Embedder = {
  space: 'ee'.repeat(32) as SpaceId,
  dimensions: 26,
  embed: async texts =>
    texts.map(text => {
      const vector = new Float32Array(26).fill(0.01)
      for (const letter of text.toLowerCase()) {
        const index = letter.charCodeAt(0) - 97
        if (index >= 0 && index < 26) vector[index] = (vector[index] ?? 0) + 1
      }
      const length = Math.hypot(...vector)
      return vector.map(component => component / length)
    }),
}

const lessons = new URL('../../../../node/lessons/', import.meta.url)

describe('experiment e7', () => {
  it('prints its figures by name for a file of runs', async () => {
    const pour = (task: string, trial: number): Script => ({
      task,
      trial,
      reward: 1,
      steps: [
        { rule: 'Call get_member first.' },
        { user: `please, ${task}` },
        { tool: 'get_member', arguments: {}, result: { jars: [{ id: `jar-${task}${trial}` }] } },
        { tool: 'modify_jar', arguments: { jar_id: `jar-${task}${trial}` }, result: 'ok' },
      ],
    })
    const runs = ['a', 'b', 'c', 'd', 'e', 'f'].map((task, i) => JSON.stringify(transcript(pour(task, i))))
    const folder = mkdtempSync(join(tmpdir(), 'swarmlore-e7-'))
    try {
      const file = join(folder, 'runs.jsonl')
      writeFileSync(file, runs.join('\n'))
      const ports = {
        clock: systemClock,
        cpu: systemCpu(),
        embedder: letterEmbedder,
        distiller: createDistiller(),
        openSwarm: () => Promise.reject(new Error('this node has no network')),
        tracedShare: async () => ({ structured: 6, traced: 6 }),
      }
      const options = { files: [file], seed: '1', heldOut: 2, splits: 15, shuffles: 5 }
      const [result] = await e7(ports, { ...options, onProgress: () => undefined })
      expect(result).toMatchObject({
        episodes: 6,
        entries: 1,
        recurring_share: 1,
        contradictions: 0,
        leaked_values: 0,
        outside_vocabulary: 0,
        traced_share: 1,
        entries_by_pattern: { 'call-card': 1 },
      })
      expect(result?.recall5_call).toBe(1)
      // Of the advice's words only `call`, `get`, `member` and `first` stand in the prompt.
      expect(result?.advice_beyond_prompt).toBeGreaterThan(0.8)
      expect(result?.advice_beyond_prompt).toBeLessThan(1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('knows every word of the distiller’s own phrases', () => {
    const known = new Set(ownWords)
    const missing = new Set<string>()
    for (const name of readdirSync(lessons, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue
      const source = readFileSync(new URL(name, lessons), 'utf8')
      // Lessons that quote are in no published entry, which is what the list is for.
      if (source.includes('staysHere: true,')) continue
      for (const [, said, owned] of source.matchAll(/say`((?:[^`\\]|\\.)*)`|own\(\s*'((?:[^'\\]|\\.)*)'/g)) {
        const text = (said ?? owned ?? '').replace(/\$\{[^}]*\}/g, ' ')
        for (const [word] of text.toLowerCase().matchAll(/[a-z][a-z'-]*/g))
          if (!known.has(word)) missing.add(word)
      }
    }
    expect([...missing]).toEqual([])
  })

  it('ranks by BM25: rare words first, long texts not for their length', () => {
    const rank = bm25(['red jar', 'blue jar', `jar ${'word '.repeat(50)}`])
    expect(rank('blue jar')[0]).toBe(1)
    expect(rank('jar').at(-1)).toBe(2)
  })
})
