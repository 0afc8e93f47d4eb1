/** What `episodes ls|show|forget` do. */

import type { Result } from '../../../../protocol/types.ts'
import type { OutputOf } from '../../operations.ts'
import { type Context, done, given, usage } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import { dateInSeconds, time, wholeNumber } from '../number.ts'
import { count, table } from '../output.ts'
import { withClient } from '../session.ts'

type Done = Promise<Result<ExitStatus>>

export async function list(context: Context, limitText: string, cursor: string | undefined): Done {
  const limit = wholeNumber('--limit', limitText)
  if (!limit.ok) return limit
  return withClient(context, {}, async client => {
    const page = await client.call('listEpisodes', given({ limit: limit.value, cursor }))
    if (!page.ok) return page
    context.out.show(page.value, () => [
      ...table(
        page.value.items.map(episode => [
          episode.id,
          time(episode.capturedAt),
          outcomeText(episode.outcome),
          count(episode.interactions, 'interaction'),
          episode.source,
        ]),
      ),
      ...(page.value.items.length === 0
        ? ["Nothing has been captured yet. 'swarmlore ingest FILE' takes transcripts in."]
        : []),
      ...(page.value.next === undefined ? [] : [`More: swarmlore episodes ls --cursor ${page.value.next}`]),
    ])
    return done
  })
}

export async function show(context: Context, id: string): Done {
  return withClient(context, {}, async client => {
    const found = await client.call('getEpisode', { id })
    if (!found.ok) return found
    const episode = found.value
    const { out } = context
    out.show(episode, () => [
      `${out.style('bold', episode.id)}  captured ${time(episode.capturedAt)} from ${episode.source}, ${outcomeText(episode.outcome)}`,
      episode.entries.length === 0
        ? 'No entry has come from it.'
        : `${count(episode.entries.length, 'entry', 'entries')} came from it: ${episode.entries.join(', ')}`,
      '',
      ...episode.interactions.map(interactionLines),
    ])
    return done
  })
}

export async function forget(context: Context, id: string | undefined, before: string | undefined): Done {
  if ((id === undefined) === (before === undefined))
    return usage(
      "Say which: 'swarmlore episodes forget ID', or '--before 2026-03-01' for all captured before.",
    )
  if (id === undefined) return forgetBefore(context, before ?? '')
  return withClient(context, {}, async client => {
    const forgotten = await client.call('forgetEpisode', { id })
    if (!forgotten.ok) return forgotten
    context.out.show(forgotten.value, () => [`Forgotten. ${droppedText(forgotten.value, 'it')}`])
    return done
  })
}

async function forgetBefore(context: Context, text: string): Done {
  const before = dateInSeconds('--before', text)
  if (!before.ok) return before
  return withClient(context, {}, async client => {
    const forgotten = await client.call('forgetEpisodesBefore', { before: before.value })
    if (!forgotten.ok) return forgotten
    context.out.show(forgotten.value, () => [
      `${count(forgotten.value.episodes, 'episode')} forgotten. ${droppedText(forgotten.value, 'them')}`,
    ])
    return done
  })
}

function droppedText({ dropped, retracted }: OutputOf<'forgetEpisode'>, what: 'it' | 'them'): string {
  return `${count(dropped, 'lesson')} that rested on ${what} alone dropped, ${retracted} of them retracted from swarms.`
}

function outcomeText(outcome: { solved: boolean; by: string } | undefined): string {
  return outcome === undefined ? 'no outcome' : `${outcome.solved ? 'solved' : 'not solved'} (${outcome.by})`
}

type Interaction = OutputOf<'getEpisode'>['interactions'][number]

/** Its further lines are indented, so that none can pass for an interaction of its own. */
function interactionLines(interaction: Interaction): string {
  return interactionText(interaction).replaceAll('\n', '\n    ')
}

function interactionText(interaction: Interaction): string {
  switch (interaction.type) {
    case 'message':
      return `${interaction.role}: ${interaction.text}`
    case 'reasoning':
      return `(reasoning) ${interaction.text}`
    case 'call':
      return `→ ${interaction.tool} ${interaction.text}`
    case 'result':
      return `← ${interaction.tool} ${interaction.text}`
    case 'observation':
      return `• ${interaction.name} = ${interaction.value}`
  }
}
