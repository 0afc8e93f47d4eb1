/**
 * Lines of a stream, with a bound on the memory that one line may take: a file without line breaks must not fill
 * it. A line is a line of bytes; decoding is strict, so that a wrong encoding is reported and not guessed.
 */

export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly problem: 'too-long' | 'not-utf8' }

const newline = 0x0a

export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<Line, void, undefined> {
  let parts: Uint8Array[] = []
  let size = 0
  let number = 1
  const finish = (): Line => {
    const line = size > lineBytesMax ? ({ number, problem: 'too-long' } as const) : decode(number, parts)
    parts = []
    size = 0
    number++
    return line
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      size += to - from
      if (size <= lineBytesMax) parts.push(chunk.subarray(from, to))
      yield finish()
      from = to + 1
    }
    size += chunk.length - from
    if (size <= lineBytesMax) parts.push(chunk.subarray(from))
    else parts = []
  }
  if (size > 0) yield finish()
}

function decode(number: number, parts: readonly Uint8Array[]): Line {
  try {
    // The decoder takes a byte order mark away, which only the first line may have.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
    return { number, text: text.endsWith('\r') ? text.slice(0, -1) : text }
  } catch {
    return { number, problem: 'not-utf8' }
  }
}
