import { describe, expect, it } from 'vitest'
import { createDistiller } from '../../../../node/lessons/distiller.ts'
import { redact, redactionRules, spansIn } from '../../../../node/pipeline/redact.ts'
import type { Interaction, RedactedEpisode } from '../../../../node/ports.ts'
import { captured, noOwnRules, redacted } from '../lessons/episodes.ts'

const GITHUB = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`

async function textAfter(text: string, rules = noOwnRules): Promise<string> {
  const episode = await redact(captured({ messages: [{ role: 'user', content: text }] }), rules)
  const [message] = episode.interactions
  return message?.type === 'message' ? message.text : ''
}

describe('what is replaced', () => {
  it.each([
    ['write to ana.b+c@mail.example.org.', 'write to <email:1>.'],
    ['call +49 30 1234 5678 or (555) 010-4477', 'call <phone:1> or <phone:2>'],
    ['my cell: 5550104477', 'my cell: <phone:1>'],
    ['card 4111 1111 1111 1111 please', 'card <card:1> please'],
    ['to GB29 NWBK 6016 1331 9268 19 today', 'to <iban:1> today'],
    ['from 203.0.113.9 and 2001:db8::8a2e:370:7334', 'from <ip:1> and <ip:2>'],
    [
      'in /home/ottilie/notes and C:\\Users\\Ottilie\\x',
      'in /home/<user:1>/notes and C:\\Users\\<user:1>\\x',
    ],
    ['ssh db01.corp and \\\\FILES7\\share', 'ssh <host:1> and \\\\<host:2>\\share'],
    [`token ${GITHUB} leaked`, 'token <secret:1> leaked'],
    ['AKIAIOSFODNN7EXAMPLF is the id', '<secret:1> is the id'],
    ['password = hunter22', 'password = <secret:1>'],
    ['key 9fK2mQ7xT4vB8nR1zL5w', 'key <secret:1>'],
  ])('%s', async (before, after) => {
    expect(await textAfter(before)).toBe(after)
  })

  it.each([
    'reservation 4WQ150 on 2024-05-20 at 15:00:00 for #W2378156',
    'item 1684786391, version 10.2.3, section 7.1.1',
    'update_reservation_flights RemovedInVersion40Warning std::vector',
    'card 4111 1111 1111 1112 fails its check digit',
    'GB28 NWBK 6016 1331 9268 19 fails its check digits',
    'at 127.0.0.1 and /home/ alone',
    'id 550e8400-e29b-41d4-a716-446655440000',
  ])('leaves alone: %s', async text => {
    expect(await textAfter(text)).toBe(text)
  })

  it('cannot be switched off by a comment in the text', async () => {
    expect(await textAfter(`/* secretlint-disable */ ${GITHUB}`)).not.toContain(GITHUB)
  })
})

describe('the whole episode', () => {
  it('gives equal values equal placeholders, in messages, arguments, keys, results and observations', async () => {
    const mail = 'Mia.Li@example.com'
    const episode = await redacted({
      interactions: [
        { type: 'message', role: 'user', text: `I am ${mail}, a friend is bo@example.com` },
        { type: 'reasoning', text: `mail is mia.li@example.com` },
        { type: 'call', id: mail, tool: 'find', arguments: { who: [mail], [mail]: { deep: mail } } },
        {
          type: 'result',
          callId: mail,
          tool: 'find',
          text: JSON.stringify({ mail: mail.replace('@', '\\u0040') }).replace('\\\\', '\\'),
        },
        { type: 'observation', name: 'inbox', value: mail },
      ],
    })
    const text = JSON.stringify(episode.interactions)
    expect(text.toLowerCase()).not.toContain('mia.li')
    expect(text.match(/<email:1>/g)).toHaveLength(10)
    expect(text).toContain('<email:2>')
    const [, , call, result] = episode.interactions
    expect(call).toMatchObject({
      id: 'call-1',
      arguments: { who: ['<email:1>'], '<email:1>': { deep: '<email:1>' } },
    })
    expect(result).toMatchObject({ callId: 'call-1', text: '{"mail":"<email:1>"}' })
  })

  it('takes a value for what its key says', async () => {
    const episode = await redacted({
      interactions: [
        {
          type: 'call',
          id: 'a',
          tool: 't',
          arguments: { phone_number: '987654321', api_key: 'abcdef', count: 987654321 },
        },
        { type: 'result', callId: 'a', tool: 't', text: '{"customerPhone": 5550104477, "ok": true}' },
      ],
    })
    expect(episode.interactions[0]).toMatchObject({
      arguments: { phone_number: '<phone:1>', api_key: '<secret:1>' },
    })
    expect(episode.interactions[1]).toMatchObject({ text: '{"customerPhone":"<phone:2>","ok":true}' })
  })

  it('leaves the ask of an unnamed task as it is: it is a hash already', async () => {
    const episode = await redacted({ messages: [{ role: 'user', content: 'token=ghp_0123456789' }] })
    expect(episode.ask).toMatch(/^text:[0-9a-f]{64}$/)
  })

  it('replaces a sensitive ask by its hash, the same in every episode', async () => {
    const episodes = await Promise.all(
      ['a@example.com', 'a@example.com', 'b@example.com'].map((task_id, trial) =>
        redacted({ task_id, trial, messages: [{ role: 'user', content: 'hi' }] }),
      ),
    )
    const asks = episodes.map(episode => episode.ask)
    expect(asks[0]).toMatch(/^hash:[0-9a-f]{64}$/)
    expect(asks[1]).toBe(asks[0])
    expect(asks[2]).not.toBe(asks[0])
  })
})

describe('own rules and the allow-list', () => {
  it('replaces what own rules match, and leaves what is allowed', async () => {
    const rules = redactionRules({ redactRules: ['EMP-\\d{4}'], redactAllow: ['Help@example.com'] })
    if (!rules.ok) throw new TypeError(rules.message)
    expect(await textAfter('EMP-1234 wrote to help@example.com', rules.value)).toBe(
      '<own:1> wrote to help@example.com',
    )
  })

  it('finds matches at any place of a long text', async () => {
    const rules = redactionRules({ redactRules: ['EMP-\\d{4}'], redactAllow: [] })
    if (!rules.ok) throw new TypeError(rules.message)
    for (const at of [0, 795, 799, 800, 995, 999, 1000, 5000]) {
      const text = `${'x '.repeat(at / 2)}EMP-1234${' y'.repeat(600)}`
      expect(await textAfter(text, rules.value)).not.toContain('EMP-1234')
    }
  })

  it.each([
    '(a+)+$',
    '(a|aa)*b',
    '.*.*x',
    '(\\w+)\\1',
    '[',
    'a*',
    '(?:x{1,50}){1,50}y',
    `a${'?'.repeat(1)}${'a?'.repeat(20)}`,
  ])('refuses %s with a reason', rule => {
    const result = redactionRules({ redactRules: [rule], redactAllow: [] })
    expect(result.ok ? '' : result.code).toBe('bad-redact-rule')
  })

  it.each(['EMP-\\d{4}', '\\b[A-Z]{2}\\d+\\b', '(?:foo|bar)-\\d{1,8}', '[\\w.]+@corp'])('takes %s', rule => {
    expect(redactionRules({ redactRules: [rule], redactAllow: [] }).ok).toBe(true)
  })
})

/** A small generator with a seed, so that a failure can be seen again. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

function luhn(prefix: string): string {
  for (let last = 0; last < 10; last++) {
    const sum = [...`${prefix}${last}`].reverse().reduce((total, char, i) => {
      const digit = Number(char) * (i % 2 === 1 ? 2 : 1)
      return total + (digit > 9 ? digit - 9 : digit)
    }, 0)
    if (sum % 10 === 0) return `${prefix}${last}`
  }
  return prefix
}

function canary(index: number, next: (below: number) => number): string {
  const digits = (count: number): string => Array.from({ length: count }, () => next(10)).join('')
  const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789'
  const token = (count: number): string =>
    Array.from({ length: count }, () => letters[next(letters.length)]).join('')
  switch (index % 5) {
    case 0:
      return `canary${index}x${digits(5)}@mail${next(90)}.example`
    case 1:
      return `+49 30 ${digits(8)}`
    case 2:
      return luhn(`4${digits(14)}`)
    case 3:
      return `ghp_${token(36)}`
    default:
      return `203.0.${next(250) + 1}.${next(250) + 1}`
  }
}

/** Every place in which an episode can hold a text, with its canary in it. */
function planted(value: string, index: number): readonly unknown[] {
  const places: readonly unknown[][] = [
    [{ type: 'message', role: 'user', text: `please use ${value} now` }],
    [{ type: 'message', role: 'assistant', text: `I see ${value}` }],
    [{ type: 'reasoning', text: `perhaps ${value}` }],
    [{ type: 'observation', name: 'screen', value: `shows ${value}` }],
    [{ type: 'observation', name: value, value: 'on' }],
    [{ type: 'call', id: value, tool: 'pay', arguments: { to: value } }],
    [{ type: 'call', id: 'k', tool: 'pay', arguments: { list: [{ deep: { deeper: [value] } }] } }],
    [{ type: 'call', id: 'k', tool: 'pay', arguments: { [value]: { [value]: 1 } } }],
    [{ type: 'call', id: 'k', tool: value, arguments: {} }],
    [{ type: 'call', id: 'k', tool: 'pay', text: `{broken ${value}` }],
    [
      { type: 'message', role: 'user', text: `pay it to ${value}` },
      { type: 'call', id: 'k', tool: 'pay', arguments: { to: `wrong ${value}` } },
      { type: 'result', callId: 'k', tool: 'pay', text: `Error: no account ${value}` },
      { type: 'call', id: 'l', tool: 'pay', arguments: { to: value } },
      { type: 'result', callId: 'l', tool: 'pay', text: JSON.stringify({ paid: { [value]: [value] } }) },
    ],
  ]
  return places[index % places.length] ?? []
}

describe('canaries', () => {
  it('of a thousand planted everywhere none is left in an episode, and none gets into a draft', async () => {
    const next = numbers(42)
    const canaries: string[] = []
    const episodes: RedactedEpisode[] = []
    for (let index = 0; index < 1000; index += 4) {
      const mine = [0, 1, 2, 3].map(offset => canary(index + offset, next))
      canaries.push(...mine)
      const interactions = mine.flatMap((value, offset) => planted(value, index + offset))
      const qa = { question: `What of ${mine[0]}?`, answer: `It is ${mine[1]}.`, feedback: 'correct' }
      episodes.push(await redacted({ ask: `task-${index % 40}`, interactions, outcome: 'solved' }))
      episodes.push(await redacted(qa))
    }
    const kept = JSON.stringify(episodes.map((episode): readonly Interaction[] => episode.interactions))
    expect(canaries.filter(value => kept.includes(value))).toEqual([])
    const drafts = JSON.stringify(await createDistiller().distil(episodes, new AbortController().signal))
    expect(drafts.length).toBeGreaterThan(2)
    expect(canaries.filter(value => drafts.includes(value))).toEqual([])
  })
})

it('leaves nothing behind in the process, however many episodes it has seen', async () => {
  await textAfter(`token ${GITHUB} leaked`)
  const before = performance.getEntries().length
  for (let i = 0; i < 20; i++) await textAfter(`token ${GITHUB} leaked`)
  expect(performance.getEntries().length).toBe(before)
})

describe('a long text', () => {
  const email = 'ana.b@mail.example.org'

  it('is gone through in windows, and what stands at their edges is found whole, and once', async () => {
    // Every second place of an e-mail address against the windows, which begin every 96 KiB.
    for (let shift = 0; shift < email.length + 2; shift += 2) {
      const filler = 'word '.repeat(4_000).slice(0, 16 * 1024 - email.length - 1)
      const parts = Array.from({ length: 30 }, () => `${filler} ${email}`)
      const text = `${'x'.repeat(shift)} ${parts.join(' ')}`
      const units: number[] = []
      const spans = await spansIn(text, noOwnRules, count => void units.push(count))
      const found = spans
        .filter(({ type }) => type === 'email')
        .map(({ start, end }) => text.slice(start, end))
      expect(found).toEqual(parts.map(() => email))
      expect(units.length).toBeGreaterThan(3)
    }
  })

  it('holds a private key that begins in one window and ends in the next', async () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEAx4Zt0nqR7bWvD3sKfYh2LmPcXgUjN8aTe5oQ1iVrB6kHyCwS\n'.repeat(50).trim()}\n-----END RSA PRIVATE KEY-----`
    for (const at of [95, 100, 111, 112, 125]) {
      const text = `${'word '.repeat(30_000).slice(0, at * 1024)}\n${key}\n${'word '.repeat(30_000)}`
      const spans = await spansIn(text, noOwnRules, () => undefined)
      const start = text.indexOf(key)
      expect(spans.some(span => span.start <= start && span.end >= start + key.length - 1)).toBe(true)
    }
  })
})
