import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const module = new URL('../../../../node/adapters/lean-allocator.ts', import.meta.url).href
const canRestart = process.platform === 'linux' && typeof process.execve === 'function'

test.skipIf(!canRestart)('a process starts again once, in its place, with its arguments', async () => {
  const script = `
    const { restartWithLeanAllocator } = await import(${JSON.stringify(module)})
    console.log(process.pid)
    restartWithLeanAllocator()
    console.log(JSON.stringify([process.argv.slice(1), process.env.MALLOC_MMAP_THRESHOLD_]))`
  const { MALLOC_MMAP_THRESHOLD_: _, ...environment } = process.env
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script, '--', 'one', '--two'],
    { env: environment },
  )
  const [before, after, rest] = stdout.trim().split('\n')
  expect(after).toBe(before)
  expect(JSON.parse(rest ?? '')).toEqual([['one', '--two'], '262144'])
  expect(stderr).toBe('')
})
