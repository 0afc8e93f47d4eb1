/** A progress bar on standard error, where that is a terminal; without one, nothing. */

import type { Output } from './output.ts'

export interface Progress {
  add(bytes: number): void
  /** Takes the bar away while something else is printed. */
  interrupt(print: () => void): void
  /** Takes the bar away for good; may be called again. */
  stop(): void
}

export async function showProgress(out: Output, totalBytes: number | undefined): Promise<Progress> {
  if (out.json || !out.stderr.isTTY || totalBytes === undefined || totalBytes === 0) {
    return { add() {}, interrupt: print => print(), stop() {} }
  }
  const { default: progress } = await import('cli-progress')
  const bar = new progress.SingleBar({
    format: '{bar} {percentage} %  {eta_formatted} left',
    stream: out.stderr,
    clearOnComplete: true,
    hideCursor: false,
    barsize: 40,
  })
  bar.start(totalBytes, 0)
  return {
    add: bytes => bar.increment(bytes),
    interrupt(print) {
      if (!bar.isActive) {
        print()
        return
      }
      out.stderr.write('\r\x1b[K')
      print()
      bar.render()
    },
    stop() {
      if (bar.isActive) bar.stop()
    },
  }
}
