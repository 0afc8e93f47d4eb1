/** What `recall` and `feedback` do. */

import type { Result } from '../../../../protocol/types.ts'
import type { OutputOf } from '../../operations.ts'
import { type Context, done, given, usage } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import { optionalWholeNumber } from '../number.ts'
import type { RecallOptions } from '../options.ts'
import { count, type Output } from '../output.ts'
import { withClient } from '../session.ts'

type Done = Promise<Result<ExitStatus>>
const outcomes = ['helped', 'hurt', 'unused'] as const
type Recalled = OutputOf<'recall'>

export async function recall(context: Context, query: string | undefined, options: RecallOptions): Done {
  const limit = optionalWholeNumber('--limit', options.limit)
  if (!limit.ok) return limit
  if ([query, options.call, options.error].every(text => text === undefined || text.trim() === '')) {
    return usage('Say what to recall for: a query, --call, --error, or several of them.')
  }
  const pendingCall = options.call === undefined ? undefined : parseCall(options.call)
  if (pendingCall !== undefined && !pendingCall.ok) return pendingCall
  const request = given({
    query,
    pendingCall: pendingCall?.value,
    lastError: options.error,
    tools: options.tools?.split(',').map(name => name.trim()),
    limit: limit.value,
    // It is a person who looks.
    control: false,
  })
  return withClient(context, {}, async client => {
    const recalled = await client.call('recall', request)
    if (!recalled.ok) return recalled
    const { out } = context
    const asPrompt = options.prompt === true && !out.json
    if (!asPrompt) out.show(recalled.value, () => recallLines(recalled.value, out))
    else if (recalled.value.prompt !== '') out.raw(recalled.value.prompt)
    // Nothing is what a prompt should then get; a person is told why.
    else for (const line of nothingLines(recalled.value, out)) out.note(line)
    return done
  })
}

export async function feedback(
  context: Context,
  recallId: string,
  outcome: string,
  item: string | undefined,
): Done {
  if (outcome === 'solved' || outcome === 'failed')
    return item === undefined
      ? taskOutcome(context, recallId, outcome === 'solved')
      : usage(`'${outcome}' says how the task ended, and of no --item.`)
  const said = outcomes.find(known => known === outcome)
  if (said === undefined)
    return usage(
      `The outcome is helped, hurt or unused for a lesson, solved or failed for the task, and not '${outcome}'.`,
    )
  return withClient(context, {}, async client => {
    const counted = await client.call(
      'giveFeedback',
      given({ recallId, outcome: said, items: item === undefined ? undefined : [item] }),
    )
    if (!counted.ok) return counted
    context.out.show(counted.value, () => [
      `Counted for ${count(counted.value.counted.length, 'lesson')}.`,
      ...counted.value.counted.map(
        ({ cid, author, trust }) => `  ${cid}: trust in ${author} is now ${trust.toFixed(2)}`,
      ),
    ])
    return done
  })
}

function taskOutcome(context: Context, recallId: string, solved: boolean): Done {
  return withClient(context, {}, async client => {
    const told = await client.call('setRecallOutcome', { recallId, solved })
    if (!told.ok) return told
    context.out.show(told.value, () => [
      told.value.counted
        ? 'Counted. `swarmlore status` says what recall is worth here.'
        : 'Noted nowhere: that recall is not one of those that are compared (setting controlShare).',
    ])
    return done
  })
}

/**
 * `tool {"json": "arguments"}`, or the tool's name alone. The arguments may be cut off, as a streaming model's are:
 * recall takes of them what names it can read.
 */
function parseCall(text: string): Result<{ tool: string; arguments?: string }> {
  const [, tool, given] = /^\s*([^\s({]+)\s*([\s\S]*)$/.exec(text) ?? []
  if (tool === undefined || given === undefined) {
    return usage(`--call wants the tool's name and its arguments: --call 'book_flight {"seat":"12A"}'.`)
  }
  return {
    ok: true,
    value: given === '' ? { tool } : { tool, arguments: given },
  }
}

export function recallLines(recalled: Recalled, out: Output): string[] {
  const lines: string[] = []
  for (const [at, item] of recalled.items.entries()) {
    const { helped, hurt } = item.evidence
    lines.push(
      `${at + 1}. ${out.style('bold', item.insight.summary)}`,
      `   when   ${item.situation}`,
      `   do     ${item.insight.action}`,
      `   from   ${item.author} (${item.tier}, trust ${item.trust.toFixed(2)}); helped ${round(helped)}, hurt ${round(hurt)}; rests on ${count(item.support.episodes, 'episode')} of ${count(item.support.asks, 'ask')}`,
      `   why    ${item.why.join(' ')}`,
      ...(item.alternatives.length > 0
        ? [`   ${out.style('yellow', 'but')}    others say something else: ${item.alternatives.join(', ')}`]
        : []),
      ...(item.corroboratedBy.length > 0 ? [`   also   said by ${item.corroboratedBy.join(', ')}`] : []),
      `   entry  ${item.cid}`,
      '',
    )
  }
  if (recalled.items.length === 0) return nothingLines(recalled, out)
  lines.push(...heldBackLines(recalled, out))
  const which = recalled.items.length === 1 ? '' : ' --item CID'
  lines.push(`Say whether it helped: swarmlore feedback ${recalled.recallId} helped|hurt|unused${which}`)
  return lines
}

function nothingLines(recalled: Recalled, out: Output): string[] {
  return ['Nothing that helps is known here.', ...heldBackLines(recalled, out)]
}

function heldBackLines({ heldBack }: Recalled, out: Output): string[] {
  return heldBack.map(
    held =>
      `${out.style('yellow', 'Held back:')} ${count(held.entries, 'lesson')} of ${held.author}, ${held.reason === 'stranger' ? 'whom this node does not know well enough' : 'who is blocked'}. To let them in: ${held.command}`,
  )
}

function round(number: number): string {
  return Number.isInteger(number) ? String(number) : number.toFixed(1)
}
