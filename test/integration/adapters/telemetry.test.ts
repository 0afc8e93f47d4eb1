/** onnxruntime reports its use to its maker unless it is told not to before it is loaded. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const file = (path: string): URL => new URL(path, import.meta.url)

/** What the program says of telemetry, started by someone who never heard of it. */
async function watched(...program: readonly string[]): Promise<readonly string[]> {
  const { ORT_DISABLE_TELEMETRY: _set, ...env } = process.env
  const watch = file('./watched-load.ts').href
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', watch, ...program], { env })
  return stdout.split('\n').filter(line => /^(loaded|ended): /.test(line))
}

test('the embedder switches telemetry off before it loads onnxruntime, whoever opens it', async () => {
  const script = `
    const { openEmbedder } = await import('${file('../../../node/adapters/onnx.ts').href}')
    const opened = await openEmbedder()
    if (!opened.ok) throw new Error(opened.message)
    await opened.value.close()`
  expect(await watched('--input-type=module', '--eval', script)).toEqual(['loaded: 1', 'ended: 1'])
})

test('the program switches telemetry off for all that it may load, and a small command loads none of it', async () => {
  const main = fileURLToPath(file('../../../node/main.ts'))
  expect(await watched(main, '--version')).toEqual(['ended: 1'])
})
