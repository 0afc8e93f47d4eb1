/**
 * Properties draw the same cases in every run, so that the same code gives the same result everywhere. `npm run fuzz`
 * draws others; what it finds becomes an example test.
 */

import fc from 'fast-check'

fc.configureGlobal(process.env.FUZZ === undefined ? { seed: 0x5eed } : {})
