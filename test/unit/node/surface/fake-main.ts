/** The real command line on a fake node, as a process of its own: for signals, exit status and pipes. */

import { runCli } from '../../../../node/surface/cli.ts'
import { fakeProgram } from './fake-program.ts'

process.exitCode = await runCli(fakeProgram('/nowhere', process.env), process.argv.slice(2))
