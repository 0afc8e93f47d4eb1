import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { swarmlore, swarmloreHead, type Up, up } from './cli-process.ts'

// Several starts of a node each; other tests may have the cores.
vi.setConfig({ testTimeout: 180_000 })

const shop = fileURLToPath(new URL('../../node/surface/demo-transcripts/shop-a.jsonl', import.meta.url))

let folder: string
const running: Up[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-scenario-'))
})
afterEach(async () => {
  for (const { end } of running.splice(0)) await end('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})
const data = (): string => join(folder, 'swarmlore')

async function start(more: readonly string[] = []): Promise<Up> {
  const node = await up(folder, more)
  running.push(node)
  return node
}

test('a node is used from the command line: in, distilled, recalled, fed back, retracted, and stopped', async () => {
  const node = await start()
  const taken = await swarmlore(folder, ['ingest', '--json', '-'], await readFile(shop, 'utf8'))
  expect(taken).toMatchObject({ status: 0, err: '' })
  expect(JSON.parse(taken.out)).toMatchObject({ captured: 15, known: 0, bad: 0 })
  const again = await swarmlore(folder, ['ingest', '--json', shop])
  expect(JSON.parse(again.out)).toMatchObject({ captured: 0, known: 15 })

  const asked = [
    'recall',
    '--json',
    '--call',
    'refund_purchase {"wallet_id":"card_1"}',
    '--error',
    'wallet not found',
  ]
  const recalled = JSON.parse((await swarmlore(folder, asked)).out)
  const [first] = recalled.items
  expect(first).toMatchObject({ tier: 'own', insight: { action: expect.stringContaining('get_account') } })
  // A call that a model is still writing is asked with as far as it goes.
  const cutCall = [
    'recall',
    '--json',
    '--call',
    'refund_purchase {"purchase_id":"p1","wallet_id',
    ...asked.slice(4),
  ]
  expect(JSON.parse((await swarmlore(folder, cutCall)).out).items[0].cid).toBe(first.cid)

  const shown = await swarmlore(folder, ['entries', 'show', first.cid, '--json'])
  const { episodes } = JSON.parse(shown.out)
  expect(episodes).toHaveLength(first.support.episodes)
  const text = (await swarmlore(folder, ['entries', 'show', first.cid])).out
  for (const id of episodes) expect(text).toContain(`  ${id}\n`)
  const [way] = text.match(/episodes show [0-9a-f]+$/m) ?? []
  const episode = await swarmlore(folder, [...(way ?? '').split(' '), '--json'])
  expect(JSON.parse(episode.out)).toMatchObject({
    id: episodes[0],
    entries: expect.arrayContaining([first.cid]),
  })
  const feedback = await swarmlore(folder, ['feedback', recalled.recallId, 'helped', '--item', first.cid])
  expect(feedback).toMatchObject({ status: 0 })
  expect(await swarmlore(folder, ['entries', 'retract', first.cid])).toMatchObject({ status: 0 })
  const after = JSON.parse((await swarmlore(folder, asked)).out)
  expect(after.items.map((item: { cid: string }) => item.cid)).not.toContain(first.cid)

  const invited = await swarmlore(folder, ['invite', 'create', '--uses', '2'])
  expect(invited.out).toMatch(/^swarmlore1[a-z2-7]+\n$/)
  const status = await swarmlore(folder, ['status'])
  expect(status.out).toContain(`at ${node.url}`)
  expect(await node.end('SIGINT')).toBe(0)
  expect(await readdir(data())).not.toContain('run.json')
})

test('what a killed node had answered for is there for the next command, and the run file misleads nobody', async () => {
  const node = await start()
  expect(await swarmlore(folder, ['ingest', shop])).toMatchObject({ status: 0 })
  await node.end('SIGKILL')
  expect(await readdir(data())).toContain('run.json')
  const listed = await swarmlore(folder, ['episodes', 'ls', '--json', '--limit', '100'])
  expect(listed.status).toBe(0)
  expect(JSON.parse(listed.out).items).toHaveLength(15)
  expect(await swarmlore(folder, ['invite', 'create'])).toMatchObject({ status: 3 })
  await start()
  expect(await swarmlore(folder, ['invite', 'create'])).toMatchObject({ status: 0 })
})

test('a second node on the same folder is refused with status 4, and the first goes on', async () => {
  await start()
  const second = await swarmlore(folder, ['up', '--http-port', '0'])
  expect(second).toMatchObject({ status: 4, out: '' })
  expect(second.err).toContain(data())
  await rm(join(data(), 'run.json'))
  const third = await swarmlore(folder, ['up', '--http-port', '0'])
  expect(third).toMatchObject({ status: 4, out: '' })
  const reading = await swarmlore(folder, ['status'])
  expect(reading).toMatchObject({ status: 4, out: '' })
  expect(reading.err).toContain(data())
})

test('a port in use ends with a sentence that names the setting', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : 0
  const api = await swarmlore(folder, ['up', '--http-port', String(port)])
  const listen = ['--listen', `/ip4/127.0.0.1/tcp/${port}`]
  const swarm = await swarmlore(folder, ['up', '--http-port', '0', '--verbose', ...listen])
  other.close()
  expect(api).toMatchObject({ status: 1, out: '' })
  expect(api.err).toContain('httpPort')
  expect(swarm).toMatchObject({ status: 1, out: '' })
  expect(swarm.err).toContain('(port-in-use)')
  for (const { err } of [api, swarm]) expect(err).not.toMatch(/\n +at /)
})

test('a key or a token that others can read is refused, with the command that mends it', async () => {
  await (await start()).end('SIGTERM')
  for (const secret of ['key', 'token']) {
    await chmod(join(data(), secret), 0o644)
    const ended = await swarmlore(folder, ['up', '--http-port', '0'])
    expect(ended.status).toBe(1)
    expect(ended.err).toContain(`chmod 600 '${join(data(), secret)}'`)
    await chmod(join(data(), secret), 0o600)
  }
})

test('a lost key is told, and no command makes another one', async () => {
  await mkdir(data())
  // Nothing was begun here: a command that reads begins nothing.
  expect(await swarmlore(folder, ['status'])).toMatchObject({ status: 3, out: '' })
  expect(await readdir(data())).toEqual([])
  expect(await swarmlore(folder, ['ingest', shop])).toMatchObject({ status: 0 })
  const key = join(data(), 'key')
  await rename(key, `${key}.lost`)
  for (const command of [['status'], ['ingest', shop], ['up', '--http-port', '0']]) {
    const ended = await swarmlore(folder, command)
    expect(ended).toMatchObject({ status: 1, out: '' })
    expect(ended.err).toContain(`its key ${key} is missing`)
  }
  expect(await readdir(data())).not.toContain('key')
  await rename(`${key}.lost`, key)
  expect(await swarmlore(folder, ['status'])).toMatchObject({ status: 0 })
})

test('a garbage file costs nothing but itself', async () => {
  const garbage = join(folder, 'garbage.jsonl')
  await writeFile(garbage, Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 251)))
  const ended = await swarmlore(folder, ['ingest', garbage, shop, '--json'])
  expect(ended.status).toBe(5)
  const report = JSON.parse(ended.out)
  expect(report.captured).toBe(15)
  expect(report.bad).toBeGreaterThan(0)
  expect(ended.err).toContain('garbage.jsonl:1: ')
})

test('a dry run tells what would be shared before there is any node', async () => {
  const ended = await swarmlore(folder, ['distil', '--dry-run', shop, '--json'])
  expect(ended).toMatchObject({ status: 0, err: '' })
  const { drafts } = JSON.parse(ended.out)
  const isShared = (draft: { heldBack?: object }): boolean => draft.heldBack === undefined
  expect(drafts.some(isShared)).toBe(true)
  const text = await swarmlore(folder, ['distil', '--dry-run', shop])
  expect(text).toMatchObject({ status: 0, err: '' })
  // The lesson, the runs behind it by task and line, its bytes; what stays here and why; what gave nothing and why.
  expect(text.out).toMatch(/when {2}About to call `refund_purchase`.*\n/)
  expect(text.out).toContain(
    '3 runs of 2 asks: 3 solved, 0 not\n         task refund-soaked: line 1 solved, ',
  )
  expect(text.out).toContain(`1. ${drafts.find(isShared).bytes.slice(0, 20)}`)
  expect(text.out).toContain('(awaits-review)\n')
  expect(text.out).toMatch(/\d runs? not solved, from which nothing can be advised – line \d/)
  expect(await readdir(folder)).toEqual([])
})

test('whoever reads the output may stop reading', () => {
  const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))
  const ended = spawnSync('sh', ['-c', `"${process.execPath}" "${main}" --help | true`], { encoding: 'utf8' })
  expect(ended.stderr).toBe('')
})

test('a simulation whose results nobody reads to their end does not end as if all were well', async () => {
  const words = ['sim', '--nodes', '3', '--minutes', '1', '--seeds', '1..500', '--json']
  const { status, out, err } = await swarmloreHead(folder, words)
  expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ seed: '1', violations: [] })
  expect([status, err]).toEqual([
    1,
    expect.stringMatching(/^Error: The simulation ends here, for nobody reads/),
  ])
})
