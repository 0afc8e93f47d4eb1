/** Every check can fail: a node with one planted bug is caught, by the check for it, within a few seeds. */

import { expect, it } from 'vitest'
import type { NodeStatus, PeerView, SwarmloreNode } from '../../../node/api.ts'
import { altered } from '../../../sim/altered.ts'
import type { Machine, Tampering } from '../../../sim/machine.ts'
import type { RunSettings } from '../../../sim/run.ts'
import { prefixes } from '../../../store/layout.ts'
import type { Store } from '../../../store/ports.ts'
import { simulateRun, usual, violated } from './runs.ts'

const seedsMax = 5

function store(changes: (store: Store, machine: Machine) => Partial<Store>): Tampering {
  return {
    store: (own, machine) => ({
      get: key => own.get(key),
      has: key => own.has(key),
      batch: ops => own.batch(ops),
      entries: range => own.entries(range),
      close: () => own.close(),
      ...changes(own, machine),
    }),
  }
}

const never = (): Promise<never> => new Promise(() => undefined)

/** One node leaves its owner waiting. */
function silent(change: Partial<SwarmloreNode>): Tampering {
  return { node: (node, { number }) => (number === 3 ? altered(node, change) : node) }
}

const isLater = ({ number, boots }: Machine): boolean => number > 0 && boots > 0

const unknownEntry = { ok: false, code: 'unknown-entry', message: 'There is none.' } as const

/** One node hears nothing once it is in the swarm. */
const deaf: Tampering = {
  link: (link, { number }) => {
    // Nobody joins by way of the last one.
    if (number !== 5) return link
    const { network } = link
    const request: typeof network.request = (peer, protocol, ...rest) =>
      protocol.endsWith('/join') || protocol.endsWith('/hello')
        ? network.request(peer, protocol, ...rest)
        : Promise.reject(new Error('deaf'))
    const nothing = () => () => undefined
    return { ...link, network: altered(network, { subscribe: nothing, serve: nothing, request }) }
  },
}

/** With another view of its peers. */
function views(change: (view: PeerView) => PeerView): Tampering {
  return { node: node => altered(node, { peers: async () => (await node.peers()).map(change) }) }
}

/** Attacks without which some bugs do not show. */
const attacks: Readonly<Record<string, RunSettings['adversaries']>> = {
  'blocked-stays-out': new Map([['spammer', 0.4]]),
  'influence-shared': new Map([['sybil', 0.2]]),
}

const planted: Readonly<Record<string, Tampering>> = {
  // After a restart it knows its lessons no more.
  'acked-kept': {
    node: (node, { boots }) => (boots === 1 ? node : altered(node, { entry: async () => unknownEntry })),
  },
  'signed-within-limits': store(own => ({
    batch: async ops =>
      own.batch(
        ops.map(op => {
          if (op.type === 'del' || !op.key.startsWith(prefixes.record)) return op
          const value = new Uint8Array(op.value)
          // A bit of the signature.
          const at = Buffer.from(value).indexOf('csig') + 10
          value[at] = (value[at] ?? 0) ^ 1
          return { ...op, value }
        }),
      ),
  })),
  bounds: {
    node: node =>
      altered(node, {
        status: () => {
          const status = node.status()
          return { ...status, entries: { ...status.entries, received: status.entries.received + 600 } }
        },
      }),
  },
  'equal-sets-equal-objective': {
    node: (node, machine) =>
      altered(node, {
        swarms: () =>
          node.swarms().map(view => ({ ...view, records: view.records + (isLater(machine) ? 1 : 0) })),
      }),
  },
  'trust-by-evidence-only': {
    node: node => {
      let calls = 0
      const more = () => ++calls / 10_000
      return altered(node, {
        peers: async () => {
          const rise = more()
          return (await node.peers()).map(view => ({ ...view, trust: view.trust + rise }))
        },
      })
    },
  },
  'no-quarantined-in-prompt': {
    node: node =>
      altered(node, {
        recall: async request => {
          const result = await node.recall(request)
          return { ...result, items: result.items.map(item => ({ ...item, tier: 'quarantined' as const })) }
        },
      }),
  },
  // Says that it has taken a lesson back, and has not.
  'retracted-stays-retracted': {
    node: node => altered(node, { retract: async () => ({ ok: true, value: { swarms: 1 } }) }),
  },
  // Takes every lesson for one that its author has taken back.
  'taken-back-by-author-only': {
    node: node =>
      altered(node, {
        onEvent: listener =>
          node.onEvent(event =>
            listener(event.type === 'entry' && !event.own ? { ...event, type: 'retracted' } : event),
          ),
      }),
  },
  // Says that a peer is blocked, and does nothing.
  'blocked-stays-out': {
    node: node => altered(node, { setTrust: id => node.peer(id) }),
  },
  'influence-shared': views(view => ({ ...view, influence: 0.5 })),
  'attested-by-influence': views(view => ({ ...view, attested: { helped: 300, hurt: 0 } })),
  'trusted-for-a-reason': views(view => ({ ...view, tier: 'trusted' })),
  'no-bug': {
    node: node => altered(node, { recall: () => Promise.reject(new TypeError('a bug')) }),
  },
  converged: deaf,
  connected: deaf,
  retrievable: {
    node: (node, { number }) =>
      altered(node, {
        entry: async cid => (number === 3 ? unknownEntry : node.entry(cid)),
      }),
  },
  answers: silent({ recall: never }),
}

for (const [check, tampering] of Object.entries(planted)) {
  it(`a planted bug is caught by the check '${check}'`, async () => {
    const caught: string[] = []
    for (let seed = 1; seed <= seedsMax && !caught.includes(check); seed++) {
      // Retractions are rare, and so is an owner who blocks somebody.
      const publishesPerHour = check === 'retracted-stays-retracted' ? 240 : 60
      const recallsPerHour = check === 'blocked-stays-out' ? 1_200 : 120
      const adversaries = attacks[check] ?? new Map()
      const faults = check === 'acked-kept' ? usual('crash', 'churn') : new Map()
      caught.push(
        ...violated(
          await simulateRun(
            { seed: `${seed}`, faults, adversaries, publishesPerHour, recallsPerHour },
            tampering,
          ),
        ),
      )
    }
    expect(caught).toContain(check)
  })
}

it.each([
  ['whether it has a lesson', silent({ entry: never })],
  ['whom it knows', silent({ peers: never })],
  ['whether it has learned', silent({ addEntry: never })],
])('a node that never tells %s hides nothing', async (_, tampering) => {
  expect(violated(await simulateRun({}, tampering))).toContain('answers')
})

const crowded: readonly (readonly [string, (status: NodeStatus) => NodeStatus])[] = [
  [
    'connections',
    status => ({ ...status, swarms: status.swarms.map(swarm => ({ ...swarm, peers: swarm.peers + 120 })) }),
  ],
  [
    'bytes',
    status => ({ ...status, entries: { ...status.entries, bytes: status.entries.bytes + 3_000_000 } }),
  ],
  [
    'entries that wait to be fetched',
    status => ({ ...status, fetch: { ...status.fetch, waiting: status.fetch.waiting + 12_000 } }),
  ],
  [
    'entries to be fetched again',
    status => ({ ...status, fetch: { ...status.fetch, failed: status.fetch.failed + 12_000 } }),
  ],
]

it.each(crowded)('more %s than a node keeps are caught', async (_, change) => {
  const tampering: Tampering = { node: node => altered(node, { status: () => change(node.status()) }) }
  expect(violated(await simulateRun({}, tampering))).toContain('bounds')
})
