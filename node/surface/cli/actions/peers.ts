/** What `peers` and `trust …` do. */

import type { Result } from '../../../../protocol/types.ts'
import type { InputOf, OutputOf } from '../../operations.ts'
import { type Context, done, given, usage } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import { dateInSeconds } from '../number.ts'
import { count, type Output, table } from '../output.ts'
import { withClient } from '../session.ts'

type Done = Promise<Result<ExitStatus>>
type Peer = OutputOf<'listPeers'>['items'][number]
type Explained = OutputOf<'explainTrust'>

export function peers(context: Context): Done {
  return listPeers(context, (peer, out) => [
    peer.peer,
    peer.connected ? out.style('green', 'connected') : 'away',
    peer.member ? 'member' : 'no member',
    peer.tier,
    count(peer.entries, 'entry', 'entries'),
  ])
}

export function trustList(context: Context): Done {
  return listPeers(context, peer => [
    peer.peer,
    peer.tier,
    `trust ${trustText(peer)}`,
    `influence ${peer.influence.toFixed(3)}`,
    `helped ${peer.evidence.helped}, hurt ${peer.evidence.hurt}`,
    wordText(peer.word),
  ])
}

function listPeers(context: Context, row: (peer: Peer, out: Output) => string[]): Done {
  return withClient(context, {}, async client => {
    const list = await client.call('listPeers', {})
    if (!list.ok) return list
    context.out.show(list.value, () =>
      list.value.items.length === 0
        ? ["No peer is known yet. 'swarmlore invite create' lets others in."]
        : table(list.value.items.map(peer => row(peer, context.out))),
    )
    return done
  })
}

export async function set(context: Context, peer: string, text: string): Done {
  const trust = Number(text)
  if (text.trim() === '' || !(trust >= 0 && trust <= 1)) {
    return usage(`Trust lies between 0 and 1, and '${text}' does not.`)
  }
  return say(context, { id: peer, trust })
}

export function pin(context: Context, peer: string): Done {
  return say(context, { id: peer, pinned: true, blocked: false })
}

export async function block(context: Context, peer: string, since: string | undefined): Done {
  const at = since === undefined ? undefined : dateInSeconds('--since', since)
  if (at?.ok === false) return at
  return say(
    context,
    given({
      id: peer,
      blocked: true,
      pinned: false,
      blockedSince: at?.value,
    }),
  )
}

function say(context: Context, word: InputOf<'setTrust'>): Done {
  return withClient(context, {}, async client => {
    const said = await client.call('setTrust', word)
    return said.ok ? explain(context, said.value) : said
  })
}

export function clear(context: Context, peer: string): Done {
  return withClient(context, {}, async client => {
    const cleared = await client.call('clearTrust', { id: peer })
    return cleared.ok ? explain(context, cleared.value) : cleared
  })
}

export function why(context: Context, peer: string): Done {
  return withClient(context, {}, async client => {
    const found = await client.call('explainTrust', { id: peer })
    return found.ok ? explain(context, found.value) : found
  })
}

/** A small tree: what was asked about, the reasons, and what each rests on. */
function explain(context: Context, peer: Explained): Result<ExitStatus> {
  const { out } = context
  const lastReason = peer.reasons.length - 1
  out.show(peer, () => [
    `${out.style('bold', peer.peer)}: ${peer.tier}, trust ${trustText(peer)}`,
    ...peer.reasons.flatMap(({ about, text, details }, at) => {
      const [branch, stem] = at === lastReason ? ['└─', '  '] : ['├─', '│ ']
      // The owner's word has a date, which is for the terminal to write.
      const reason = about === 'word' ? saidText(peer.word) : text
      return [`${branch} ${about.padEnd(12)}  ${reason}`, ...details.map(detail => `${stem}   ${detail}`)]
    }),
    `${count(peer.entries, 'entry', 'entries')} of this peer ${peer.entries === 1 ? 'is' : 'are'} known here.`,
  ])
  return done
}

function trustText({ trust, uncertainty }: Peer): string {
  return `${trust.toFixed(2)} ± ${uncertainty.toFixed(2)}`
}

function saidText(word: Peer['word']): string {
  const text = wordText(word)
  return text === '' ? 'You have said nothing about it.' : `Your word: ${text}.`
}

/** Empty where the owner has said nothing. */
function wordText({ pinned, blocked, blockedSince, trust }: Peer['word']): string {
  const since = blockedSince === undefined ? '' : ` since ${new Date(blockedSince * 1000).toISOString()}`
  const parts = [
    ...(pinned ? ['pinned'] : []),
    ...(blocked ? [`blocked${since}`] : []),
    ...(trust === undefined ? [] : [`trust set to ${trust}`]),
  ]
  return parts.join(', ')
}
