import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { heldBackBy } from '../../../../node/pipeline/publish.ts'
import type { EntryDraft } from '../../../../node/ports.ts'
import { captured, distilled, isShareable } from './episodes.ts'

const prompt = 'def halve(pairs):\n    """ Gives the first half of the pairs, the middle one included. """\n'

/** As recorded: one line for each attempt at a problem, with the verdict of its tests. */
function attempt(is_solved: boolean, body: readonly string[], run = 'first', asked = prompt): unknown {
  const solution = `${asked}${body.map(line => `    ${line}`).join('\n')}`
  return { run, name: 'halve', is_solved, reflections: [], prompt: asked, solution }
}

const start = 'size = len(pairs)'
const bad = [start, 'return pairs[:size // 2]']
const good = [start, 'return pairs[:(size + 1) // 2]']

async function repairs(values: readonly unknown[]): Promise<readonly EntryDraft[]> {
  return (await distilled(values)).filter(draft => draft.pattern === 'repaired-attempt')
}

describe('attempts at one program', () => {
  it('are runs of one ask with the verdict as their outcome', () => {
    const [failed, passed] = [captured(attempt(false, bad)), captured(attempt(true, good, 'second'))]
    expect(failed.outcome).toEqual({ solved: false, by: 'test' })
    expect(passed.outcome).toEqual({ solved: true, by: 'test' })
    expect(passed.ask).toBe(failed.ask)
    expect(passed.id).not.toBe(failed.id)
  })

  it('teach the lines in which the one that passed differs from the one that failed', async () => {
    const found = await repairs([attempt(false, bad), attempt(true, good), attempt(true, good, 'third')])
    expect(found).toHaveLength(1)
    expect(found[0]?.insight.detail).toBe(
      'Lines of the one that failed:\nreturn pairs[:size // 2]\nLines of the one that passed:\nreturn pairs[:(size + 1) // 2]',
    )
    expect(found[0]?.situation).toContain('the middle one included')
    expect(found[0]?.support.map(one => one.solved).sort()).toEqual([false, true, true])
  })

  it('teach this node alone: neither a share mode nor a review lets code out', async () => {
    const [lesson] = await repairs([attempt(false, bad), attempt(true, good)])
    if (lesson === undefined) throw new TypeError('no lesson')
    for (const mode of ['verified', 'reviewed', 'all'] as const)
      expect(heldBackBy(lesson, mode, 'approved')?.code).toBe('quotes')
  })

  it.each([
    [
      'the same program got both verdicts',
      [attempt(false, bad), attempt(true, bad, 'second'), attempt(true, good)],
    ],
    [
      'one with the change failed, too',
      [attempt(false, bad), attempt(true, good), attempt(false, [...good, 'x = 1'])],
    ],
    [
      'one without the change passed, too',
      [
        attempt(false, [...bad, 'x = 1']),
        attempt(true, [...good, 'x = 1']),
        attempt(true, [...bad, 'y = 2']),
      ],
    ],
    [
      'only comments differ',
      [attempt(false, ['# halves', ...bad]), attempt(true, ['# gives halves', ...bad])],
    ],
    [
      'it is another program',
      [
        attempt(false, bad),
        attempt(
          true,
          'abcdefg'.split('').map(x => `${x} = 1`),
        ),
      ],
    ],
    [
      'nobody judged the tests',
      [
        { question: prompt, answer: 'a', correct: false },
        { question: prompt, answer: 'b', correct: true },
      ],
    ],
    [
      'a changed line holds something personal',
      [attempt(false, ['send("a@b.example")']), attempt(true, ['send("c@d.example")'])],
    ],
    ['they are of two programs', [attempt(false, bad), attempt(true, good, 'second', `${prompt}# other\n`)]],
  ])('teach nothing where %s', async (_, values) => {
    expect(await repairs(values)).toEqual([])
  })
})

const data = new URL('../../../../../shared/data/reflexion/', import.meta.url)
const absent = !existsSync(data)
const title = absent ? 'recorded attempts (skipped: there is no ../shared/data)' : 'recorded attempts'

describe.skipIf(absent)(title, () => {
  const rowsOf = (file: string) =>
    readFileSync(new URL(file, data), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): { readonly is_solved?: boolean; readonly success?: boolean; readonly prompt?: string } =>
        JSON.parse(line),
      )

  it.each(['programming_runs.jsonl', 'env_results.jsonl'])('%s is taken in as it is', file => {
    const rows = rowsOf(file)
    const asks = new Map<string, string>()
    for (const row of rows) {
      const episode = captured(row)
      expect(episode.outcome).toEqual({ solved: row.is_solved ?? row.success, by: 'test' })
      if (row.prompt !== undefined) asks.set(row.prompt, asks.get(row.prompt) ?? episode.ask)
      if (row.prompt !== undefined) expect(episode.ask).toBe(asks.get(row.prompt))
    }
    expect(rows.length).toBeGreaterThan(4_000)
  })

  it('of programs teach this node some dozen repairs, and share nothing', async () => {
    const rows = rowsOf('programming_runs.jsonl')
    const prompts = [...new Set(rows.map(row => row.prompt))]
    const some = new Set(prompts.filter((_, index) => index % 3 === 0))
    const drafts = await distilled(rows.filter(row => some.has(row.prompt)))
    expect(drafts.filter(draft => draft.pattern === 'repaired-attempt').length).toBeGreaterThanOrEqual(12)
    expect(drafts.filter(isShareable)).toEqual([])
  }, 30_000)
})
