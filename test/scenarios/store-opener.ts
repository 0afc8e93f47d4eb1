/** A process that opens a store and prints what came of it as JSON: for tests that need another user. `node store-opener.ts FOLDER`. */

import { openLevelStore } from '../../store/level.ts'

const [folder = ''] = process.argv.slice(2)
const opened = await openLevelStore(folder)
process.stdout.write(JSON.stringify(opened.ok ? { ok: true } : opened))
if (opened.ok) await opened.value.close()
