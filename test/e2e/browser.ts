/** A real Chromium, where the machine has one: Debian's package `chromium`, or what CHROMIUM names. */

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export const chromiumPath = [process.env.CHROMIUM ?? '', ...usual].find(path => existsSync(path))

export function openBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new TypeError('there is no Chromium on this machine')
  // The pages are our own: whoever runs the tests as root, as containers do, has no use for the sandbox.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
}
