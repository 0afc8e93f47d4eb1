import vm from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineOf, type RunLine } from '../../../../sim/lines.ts'
import type { Band, Recording, Sample } from '../../../../sim/recorder.ts'
import { graphScript } from '../../../../sim/report/graph.ts'
import { type ReportData, reportHtml } from '../../../../sim/report/html.ts'
import { embed } from '../../../../sim/report/text.ts'
import type { RunResult } from '../../../../sim/run.ts'
import { resultOf, settingsOfSeed, violation } from '../results.ts'

const lineWith = (seed: string, changes: Partial<RunResult> = {}): RunLine =>
  lineOf(resultOf({ seed, ...changes }), settingsOfSeed(seed), '1.2.3')

const band = (middle: number): Band => ({ low: middle / 2, middle, high: middle * 1.5 })
const sample = (at: number, changes: Partial<Sample> = {}): Sample => ({
  atS: at * 5,
  running: 3,
  published: at,
  known: 2 * at,
  stored: at,
  sentBytes: 1_000 * at,
  recalls: 2 * at,
  answered: at,
  right: at - (at % 2),
  fill: band(0.1),
  honest: band(0.6),
  hostile: null,
  ...changes,
})
const recording: Recording = {
  nodes: ['n0', 'n1', 'n2'].map((name, at) => ({ name, isHostile: at === 2 })),
  nodesInAll: 3,
  correctInAll: 2,
  samples: Array.from({ length: 20 }, (_, at) => sample(at)),
  snapshots: [
    { atS: 0, off: [2], mesh: [0, 1], links: [] },
    { atS: 50, off: [], mesh: [0, 1, 1, 2], links: [0, 2] },
  ],
  healedS: 60,
  known: { share: 0.9, afterMs: Array.from({ length: 101 }, (_, at) => 20 + at * at) },
  stored: { share: 0.5, afterMs: Array.from({ length: 101 }, (_, at) => 90 + at * at) },
}
const one = (changes: Partial<ReportData> = {}, line = lineWith('7')): string =>
  reportHtml({ sweep: { version: '1.2.3', settings: { nodes: '7' }, lines: [line] }, recording, ...changes })

const withoutScripts = (html: string): string => html.replace(/<script.*?<\/script>/gs, '')

/** All tags, with the values of their attributes left out. */
const skeleton = (html: string): string =>
  [...html.matchAll(/<\/?[a-z][^>]*>/gi)].map(([tag]) => tag.replace(/"[^"]*"/g, '""')).join('\n')

/** Names of elements that are opened, and of those that are closed: no text may add to them. */
const elements = (html: string): readonly string[] =>
  [...html.matchAll(/<(\/?[a-z][a-z0-9]*)/gi)].map(([, name]) => name ?? '')
/** Elements that have no end; those of SVG that have none here end themselves. */
const endless = new Set(['meta', 'input', 'line', 'circle', 'path', 'polygon', 'rect'])

describe('a report', () => {
  it('is one document that loads nothing from anywhere', () => {
    const html = one()
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(html.match(/<html/g)).toHaveLength(1)
    expect(html.trimEnd().endsWith('</html>')).toBe(true)
    expect(html).toContain(`content="default-src 'none'`)
    expect(html).not.toMatch(/(src|href)=|@import|url\(|https?:/)
  })

  it('closes every element that it opens', () => {
    for (const html of [one(), one({ recording: { ...recording, samples: [], snapshots: [] } })]) {
      const open: string[] = []
      for (const name of elements(withoutScripts(html))) {
        if (!name.startsWith('/')) {
          if (!endless.has(name)) open.push(name)
        } else if (!endless.has(name.slice(1))) expect(open.pop()).toBe(name.slice(1))
      }
      expect(open).toEqual([])
    }
  })

  it('shows all that is recorded of a run', () => {
    const html = one()
    for (const title of [
      'The swarm',
      'Propagation',
      'Deliveries',
      'Bandwidth',
      'Recall accuracy',
      'Trust',
      'Store fill',
    ])
      expect(html).toContain(`<h3>${title}</h3>`)
    expect(html).toContain('All checks hold')
    expect(html).toContain('swarmlore sim --nodes 7 --minutes 3 --seed 7 --faults crash=0.2,loss')
    expect(html).not.toContain('Nothing of this happened')
    expect(withoutScripts(html)).not.toMatch(/NaN|Infinity|undefined|\[object/)
  })

  it('shows trust in hostile peers as soon as there are any', () => {
    expect(one()).not.toContain('hostile peers</li>')
    const samples = recording.samples.map(each => ({ ...each, hostile: band(0.1) }))
    expect(one({ recording: { ...recording, samples } })).toContain('<li class="c2">hostile peers</li>')
  })

  it('of a run in which nothing happened says so, and shows no number that is none', () => {
    const nothing: Recording = {
      ...recording,
      samples: [sample(0, { fill: null, honest: null, running: 0 })],
      snapshots: [],
      healedS: null,
      known: { share: null, afterMs: [] },
      stored: { share: null, afterMs: [] },
    }
    const line = lineWith('1', {
      delivered10s: undefined,
      delivered60s: undefined,
      propagationP50Ms: undefined,
      entries10s: undefined,
      entriesP99Ms: undefined,
      messagesPerNodeDay: undefined,
    })
    const html = one({ recording: nothing }, line)
    expect(html).toContain('Nothing of this happened in the run.')
    expect(withoutScripts(html)).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('names violated checks, what came before, and the command up to there', () => {
    const html = one(
      { trace: ['#320 1.000 n0>n1', '#321 VIOLATED'] },
      lineWith('7', { violations: [violation] }),
    )
    expect(html).toContain('A check was violated')
    expect(html).toContain('#320 1.000 n0&gt;n1\n#321 VIOLATED')
    expect(html).toContain('--until 321')
    expect(html).toContain('<td>bounds</td>')
  })

  it('of a sweep has its distributions, and a table in which those that failed come first', () => {
    const lines = [
      lineWith('1'),
      lineWith('2', { delivered60s: 0.7 }),
      lineWith('3', { violations: [violation] }),
    ]
    const html = reportHtml({ sweep: { version: '1', settings: {}, lines } })
    expect(html).toContain('1 of 3 seeds violated a check')
    expect(html.indexOf('<td>3</td><td class="bad">bounds')).toBeLessThan(
      html.indexOf('<td>1</td><td class="good">'),
    )
    expect(html).toContain('<rect class="bar"')
    expect(withoutScripts(html)).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('of very many seeds stays small, and says what it leaves out', () => {
    const lines = Array.from({ length: 5_000 }, (_, at) => lineWith(`${at}`, { violations: [violation] }))
    const html = reportHtml({ sweep: { version: '1', settings: {}, lines } })
    expect(html.length).toBeLessThan(500_000)
    expect(html).toMatch(/4.600 more runs are in report\.json/)
  })

  it('shows whatever stands in a run as text, and as nothing else', () => {
    const hostile = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom(
        '</script><script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "' onload='",
        '<!--',
        ']]>',
      ),
    )
    const harmless = skeleton(one({ trace: ['x'] }, lineWith('7', { violations: [violation] })))
    fc.assert(
      fc.property(hostile, text => {
        const line = {
          ...lineWith('7', { violations: [{ ...violation, node: text, message: text }] }),
          command: text,
        }
        const nodes = recording.nodes.map(node => ({ ...node, name: text }))
        const html = one(
          {
            sweep: {
              version: text,
              settings: { nodes: text },
              lines: [{ ...line, seed: text, traceHash: text }],
            },
            trace: [text],
            recording: { ...recording, nodes },
          },
          line,
        )
        expect(skeleton(html) === harmless).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('embeds data that no script element can be ended by, and that is read as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        const embedded = embed({ value, text: `${text}</script><!--\u2028` })
        expect(embedded).not.toMatch(/[<>\u2028\u2029]/)
        expect(JSON.parse(embedded)).toEqual(
          JSON.parse(JSON.stringify({ value, text: `${text}</script><!--\u2028` })),
        )
      }),
    )
  })
})

/** As much of a document as the script uses. */
function page(html: string) {
  const [, json = ''] = /<script type="application\/json" id="moments">(.*?)<\/script>/s.exec(html) ?? []
  const element = (fields: object = {}) => {
    const attributes = new Map<string, string>()
    const listeners = new Map<string, () => void>()
    return {
      attributes,
      textContent: '',
      value: '0',
      dataset: { from: '0', to: '100', left: '60', right: '460' },
      setAttribute: (name: string, value: unknown) => attributes.set(name, String(value)),
      addEventListener: (name: string, listener: () => void) => listeners.set(name, listener),
      fire: (name: string) => listeners.get(name)?.(),
      classList: { toggle: (name: string, on: boolean) => attributes.set(name, String(on)) },
      ...fields,
    }
  }
  const byId = { moments: element({ textContent: json }), at: element(), play: element(), when: element() }
  const lines = { '.graph .mesh': element(), '.graph .links': element() }
  const circles = recording.nodes.map(() => element())
  const now = [element()]
  let tick = (): void => undefined
  const sandbox = {
    document: {
      getElementById: (id: keyof typeof byId) => byId[id],
      querySelector: (name: keyof typeof lines) => lines[name],
      querySelectorAll: (name: string) => (name === '.now' ? now : circles),
    },
    setInterval: (step: () => void) => {
      tick = step
      return 1
    },
    clearInterval: () => {
      tick = () => undefined
    },
  }
  vm.runInNewContext(graphScript, sandbox)
  return { byId, lines, circles, now, tick: () => tick() }
}

describe('the graph of a report', () => {
  it('shows the moment at which its slider stands, there and in the charts over time', () => {
    const { byId, circles, lines, now } = page(one())
    expect(byId.when.textContent).toBe('0 s')
    expect(circles.map(({ attributes }) => attributes.get('off'))).toEqual(['false', 'false', 'true'])
    byId.at.value = '1'
    byId.at.fire('input')
    expect(byId.when.textContent).toBe('50 s')
    expect(lines['.graph .mesh'].attributes.get('d')?.match(/M/g)).toHaveLength(2)
    expect(lines['.graph .links'].attributes.get('d')).toMatch(/^M\d+ \d+L\d+ \d+$/)
    expect(circles.map(({ attributes }) => attributes.get('off'))).toEqual(['false', 'false', 'false'])
    expect(now[0]?.attributes.get('x1')).toBe('260')
  })

  it('plays from where it stands to the end, and stops there', () => {
    const { byId, tick } = page(one())
    byId.play.fire('click')
    expect(byId.play.textContent).toBe('Pause')
    tick()
    expect(byId.when.textContent).toBe('50 s')
    tick()
    expect(byId.play.textContent).toBe('Play')
  })

  it('draws the first moment without a script', () => {
    expect(one()).toMatch(/<path class="mesh" d="M\d+ \d+L\d+ \d+"\/>/)
    expect(one()).toContain('<circle class="hostile off"')
  })
})
