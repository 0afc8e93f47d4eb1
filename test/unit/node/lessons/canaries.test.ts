import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DraftView, EntryView } from '../../../../node/api.ts'
import { createDistiller } from '../../../../node/lessons/distiller.ts'
import type { Network } from '../../../../node/ports.ts'
import { type VirtualNode, VirtualWorld } from '../virtual-nodes.ts'

/** What only one customer's conversations hold: small letters, as names are typed, and a few with digits, as ids are. */
class Canaries {
  readonly all: string[] = []

  name(): string {
    const letters = [...(this.all.length + 1_000).toString(5)].map(digit => 'aeiou'[Number(digit)] ?? '')
    const word = `q${letters.map((vowel, at) => vowel + ('zvxkw'[at % 5] ?? '')).join('')}`
    this.all.push(word)
    return word
  }

  id(): string {
    const id = `${this.name()}-${this.all.length}7`
    this.all.push(id)
    return id
  }
}

const CUSTOMERS = 40
/** Each customer comes back: what is theirs stands in as many tasks as a lesson needs. */
const TASKS_EACH = 3

/** Two runs of each task of one customer: a changed argument and a card are to be learned, and nothing of the customer. */
function runsOf(customer: number, canaries: Canaries): readonly unknown[] {
  const person = Array.from({ length: 10 }, () => canaries.name())
  return Array.from({ length: TASKS_EACH }, (_, task) =>
    runsOfTask(customer * TASKS_EACH + task, person, canaries),
  ).flat()
}

function runsOfTask(task: number, person: readonly string[], canaries: Canaries): readonly unknown[] {
  const [who, family, town, firm, wish, note, key, table, state, source] = person
  const [tool, argument, model] = [canaries.name(), canaries.name(), canaries.name()]
  const [thing, other, taskId] = [canaries.id(), canaries.id(), canaries.id()]
  const secret = `ghp_${canaries.name().padEnd(36, '9')}`
  const mail = `${canaries.name()}@${canaries.name()}.example`
  const call = (id: string, name: string, args: unknown) => ({
    role: 'assistant',
    tool_calls: [{ id, function: { name, arguments: JSON.stringify(args) } }],
  })
  const result = (id: string, value: unknown) => ({
    role: 'tool',
    tool_call_id: id,
    content: typeof value === 'string' ? value : JSON.stringify(value),
  })
  const record = {
    id: thing,
    owner: who,
    state,
    city: town,
    [`${key}`]: note,
    shelf: { [`${table}`]: { size: task } },
  }
  return [0, 1].map(trial => ({
    task_id: taskId,
    trial,
    source,
    model,
    reward: 1,
    messages: [
      { role: 'system', content: `You serve ${firm} of ${town}. ${firm} never ships on Sundays.` },
      {
        role: 'user',
        content: `i am ${who} ${family} from ${town}, ${mail}, and want ${wish}. token ${secret}`,
      },
      {
        role: 'assistant',
        content: `What is the thing_id, ${who}?`,
        reasoning_content: `${family} is upset`,
      },
      { role: 'user', content: `no idea, ${other} or so, ask ${family}` },
      call(`${who}-1`, 'find_things', { owner: who, city: town }),
      result(`${who}-1`, { things: [record], [`${who}`]: { size: 1 }, by: family }),
      call(`${who}-2`, 'modify_thing', { thing_id: other, amount: task }),
      result(`${who}-2`, `Error: ${who} has no thing ${other} in ${town}`),
      call(`${who}-3`, 'modify_thing', { thing_id: thing, amount: task }),
      result(`${who}-3`, { ok: true, [`${key}`]: wish, owner: { [`${family}`]: 1 } }),
      call(`${who}-4`, `send_${tool}`, { [`${argument}`]: thing, to: mail }),
      result(`${who}-4`, `Error: ${firm} refused: ${note}, token ${secret}`),
      call(`${who}-5`, 'get_thing', { thing_id: thing }),
      result(`${who}-5`, { ...record, state: 'open' }),
      { role: 'assistant', content: `Done, ${who}. ${wish} is on its way to ${town}.` },
    ],
  }))
}

describe('a thousand canaries on the whole way through a node', () => {
  const canaries = new Canaries()
  const runs = Array.from({ length: CUSTOMERS }, (_, customer) => runsOf(customer, canaries)).flat()
  const said: Uint8Array[] = []
  let drafts: readonly DraftView[]
  let shared: readonly EntryView[]
  let guest: VirtualNode

  beforeAll(async () => {
    const world = new VirtualWorld()
    const [host, friend] = await world.swarm(1, {
      ports: {
        distiller: createDistiller(),
        openSwarm: async options => {
          const link = await world.network.open(options)
          return { ...link, network: listening(link.network, said) }
        },
      },
    })
    if (host === undefined || friend === undefined) throw new TypeError('no swarm')
    guest = friend
    drafts = (await host.node.preview(runs)).drafts
    for (const run of runs) expect((await host.node.capture(run)).ok).toBe(true)
    while ((await host.node.distil()).heldOver > 0) await world.settle()
    await world.pass(120_000)
    shared = (await host.node.entries({ status: 'shared' })).items
  }, 60_000)

  afterAll(() => guest.stop())

  const held = (text: string): readonly string[] => {
    const plain = text.toLowerCase()
    return canaries.all.filter(canary => plain.includes(canary))
  }

  it('are a thousand, and lessons come of the runs', () => {
    expect(new Set(canaries.all).size).toBe(canaries.all.length)
    expect(canaries.all.length).toBeGreaterThanOrEqual(1_000)
    const situations = shared.map(({ entry }) => entry.situation).join('\n')
    expect(shared.length).toBeGreaterThanOrEqual(3)
    expect(situations).toContain('modify_thing')
  })

  it('are in no entry that may be shared, and in none that is', () => {
    const toShare = drafts.filter(draft => draft.heldBack === undefined).map(draft => draft.entry)
    expect(toShare.length).toBe(shared.length)
    expect(held(JSON.stringify(toShare))).toEqual([])
    expect(held(JSON.stringify(shared))).toEqual([])
  })

  it('are in nothing that was said to the swarm, and in nothing that another node has stored', async () => {
    expect(said.length).toBeGreaterThan(0)
    expect(held(said.map(textOf).join('\n'))).toEqual([])
    const stored: string[] = []
    for await (const [key, value] of guest.store.entries({ prefix: '' })) stored.push(key, textOf(value))
    expect(stored.join('\n')).toContain('modify_thing')
    expect(held(stored.join('\n'))).toEqual([])
  })
})

/** Text in the encodings of the protocol stands in its bytes as it is. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** The network, with everything that the node publishes or answers written down. */
function listening(network: Network, said: Uint8Array[]): Network {
  return new Proxy(network, {
    get(target, name) {
      if (name === 'publish')
        return (topic: string, bytes: Uint8Array) => {
          said.push(bytes)
          return target.publish(topic, bytes)
        }
      if (name === 'serve')
        return (...[protocol, options, handler]: Parameters<Network['serve']>) =>
          target.serve(protocol, options, async (...request) => {
            const answer = await handler(...request)
            said.push(answer)
            return answer
          })
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
