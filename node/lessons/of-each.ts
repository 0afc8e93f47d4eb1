/**
 * What is made of one thing is made once and kept as long as the thing itself. A run stays the same object from one
 * look to the next, so that a new run costs what it is itself, and not all that came before it.
 */
export function ofEach<Thing extends object, Made>(make: (thing: Thing) => Made): (thing: Thing) => Made {
  const made = new WeakMap<Thing, { readonly value: Made }>()
  return thing => {
    const known = made.get(thing)
    if (known !== undefined) return known.value
    const value = make(thing)
    made.set(thing, { value })
    return value
  }
}
