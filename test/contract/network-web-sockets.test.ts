import { swarmOpener } from '../../node/adapters/libp2p.ts'
import { networkContract } from './network.ts'
import { realTime } from './real-time.ts'

// A file of its own, so that it runs beside the one over TCP.
const open = swarmOpener({ listen: ['/ip4/127.0.0.1/tcp/0/ws'], mdns: false, dht: true }, () => undefined)

networkContract({ name: 'libp2p over WebSockets', open, ...realTime })
