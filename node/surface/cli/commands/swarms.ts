/** `invite`, `join`, `swarms`: get others in, get in. */

import type { Command } from 'commander'
import { example, type Run } from '../context.ts'
import type { InviteOptions } from '../options.ts'

export function addSwarmCommands(root: Command, run: Run): void {
  const invite = root.command('invite').description('let others into a swarm')
  example(invite, 'invite create')

  const create = invite
    .command('create')
    .description('make an invitation: one string to hand over')
    .option('--uses <n>', 'how many nodes may use it')
    .option('--days <n>', 'how long it is good for')
    .option('--swarm <id>', 'into this swarm')
    .action((options: InviteOptions) =>
      run(create, async context => (await import('../actions/swarms.ts')).invite(context, options)),
    )
  example(create, 'invite create --uses 3 --days 7')

  const list = invite
    .command('ls')
    .description('the invitations this node has made')
    .action(() => run(list, async context => (await import('../actions/swarms.ts')).invites(context)))
  example(list, 'invite ls')

  const revoke = invite
    .command('revoke')
    .description('revoke an invitation: nobody can use it any more')
    .argument('<id>', 'as listed by invite ls')
    .action((id: string) =>
      run(revoke, async context => (await import('../actions/swarms.ts')).revoke(context, id)),
    )
  example(revoke, 'invite revoke 51c0a2')

  const join = root
    .command('join')
    .description('join the swarm of an invitation')
    .argument('<invitation>', "the string; '-' reads it from standard input")
    .action((invitation: string) =>
      run(join, async context => (await import('../actions/swarms.ts')).join(context, invitation)),
    )
  example(join, 'join - < invitation.txt')

  const swarms = root
    .command('swarms')
    .description('the swarms this node is in')
    .action(() => run(swarms, async context => (await import('../actions/swarms.ts')).swarms(context)))
  example(swarms, 'swarms')
}
