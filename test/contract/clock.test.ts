import { systemClock } from '../../node/adapters/system.ts'
import { VirtualClock } from '../../sim/clock.ts'
import { clockContract } from './clock.ts'

clockContract('system', () => ({ clock: systemClock, pass: ms => systemClock.sleep(ms) }))
clockContract('virtual', () => {
  const clock = new VirtualClock(1_700_000_000_000)
  return { clock, pass: ms => clock.advance(ms) }
})
