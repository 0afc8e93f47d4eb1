/** The transcripts that ship with the demo: recorded by nobody, written for it. */

import { fileURLToPath } from 'node:url'
import { readTranscripts } from '../cli/transcripts.ts'
import { DemoFailure } from './fleet.ts'

const folder = new URL('../demo-transcripts/', import.meta.url)

export async function demoTranscripts(file: string): Promise<Record<string, unknown>[]> {
  const transcripts: Record<string, unknown>[] = []
  for await (const found of readTranscripts(fileURLToPath(new URL(file, folder)), 'lines', () => {})) {
    if ('code' in found) throw new DemoFailure(`${found.file}:${found.line}: ${found.message}`)
    transcripts.push({ ...found.transcript })
  }
  return transcripts
}
