import { afterAll, beforeAll } from 'vitest'
import { blocksContract } from './blocks.ts'
import { networkContract } from './network.ts'
import { simulatedNetwork } from './simulated.ts'

const { open, start, stop, until, within } = simulatedNetwork()

beforeAll(() => void start())
afterAll(stop)

networkContract({ name: 'simulated', open, until, within })
blocksContract({ name: 'simulated', open, until, within })
