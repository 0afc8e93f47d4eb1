/** The beginning of a text that names an error. */

/** Longer lines are cut: the first words of an error name it. */
export const MESSAGE_LENGTH_MAX = 240

export function firstLine(text: string): string {
  const line = text.split('\n', 20).find(part => part.trim() !== '') ?? text
  return cut(line.trim(), MESSAGE_LENGTH_MAX)
}

/** Cut between words: the beginning of a name would not be known as one. */
export function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : text.slice(0, lengthMax).replace(/\S+$/, '').trimEnd()
}
