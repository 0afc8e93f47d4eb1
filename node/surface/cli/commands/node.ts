/** `demo`, `up`, `status`, `doctor`, `config`: the node itself. */

import type { Command } from 'commander'
import { collect, example, type Run, type SettingFlags } from '../context.ts'

interface UpOptions {
  readonly httpPort?: string
  readonly httpHost?: string
  readonly exposeHttp?: boolean
  readonly listen?: string[]
  readonly announce?: string[]
  readonly mdns: boolean
  readonly logLevel?: string
  readonly untilStdinEnds?: boolean
}

export function addNodeCommands(root: Command, run: Run): void {
  const demo = root
    .command('demo')
    .description('three nodes on this machine show the whole way, in a minute')
    .action(() => run(demo, async context => (await import('../actions/demo.ts')).demo(context)))
  example(demo, 'demo --json')

  const up = root
    .command('up')
    .description('run the node in the foreground; Ctrl-C stops it')
    .option('--http-port <port>', 'port of the HTTP API; 0 takes any free one')
    .option('--http-host <address>', 'address of the HTTP API')
    .option('--expose-http', 'let the HTTP API listen beyond this machine')
    .option('--listen <multiaddr>', 'where peers reach this node; may be repeated', collect)
    .option(
      '--announce <multiaddr>',
      'what peers are told instead, where a router or container forwards it; may be repeated',
      collect,
    )
    .option('--no-mdns', 'do not look for peers on the local network')
    .option('--log-level <level>', 'debug, info, warn or error')
    .option(
      '--until-stdin-ends',
      'stop when standard input ends, as it does when the program that started this one is gone',
    )
    .action((options: UpOptions) =>
      run(
        up,
        async context => (await import('../actions/up.ts')).up(context, options.untilStdinEnds === true),
        upSettings(options),
      ),
    )
  example(up, 'up', 'up --listen /ip4/0.0.0.0/tcp/4501')

  const status = root
    .command('status')
    .description('how the node is')
    .action(() => run(status, async context => (await import('../actions/health.ts')).status(context)))
  example(status, 'status')

  const doctor = root
    .command('doctor')
    .description('what is wrong, and how to mend it')
    .action(() => run(doctor, async context => (await import('../actions/health.ts')).doctor(context)))
  example(doctor, 'doctor')

  const config = root.command('config').description('the settings')
  example(config, 'config show')
  const show = config
    .command('show')
    .description('what is set, and from where')
    .action(() => run(show, async context => (await import('../actions/config.ts')).show(context)))
  example(show, 'config show')
  const path = config
    .command('path')
    .description('where the data folder and its settings are')
    .action(() => run(path, async context => (await import('../actions/config.ts')).path(context)))
  example(path, 'config path')
}

function upSettings(options: UpOptions): SettingFlags {
  const { httpPort, httpHost, exposeHttp, listen, announce, mdns, logLevel } = options
  return {
    ...(httpPort !== undefined && { httpPort: { flag: '--http-port', text: httpPort } }),
    ...(httpHost !== undefined && { httpHost: { flag: '--http-host', text: httpHost } }),
    ...(exposeHttp === true && { exposeHttp: { flag: '--expose-http', text: 'true' } }),
    ...(listen !== undefined && { listen: { flag: '--listen', text: listen.join(',') } }),
    ...(announce !== undefined && { announce: { flag: '--announce', text: announce.join(',') } }),
    ...(!mdns && { mdns: { flag: '--no-mdns', text: 'false' } }),
    ...(logLevel !== undefined && { logLevel: { flag: '--log-level', text: logLevel } }),
  }
}
