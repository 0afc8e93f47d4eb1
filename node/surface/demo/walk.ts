/**
 * The steps of the demo, one after the other: what a deployment learned on A helps one on B, which never saw it.
 * Every claim in the report is computed from what the nodes answered; a step that does not come out ends the walk.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { InputOf, OutputOf } from '../operations.ts'
import { DemoFailure, type DemoNode, type Fleet } from './fleet.ts'
import { demoTranscripts } from './transcripts.ts'

export interface DemoReport {
  ok: boolean
  nodes: number
  episodesIngested: number
  entriesDistilled: number
  recalledFromPeer: boolean
  conflictShown: boolean
  retractionHonoured: boolean
  survivedRestart: boolean
  caughtUp: boolean
  /**
   * From the call that publishes on A to the recall on B that holds the lesson, so that signing, storing and gossip on A
   * count; null when not reached.
   */
  publishToRecallableMs: number | null
}

/** Tells a person what happens; silent with `--json`. */
export interface Teller {
  step(title: string): void
  say(line: string): void
  recalled(result: OutputOf<'recall'>): void
  entry(title: string, view: OutputOf<'getEntry'>): void
}

type Item = OutputOf<'recall'>['items'][number]

const stepMs = 15_000

/** A call that the model on B is about to make: nothing has gone wrong yet. */
const booking: InputOf<'recall'> = {
  pendingCall: { tool: 'book_tasting', arguments: '{"amount":18,"guests":[{"name":"Kim"},{"name":"Lee"}]}' },
  limit: 1,
}

/** What the model on B is about to do, and the error it has just seen: the call that failed on A, too. */
const refund: InputOf<'recall'> = {
  query: 'The customer wants the money back on the card.',
  pendingCall: { tool: 'refund_purchase', arguments: '{"purchase_id":"pur-5005","wallet_id":"card_3311"}' },
  lastError: 'Error: wallet not found',
}

const freshLesson: InputOf<'addEntry'> = {
  kind: 'fact',
  domains: ['tea shop'],
  situation: 'change_delivery_window: which delivery windows exist?',
  insight: {
    summary: 'There are two delivery windows, 8 to 12 and 14 to 18.',
    detail: 'Any other window is refused.',
    action: 'Offer the customer one of the two windows before calling change_delivery_window.',
  },
  tools: [{ name: 'change_delivery_window', arguments: ['window'] }],
}

const deliveryWindow: InputOf<'recall'> = { pendingCall: { tool: 'change_delivery_window' } }

export async function walk(fleet: Fleet, report: DemoReport, tell: Teller): Promise<void> {
  tell.step('Three nodes start, each a process with a data folder of its own')
  const [a, b, c] = await Promise.all([fleet.start('A'), fleet.start('B'), fleet.start('C')])
  report.nodes = new Set([a.pid, b.pid, c.pid]).size
  const { author: authorA, authorC } = await joinTogether(a, b, c, tell)
  const lesson = await learnAndRecall(a, b, authorA, report, tell)
  await disagree(b, c, authorA, authorC, report, tell)
  await goAway(c, tell)
  await measurePublishing(a, b, report, tell)
  await giveFeedback(b, authorA, lesson.cid, tell)
  await retract(a, b, lesson.cid, report, tell)
  await killAndRestart(b, authorA, lesson.cid, report, tell)
  await catchUp(a, c, authorA, lesson.cid, report, tell)
  report.ok =
    report.nodes === 3 &&
    report.episodesIngested > 0 &&
    report.entriesDistilled > 0 &&
    report.recalledFromPeer &&
    report.conflictShown &&
    report.retractionHonoured &&
    report.survivedRestart &&
    report.caughtUp &&
    report.publishToRecallableMs !== null
}

async function joinTogether(a: DemoNode, b: DemoNode, c: DemoNode, tell: Teller) {
  tell.step('A invites B and C; each joins with the one string')
  const { text, invite } = await a.call('createInvite', { uses: 2 })
  tell.say(`A's invitation lets in ${invite.uses} nodes: ${text.slice(0, 60)}…`)
  const joinedB = await b.call('joinSwarm', { invitation: text })
  const joinedC = await c.call('joinSwarm', { invitation: text })
  await until('A is connected to both', async () => {
    const connected = (await a.call('listPeers', {})).items.filter(peer => peer.connected && peer.member)
    return connected.length >= 2 ? connected : undefined
  })
  const home = (await a.call('listSwarms', {})).items.find(swarm => swarm.id === joinedB.id)
  if (home === undefined) throw new DemoFailure('B joined a swarm that A is not in.')
  tell.say(`All three are in the swarm '${home.name}' (${home.visibility}): ${home.members} members.`)
  return { author: home.self, authorC: joinedC.self }
}

async function learnAndRecall(
  a: DemoNode,
  b: DemoNode,
  author: string,
  report: DemoReport,
  tell: Teller,
): Promise<Item> {
  tell.step("A takes in recorded conversations of a shop's support agent, and distils them")
  const before = await b.call('recall', refund)
  report.episodesIngested += await takeIn(a, 'shop-a.jsonl')
  await a.call('distil', {})
  const own = (await a.call('listEntries', { author, limit: 1000 })).items
  report.entriesDistilled = own.length
  const counted = (status: (typeof own)[number]['status']): number =>
    own.filter(view => view.status === status).length
  tell.say(
    `${report.episodesIngested} episodes became ${own.length} lessons; ${counted('shared')} of them are shared.`,
  )
  tell.say(`${counted('review')} hold what somebody wrote, and wait for review: swarmlore entries review`)

  tell.step("B's model is about to make a call; B never saw A's conversations, and recalls what A learned")
  tell.say(`The call: book_tasting ${booking.pendingCall?.arguments}`)
  const warned = await until("B recalls A's lesson by the call alone", async () => {
    const result = await b.call('recall', booking)
    return result.items.some(one => one.author === author) ? result : undefined
  })
  tell.recalled(warned)

  tell.step("B's model fails as A's did: what A learned from that comes first")
  tell.say(`Before: B recalled ${before.items.length} lessons for this.`)
  const found = await until("B recalls A's lesson", async () => {
    const result = await b.call('recall', refund)
    const item = result.items.find(one => one.author === author)
    return item && { result, item }
  })
  tell.recalled(found.result)
  const { item, result } = found
  report.recalledFromPeer =
    before.items.length === 0 && item.tier === 'trusted' && item.why.length > 0 && result.prompt !== ''
  if (!report.recalledFromPeer) {
    throw new DemoFailure(
      `B should have known nothing before and A's lesson as trusted, with reasons and a prompt, afterwards; seen: ${before.items.length} lessons before, then tier ${item.tier}, ${item.why.length} reasons, a prompt of ${result.prompt.length} characters.`,
    )
  }
  return item
}

async function disagree(
  b: DemoNode,
  c: DemoNode,
  authorA: string,
  authorC: string,
  report: DemoReport,
  tell: Teller,
): Promise<void> {
  tell.step('C has learned something else for the same situation: both sides are shown')
  report.episodesIngested += await takeIn(c, 'shop-c.jsonl')
  await c.call('distil', {})
  const sides = await until("B sees A's and C's lesson as alternatives", async () => {
    const { items } = await b.call('recall', refund)
    for (const item of items) {
      for (const cid of item.alternatives) {
        const other = await b.attempt('getEntry', { cid })
        if (!other.ok) continue
        const authors = new Set([item.author, other.value.entry.author])
        if (authors.has(authorA) && authors.has(authorC)) return { item, other: other.value }
      }
    }
    return undefined
  })
  const first = await b.call('getEntry', { cid: sides.item.cid })
  report.conflictShown = first.entry.insight.action !== sides.other.entry.insight.action
  const nameOf = (author: string): string => (author === authorA ? "A's side" : "C's side")
  tell.entry(nameOf(first.entry.author), first)
  tell.entry(nameOf(sides.other.entry.author), sides.other)
  if (!report.conflictShown) throw new DemoFailure('The two sides say the same.')
}

async function goAway(c: DemoNode, tell: Teller): Promise<void> {
  tell.step('C goes away for a while, and misses what follows')
  await until('C is connected to A and B', async () => {
    const connected = (await c.call('listPeers', {})).items.filter(peer => peer.connected && peer.member)
    return connected.length >= 2 ? connected : undefined
  })
  await c.leave()
}

async function measurePublishing(a: DemoNode, b: DemoNode, report: DemoReport, tell: Teller): Promise<void> {
  tell.step('A shares one more lesson, written by hand: how soon can B recall it?')
  const began = performance.now()
  const added = await a.call('addEntry', freshLesson)
  await until("B recalls A's new lesson", async () => {
    const { items } = await b.call('recall', deliveryWindow)
    return items.some(item => item.cid === added.cid) ? true : undefined
  })
  report.publishToRecallableMs = Math.round((performance.now() - began) * 10) / 10
  tell.say(`${report.publishToRecallableMs} ms after A was asked to publish it.`)
}

async function giveFeedback(b: DemoNode, author: string, cid: string, tell: Teller): Promise<void> {
  tell.step("A's lesson helped B's model: B says so, and A's word weighs more there")
  const before = await b.call('explainTrust', { id: author })
  const recalled = await b.call('recall', { ...refund, limit: 20 })
  if (!recalled.items.some(item => item.cid === cid)) {
    throw new DemoFailure(
      `B no longer recalls ${cid}; seen: ${recalled.items.map(item => item.cid).join(', ')}.`,
    )
  }
  await b.call('giveFeedback', { recallId: recalled.recallId, outcome: 'helped', items: [cid] })
  const after = await b.call('explainTrust', { id: author })
  tell.say(
    `B's trust in A: ${before.trust.toFixed(3)} before, ${after.trust.toFixed(3)} after. ${after.why.join(' ')}`,
  )
  if (!(after.trust > before.trust)) {
    throw new DemoFailure(`B's trust in A should have grown: it was ${before.trust} and is ${after.trust}.`)
  }
}

async function retract(
  a: DemoNode,
  b: DemoNode,
  cid: string,
  report: DemoReport,
  tell: Teller,
): Promise<void> {
  tell.step('A takes its lesson back: it is gone from B, too')
  await a.call('retractEntry', { cid })
  await until("A's lesson is gone from B", async () => {
    const found = await b.attempt('getEntry', { cid })
    if (!found.ok && found.code !== 'unknown-entry') throw new DemoFailure(`B: ${found.message}`)
    return found.ok ? undefined : true
  })
  const { items } = await b.call('recall', { ...refund, limit: 20 })
  report.retractionHonoured = items.every(
    item => item.cid !== cid && !item.alternatives.some(one => one === cid),
  )
  if (!report.retractionHonoured) throw new DemoFailure(`B still recalls ${cid}, which A has retracted.`)
  tell.say(`B no longer has ${cid}.`)
}

async function killAndRestart(
  b: DemoNode,
  author: string,
  retracted: string,
  report: DemoReport,
  tell: Teller,
): Promise<void> {
  tell.step('B is killed in the middle of everything, and starts again: nothing is lost')
  const { episode } = await b.call('captureEpisode', {
    transcript: {
      messages: [
        { role: 'user', content: 'When will my tea come?' },
        { role: 'assistant', content: 'Tomorrow between 8 and 12.' },
      ],
    },
  })
  const before = await snapshot(b, author)
  const killed = b.pid
  await b.kill()
  await b.start()
  const after = await snapshot(b, author)
  const missing = before.facts.filter(fact => !after.facts.includes(fact))
  if (!after.facts.includes(`episode ${episode}`)) missing.push(`episode ${episode}`)
  if (after.facts.includes(`entry ${retracted}`)) missing.push('the retraction')
  const { items } = await b.call('recall', deliveryWindow)
  if (!items.some(item => item.author === author)) missing.push("the recall of A's other lesson")
  report.survivedRestart = missing.length === 0 && b.pid !== killed
  if (!report.survivedRestart) throw new DemoFailure(`After the restart B lacks: ${missing.join(', ')}.`)
  tell.say(`Still there: ${after.entries} entries, ${after.episodes} episodes, and what B thinks of A.`)
}

async function catchUp(
  a: DemoNode,
  c: DemoNode,
  author: string,
  retracted: string,
  report: DemoReport,
  tell: Teller,
): Promise<void> {
  tell.step('A leaves; C comes back, and catches up with B on what it has missed')
  await a.leave()
  await c.start()
  const found = await until('C recalls the lesson that A shared while C was away', async () => {
    const { items } = await c.call('recall', deliveryWindow)
    return items.find(item => item.author === author)
  })
  await until('what A took back is gone from C', async () => {
    const known = await c.attempt('getEntry', { cid: retracted })
    return known.ok ? undefined : true
  })
  report.caughtUp = true
  tell.say(`C recalls: ${found.insight.summary}`)
  tell.say('And what A took back meanwhile is gone from C, too.')
}

/** Everything that must outlive a kill, as a list of facts. */
async function snapshot(b: DemoNode, author: string) {
  const entries = (await b.call('listEntries', { limit: 1000 })).items
  const episodes = (await b.call('listEpisodes', { limit: 1000 })).items
  const swarms = (await b.call('listSwarms', {})).items
  const { evidence, tier } = await b.call('explainTrust', { id: author })
  return {
    entries: entries.length,
    episodes: episodes.length,
    facts: [
      ...entries.map(view => `entry ${view.cid}`),
      ...episodes.map(episode => `episode ${episode.id}`),
      ...swarms.map(swarm => `swarm ${swarm.id} as ${swarm.self}`),
      `tier of A ${tier}, helped ${evidence.helped.toFixed(2)}, hurt ${evidence.hurt.toFixed(2)}`,
    ],
  }
}

async function takeIn(node: DemoNode, file: string): Promise<number> {
  const captured = new Set<string>()
  for (const transcript of await demoTranscripts(file)) {
    captured.add((await node.call('captureEpisode', { transcript })).episode)
  }
  return captured.size
}

/** Asks again and again, every 10 ms, until there is something to see. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + stepMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > end)
      throw new DemoFailure(`It did not happen within ${stepMs / 1000} s that ${what}.`)
    await sleep(10)
  }
}
