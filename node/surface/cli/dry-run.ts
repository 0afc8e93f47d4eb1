/**
 * A dry run as people read it: the lessons that would be shared, each with the runs behind it; their exact bytes; the
 * lessons that would stay here, by reason; and what of the input gave nothing. The whole comes last in few words,
 * where a terminal ends up.
 */

import { basename } from 'node:path'
import type { OutputOf } from '../operations.ts'
import { count, type Output } from './output.ts'
import { type BadLine, placeOf, type ReadTranscript } from './transcripts.ts'

type Preview = OutputOf<'previewDistil'>
type Draft = Preview['drafts'][number]

export interface DryRun {
  readonly found: Preview
  /** In the order in which the preview was given them. */
  readonly transcripts: readonly ReadTranscript[]
  readonly bad: readonly BadLine[]
  /** Lessons that fit into no entry, and why. */
  readonly dropped: readonly string[]
}

/** Where the runs of the preview stand, by episode; and how a place is called where space is short. */
interface Places {
  readonly of: ReadonlyMap<string, ReadTranscript>
  readonly name: (place: Place) => string
}
type Place = Pick<ReadTranscript, 'file' | 'line'>

/** Runs that are named behind a lesson, and places as examples of a reason; --json has them all. */
const runsShown = 6
const examplesShown = 5

export function dryRunLines(run: DryRun, out: Output): string[] {
  const { drafts, episodes } = run.found
  const places = placesOf(run)
  const shared = drafts.filter(draft => draft.heldBack === undefined)
  const kept = byReason(drafts, draft => draft.heldBack)
  const numbers = new Map(
    [...shared, ...kept.flatMap(({ members }) => members)].map((draft, at) => [draft, at + 1]),
  )
  const lesson = (draft: Draft): readonly string[] => lessonLines(draft, numbers.get(draft) ?? 0, places, out)
  const heading = (text: string): string => out.style('bold', text)
  return [
    ...section(heading(`Would be shared: ${count(shared.length, 'lesson')}`), [
      ...shared.flatMap(draft => [
        ...lesson(draft),
        `   as    ${draft.cid}, ${Buffer.from(draft.bytes, 'base64').length} bytes`,
        '',
      ]),
    ]),
    ...section(heading('The exact bytes that would be shared, in base64, by number'), [
      ...shared.map(draft => `${numbers.get(draft)}. ${out.style('dim', draft.bytes)}`),
      ...(shared.length > 0 ? [''] : []),
    ]),
    ...section(heading(`Would stay on this node: ${count(drafts.length - shared.length, 'lesson')}`), [
      ...kept.flatMap(({ code, message, members }) => [
        `${count(members.length, 'lesson')}: ${out.style('yellow', message)} (${code})`,
        '',
        ...members.flatMap(draft => [...lesson(draft), '']),
      ]),
    ]),
    ...section(heading('Left out'), leftOutLines(run, places)),
    `${count(drafts.length, 'lesson')} out of ${count(new Set(episodes.map(one => one.episode)).size, 'run')}: ${shared.length} would be shared, ${drafts.length - shared.length} would stay on this node. Nothing was stored; the author is a key made for this look, so that author, time and CID will be others when your node shares them.`,
  ]
}

/** The same for programs: every run with its place. */
export function dryRunDocument({ found, transcripts, bad, dropped }: DryRun): object {
  const runs = found.episodes.map(({ transcript, ...one }) => {
    const place = transcripts[transcript]
    return { file: place?.file, line: place?.line, ...one }
  })
  return { drafts: found.drafts, runs, badLines: bad, droppedLessons: dropped }
}

/** A heading over nothing is no help. */
function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [heading, '', ...lines]
}

function placesOf({ found, transcripts, bad }: DryRun): Places {
  const of = new Map<string, ReadTranscript>()
  for (const { transcript, episode } of found.episodes) {
    const place = transcripts[transcript]
    // Of one run that was given twice the first place counts.
    if (place !== undefined && !of.has(episode)) of.set(episode, place)
  }
  const files = new Set([...transcripts, ...bad].map(({ file }) => file))
  const areTold = new Set([...files].map(file => basename(file))).size === files.size
  return {
    of,
    name: ({ file, line }) => {
      if (files.size === 1 && line > 0) return `line ${line}`
      return placeOf({ file: areTold ? basename(file) : file, line })
    },
  }
}

function lessonLines(
  { entry, pattern, runs }: Draft,
  number: number,
  places: Places,
  out: Output,
): readonly string[] {
  const { support, insight } = entry
  return [
    `${number}. ${out.style('bold', `${entry.kind} (${pattern})`)}`,
    `   when  ${indented(entry.situation)}`,
    `   what  ${indented(insight.summary)}`,
    ...(insight.detail === '' ? [] : [`   why   ${indented(insight.detail)}`]),
    `   do    ${indented(insight.action)}`,
    `   from  ${count(support.episodes, 'run')} of ${count(support.asks, 'ask')}: ${evidence(support)}`,
    ...runLines(runs, places),
  ]
}

function evidence({ episodes, solved, unsolved }: Draft['entry']['support']): string {
  const silent = episodes - solved - unsolved
  return `${solved} solved, ${unsolved} not${silent > 0 ? `, ${silent} without an outcome` : ''}`
}

/** The asks, each with where its runs stand; of many asks the first run of each, so that different ones are seen. */
function runLines(runs: Draft['runs'], places: Places): readonly string[] {
  const byAsk = new Map<string, { readonly place: Place | undefined; readonly text: string }[]>()
  for (const { episode, ask, solved } of runs) {
    const place = places.of.get(episode)
    const text = `${place === undefined ? episode : places.name(place)} ${outcome(solved)}`
    byAsk.set(ask, [...(byAsk.get(ask) ?? []), { place, text }])
  }
  const perAsk = Math.max(1, Math.floor(runsShown / Math.max(1, byAsk.size)))
  const shown: string[] = []
  let left = runsShown
  for (const [ask, mine] of [...byAsk].slice(0, runsShown)) {
    const named = mine.sort((a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0)).slice(0, perAsk)
    left -= named.length
    shown.push(`${taskOf(ask)}${named.map(({ text }) => text).join(', ')}`)
  }
  const more = runs.length - (runsShown - left)
  return runs.length === 0 ? [] : [`         ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`]
}

function outcome(solved: boolean | undefined): string {
  return solved === undefined ? '(outcome unknown)' : solved ? 'solved' : 'not'
}

/** An ask is named after where it comes from and its task's id; one without an id has none that a person would know. */
function taskOf(ask: string): string {
  const at = ask.indexOf('/')
  if (ask.startsWith('text:') || at < 0) return ''
  const id = ask.slice(at + 1, at + 1 + taskCharsMax).replace(/\s+/g, ' ')
  return `task ${id.toWellFormed()}: `
}

const taskCharsMax = 60

/** What goes on in a further line stays under its heading: a quote could pass for another lesson. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n         ')
}

function leftOutLines(run: DryRun, places: Places): readonly string[] {
  const { episodes, drafts } = run.found
  const lines = byReason(run.bad, bad => bad).map(
    ({ code, message, members }) =>
      `  ${count(members.length, 'line')}: ${message} (${code}) ${examples(members.map(places.name))}`,
  )
  lines.push(...run.dropped.map(message => `  1 lesson: ${message}`))
  const again = episodes.filter(
    ({ transcript, episode }) => places.of.get(episode) !== run.transcripts[transcript],
  )
  if (again.length > 0)
    lines.push(
      `  ${count(again.length, 'run')} given before, and counted once ${examples(placed(again, run, places))}`,
    )
  const taught = new Set(drafts.flatMap(draft => draft.runs.map(({ episode }) => episode)))
  const idle = episodes.filter(one => !taught.has(one.episode) && !again.includes(one))
  const unclear = episodes.filter(one => one.contradictory === true)
  if (unclear.length > 0)
    lines.push(
      `  ${count(unclear.length, 'run')} whose transcript tells of success and of failure: the outcome counts as unknown ${examples(placed(unclear, run, places))}`,
    )
  for (const [solved, words] of outcomes) {
    const mine = idle.filter(one => one.solved === solved && one.contradictory !== true)
    if (mine.length > 0)
      lines.push(`  ${count(mine.length, 'run')} ${words} ${examples(placed(mine, run, places))}`)
  }
  return lines.length === 0 ? [] : [...lines, '']
}

const outcomes = [
  [true, 'solved, in which no pattern was found'],
  [false, 'not solved, from which nothing can be advised'],
  [undefined, 'without an outcome: whether what was done was right is not known'],
] as const

function placed(found: Preview['episodes'], { transcripts }: DryRun, places: Places): readonly string[] {
  return found.flatMap(({ transcript }) => {
    const place = transcripts[transcript]
    return place === undefined ? [] : [places.name(place)]
  })
}

function examples(places: readonly string[]): string {
  const more = places.length - examplesShown
  return `– ${places.slice(0, examplesShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

interface Reason {
  readonly code: string
  readonly message: string
}

/** Grouped by what is said of them, the largest group first. */
function byReason<T>(
  items: readonly T[],
  reasonOf: (item: T) => Reason | undefined,
): readonly (Reason & { readonly members: readonly T[] })[] {
  const groups = new Map<string, Reason & { readonly members: T[] }>()
  for (const item of items) {
    const reason = reasonOf(item)
    if (reason === undefined) continue
    const { code, message } = reason
    const key = `${code}\n${message}`
    const group = groups.get(key) ?? { code, message, members: [] }
    groups.set(key, group)
    group.members.push(item)
  }
  return [...groups.values()].sort((a, b) => b.members.length - a.members.length)
}
