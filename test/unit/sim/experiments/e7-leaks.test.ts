import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { leakedValues } from '../../../../sim/experiments/e7-checks.ts'
import { readRecorded } from '../../../../sim/experiments/e7-data.ts'

/** Runs of a tool whose errors name a state and a person, and the tool's database beside them. */
function leaksIn(situation: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'swarmlore-e7-'))
  try {
    const members = Array.from({ length: 20 }, (_, at) => ({ name: `member ${at}`, state: 'active' }))
    const database = { members: [...members, { name: 'quillfeather', state: 'suspended' }] }
    writeFileSync(join(folder, 'desk_db.json'), JSON.stringify(database))
    const run = {
      task_id: 't1',
      messages: [
        { role: 'system', content: 'A suspended member cannot borrow.' },
        { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'lend', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c', content: 'Error: quillfeather is suspended' },
      ],
    }
    writeFileSync(join(folder, 'desk.jsonl'), JSON.stringify(run))
    const insight = { summary: '', detail: '', action: '' }
    return leakedValues([{ situation, insight }], readRecorded(join(folder, 'desk.jsonl')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a value of a database in an entry', () => {
  it('is a leak although an error says it', () => {
    expect(leaksIn('`lend` failed with "quillfeather is suspended".')).toEqual(['quillfeather'])
  })

  it('is none where the operator speaks of it, too', () => {
    expect(leaksIn('`lend` failed with "<value> is suspended".')).toEqual([])
  })
})
