/** The real command line on a fake node, as a process of its own, for signals. `FAKE_STOP=never`: it does not stop. */

import { runCli } from '../../../../node/surface/cli.ts'
import { fakeProgram } from './fake-program.ts'

const program = fakeProgram('/nowhere', {})
const { compose } = program
program.compose = async (...given) => {
  const composed = await compose(...given)
  if (!composed.ok || process.env.FAKE_STOP !== 'never') return composed
  // A timer keeps the process alive, as the sockets of a real node would.
  const close = () => new Promise<void>(() => setInterval(() => {}, 1_000))
  return { ok: true, value: { ...composed.value, close } }
}
process.exitCode = await runCli(program, process.argv.slice(2))
