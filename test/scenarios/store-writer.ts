/**
 * A process that writes numbered batches until it is killed, several at a time, and prints each number once it is
 * acknowledged. Started by the store's crash tests: `node store-writer.ts FOLDER`.
 */

import { openLevelStore } from '../../store/level.ts'
import { countBatches, numberedBatch } from './store-batches.ts'

const [folder = ''] = process.argv.slice(2)
const opened = await openLevelStore(folder)
if (!opened.ok) throw new Error(opened.message)
const store = opened.value
// A pipe is written synchronously, so a number that was printed is out before the process can die.
process.stdout.write('open\n')
let next = await countBatches(store)
const write = async (): Promise<void> => {
  for (;;) {
    const number = next++
    await store.batch(numberedBatch(number))
    process.stdout.write(`${number}\n`)
  }
}
await Promise.all(Array.from({ length: 5 }, write))
