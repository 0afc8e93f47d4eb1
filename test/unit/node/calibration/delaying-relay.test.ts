/** The relay between real nodes: everything arrives, in order, later, and is counted. */

import { connect, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../../node/adapters/system.ts'
import { openRelay, type Relay } from '../../../../node/calibration/delaying-relay.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

/** Answers each byte with the same. */
async function echo(): Promise<number> {
  const server: Server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  open.push(() => new Promise(done => server.close(done)))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return address.port
}

async function relayTo(targetPort: number, delayMs: () => number): Promise<Relay> {
  const relay = await openRelay({ clock: systemClock, targetPort, delayMs })
  open.push(() => relay.close())
  return relay
}

test('what goes through arrives whole and in order, whatever each piece has to wait, and is counted both ways', async () => {
  const waits = [20, 1, 15, 0, 5]
  let at = 0
  const relay = await relayTo(await echo(), () => waits[at++ % waits.length] ?? 0)
  const socket = connect(relay.port, '127.0.0.1')
  const received: Buffer[] = []
  const ended = new Promise<void>((done, fail) => {
    socket.on('data', bytes => received.push(bytes))
    socket.on('end', done)
    socket.on('error', fail)
  })
  const pieces = Array.from({ length: 40 }, (_, number) => Buffer.alloc(100 + number, number))
  for (const piece of pieces) {
    socket.write(piece)
    await systemClock.sleep(3)
  }
  socket.end()
  await ended
  const whole = Buffer.concat(pieces)
  expect(Buffer.concat(received).equals(whole)).toBe(true)
  expect(relay.carriedBytes()).toBe(2 * whole.length)
})

test('it waits before it passes anything on', async () => {
  let passOn = (): void => undefined
  const waited = new Promise<void>(done => {
    passOn = done
  })
  const clock = { ...systemClock, sleep: () => waited }
  const relay = await openRelay({ clock, targetPort: await echo(), delayMs: () => 1_000_000 })
  open.push(() => relay.close())
  const socket = connect(relay.port, '127.0.0.1')
  const answered = new Promise<string>(done => socket.once('data', bytes => done(bytes.toString())))
  let early: string | undefined
  void answered.then(text => {
    early = text
  })
  socket.write('hello')
  while (relay.carriedBytes() === 0) await systemClock.sleep(1)
  expect(early).toBeUndefined()
  passOn()
  expect(await answered).toBe('hello')
  socket.destroy()
})

test('a connection that one side breaks is gone on the other, too', async () => {
  const relay = await relayTo(await echo(), () => 1)
  const socket = connect(relay.port, '127.0.0.1')
  const closed = new Promise<void>(done => socket.once('close', () => done()))
  await new Promise<void>(done => socket.once('connect', () => done()))
  await relay.close()
  open.pop()
  await closed
})
