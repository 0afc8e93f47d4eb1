/** An object with some of its methods replaced, and all others its own: for a machine that does not behave in one respect. */
export function altered<T extends object>(own: T, changes: Partial<T>): T {
  return new Proxy(own, {
    get: (target, name) => {
      const changed: unknown = Reflect.get(changes, name)
      const value: unknown = changed ?? Reflect.get(target, name)
      return typeof value === 'function' && changed === undefined ? value.bind(target) : value
    },
  })
}
