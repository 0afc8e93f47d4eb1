/**
 * The report of a run, or of a sweep of many, as one HTML document that needs nothing else: no network, no library, and a
 * few lines of script. Texts of runs may come from anywhere, so all of them are escaped.
 */

import type { RunLine } from '../lines.ts'
import { figuresOf, type Sweep } from '../merge.ts'
import type { Recording } from '../recorder.ts'
import { histogram } from './charts.ts'
import { graph, graphScript } from './graph.ts'
import { runCharts } from './run-charts.ts'
import { style } from './style.ts'
import { bytes, escaped, milliseconds, number, percent, seconds } from './text.ts'

export interface ReportData {
  readonly sweep: Sweep
  /** Of a single run. */
  readonly recording?: Recording
  /** What happened before the first violated check of a single run. */
  readonly trace?: readonly string[]
}

type Show = (value: number) => string
type Shown = readonly [words: string, value: number | null, show: Show]

/** Runs that stand in the table, and violations in theirs; the others are in report.json. */
const rowsMax = 400

export function reportHtml(data: ReportData): string {
  const { lines } = data.sweep
  const [only] = lines
  const isOne = lines.length === 1 && only !== undefined
  const title = isOne ? `Simulated swarm, seed ${only.seed}` : `Simulated swarm, ${lines.length} seeds`
  const body = isOne ? runBody(only, data) : sweepBody(data.sweep)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="soft">Swarmlore ${escaped(data.sweep.version)}</p>
${verdict(data.sweep)}
${body}
</main>
<script>${graphScript}</script>
</body>
</html>
`
}

function verdict({ lines }: Sweep): string {
  const failed = lines.filter(({ violations }) => violations.length > 0).length
  if (failed === 0) return '<p class="verdict good">All checks hold</p>'
  const text =
    lines.length === 1
      ? 'A check was violated'
      : `${number(failed)} of ${number(lines.length)} seeds violated a check`
  return `<p class="verdict bad">${escaped(text)}</p>`
}

function runBody(line: RunLine, { recording, sweep, trace = [] }: ReportData): string {
  return `<p>The command that runs the same again:</p>
<pre class="wrap">${escaped(line.command)}</pre>
${figures([
  ['nodes', line.nodes, number],
  ['simulated', line.simulatedS, seconds],
  ['real time', line.realS, seconds],
  ['lessons published', line.publishes, number],
  ['announcements in 10 s', line.delivered10s, percent],
  ['announcements in 60 s', line.delivered60s, percent],
  ['announcement, median', line.propagationP50Ms, milliseconds],
  ['announcement, 99th percentile', line.propagationP99Ms, milliseconds],
  ['lessons in 10 s', line.entries10s, percent],
  ['lessons in 60 s', line.entries60s, percent],
  ['lesson, median', line.entriesP50Ms, milliseconds],
  ['lesson, 99th percentile', line.entriesP99Ms, milliseconds],
  ['sent by a node in a day', line.bytesPerNodeDay, bytes],
  ['messages of a node in a day', line.messagesPerNodeDay, number],
  ['all held the same after', line.convergedAfterHealS, seconds],
  ['recalls', line.recalls, number],
  ['wrong lessons recalled', line.badRecalls, number],
  ['answered rightly', line.recallAccuracy, percent],
  ['memory', line.rssMb * 1e6, bytes],
])}
${violations([line])}
${trace.length === 0 ? '' : `<h2>What happened before</h2>\n<pre>${escaped(trace.join('\n'))}</pre>`}
${recording === undefined ? '' : `<h2>The run in pictures</h2>\n${graph(recording)}\n<div class="charts" style="margin-top:16px">${runCharts(recording)}</div>`}
<h2>Settings</h2>
${settings({ ...sweep.settings, seed: line.seed, trace: line.traceHash })}`
}

function sweepBody(sweep: Sweep): string {
  const whole = figuresOf(sweep)
  const { lines } = sweep
  const of = (pick: (line: RunLine) => number | null): readonly number[] =>
    lines.map(pick).filter(value => value !== null)
  return `${figures([
    ['seeds', whole.seeds, number],
    ['that violated a check', whole.failed, number],
    ['simulated', whole.simulatedS, seconds],
    ['real time', whole.realS, seconds],
    ['lessons published', whole.publishes, number],
    ['announcements in 10 s', whole.delivered10s, percent],
    ['announcements in 60 s', whole.delivered60s, percent],
    ['announcement, median (median)', whole.medianPropagationP50Ms, milliseconds],
    ['announcement, 99th (worst)', whole.maxPropagationP99Ms, milliseconds],
    ['lessons in 10 s', whole.entries10s, percent],
    ['lessons in 60 s', whole.entries60s, percent],
    ['lesson, median (median)', whole.medianEntriesP50Ms, milliseconds],
    ['lesson, 99th (worst)', whole.maxEntriesP99Ms, milliseconds],
    ['sent by a node in a day', whole.bytesPerNodeDay, bytes],
    ['messages of a node in a day', whole.messagesPerNodeDay, number],
    ['all held the same after (worst)', whole.maxConvergedAfterHealS, seconds],
    ['recalls', whole.recalls, number],
    ['wrong lessons recalled', whole.badRecalls, number],
    ['answered rightly', whole.recallAccuracy, percent],
  ])}
${violations(lines)}
<h2>Over all seeds</h2>
<div class="charts">
${histogram(
  'Announcements in 60 s',
  of(one => one.delivered60s),
  percent,
)}
${histogram(
  'Announcement, median',
  of(one => one.propagationP50Ms),
  milliseconds,
)}
${histogram(
  'Announcement, 99th percentile',
  of(one => one.propagationP99Ms),
  milliseconds,
)}
${histogram(
  'Lessons in 60 s',
  of(one => one.entries60s),
  percent,
)}
${histogram(
  'All held the same after',
  of(one => one.convergedAfterHealS),
  seconds,
)}
${histogram(
  'Sent by a node in a day',
  of(one => one.bytesPerNodeDay),
  bytes,
)}
${histogram(
  'Answered rightly',
  of(one => one.recallAccuracy),
  percent,
)}
</div>
<h2>Runs</h2>
${runs(lines)}
<h2>Settings</h2>
${settings({ ...sweep.settings, 'all traces': whole.traceHashes })}`
}

function figures(shown: readonly Shown[]): string {
  const items = shown.map(
    ([words, value, show]) =>
      `<div><dt>${escaped(words)}</dt><dd>${value === null ? '–' : escaped(show(value))}</dd></div>`,
  )
  return `<dl>${items.join('')}</dl>`
}

function settings(texts: Readonly<Record<string, string>>): string {
  const items = Object.entries(texts).map(
    ([name, text]) => `<div><dt>${escaped(name)}</dt><dd class="small">${escaped(text)}</dd></div>`,
  )
  return `<dl>${items.join('')}</dl>`
}

function violations(lines: readonly RunLine[]): string {
  const all = lines.flatMap(line => line.violations.map(violation => ({ line, violation })))
  if (all.length === 0) return ''
  const rows = all
    .slice(0, rowsMax)
    .map(
      ({ line, violation: { atMs, check, event, message, node } }) =>
        `<tr><td>${escaped(line.seed)}</td><td>${escaped(check)}</td><td class="n">${escaped(seconds(atMs / 1_000))}</td><td class="n">${number(event)}</td><td>${escaped(node ?? '')}</td><td class="message">${escaped(message)}</td></tr>`,
    )
  const commands = lines.filter(line => line.violations.length > 0).slice(0, rowsMax)
  return `<h2>Violated checks</h2>
<div class="scroll"><table><thead><tr><th>seed</th><th>check</th><th class="n">at</th><th class="n">event</th><th>node</th><th>what was seen</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
${more(all.length, 'violations')}
${lines.length === 1 ? '' : `<p style="margin-top:12px">To see them again:</p>\n<pre>${escaped(commands.map(({ command }) => command).join('\n'))}</pre>`}`
}

/** Those that failed first. */
function runs(lines: readonly RunLine[]): string {
  const cell = (value: number | null, show: Show): string =>
    `<td class="n">${value === null ? '–' : escaped(show(value))}</td>`
  const failed = lines.filter(line => line.violations.length > 0)
  const rows = [...failed, ...lines.filter(line => line.violations.length === 0)]
    .slice(0, rowsMax)
    .map(line => {
      const checks = [...new Set(line.violations.map(({ check }) => check))].join(', ')
      const state = checks === '' ? '<td class="good">holds</td>' : `<td class="bad">${escaped(checks)}</td>`
      return `<tr><td>${escaped(line.seed)}</td>${state}${cell(line.delivered10s, percent)}${cell(line.delivered60s, percent)}${cell(line.propagationP50Ms, milliseconds)}${cell(line.propagationP99Ms, milliseconds)}${cell(line.entries60s, percent)}${cell(line.convergedAfterHealS, seconds)}${cell(line.bytesPerNodeDay, bytes)}${cell(line.recallAccuracy, percent)}<td><code>${escaped(line.traceHash.slice(0, 12))}</code></td></tr>`
    })
  const heads = ['in 10 s', 'in 60 s', 'median', '99th', 'lessons', 'same after', 'sent a day', 'right']
  return `<div class="scroll"><table><thead><tr><th>seed</th><th>checks</th>${heads.map(head => `<th class="n">${head}</th>`).join('')}<th>trace</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
${more(lines.length, 'runs')}`
}

function more(count: number, what: string): string {
  return count > rowsMax
    ? `<p class="soft">${number(count - rowsMax)} more ${what} are in report.json.</p>`
    : ''
}
