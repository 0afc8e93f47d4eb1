/** The report of a simulated run as a person sees it: in a real browser, from a file, without a network. */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openBrowser } from './browser.ts'

const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url))
const settings = '--nodes 6 --minutes 2 --seed 11 --faults crash,partition,loss'

describe.skipIf(chromiumPath === undefined)('the report of a run, in a browser', () => {
  let folder: string
  let browser: Browser

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'swarmlore-report-'))
    const words = ['sim', ...settings.split(' '), '--report', folder]
    await promisify(execFile)(process.execPath, [main, ...words])
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** The page, and what went wrong on it. */
  async function opened(width: number): Promise<{ page: Page; wrong: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 } })
    const wrong: string[] = []
    page.on('pageerror', error => wrong.push(String(error)))
    page.on('console', message => message.type() === 'error' && wrong.push(message.text()))
    page.on('request', request => request.url().startsWith('file:') || wrong.push(request.url()))
    await page.goto(pathToFileURL(join(folder, 'report.html')).href)
    return { page, wrong }
  }

  test.each([360, 1200])('shows everything at a width of %i pixels, and asks nobody for it', async width => {
    const { page, wrong } = await opened(width)
    expect(await page.getByText('All checks hold').isVisible()).toBe(true)
    for (const heading of ['The swarm', 'Propagation', 'Deliveries', 'Bandwidth', 'Recall accuracy', 'Trust'])
      expect(await page.getByRole('heading', { name: heading, exact: true }).isVisible(), heading).toBe(true)
    expect(await page.locator('svg').count()).toBeGreaterThanOrEqual(7)
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
    expect(overflow).toBeLessThanOrEqual(0)
    expect(wrong).toEqual([])
  })

  test('goes through time with the slider, and plays', async () => {
    const { page, wrong } = await opened(1000)
    const when = page.locator('#when')
    const links = page.locator('.graph .links, .graph .mesh')
    const drawn = () => links.evaluateAll(paths => paths.map(path => path.getAttribute('d')).join(' '))
    const [atFirst, linksAtFirst] = [await when.textContent(), await drawn()]
    await page.locator('#at').focus()
    await page.keyboard.press('End')
    expect(await when.textContent()).not.toBe(atFirst)
    expect(await drawn()).not.toBe(linksAtFirst)
    const play = page.locator('#play')
    await play.click()
    expect(await play.textContent()).toBe('Pause')
    await expect.poll(() => when.textContent()).not.toBe(atFirst)
    await play.click()
    expect(await play.textContent()).toBe('Play')
    expect(wrong).toEqual([])
  })
})
