/** What `invite …`, `join` and `swarms` do. */

import { text as readAll } from 'node:stream/consumers'
import type { Result } from '../../../../protocol/types.ts'
import type { OutputOf } from '../../operations.ts'
import { type Context, done, given } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import { optionalWholeNumber, time } from '../number.ts'
import type { InviteOptions } from '../options.ts'
import { count, type Output, table } from '../output.ts'
import { withClient } from '../session.ts'

type Done = Promise<Result<ExitStatus>>
type Swarm = OutputOf<'joinSwarm'>

export async function invite(context: Context, options: InviteOptions): Done {
  const uses = optionalWholeNumber('--uses', options.uses)
  if (!uses.ok) return uses
  const days = optionalWholeNumber('--days', options.days)
  if (!days.ok) return days
  const expiresInS = days.value === undefined ? undefined : days.value * 86_400
  const request = given({ swarm: options.swarm, uses: uses.value, expiresInS })
  return withClient(context, { running: true }, async client => {
    const made = await client.call('createInvite', request)
    if (!made.ok) return made
    const { text, invite } = made.value
    context.out.show(made.value, () => [text])
    if (!context.out.json) {
      context.out.note(
        `Hand this to whom you want in; it lets in ${count(invite.uses, 'node')}, until ${time(invite.expires * 1000)} UTC. There: swarmlore join INVITATION`,
      )
    }
    return done
  })
}

export function invites(context: Context): Done {
  return withClient(context, {}, async client => {
    const list = await client.call('listInvites', {})
    if (!list.ok) return list
    context.out.show(list.value, () =>
      list.value.items.length === 0
        ? ["No invitation has been made. 'swarmlore invite create' makes one."]
        : table(
            list.value.items.map(invite => [
              invite.id,
              `used ${invite.used} of ${invite.uses}`,
              invite.revoked ? 'revoked' : `until ${time(invite.expires * 1000)}`,
              `swarm ${invite.swarm}`,
            ]),
          ),
    )
    return done
  })
}

export function revoke(context: Context, id: string): Done {
  return withClient(context, {}, async client => {
    const revoked = await client.call('revokeInvite', { id })
    if (!revoked.ok) return revoked
    context.out.show(revoked.value, () => [
      `Revoked. It let in ${count(revoked.value.used, 'node')}, and lets in no more.`,
    ])
    return done
  })
}

export async function join(context: Context, invitation: string): Done {
  const text = invitation === '-' ? await readAll(process.stdin) : invitation
  return withClient(context, { running: true }, async client => {
    const joined = await client.call('joinSwarm', { invitation: text.trim() })
    if (!joined.ok) return joined
    context.out.show(joined.value, () => [
      `Joined '${joined.value.name}'.`,
      ...swarmLines(joined.value, context.out),
    ])
    return done
  })
}

export function swarms(context: Context): Done {
  return withClient(context, {}, async client => {
    const list = await client.call('listSwarms', {})
    if (!list.ok) return list
    context.out.show(list.value, () =>
      list.value.items.length === 0
        ? ["This node is in no swarm yet. 'swarmlore up' founds one, 'swarmlore join' gets into one."]
        : list.value.items.flatMap(swarm => swarmLines(swarm, context.out)),
    )
    return done
  })
}

export function swarmLines(swarm: Swarm, out: Output): string[] {
  const inviting = swarm.invite.by === 'founder' ? 'the founder invites' : 'members invite'
  const elsewhere = swarm.signedElsewhere ?? 0
  const twin = `Peers brought ${count(elsewhere, 'record')} under this node’s own key that it did not have: \`swarmlore doctor\` says what that can mean.`
  return [
    `${out.style('bold', swarm.name)} (${swarm.visibility}, ${inviting}, share: ${swarm.share})  ${swarm.id}`,
    `  as       ${swarm.self}`,
    `  holds    ${count(swarm.members, 'member')}, ${count(swarm.peers, 'peer')} connected, ${count(swarm.entries, 'entry', 'entries')}, ${count(swarm.records, 'record')}`,
    ...swarm.addresses.map((address, at) => `  ${at === 0 ? 'listens' : '       '}  ${address}`),
    ...(elsewhere === 0 ? [] : [`  key      ${out.style('yellow', twin)}`]),
    ...(swarm.alone === undefined ? [] : [`  alone    ${out.style('yellow', swarm.alone.message)}`]),
  ]
}
