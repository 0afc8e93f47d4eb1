import { swarmOpener } from '../../node/adapters/libp2p.ts'
import { blocksContract } from './blocks.ts'
import { realTime } from './real-time.ts'

const open = swarmOpener({ listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, dht: true }, () => undefined)

blocksContract({ name: 'bitswap over libp2p', open, ...realTime })
