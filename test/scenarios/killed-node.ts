/**
 * A node without a network that learns until it is killed: captures question after question, distils, and prints what
 * it was told to be safe. Usage: killed-node.ts FOLDER FIRST [once]; with `once` it ends by itself after distilling.
 */

import { writeSync } from 'node:fs'
import { question, quietNode } from './quiet-node.ts'

const [, , folder = '', first = '0', once] = process.argv
const node = await quietNode(folder)
// Written at once and not by a stream, so that nothing printed is lost with the process.
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}
say('open')
for (let number = Number(first); ; number++) {
  const captured = await node.capture(question(number))
  if (!captured.ok) throw new Error(captured.message)
  say(`captured ${captured.value.episode}`)
  if (number % 3 === 0) {
    const report = await node.distil()
    say(`distilled ${report.published}`)
    if (once !== undefined) break
  }
}
await node.stop()
