import { describe, expect, it } from 'vitest'
import { Trace } from '../../../sim/trace.ts'

const traceOf = (lines: number, linesMax?: number): Trace => {
  const trace = new Trace(linesMax)
  for (let at = 1; at <= lines; at++) trace.add(at, `line ${at}`)
  return trace
}

describe('a trace', () => {
  it('has nothing of what comes after its last line, neither in its hash nor in what it tells', () => {
    const cut = traceOf(9, 5)
    expect([cut.lines, cut.isFull, cut.hash]).toEqual([5, true, traceOf(5).hash])
    expect(cut.hash).not.toBe(traceOf(6).hash)
    expect(cut.last(2)).toEqual(['#4 4.000 line 4', '#5 5.000 line 5'])
  })

  it('numbers its lines from the first on, however few it keeps', () => {
    expect(traceOf(1_000).last(2)).toEqual(['#999 999.000 line 999', '#1000 1000.000 line 1000'])
    expect(traceOf(3).last(60)).toHaveLength(3)
  })
})
