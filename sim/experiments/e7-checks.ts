/** What may not be in published entries: values of databases, words outside the vocabulary. */

import type { Entry } from '../../protocol/types.ts'
import { type Recorded, wordsOf } from './e7-data.ts'
import { ownWords } from './own-words.ts'

export function entryText({ situation, insight }: Pick<Entry, 'situation' | 'insight'>): string {
  return [situation, insight.summary, insight.detail, insight.action].join('\n')
}

/**
 * Values of a tool's database in an entry's text, as whole words. A word of the tool's errors (`line must be suspended`) is
 * its own, however few records hold it, but only where the operator's prompt or a field's name has it as well: an error can
 * name a person, too.
 */
export function leakedValues(
  entries: readonly Pick<Entry, 'situation' | 'insight'>[],
  { rareValues, runs }: Recorded,
): readonly string[] {
  const rules = new Set([...new Set(runs.map(run => run.rules))].flatMap(wordsOf))
  const names = new Set(runs.flatMap(run => [...run.names, ...run.tools]).flatMap(nameWords))
  const said = new Set(
    runs.flatMap(run => [...run.errorWords]).filter(word => rules.has(word) || names.has(word)),
  )
  const leaked = new Set<string>()
  for (const entry of entries) {
    const text = ` ${entryText(entry)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_#@.+-]+/gu, ' ')} `
    for (const value of rareValues) {
      const plain = value.replace(/[^\p{L}\p{N}_#@.+-]+/gu, ' ').trim()
      if (plain.length < 4 || said.has(plain)) continue
      if (text.includes(` ${plain} `) || text.includes(` ${plain}. `)) leaked.add(value)
    }
  }
  return [...leaked]
}

function nameWords(name: string): readonly string[] {
  return wordsOf(name.replace(/[_.]/g, ' '))
}

/** Words that are neither the distiller's own, nor a name of the tools, nor a word of an error, nor a state of a record. */
export function wordsOutside(
  entries: readonly Entry[],
  { runs }: Recorded,
  states: ReadonlySet<string>,
): readonly string[] {
  const allowed = new Set(ownWords)
  for (const run of runs) {
    for (const name of [...run.tools, ...run.names]) {
      allowed.add(name.toLowerCase())
      for (const word of nameWords(name)) allowed.add(word)
    }
    for (const word of run.errorWords) allowed.add(word)
  }
  const outside = new Set<string>()
  for (const entry of entries) {
    for (const [word] of entryText(entry)
      .toLowerCase()
      .matchAll(/[\p{L}\p{N}_][\p{L}\p{N}_'-]*/gu)) {
      const parts = wordsOf(word.replace(/_/g, ' '))
      const good =
        allowed.has(word) || states.has(word) || parts.every(part => allowed.has(part) || states.has(part))
      if (!good || /\d{3}/.test(word)) outside.add(word)
    }
  }
  return [...outside]
}

/** Words that are values of one field with few values, each in three tasks or more: states such as `pending`. */
export function statesOf({ runs }: Recorded): ReadonlySet<string> {
  const tasks = new Map<string, Set<string>>()
  for (const run of runs) {
    for (const [, value] of run.text.matchAll(/\\?":\s?\\?"?([\p{L}_ -]{2,24}?)\\?"?[,}\]]/gu)) {
      const word = (value ?? '').toLowerCase()
      tasks.set(word, (tasks.get(word) ?? new Set()).add(run.task))
    }
  }
  const states = new Set<string>()
  for (const [word, where] of tasks)
    if (where.size >= 3) for (const part of [word, ...word.split(/[ _-]/)]) states.add(part)
  return states
}

/** Share of the words of what is advised that the operator's prompt does not hold; null where no prompt is recorded. */
export function adviceBeyondPrompt(entries: readonly Entry[], { runs }: Recorded): number | null {
  const prompt = new Set(wordsOf([...new Set(runs.map(run => run.rules))].join('\n')))
  if (prompt.size === 0 || entries.length === 0) return null
  const shares = entries.map(({ insight }) => {
    const words = [...new Set(wordsOf(insight.action))]
    return words.filter(word => !prompt.has(word)).length / Math.max(1, words.length)
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}
