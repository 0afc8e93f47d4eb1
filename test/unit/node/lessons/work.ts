/**
 * How much a piece of code does, counted and not timed: elements of lists, sets and maps that it steps over, and
 * characters that it searches. The same in every run and on every machine, so that a test can hold it to a bound.
 */

type Method = (this: unknown, ...given: unknown[]) => unknown

const OVER_LISTS =
  'every some filter find findIndex findLast findLastIndex flatMap forEach includes indexOf join map reduce slice toSorted sort'
const OVER_TEXTS =
  'endsWith includes indexOf match matchAll normalize replace replaceAll search split toLowerCase'

export async function workOf(run: () => Promise<unknown>): Promise<number> {
  let work = 0
  const undo: (() => void)[] = []
  const count = (prototype: object, name: string, sizeOf: (self: unknown) => number): void => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
    const method: Method = descriptor?.value
    if (descriptor === undefined || typeof method !== 'function') throw new TypeError(`no method ${name}`)
    const counted: Method = function (...given) {
      work += 1 + sizeOf(this)
      return Reflect.apply(method, this, given)
    }
    Object.defineProperty(prototype, name, { ...descriptor, value: counted })
    undo.push(() => Object.defineProperty(prototype, name, descriptor))
  }
  const lengthOf = (self: unknown): number =>
    self instanceof Object && 'length' in self ? Number(self.length) : 0
  const step = (): number => 0
  for (const name of OVER_LISTS.split(' ')) count(Array.prototype, name, lengthOf)
  for (const name of OVER_TEXTS.split(' ')) count(String.prototype, name, self => String(self).length)
  for (const iterator of [[].values(), new Map().values(), new Set().values()])
    count(Object.getPrototypeOf(iterator), 'next', step)
  try {
    await run()
  } finally {
    for (const back of undo.reverse()) back()
  }
  return work
}
