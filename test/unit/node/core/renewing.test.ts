/** Half a year and more, on virtual time: memberships are renewed, lessons are announced again, and what ends says so. */

import { describe, expect, test } from 'vitest'
import { lesson, lessonFinder, letIn, must, type VirtualNode, VirtualWorld } from '../virtual-nodes.ts'

const minute = 60_000
/** The housekeeping runs a minute after a start. */
const tickMs = 2 * minute

async function pair(options: ConstructorParameters<typeof VirtualNode>[2] = {}) {
  const world = new VirtualWorld()
  const [founder, guest] = await world.swarm(1, options)
  if (founder === undefined || guest === undefined) throw new TypeError('a founder and a guest')
  await world.pass(10_000)
  const members = () => founder.home.members
  const isMember = async () => must(await founder.node.peer(guest.viewOf(founder.home).self)).member
  return { world, founder, guest, members, isMember }
}

describe('a membership', () => {
  test('is renewed while its member is met, and does not end', async () => {
    const { world, founder, guest, isMember } = await pair()
    for (let stay = 0; stay < 4; stay++) {
      await world.daysOff(130, founder, guest)
      await world.pass(tickMs)
      expect(await isMember()).toBe(true)
    }
    expect(guest.viewOf(founder.home).alone).toBeUndefined()
    expect(founder.said('A membership was renewed.')).toBe(true)
  })

  test('is renewed once, and not before two thirds of it are over', async () => {
    const { world, founder, guest } = await pair()
    const { records } = founder.home
    await world.daysOff(119, founder, guest)
    await world.pass(tickMs)
    expect(founder.home.records).toBe(records)
    await world.daysOff(2, founder, guest)
    await world.pass(20 * minute)
    expect(founder.home.records).toBe(records + 1)
    expect(guest.viewOf(founder.home).records).toBe(records + 1)
  })

  test('of a member of whom nothing is heard ends, which it is told; a new invitation lets it in again', async () => {
    const { world, founder, guest, isMember } = await pair()
    const view = founder.home
    const warned = async () =>
      (await guest.node.doctor()).some(one => one.level === 'warn' && one.message.includes('runs out in'))
    expect(await warned()).toBe(false)
    await founder.stop()
    await world.daysOff(155, guest)
    expect(await warned()).toBe(true)
    await guest.stop()
    await founder.restart()
    await world.pass(tickMs)
    await world.daysOff(35, founder)
    await guest.restart()
    await world.pass(tickMs)
    expect(await isMember()).toBe(false)
    expect(guest.viewOf(view).alone?.reason).toBe('membership-over')
    const findings = await guest.node.doctor()
    expect(findings.some(({ level, message }) => level === 'error' && message.includes('run out'))).toBe(true)
    const own = must(await guest.node.addEntry(lesson('The saw is dull.')))
    await world.pass(minute)
    expect(await founder.isKept(own.cid)).toBe(false)

    await letIn(founder, guest, view)
    await world.pass(minute)
    expect(await isMember()).toBe(true)
    const said = must(await guest.node.addEntry(lesson('The saw hums.', { swarm: view.id })))
    await world.pass(minute)
    expect(await founder.isKept(said.cid)).toBe(true)
  })

  test('of a member that the owner has blocked is not renewed', async () => {
    const { world, founder, guest, isMember } = await pair()
    must(await founder.node.setTrust(guest.viewOf(founder.home).self, { blocked: true }))
    for (let stay = 0; stay < 2; stay++) {
      await world.daysOff(130, founder, guest)
      await world.pass(tickMs)
    }
    expect(await isMember()).toBe(false)
  })
})

const distiller = lessonFinder('The badge reader blinks red.')

async function run(node: VirtualNode, ask: string): Promise<void> {
  const messages = [
    { role: 'user', content: ask },
    { role: 'assistant', content: 'Done.' },
  ]
  must(await node.node.capture({ messages, outcome: true }))
  await node.node.distil()
}

describe('an own lesson', () => {
  test('that a person wrote is announced again before its record is too old, under the same name', async () => {
    const { world, founder, guest } = await pair()
    const { cid } = must(await founder.node.addEntry(lesson('The lift is stuck.')))
    await world.pass(minute)
    for (let stay = 0; stay < 3; stay++) {
      await world.daysOff(155, founder, guest)
      await world.pass(20 * minute)
      expect(await guest.isKept(cid)).toBe(true)
      expect(must(await founder.node.entry(cid)).status).toBe('shared')
    }
    must(await founder.node.retract(cid))
    await world.pass(minute)
    expect(await guest.isKept(cid)).toBe(false)
    expect(await founder.isKept(cid)).toBe(false)
  })

  test('that no run has shown for half a year lapses at the peers, and stays here until a run shows it', async () => {
    const { world, founder, guest } = await pair({ ports: { distiller } })
    await run(founder, 'Gate one.')
    const [entry] = (await founder.node.entries({ status: 'shared' })).items
    if (entry === undefined) throw new TypeError('it is shared')
    await world.pass(minute)
    expect(await guest.isKept(entry.cid)).toBe(true)
    // Within half a year of its run it is announced again, once.
    await world.daysOff(155, founder, guest)
    await world.pass(20 * minute)
    await world.daysOff(155, founder, guest)
    await world.pass(20 * minute)
    expect(await guest.isKept(entry.cid)).toBe(true)
    await world.daysOff(40, founder, guest)
    await world.pass(20 * minute)
    expect(await guest.isKept(entry.cid)).toBe(false)
    expect(must(await founder.node.entry(entry.cid))).toMatchObject({
      status: 'local',
      heldBack: 'No run has shown it for half a year, and it has helped nobody here.',
    })
    expect((await founder.node.recall({ query: 'The badge reader blinks red.' })).items).toHaveLength(1)

    await run(founder, 'Gate two.')
    await world.pass(minute)
    expect((await guest.node.entries({})).items).toHaveLength(1)
  })
})
