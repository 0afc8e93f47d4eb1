import { describe, expect, it } from 'vitest'
import type { Tampering } from '../../../sim/machine.ts'
import { readUntil } from '../../../sim/until.ts'
import { simulateRun } from './runs.ts'

const small = { nodes: 4, minutes: 1 }

describe('where a run is to stop', () => {
  it.each(['', '0', '-1', '1.5', 's', '1e3', '12 s', '#', 'converged', '9'.repeat(20)])(
    "'%s' is refused",
    text => {
      expect(readUntil(text)).toMatchObject({ ok: false, code: 'bad-usage' })
    },
  )

  it('is an event by its number, or a time in seconds', () => {
    expect(readUntil('17')).toEqual({ ok: true, value: { event: 17 } })
    expect(readUntil('#17')).toEqual({ ok: true, value: { event: 17 } })
    expect(readUntil('1.5s')).toEqual({ ok: true, value: { atMs: 1_500 } })
  })
})

describe('a run that is stopped', () => {
  it('at an event ends with it, and shows it as the last line of its trace', async () => {
    const stopped = await simulateRun(small, {}, { until: { event: 250 } })
    expect(stopped).toMatchObject({ stopped: 'until', events: 250, violations: [] })
    expect(stopped.trace).toHaveLength(60)
    expect(stopped.trace[0]).toMatch(/^#191 /)
    expect(stopped.trace.at(-1)).toMatch(/^#250 \d+\.\d{3} n\d/)
  })

  it('had the same happen as one that is stopped later', async () => {
    const later = await simulateRun(small, {}, { until: { event: 260 } })
    const stopped = await simulateRun(small, {}, { until: { event: 250 } })
    expect(later.trace.slice(0, 50)).toEqual(stopped.trace.slice(10))
  })

  it('at a time has nothing in its trace that came after it', async () => {
    const stopped = await simulateRun(small, {}, { until: { atMs: 40_000 } })
    const times = stopped.trace.map(line => Number(line.split(' ')[1]))
    expect(stopped.stopped).toBe('until')
    expect(Math.max(...times)).toBeLessThanOrEqual(40_000)
    expect(Math.max(...times)).toBeGreaterThan(20_000)
  })

  it('after its end is the whole run', async () => {
    const { stopped, traceHash } = await simulateRun(small, {}, { until: { event: 1_000_000 } })
    expect(stopped).toBeUndefined()
    expect(traceHash).toBe((await simulateRun(small)).traceHash)
  })

  it('where a check is violated shows that check, and what came before, as the run itself did', async () => {
    const fails = (): Promise<never> => Promise.reject(new TypeError('a bug'))
    const recallFails: Tampering = {
      node: own =>
        new Proxy(own, {
          get: (node, name) => {
            const value: unknown = name === 'recall' ? fails : Reflect.get(node, name)
            return typeof value === 'function' ? value.bind(node) : value
          },
        }),
    }
    const failed = await simulateRun(small, recallFails)
    const [first] = failed.violations
    expect(first?.check).toBe('no-bug')
    expect(failed.trace.at(-1)).toContain(`#${first?.event} `)
    expect(failed.trace.at(-1)).toContain('VIOLATED no-bug')
    const again = await simulateRun(small, recallFails, { until: { event: first?.event ?? 0 } })
    expect(again.violations).toEqual([first])
    expect(again.trace).toEqual(failed.trace)
  })

  it('for want of memory says so', async () => {
    const short = await simulateRun(small, {}, {}, { isMemoryShort: () => true })
    expect(short.stopped).toBe('memory')
  })
})
