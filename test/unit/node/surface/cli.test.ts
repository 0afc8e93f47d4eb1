import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { settingsSchema } from '../../../../node/config.ts'
import { runCli } from '../../../../node/surface/cli.ts'
import { StoreError } from '../../../../store/errors.ts'
import { cidOf, FakeNode, friend } from './fake-node.ts'
import { type FakeProgram, fakeProgram } from './fake-program.ts'

let folder: string
let program: FakeProgram
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-cli-'))
  program = fakeProgram(folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

async function run(...argv: string[]) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const seen = Promise.all([text(stdout), text(stderr)])
  const status = await runCli(program, argv, { stdout, stderr })
  stdout.end()
  stderr.end()
  const [out, err] = await seen
  return { status, out, err }
}

const commands = [
  'demo',
  'up',
  'status',
  'doctor',
  'config',
  'config show',
  'config path',
  'ingest',
  'distil',
  'episodes',
  'episodes ls',
  'episodes show',
  'episodes forget',
  'recall',
  'feedback',
  'entries',
  'entries ls',
  'entries show',
  'entries add',
  'entries retract',
  'entries review',
  'peers',
  'trust',
  'trust ls',
  'trust set',
  'trust pin',
  'trust block',
  'trust clear',
  'trust why',
  'invite',
  'invite create',
  'invite ls',
  'invite revoke',
  'join',
  'swarms',
  'sim',
  'sim calibrate',
  'sim spread',
  'sim merge',
]

test.each(commands)(
  '%s --help says what it does, shows an example and the options that all have',
  async command => {
    const { status, out, err } = await run(...command.split(' '), '--help')
    expect(status).toBe(0)
    expect(err).toBe('')
    expect(out).toMatch(/\nExample:\n {2}\$ swarmlore \w/)
    for (const option of ['--data', '--json', '--verbose', '--set']) expect(out).toContain(option)
    // Each line begins one that runs, but for the line after one that goes on.
    const examples = out.slice(out.indexOf('\nExample:\n')).trimEnd().split('\n').slice(2)
    for (const [at, line] of examples.entries()) {
      const goesOn = examples[at - 1]?.endsWith('\\') === true
      expect(line).toMatch(goesOn ? /^ {4,}--\w/ : /^ {2}\$ swarmlore [a-z]/)
    }
  },
)

test('what is no command, option or argument ends with status 2 and a sentence on standard error', async () => {
  const wrong = [
    [],
    ['stauts'],
    ['status', '--colour'],
    ['recall', '--limit', 'many', 'x'],
    ['recall'],
    ['recall', ''],
    ['recall', ' ', '--error', ''],
    ['recall', '--call', ''],
    ['recall', '--call', '{"seat":"12A"}'],
    ['feedback', 'r-1', 'great'],
    ['trust', 'set', 'bbbbX', '1.5'],
    ['trust', 'block', 'bbbbX', '--since', 'someday'],
    ['entries', 'retract'],
    ['entries', 'retract', cidOf(1), '--before', '2026-03-01'],
    ['entries', 'retract', '--before', 'yesterday'],
    ['episodes', 'forget'],
    ['episodes', 'forget', '--before', '32.13.2026'],
    ['feedback', 'r-1', 'solved', '--item', cidOf(1)],
    ['entries', 'ls', '--status', 'strange'],
    ['entries', 'show', 'no-cid'],
    ['entries', 'review', cidOf(1), 'maybe'],
    ['ingest', '-', '-'],
    ['ingest', '--format', 'xml', 'x'],
    ['distil', 'x.jsonl'],
    ['distil', '--dry-run'],
    ['config', 'show', '--set', 'httpPort'],
    ['config', 'show', '--set', 'httpProt=1'],
    ['config', 'show', '--set', 'httpPort=99999'],
    ['up', '--listen', 'nonsense'],
    ['up', '--http-port', 'abc'],
  ]
  for (const argv of wrong) {
    const { status, out, err } = await run(...argv)
    expect({ argv, status }).toEqual({ argv, status: 2 })
    expect(out).toBe('')
    expect(err, argv.join(' ')).toMatch(/\w/)
    expect(err).not.toMatch(/\n {4}at /)
  }
  expect((await run('stauts')).err).toContain('status')
  expect((await run('config', 'show', '--set', 'httpProt=1')).err).toContain("'httpPort'")
  expect((await run('up', '--http-port', 'abc')).err).toContain(
    "--http-port: it takes a whole number from 0 to 65535, and not 'abc'.",
  )
  expect((await run('recall', '')).err).toBe((await run('recall')).err)
})

test('what is approved and stays all the same is not called shared', async () => {
  const { out } = await run('entries', 'review', cidOf(1), 'approve')
  expect(out).toContain('Approved; it is not shared.')
  expect((await run('entries', 'review', cidOf(1), 'reject')).out).toContain('Rejected')
})

test('a list of entries that is empty says why', async () => {
  expect((await run('entries', 'review')).out).toBe('Nothing waits for review.\n')
  expect((await run('entries', 'ls', '--status', 'local')).out).toBe('No entry is like that.\n')
})

test('with --json wrong usage is a document, too, wherever the option stands', async () => {
  const wrong: [string[], RegExp][] = [
    [['--json'], /^A command is missing\./],
    [['entries', '--json'], /^A command is missing\./],
    [['--json', 'stauts'], /^Unknown command 'stauts'\. \(Did you mean status\?\)$/],
    [['stauts', '--json'], /'stauts'/],
    [['entries', 'show', '--json'], /^Missing required argument 'cid'\.$/],
    [['status', '--colour', '--json'], /'--colour'/],
    [['--set', 'httpPort', '--json', 'status'], /name=value/],
    [['entries', 'add', '--json'], /'--situation <text>'/],
    [['distil', 'x.jsonl', '--json'], /--dry-run/],
  ]
  for (const [argv, message] of wrong) {
    const { status, out, err } = await run(...argv)
    expect({ argv, status }).toEqual({ argv, status: 2 })
    expect(out.trimEnd().split('\n'), argv.join(' ')).toHaveLength(1)
    expect(JSON.parse(out)).toEqual({
      error: { code: 'bad-usage', message: expect.stringMatching(message) },
    })
    expect(err, argv.join(' ')).toMatch(/\w/)
  }
  expect(await run('show', '--', '--json')).toMatchObject({ status: 2, out: '' })
})

test('with --json each command prints one document and nothing else', async () => {
  const lines = join(folder, 'runs.jsonl')
  await writeFile(lines, '{"messages":[]}\n')
  const argvs = [
    ['status'],
    ['doctor'],
    ['config', 'show'],
    ['config', 'path'],
    ['ingest', lines],
    ['distil'],
    ['distil', '--dry-run', lines],
    ['episodes', 'ls'],
    ['recall', 'refund', '--call', 'issue_refund {"order":"#1"}', '--error', 'no', '--tools', 'a, b'],
    ['recall', 'refund', '--prompt'],
    ['feedback', 'r-1', 'helped', '--item', cidOf(1)],
    ['feedback', 'r-1', 'solved'],
    ['entries', 'ls', '--status', 'received'],
    ['entries', 'show', cidOf(1)],
    ['entries', 'retract', cidOf(1)],
    ['entries', 'retract', '--before', '2026-03-01'],
    ['episodes', 'forget', '--before', '2026-03-01T14:05'],
    ['entries', 'review'],
    ['entries', 'review', cidOf(1), 'approve'],
    [
      'entries',
      'add',
      '--domain',
      'a',
      '--situation',
      'b',
      '--summary',
      'c',
      '--action',
      'd',
      '--tool',
      'e:f,g',
    ],
    ['peers'],
    ['trust', 'ls'],
    ['trust', 'set', 'bbbbX', '0.9'],
    ['trust', 'pin', 'bbbbX'],
    ['trust', 'block', 'bbbbX', '--since', '2026-03-01'],
    ['trust', 'clear', friend],
    ['trust', 'why', 'bbbbX'],
    ['invite', 'ls'],
    ['invite', 'revoke', 'i1'],
    ['swarms'],
  ]
  for (const argv of argvs) {
    const { status, out } = await run(...argv, '--json')
    expect({ argv, status }).toEqual({ argv, status: 0 })
    expect(out.trimEnd().split('\n'), argv.join(' ')).toHaveLength(1)
    expect(JSON.parse(out), argv.join(' ')).toBeTypeOf('object')
    const forPeople = await run(...argv)
    expect(forPeople.status, argv.join(' ')).toBe(0)
    expect(forPeople.out, argv.join(' ')).toMatch(/\w/)
    expect(() => JSON.parse(forPeople.out), argv.join(' ')).toThrow()
  }
})

test('what recall is worth stands in the status with its interval, once there is anything to compare', async () => {
  expect((await run('status')).out).toContain(
    'worth     recall changes the share of solved tasks by +21.4 points (95 %: −3 to +40.1): solved 50 of 70 with recall and 5 of 10 without, in 30 days; 10 % are withheld\n',
  )
})

test('a failure is a sentence on standard error, and with --json a document beside it', async () => {
  const plain = await run('entries', 'show', cidOf(9))
  expect(plain).toMatchObject({
    status: 1,
    out: '',
    err: `Error: There is no entry ${cidOf(9)} here. (unknown-entry)\n`,
  })
  const { out } = await run('entries', 'show', cidOf(9), '--json')
  expect(JSON.parse(out)).toEqual({
    error: { code: 'unknown-entry', message: `There is no entry ${cidOf(9)} here.` },
  })
})

test('a command that needs a running node says so with status 3, and how to start one', async () => {
  for (const argv of [
    ['join', 'x'],
    ['invite', 'create'],
  ]) {
    const { status, err } = await run(...argv)
    expect(status).toBe(3)
    expect(err).toContain("'swarmlore up'")
  }
  const elsewhere = await run('status', '--data', join(folder, 'nothing'))
  expect(elsewhere).toMatchObject({ status: 3, out: '' })
  expect(program.nodes).toHaveLength(0)
})

test('a store that another process has open is status 4, for up as for the rest', async () => {
  program.locked = true
  expect(await run('status')).toMatchObject({ status: 4 })
  expect(await run('up', '--http-port', '0')).toMatchObject({ status: 4 })
})

test('stored data is read without starting the node, and let go of again', async () => {
  const { out } = await run('status')
  expect(out).toContain('No node is running here')
  expect(program.nodes.map(({ started, stopped }) => ({ started, stopped }))).toEqual([
    { started: false, stopped: true },
  ])
})

test('what a peer or a transcript says cannot steer the terminal, in colour or without, now or out of a file', async () => {
  const hostile = 'a\x1b[31mred\x1b[0m \x1b[1m\x1b[2J\x1b]0;title\x07 \u202e\x9b2J\x7f\x00\u{e0041}\r hidden'
  const { compose } = program
  program.compose = async (...args) => {
    const composed = await compose(...args)
    const node = program.nodes.at(-1)
    const view = node?.stored.get(cidOf(1))
    if (node === undefined || view === undefined) throw new Error('the fake node has changed')
    const insight = { ...view.entry.insight, summary: hostile }
    node.stored.set(cidOf(1), { ...view, entry: { ...view.entry, insight } })
    node.captured.set('e1', {
      id: 'e1',
      ask: 'ask',
      source: hostile,
      capturedAt: 1_780_000_000_000,
      interactions: [
        { type: 'message', role: 'user', text: hostile },
        { type: 'result', callId: 'c1', tool: hostile, text: hostile },
      ],
    })
    return composed
  }
  vi.stubEnv('NO_COLOR', undefined)
  vi.stubEnv('FORCE_COLOR', undefined)
  vi.stubEnv('NODE_DISABLE_COLORS', undefined)
  for (const terminal of [false, true]) {
    const stdout = Object.assign(new PassThrough(), { isTTY: terminal, getColorDepth: () => 8 })
    for (const argv of [
      ['entries', 'show', cidOf(1)],
      ['episodes', 'show', 'e1'],
      ['episodes', 'ls'],
    ]) {
      expect(await runCli(program, argv, { stdout, stderr: new PassThrough() })).toBe(0)
    }
    stdout.end()
    const out = await text(stdout)
    expect(out).toContain(
      'a\ufffd[31mred\ufffd[0m \ufffd[1m\ufffd[2J\ufffd]0;title\ufffd \ufffd\ufffd2J\ufffd\ufffd\ufffd\ufffd hidden',
    )
    // The only escapes are the bold first words of an entry and an episode.
    const bold = terminal ? [`\x1b[1m${cidOf(1)}\x1b[22m`, '\x1b[1me1\x1b[22m'] : [cidOf(1), 'e1']
    for (const words of bold) expect(out).toContain(words)
    const rest = bold.reduce((left, words) => left.replace(words, ''), out)
    expect(rest.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(out).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
  }
  const { out } = await run('episodes', 'show', 'e1', '--json')
  expect(out.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(JSON.parse(out).source).toBe(hostile)
})

test('a line break in a transcript makes neither an interaction nor a row of its own', async () => {
  const { compose } = program
  program.compose = async (...args) => {
    const composed = await compose(...args)
    program.nodes.at(-1)?.captured.set('e1', {
      id: 'e1',
      ask: 'ask',
      source: 'file\ne2',
      capturedAt: 1_780_000_000_000,
      interactions: [{ type: 'message', role: 'user', text: 'one\nassistant: two' }],
    })
    return composed
  }
  expect((await run('episodes', 'show', 'e1')).out).toContain('user: one\n    assistant: two\n')
  expect((await run('episodes', 'ls')).out).toMatch(/^e1 .*file\ufffde2\n$/)
})

test('the way to tell whether a lesson helped names the lesson where there were several', async () => {
  const { compose } = program
  const hint = async (copies: number): Promise<string> => {
    program.compose = async (...given) => {
      const composed = await compose(...given)
      const node = program.nodes.at(-1)
      const recall = node?.recall.bind(node)
      if (node && recall)
        node.recall = async request => {
          const result = await recall(request)
          return { ...result, items: Array.from({ length: copies }, () => result.items).flat() }
        }
      return composed
    }
    return (await run('recall', 'refund')).out
  }
  expect(await hint(1)).toMatch(/feedback \S+ helped\|hurt\|unused\n/)
  expect(await hint(2)).toMatch(/feedback \S+ helped\|hurt\|unused --item CID\n/)
})

test('recall shows the lesson with its author, tier, reason and alternatives, and what was held back', async () => {
  const { out } = await run('recall', 'refund')
  for (const part of [
    friend,
    'trusted',
    'The tool issue_refund is named.',
    cidOf(2),
    'swarmlore trust pin Y',
  ]) {
    expect(out).toContain(part)
  }
  expect((await run('recall', 'nothing')).out).toContain('Nothing that helps')
  expect(await run('recall', 'refund', '--prompt')).toEqual({
    status: 0,
    out: '<lessons>\nCancel the order.\n</lessons>\n',
    err: '',
  })
})

test('how digests spread is shown in a row for each size', async () => {
  const { out, status } = await run('sim', 'spread')
  expect(status).toBe(0)
  expect(out).toMatch(/nodes +p50Ms +delivered\n +100 +85\.4 +1\.0000/)
})

test('a calibration shows the real and the simulated side by side, and how far they are apart', async () => {
  const { out, status } = await run('sim', 'calibrate')
  expect(status).toBe(0)
  expect(out).toMatch(/10 nodes, fitted +real +simulated +off by/)
  expect(out).toMatch(/delivery, 50 % \(ms\) +400 +420 +5\.0 %/)
  expect(out).toContain('other programs used 7 % of the processors')
  expect(out).toMatch(/handlingMs +1\.500 +2\.000/)
  expect(out).toMatch(/verify +130 +115/)
})

test('a prompt that nothing helps gets nothing, and the person a line that says so', async () => {
  const { status, out, err } = await run('recall', 'nothing', '--prompt')
  expect([status, out]).toEqual([0, ''])
  expect(err).toMatch(
    /^Nothing that helps is known here\.\nHeld back: 2 lessons of .*swarmlore trust pin Y\n$/,
  )
})

test('recall takes a call as far as it is written', async () => {
  const asked: unknown[] = []
  const { compose } = program
  program.compose = async (...given) => {
    const composed = await compose(...given)
    const node = program.nodes.at(-1)
    if (node) {
      const recall = node.recall.bind(node)
      node.recall = request => {
        asked.push(request)
        return recall(request)
      }
    }
    return composed
  }
  for (const call of ['book', 'book {"seat":"12', 'book{seat', 'book(seat=12)'])
    expect((await run('recall', '--call', call)).status).toBe(0)
  expect(asked).toEqual([
    { control: false, pendingCall: { tool: 'book' } },
    { control: false, pendingCall: { tool: 'book', arguments: '{"seat":"12' } },
    { control: false, pendingCall: { tool: 'book', arguments: '{seat' } },
    { control: false, pendingCall: { tool: 'book', arguments: '(seat=12)' } },
  ])
})

test('settings come from flags, then the environment, then config.json, and config show says from where', async () => {
  await writeFile(join(folder, 'config.json'), '{"recallLimit":7,"httpPort":7001,"mdns":false}')
  program = fakeProgram(folder, { SWARMLORE_HTTP_PORT: '7002', SWARMLORE_RECALL_LIMIT: '8' })
  const { out } = await run('config', 'show', '--json', '--set', 'recallLimit=9')
  const { settings } = JSON.parse(out)
  expect(settings.recallLimit).toEqual({ value: 9, from: '--set recallLimit' })
  expect(settings.httpPort).toEqual({ value: 7002, from: 'SWARMLORE_HTTP_PORT' })
  expect(settings.mdns).toEqual({ value: false, from: `mdns in ${join(folder, 'config.json')}` })
  expect(settings.dht).toEqual({ value: true, from: 'default' })
})

test('where the owner has said nothing about a peer, no word stands there', async () => {
  const list = await run('trust', 'ls')
  expect(list.out).toMatch(/helped 0, hurt 0$/m)
  expect(list.out).not.toContain('none')
  const why = (await run('trust', 'why', friend)).out
  expect(why).toContain('├─ word          You have said nothing about it.')
  expect(why).toContain('├─ vouching      Influence 0.25.\n│    You vouch for it with 0.75.\n')
  expect(why).toContain('└─ tier          So it is trusted.')
  expect(list.out).toContain('influence 0.250')
  expect((await run('trust', 'pin', friend)).out).toContain('Your word: pinned.')
})

test('config show lists every setting, and says of one without a value that it is not set', async () => {
  const { out } = await run('config', 'show')
  for (const name of Object.keys(settingsSchema.shape)) expect(out).toMatch(new RegExp(`^${name} `, 'm'))
  expect(out).toMatch(/^modelFolder +not set$/m)
  const { settings } = JSON.parse((await run('config', 'show', '--json')).out)
  expect(settings.modelFolder).toEqual({ value: null, from: 'default' })
  const given = await run('config', 'show', '--set', 'modelFolder=/models/m')
  expect(given.out).toMatch(/^modelFolder +"\/models\/m" +--set modelFolder$/m)
})

test('the data folder is the flag, else SWARMLORE_DATA, else the usual place', async () => {
  program = fakeProgram(folder, { SWARMLORE_DATA: '/from/environment' })
  expect((await run('config', 'path')).out).toContain('/from/environment\n')
  expect((await run('config', 'path', '--data', '/from/flag')).out).toContain('/from/flag\n')
  program = fakeProgram(folder, { SWARMLORE_DATA: '' })
  expect((await run('config', 'path')).out).toContain(`${folder}\n`)
})

test('a settings file that is no JSON object, and an unknown variable, are errors that name them', async () => {
  program = fakeProgram(folder, { SWARMLORE_HTTP_PROT: '1' })
  expect(await run('status')).toMatchObject({
    status: 2,
    err: expect.stringContaining('SWARMLORE_HTTP_PROT'),
  })
  program = fakeProgram(folder)
  for (const bad of ['{', '[]', '"x"', '{"httpProt":1}', '{"httpPort":"x"}']) {
    await writeFile(join(folder, 'config.json'), bad)
    expect(await run('status'), bad).toMatchObject({ status: 2, err: expect.stringContaining('config.json') })
  }
})

test('bad lines are named by file and number and skipped, and the status says that it was not all', async () => {
  const path = join(folder, 'runs.jsonl')
  const good = (n: number): string => `{"messages":[{"role":"user","content":"${n}"}]}`
  await writeFile(path, [good(1), '{"broken', '', '{"other":1}', '5', good(2), good(2)].join('\n'))
  const { status, out, err } = await run('ingest', path, '--json')
  expect(status).toBe(5)
  const report = JSON.parse(out)
  expect(report).toMatchObject({ captured: 2, known: 1, bad: 3, distilled: { drafts: 2 } })
  expect(report.badLines.map(({ line, code }: { line: number; code: string }) => [line, code])).toEqual(
    expect.arrayContaining([
      [2, 'not-json'],
      [4, 'unknown-format'],
      [5, 'not-an-object'],
    ]),
  )
  expect(err).toContain(`${path}:2: `)
})

test('a store in trouble ends the taking in at once, and is not blamed on the lines', async () => {
  const path = join(folder, 'runs.jsonl')
  const lines = Array.from({ length: 50 }, (_, n) => `{"messages":[{"role":"user","content":"${n}"}]}\n`)
  await writeFile(path, lines.join(''))
  const codes = ['store-full', 'store-write-failed', 'store-corrupt', 'store-closed'] as const
  for (const code of codes) {
    for (const how of ['answered', 'thrown']) {
      let asked = 0
      const failing = async () => {
        asked++
        if (how === 'thrown') throw new StoreError(code, 'The store is in trouble.')
        return { ok: false as const, code, message: 'The store is in trouble.' }
      }
      const { compose } = program
      program.compose = async (...given) => {
        const composed = await compose(...given)
        const node = program.nodes.at(-1)
        if (node) node.capture = failing
        return composed
      }
      const ended = await run('ingest', path)
      program.compose = compose
      expect(ended, how).toEqual({ status: 1, out: '', err: `Error: The store is in trouble. (${code})\n` })
      expect(asked).toBeLessThan(50)
    }
  }
})

test('a file that cannot be read is named in words, by ingest and by a dry run alike', async () => {
  const path = join(folder, 'runs.jsonl')
  await writeFile(path, '{"messages":[]}\n')
  const missing = join(folder, 'missing.jsonl')
  for (const command of [['ingest'], ['distil', '--dry-run']]) {
    const some = await run(...command, missing, folder, path)
    expect(some.status, command.join(' ')).toBe(5)
    expect(some.err).toContain(`${missing}: It does not exist. Skipped. (unreadable-file)\n`)
    expect(some.err).toContain(`${folder}: It is a folder, and a file is wanted. `)
    expect(some.err).not.toMatch(/:0:|ENOENT|EISDIR/)
    const none = await run(...command, missing, folder, '--json')
    expect(none.status, command.join(' ')).toBe(1)
    expect(none.err + none.out).not.toMatch(/:0:|ENOENT|EISDIR/)
    expect(JSON.parse(none.out)).toBeTypeOf('object')
  }
})

test('a dry run in which no transcript is of a known format has failed', async () => {
  const path = join(folder, 'runs.jsonl')
  await writeFile(path, '{"other":1}\n')
  program.composeInMemory = async () => {
    const node = new FakeNode()
    node.preview = async () => ({
      drafts: [],
      episodes: [],
      failures: [{ transcript: 0, code: 'unknown-format', message: 'No known transcript format.' }],
    })
    return { ok: true, value: { node, close: () => node.stop() } }
  }
  expect(await run('distil', '--dry-run', path)).toMatchObject({ status: 1 })
})

test('a data folder is begun only when there is something to put into it', async () => {
  const path = join(folder, 'bad.jsonl')
  await writeFile(path, '{"broken\n5\n')
  const begun = join(folder, 'begun')
  const nothing = await run('ingest', join(folder, 'missing.jsonl'), path, '--data', begun)
  expect(nothing).toMatchObject({ status: 1, out: '0 episodes captured, 3 bad and skipped.\n' })
  expect(await readdir(folder)).toEqual(['bad.jsonl'])
  await writeFile(path, '{"broken\n{"messages":[]}\n')
  expect(await run('ingest', path, '--data', begun)).toMatchObject({ status: 5 })
  expect(await readdir(folder)).toContain('begun')
})

test('what stays on the node is counted in all, and the word ask is explained where it is used', async () => {
  const path = join(folder, 'runs.jsonl')
  await writeFile(path, '{"messages":[]}\n')
  let local: Record<string, number> = {}
  const { compose } = program
  program.compose = async (...given) => {
    const composed = await compose(...given)
    const node = program.nodes.at(-1)
    if (node)
      node.distil = async () => ({ episodes: 1, drafts: 0, newDrafts: 0, published: 0, heldOver: 2, local })
    return composed
  }
  const first =
    'Distilled 1 episode: 0 lessons found, 0 of them new; 0 shared.\n2 lessons wait for a quiet moment: more came at once than a run is given time for.\n'
  const reason = 'It rests on 1 solved ask, and 2 are needed before it is shared.'
  for (const argv of [['ingest', path], ['distil']]) {
    local = { [reason]: 3 }
    expect((await run(...argv)).out).toContain(
      `${first}Still on this node only, in all:\n  3: ${reason}\nAn ask is one distinct task; it is solved when a run of it has ended well.\n`,
    )
    local = { 'You rejected it.': 1 }
    const rejected = await run(...argv)
    expect(rejected.out).toContain('Still on this node only, in all:\n  1: You rejected it.\n')
    expect(rejected.out).not.toContain('An ask is')
    local = {}
    expect((await run(...argv)).out).toMatch(/ is given time for\.\n$/)
  }
})

test('a dry run says which transcripts contradict themselves, and takes none of them for silent', async () => {
  const path = join(folder, 'runs.jsonl')
  await writeFile(path, '{"messages":[]}\n{"messages":[]}\n')
  program.composeInMemory = async () => {
    const node = new FakeNode()
    node.preview = async () => ({
      drafts: [],
      episodes: [
        { transcript: 0, episode: 'e1', contradictory: true },
        { transcript: 1, episode: 'e2' },
      ],
      failures: [],
    })
    return { ok: true, value: { node, close: () => node.stop() } }
  }
  const { out } = await run('distil', '--dry-run', path)
  expect(out).toContain(
    '1 run whose transcript tells of success and of failure: the outcome counts as unknown',
  )
  expect(out).toMatch(/1 run without an outcome: .*line 2/)
})

test('a dry run shows the exact bytes, keeps nothing and needs no data folder', async () => {
  const path = join(folder, 'runs.jsonl')
  await writeFile(path, '{"messages":[]}\n')
  const { status, out } = await run('distil', '--dry-run', path, '--data', join(folder, 'none'))
  expect(status).toBe(0)
  expect(out).toContain(`1. ${Buffer.from([1, 2, 255]).toString('base64')}\n`)
  expect(out).toContain('1 lesson: It rests on one ask alone. (too-few-asks)\n')
  expect(out).toContain('1 would be shared, 1 would stay on this node. Nothing was stored')
  await expect(readFile(join(folder, 'none'))).rejects.toThrow('ENOENT')
})

test('an own entry leads back to its episodes, as long as they are here', async () => {
  let episodes = Array.from({ length: 12 }, (_, at) => `episode${at}`)
  const { compose } = program
  program.compose = async (...given) => {
    const composed = await compose(...given)
    const node = program.nodes.at(-1)
    const entry = node?.entry.bind(node)
    if (node && entry)
      node.entry = async cid => {
        const found = await entry(cid)
        return found.ok ? { ok: true, value: { ...found.value, tier: 'own', episodes } } : found
      }
    return composed
  }
  const show = async (...more: string[]) => (await run('entries', 'show', cidOf(1), ...more)).out
  expect(await show()).toMatch(
    /\nepisodes {3}episode0\n {11}episode1\n[\s\S]*episode9\n {11}and 2 more\n {11}One of them: swarmlore episodes show episode0\n/,
  )
  expect(JSON.parse(await show('--json')).episodes).toEqual(episodes)
  episodes = []
  expect(await show()).toContain('episodes   none of those it came from is here any more\n')
})

test('a dry run names the runs behind a lesson, and each bad line of each file with its reason', async () => {
  const [one, other] = [join(folder, 'one.jsonl'), join(folder, 'other.jsonl')]
  const run5 = '{"messages":[]}\n'
  await writeFile(one, `[]\n${run5}{"broken\n`)
  await writeFile(other, `${run5}${run5}${run5}${run5}{"other":1}\n`)
  const text = await run('distil', '--dry-run', one, other)
  expect(text.status).toBe(5)
  // The episode is the first that could be read: it stands on the second line.
  expect(text.out).toContain('\n         task 7: one.jsonl:2 solved\n')
  expect(text.out).toContain('1 line: No. (unknown-format) – other.jsonl:5\n')
  expect(text.out).toContain('It is JSON, and holds no transcript. (holds-none) – one.jsonl:1\n')
  expect(text.err).toContain(`${one}:1: `)
  expect(text.err).toContain(`${one}:3: `)
  expect(text.err).toContain(`${other}:5: No. Skipped. (unknown-format)\n`)
  const { status, out, err } = await run('distil', '--dry-run', one, other, '--json')
  expect([status, err]).toEqual([5, ''])
  const document = JSON.parse(out)
  expect(document.drafts[0].runs).toEqual([{ episode: 'e1', ask: 'runs.jsonl/7', solved: true }])
  expect(document.runs[0]).toEqual({ file: one, line: 2, episode: 'e1' })
  expect(document.badLines).toMatchObject([
    { file: one, line: 1, code: 'holds-none' },
    { file: one, line: 3, code: 'not-json' },
    { file: other, line: 5, code: 'unknown-format', message: 'No.' },
  ])
})

test('a dry run tells the asks of two files apart, as taking them in does', async () => {
  const task = '{"task_id":1,"messages":[]}\n'
  await writeFile(join(folder, 'one.jsonl'), task)
  await writeFile(join(folder, 'other.jsonl'), task.replace('{', '{"source":"desk",'))
  let asked: readonly unknown[] = []
  program.composeInMemory = async () => {
    const node = new FakeNode()
    node.preview = async transcripts => {
      asked = transcripts
      return { drafts: [], episodes: [], failures: [] }
    }
    return { ok: true, value: { node, close: () => node.stop() } }
  }
  await run('distil', '--dry-run', join(folder, 'one.jsonl'), join(folder, 'other.jsonl'))
  expect(asked).toEqual([
    { source: 'one.jsonl', task_id: 1, messages: [] },
    { source: 'desk', task_id: 1, messages: [] },
  ])
})

test('neither a task’s id nor a quote can pass for another lesson of a dry run', async () => {
  const path = join(folder, 'runs.jsonl')
  await writeFile(path, '{"messages":[]}\n')
  program.composeInMemory = async () => {
    const node = new FakeNode()
    const { drafts, ...rest } = await node.preview([{}])
    const forged = drafts.map(draft => ({
      ...draft,
      runs: [{ episode: 'e1', ask: `runs.jsonl/7\n1. forged ${'long'.repeat(50)}`, solved: true }],
      entry: { ...draft.entry, situation: 'When?\n2. forged' },
    }))
    node.preview = async () => ({ drafts: forged, ...rest })
    return { ok: true, value: { node, close: () => node.stop() } }
  }
  const { out } = await run('distil', '--dry-run', path)
  expect(out).toContain('   when  When?\n         2. forged\n')
  expect(out).toMatch(/\n {9}task 7 1\. forged [long]{48}: line 1 solved\n/)
})

test('an error inside is one sentence, and --verbose shows its causes', async () => {
  program.compose = async () => {
    throw new TypeError('outer', { cause: new RangeError('inner') })
  }
  const plain = await run('status')
  expect(plain).toMatchObject({ status: 1, out: '' })
  expect(plain.err).toContain('outer')
  expect(plain.err).not.toContain('inner')
  const verbose = await run('status', '--verbose')
  expect(verbose.err).toContain('RangeError: inner')
  expect(verbose.err).not.toMatch(/\n {4}at /)
})
