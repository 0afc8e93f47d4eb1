/** What `entries ls|show|add|retract|review` do. */

import type { Result } from '../../../../protocol/types.ts'
import type { InputOf, OutputOf } from '../../operations.ts'
import { type Context, done, given, usage } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import { dateInSeconds, time, wholeNumber } from '../number.ts'
import type { AddOptions, ListOptions } from '../options.ts'
import { count, type Output } from '../output.ts'
import { withClient } from '../session.ts'

type Done = Promise<Result<ExitStatus>>
type View = OutputOf<'addEntry'>
type Status = View['status']
type Kind = View['entry']['kind']

const statuses: readonly Status[] = ['local', 'review', 'shared', 'received']
const kinds: readonly Kind[] = ['fact', 'procedure', 'pitfall', 'preference']

export async function list(context: Context, options: ListOptions): Done {
  const limit = wholeNumber('--limit', options.limit)
  if (!limit.ok) return limit
  const status = oneOf('--status', options.status, statuses)
  if (!status.ok) return status
  return listEntries(context, given({ ...options, status: status.value, limit: limit.value }))
}

async function listEntries(context: Context, filter: InputOf<'listEntries'>): Done {
  return withClient(context, {}, async client => {
    const page = await client.call('listEntries', filter)
    if (!page.ok) return page
    const { items, next } = page.value
    context.out.show(page.value, () => [
      ...items.flatMap(view => [...entryLines(view, context.out), '']),
      items.length === 0 ? nothingFor(filter) : count(items.length, 'entry', 'entries'),
      ...(next === undefined ? [] : [`More: add --cursor ${next}`]),
    ])
    return done
  })
}

function nothingFor({ limit: _limit, cursor: _cursor, ...filter }: InputOf<'listEntries'>): string {
  if (Object.keys(filter).length === 0)
    return "No entries yet. 'swarmlore ingest FILE' makes some of recorded runs."
  return filter.status === 'review' && Object.keys(filter).length === 1
    ? 'Nothing waits for review.'
    : 'No entry is like that.'
}

export async function show(context: Context, cid: string): Done {
  return withClient(context, {}, async client => {
    const found = await client.call('getEntry', { cid })
    if (!found.ok) return found
    context.out.show(found.value, () => detailLines(found.value, context.out))
    return done
  })
}

export async function add(context: Context, options: AddOptions): Done {
  const kind = oneOf('--kind', options.kind, kinds)
  if (!kind.ok) return kind
  const { situation, summary, detail, action, domain: domains, swarm } = options
  const entry = given({
    kind: kind.value ?? 'fact',
    domains,
    situation,
    insight: given({ summary, detail, action }),
    tools: options.tool?.map(parseTool),
    swarm,
  })
  return withClient(context, {}, async client => {
    const added = await client.call('addEntry', entry)
    if (!added.ok) return added
    context.out.show(added.value, () => entryLines(added.value, context.out))
    return done
  })
}

export async function retract(context: Context, cid: string | undefined, before: string | undefined): Done {
  if ((cid === undefined) === (before === undefined))
    return usage("Say which: 'swarmlore entries retract CID', or '--before 2026-03-01' for all of your own.")
  if (cid === undefined) return retractBefore(context, before ?? '')
  return withClient(context, {}, async client => {
    const retracted = await client.call('retractEntry', { cid })
    if (!retracted.ok) return retracted
    context.out.show(retracted.value, () => [
      `Retracted in ${count(retracted.value.swarms, 'swarm')}. Peers drop it when they hear of it.`,
    ])
    return done
  })
}

async function retractBefore(context: Context, text: string): Done {
  const before = dateInSeconds('--before', text)
  if (!before.ok) return before
  return withClient(context, {}, async client => {
    const retracted = await client.call('retractEntriesBefore', { before: before.value })
    if (!retracted.ok) return retracted
    const { entries, swarms } = retracted.value
    context.out.show(retracted.value, () => [
      `${count(entries, 'own entry', 'own entries')} dropped here; all from before ${time(before.value * 1000)} UTC retracted in ${count(swarms, 'swarm')}. Peers drop them when they hear of it.`,
    ])
    return done
  })
}

export async function review(context: Context, cid: string | undefined, verdict: string | undefined): Done {
  if (cid === undefined) return listEntries(context, { status: 'review' })
  if (verdict !== 'approve' && verdict !== 'reject') {
    return usage(`Say 'swarmlore entries review ${cid} approve' or '… reject'.`)
  }
  return withClient(context, {}, async client => {
    const reviewed = await client.call('reviewEntry', { cid, verdict })
    if (!reviewed.ok) return reviewed
    context.out.show(reviewed.value, () => [
      verdict === 'reject'
        ? 'Rejected: it stays on this node.'
        : reviewed.value.status === 'shared'
          ? 'Approved, and shared.'
          : 'Approved; it is not shared.',
      ...entryLines(reviewed.value, context.out),
    ])
    return done
  })
}

export function entryLines(view: View, out: Output): string[] {
  const { entry, status, tier } = view
  const held = view.heldBack === undefined ? '' : ` (${view.heldBack})`
  return [
    `${out.style('bold', view.cid)}  ${entry.kind}, ${status}${held}${tier === 'own' ? '' : `, ${tier}`}`,
    `  when  ${entry.situation}`,
    `  what  ${entry.insight.summary}`,
    `  do    ${entry.insight.action}`,
  ]
}

const standingWords = {
  contested: 'contested: an alternative did better here, so recall leaves it out',
  refuted: 'refuted: with it tasks went worse here than they go anyway, so recall leaves it out',
} as const

function detailLines(view: OutputOf<'getEntry'>, out: Output): string[] {
  const { entry } = view
  const { episodes, asks, solved, unsolved } = entry.support
  const tools = entry.context.tools ?? []
  return [
    ...entryLines(view, out),
    ...(entry.insight.detail === '' ? [] : [`  why   ${entry.insight.detail}`]),
    '',
    `author     ${entry.author}`,
    `created    ${time(entry.created * 1000)}, here since ${time(view.receivedAt)}`,
    `domains    ${entry.domains.join(', ')}`,
    ...(tools.length > 0
      ? [`tools      ${tools.map(tool => `${tool.name}(${tool.arguments.join(', ')})`).join(', ')}`]
      : []),
    `rests on   ${count(episodes, 'episode')} of ${count(asks, 'ask')}: ${solved} solved, ${unsolved} not`,
    `found by   ${entry.lineage.method}`,
    `evidence   helped ${view.evidence.helped}, hurt ${view.evidence.hurt}`,
    `swarm      ${view.swarm}`,
    `size       ${view.size} bytes`,
    ...episodeLines(view),
    ...(view.corroboratedBy.length > 0 ? [`also by    ${view.corroboratedBy.join(', ')}`] : []),
    ...(view.merged === undefined ? [] : [`merged of  ${view.merged.join(', ')}`]),
    ...(view.standing === undefined ? [] : [`standing   ${standingWords[view.standing]}`]),
    ...(view.alternatives.length > 0 ? [`but see    ${view.alternatives.join(', ')}`] : []),
  ]
}

/** Ids that are named; --json has them all. */
const episodesShown = 10

/** Back to the runs of this node: only an own entry has such, and they are forgotten in time. */
function episodeLines({ episodes, entry, tier }: OutputOf<'getEntry'>): string[] {
  const [first] = episodes
  if (first === undefined) {
    const wereHere = tier === 'own' && entry.support.episodes > 0
    return wereHere ? ['episodes   none of those it came from is here any more'] : []
  }
  const more = episodes.length - episodesShown
  return [
    ...episodes.slice(0, episodesShown).map((id, at) => `${at === 0 ? 'episodes ' : '         '}  ${id}`),
    ...(more > 0 ? [`           and ${more} more`] : []),
    `           One of them: swarmlore episodes show ${first}`,
  ]
}

/** `name` or `name:argument,argument`. */
function parseTool(text: string): { name: string; arguments: string[] } {
  const at = text.indexOf(':')
  if (at < 0) return { name: text, arguments: [] }
  const names = text.slice(at + 1).split(',')
  return { name: text.slice(0, at), arguments: names.map(name => name.trim()).filter(name => name !== '') }
}

function oneOf<T extends string>(
  option: string,
  text: string | undefined,
  known: readonly T[],
): Result<T | undefined> {
  const found = known.find(value => value === text)
  if (text === undefined || found !== undefined) return { ok: true, value: found }
  return usage(`${option} is one of ${known.join(', ')}, and not '${text}'.`)
}
