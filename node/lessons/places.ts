/** Origins in a lesson's words: which place of a value may be named, and how. */

import { type Origin, originName } from './origins.ts'
import { type Allowed, own, placeWord, say, toolWord } from './vocabulary.ts'

export function originWords(origin: Origin): Allowed | undefined {
  switch (origin.from) {
    case 'result':
      return placeWord(origin.tool, origin.path)
    case 'text': {
      const tool = toolWord(origin.tool)
      return tool === undefined ? undefined : say`the text that ${tool} returns`
    }
    case 'error':
      return own('the list in the error itself')
    case 'user':
      return own('what the user says')
    case 'rule':
      return own('the rules in the prompt')
    case 'observation':
      return own('what was observed')
    case 'computed':
      return own('numbers that results hold')
  }
}

/** The tool whose result holds the value. */
export function readerOf(origin: Origin): string | undefined {
  return origin.from === 'result' || origin.from === 'text' ? origin.tool : undefined
}

/** By how many asks each origin is shown, most first; ties by name, so that the order of runs does not matter. */
export function ranked<Place extends { readonly origin: Origin; readonly asks: ReadonlySet<string> }>(
  shown: ReadonlyMap<string, Place>,
): readonly Place[] {
  return [...shown.values()].sort(
    (a, b) => b.asks.size - a.asks.size || (originName(a.origin) < originName(b.origin) ? -1 : 1),
  )
}
