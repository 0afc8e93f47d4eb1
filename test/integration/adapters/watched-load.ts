/** To be imported before a program: prints how telemetry is set when onnxruntime is loaded, and when the program ends. */

import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

const say = (when: string): void => {
  writeSync(1, `${when}: ${process.env.ORT_DISABLE_TELEMETRY}\n`)
}
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'onnxruntime-node') say('loaded')
    return next(specifier, context)
  },
})
process.on('exit', () => say('ended'))
