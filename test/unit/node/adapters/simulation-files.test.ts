import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openReportFolder, readTextFile } from '../../../../node/adapters/simulation-files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-sim-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a report’s folder', () => {
  it('is made with those above it, and holds whole files only', async () => {
    const path = join(folder, 'a', 'b')
    const opened = await openReportFolder(path)
    expect(await readdir(path)).toEqual([])
    expect(opened.ok && (await opened.value.write({ 'report.json': 'whole' }))).toMatchObject({ ok: true })
    expect(await readdir(path)).toEqual(['report.json'])
    expect(await readFile(join(path, 'report.json'), 'utf8')).toBe('whole')
  })

  it('that cannot be made or written into is refused before anything runs', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    for (const path of ['', file, join(file, 'below'), '/proc/none/at-all'])
      expect(await openReportFolder(path)).toMatchObject({ ok: false, code: 'bad-usage' })
  })

  it('with a folder where a file of the report goes is refused before anything runs', async () => {
    await mkdir(join(folder, 'report.html'))
    const opened = await openReportFolder(folder)
    expect(opened).toMatchObject({ ok: false, code: 'bad-usage' })
    expect(await readdir(folder)).toEqual(['report.html'])
  })

  it('that is gone when the report is written is told, and nothing is left half-written', async () => {
    const path = join(folder, 'gone')
    const opened = await openReportFolder(path)
    await rm(path, { recursive: true })
    expect(opened.ok && (await opened.value.write({ 'report.json': 'x' }))).toMatchObject({
      ok: false,
      code: 'store-write-failed',
    })
  })

  it('in which a folder took the name of one file meanwhile keeps the others as they were', async () => {
    await writeFile(join(folder, 'report.json'), 'before')
    const opened = await openReportFolder(folder)
    await mkdir(join(folder, 'report.html'))
    const texts = { 'report.json': 'after', 'report.html': 'after' }
    expect(opened.ok && (await opened.value.write(texts))).toMatchObject({ code: 'store-write-failed' })
    expect(await readFile(join(folder, 'report.json'), 'utf8')).toBe('before')
  })
})

describe('a file that is read', () => {
  it('is read as text', async () => {
    await writeFile(join(folder, 'a'), 'text')
    expect(await readTextFile(join(folder, 'a'), 4)).toEqual({ ok: true, value: 'text' })
  })

  it('is refused where it is none, is not there, or is too large', async () => {
    await writeFile(join(folder, 'a'), 'texts')
    for (const path of [join(folder, 'a'), folder, join(folder, 'none'), '/dev/zero'])
      expect(await readTextFile(path, 4)).toMatchObject({ ok: false, code: 'bad-usage' })
  })
})
