import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createQueue } from '../../../node/queue.ts'

describe('queue', () => {
  it('refuses what does not fit, and runs the rest', async () => {
    const done: number[] = []
    const queue = createQueue<number>({
      limit: 2,
      workers: 1,
      run: async item => {
        done.push(item)
      },
      onError: cause => {
        throw cause
      },
    })
    const taken = [1, 2, 3, 4].map(item => queue.push(item))
    await queue.idle()
    // One runs at once and two wait: the fourth is refused.
    expect(taken).toEqual([true, true, true, false])
    expect(done).toEqual([1, 2, 3])
  })

  it('goes on after a job that fails, and says which failed', async () => {
    const failed: number[] = []
    const done: number[] = []
    const queue = createQueue<number>({
      limit: 10,
      workers: 2,
      run: async item => {
        if (item === 1) throw new RangeError('broken job')
        done.push(item)
      },
      onError: (_cause, item) => failed.push(item),
    })
    for (const item of [1, 2, 3]) queue.push(item)
    await queue.idle()
    expect({ failed, done }).toEqual({ failed: [1], done: [2, 3] })
  })

  it('hands out by priority, equal ones in order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }), async priorities => {
        const seen: { priority: number; order: number }[] = []
        let open: () => void = () => undefined
        const gate = new Promise<void>(resolve => {
          open = resolve
        })
        const queue = createQueue<{ priority: number; order: number }>({
          limit: 1000,
          workers: 1,
          run: async item => {
            await gate
            if (item.order >= 0) seen.push(item)
          },
          onError: cause => {
            throw cause
          },
          priority: item => item.priority,
        })
        queue.push({ priority: 9, order: -1 })
        priorities.forEach((priority, order) => {
          queue.push({ priority, order })
        })
        open()
        await queue.idle()
        const expected = priorities
          .map((priority, order) => ({ priority, order }))
          .sort((a, b) => b.priority - a.priority || a.order - b.order)
        expect(seen).toEqual(expected)
      }),
    )
  })

  it('drops what waits when it closes, and refuses more', async () => {
    const done: number[] = []
    const queue = createQueue<number>({
      limit: 10,
      workers: 1,
      run: async item => {
        done.push(item)
      },
      onError: cause => {
        throw cause
      },
    })
    queue.push(1)
    queue.push(2)
    await queue.close()
    expect(done).toEqual([1])
    expect(queue.push(3)).toBe(false)
  })
})
