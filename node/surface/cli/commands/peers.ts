/** `peers`, `trust`: who is there, and how much their word weighs here. */

import type { Command } from 'commander'
import { example, type Run } from '../context.ts'

const peerHelp = 'a did:key, or the beginning or end of one'

export function addPeerCommands(root: Command, run: Run): void {
  const peers = root
    .command('peers')
    .description('the peers this node knows')
    .action(() => run(peers, async context => (await import('../actions/peers.ts')).peers(context)))
  example(peers, 'peers')

  const trust = root.command('trust').description("how much a peer's word weighs here, and why")
  example(trust, 'trust why 9Xy2kQ')

  const list = trust
    .command('ls')
    .description('the trust of every known peer')
    .action(() => run(list, async context => (await import('../actions/peers.ts')).trustList(context)))
  example(list, 'trust ls')

  const set = trust
    .command('set')
    .description('set the trust of a peer by your own word')
    .argument('<peer>', peerHelp)
    .argument('<trust>', 'between 0 and 1')
    .action((peer: string, value: string) =>
      run(set, async context => (await import('../actions/peers.ts')).set(context, peer, value)),
    )
  example(set, 'trust set 9Xy2kQ 0.9')

  const pin = trust
    .command('pin')
    .description('trust a peer, come what may: its lessons may reach prompts')
    .argument('<peer>', peerHelp)
    .action((peer: string) =>
      run(pin, async context => (await import('../actions/peers.ts')).pin(context, peer)),
    )
  example(pin, 'trust pin 9Xy2kQ')

  const block = trust
    .command('block')
    .description('block a peer: its lessons reach no prompt')
    .argument('<peer>', peerHelp)
    .option('--since <date>', 'only what it wrote from then on (2026-03-01, or an ISO time)')
    .action((peer: string, options: { since?: string }) =>
      run(block, async context => (await import('../actions/peers.ts')).block(context, peer, options.since)),
    )
  example(block, 'trust block 9Xy2kQ --since 2026-03-01')

  const clear = trust
    .command('clear')
    .description('take your word back, so that evidence alone decides')
    .argument('<peer>', peerHelp)
    .action((peer: string) =>
      run(clear, async context => (await import('../actions/peers.ts')).clear(context, peer)),
    )
  example(clear, 'trust clear 9Xy2kQ')

  const why = trust
    .command('why')
    .description("why a peer's word weighs what it weighs")
    .argument('<peer>', peerHelp)
    .action((peer: string) =>
      run(why, async context => (await import('../actions/peers.ts')).why(context, peer)),
    )
  example(why, 'trust why 9Xy2kQ')
}
