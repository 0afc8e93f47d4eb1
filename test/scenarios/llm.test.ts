/** The real program with an LLM named in its settings: what it says of it, and what it keeps to itself. */

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type ScriptedLlm, says, scriptedLlm } from '../integration/adapters/scripted-llm.ts'
import { transcript } from '../unit/node/lessons/episodes.ts'
import { answerText, deskRun, goodLesson } from '../unit/node/lessons/llm/answers.ts'
import { swarmlore } from './cli-process.ts'
import { afterwards, endAll, temporaryFolder } from './real-nodes.ts'

// Several starts of a node each; other tests may have the cores.
vi.setConfig({ testTimeout: 180_000 })
afterEach(endAll)

const key = 'sk-zq9-secret-of-the-owner'
const input = ['a', 'b'].map(task => `${JSON.stringify(transcript(deskRun(task)))}\n`).join('')

/** A data folder whose settings name the endpoint and a file with the key. */
async function configured(): Promise<{ folder: string; llm: ScriptedLlm; keyFile: string }> {
  const llm = await scriptedLlm(says(answerText({ ...goodLesson, runs: [1, 2] })))
  afterwards(() => llm.close())
  const folder = await temporaryFolder()
  const keyFile = join(folder, 'llm-key')
  await writeFile(keyFile, `${key}\n`, { mode: 0o600 })
  await mkdir(join(folder, 'swarmlore'), { mode: 0o700 })
  const settings = { llmUrl: llm.url, llmModel: 'desk-model', llmKeyFile: keyFile }
  await writeFile(join(folder, 'swarmlore', 'config.json'), JSON.stringify(settings))
  return { folder, llm, keyFile }
}

test('lessons of an LLM wait for review, and status, doctor and the settings say that it is on, without its key', async () => {
  const { folder, llm } = await configured()
  const said: string[] = []
  const run = async (...argv: readonly string[]): Promise<string> => {
    const { status, out, err } = await swarmlore(folder, argv, input)
    expect([argv, status]).toEqual([argv, 0])
    said.push(out, err)
    return out
  }
  await run('distil', '--dry-run', '-')
  expect(llm.asked).toHaveLength(0)

  await run('ingest', '-')
  expect(llm.asked.map(asked => asked.headers.authorization)).toEqual([`Bearer ${key}`])
  const review = JSON.parse(await run('entries', 'ls', '--status', 'review', '--json'))
  expect(review.items ?? [review]).toMatchObject([
    { status: 'review', entry: { situation: goodLesson.situation, lineage: { method: 'llm' } } },
  ])
  const status = await run('status')
  expect(status).toContain(`llm       desk-model at ${llm.url}; today 1 of 50 requests`)
  expect(status).toMatch(/last asked .* UTC: Lessons taken: 1; refused: 0; runs asked about: 2\./)
  expect(await run('doctor')).toContain('desk-model: Lessons taken: 1')
  expect(await run('config', 'show')).toContain('desk-model')
  expect(said.join()).not.toContain('sk-zq9')
})

test('a key that others can read, or that is not there, is said before anything is sent', async () => {
  const { folder, llm, keyFile } = await configured()
  await chmod(keyFile, 0o644)
  const readable = await swarmlore(folder, ['ingest', '-'], input)
  expect(readable).toMatchObject({ status: 1, err: expect.stringContaining(`chmod 600 '${keyFile}'`) })
  const settings = ['--set', `llmKeyFile=${join(folder, 'none')}`]
  const missing = await swarmlore(folder, [...settings, 'ingest', '-'], input)
  expect(missing).toMatchObject({ status: 1, err: expect.stringContaining('There is no file') })
  expect(llm.asked).toHaveLength(0)
})
