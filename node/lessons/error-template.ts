/**
 * The template of an error: its words with every value taken out, and without what is said to the reader. It is all of an
 * error that another model may see.
 */

import { cut } from './first-line.ts'
import type { Leaf } from './leaves.ts'
import { withoutOrders } from './orders.ts'

export const QUOTED = /'[^']{0,120}'|"[^"]{0,120}"|`[^`]{0,120}`|“[^”]{0,120}”|\[[^\]]{0,2000}\]?/g
const PLACEHOLDER = /<([a-z]{2,8}):\d+>/g
const HIDDEN = /<[^<>]{1,60}>|\S+/g

/**
 * The error's words, in small letters. What the call's arguments hold becomes the argument's name, quoted parts and
 * whatever has a digit become `<value>` and `<number>`; so do capitalised words within a sentence, and what
 * `isValue` knows as a name or an id from the run.
 */
export function errorTemplate(
  message: string,
  leaves: readonly Leaf[],
  isValue: (word: string) => boolean,
): string {
  let text = message.replace(/^[\s"'`*[({]*(?:error|exception)\s*[:-]\s*/i, '')
  const longestFirst = leaves
    .filter(leaf => typeof leaf.value === 'string' && leaf.value.trim().length >= 3)
    .sort((a, b) => String(b.value).length - String(a.value).length)
  for (const leaf of longestFirst) {
    const value = String(leaf.value)
    if (text.includes(value)) text = text.split(value).join(` <${shortName(leaf.path)}> `)
  }
  text = text.replace(PLACEHOLDER, '<$1>').replace(QUOTED, '<value>')
  const tokens = [...text.matchAll(HIDDEN)].map(([token]) => token)
  // In `503 Service Unavailable` capitals mean nothing; within a sentence they mean a name.
  const titled = tokens.filter(token => /^\p{Lu}/u.test(token)).length * 2 > tokens.length
  const words = tokens.map((token, index) => {
    const starts = index === 0 || /[.:!?]$/.test(tokens[index - 1] ?? '')
    return maskWord(token, isValue, !starts && !titled)
  })
  return named(cut(withoutOrders(firstSentence(joinedWords(words).toLowerCase())), TEMPLATE_LENGTH_MAX))
}

/**
 * The sentence that names the error. What comes after it is advice or somebody's, and would go to other models: text that
 * a tool was made to say must not become their instructions.
 */
function firstSentence(text: string): string {
  for (const { index } of text.matchAll(/[.!?;]\s/g)) {
    const sentence = text.slice(0, index)
    // `error.` or `400.` alone names nothing.
    if (/\p{L}{2,}\P{L}+\p{L}{2,}/u.test(sentence)) return sentence
  }
  return text
}

/** The template without the words that are somebody's, which only other runs tell. */
export function maskTemplate(template: string, isPersonal: (token: string) => boolean): string {
  const words = [...template.matchAll(HIDDEN)].map(([token]) => {
    if (token === '<value>' || token === '<number>' || !isPersonal(token)) return token
    return `<value>${/[.,:;!?]$/.exec(token)?.[0] ?? ''}`
  })
  return named(cut(joinedWords(words), TEMPLATE_LENGTH_MAX))
}

/** Where nothing is left that names the error, it is still one. */
function named(template: string): string {
  return /\p{L}{2}/u.test(template.replace(/<(?:value|number)>/g, ' ')) ? template : 'error'
}

/** Longer ones say no more. */
const TEMPLATE_LENGTH_MAX = 160

function joinedWords(words: readonly string[]): string {
  return words
    .join(' ')
    .replace(/(?:<value>[\s,]*){2,}/g, '<value> ')
    .replace(/\s+([.,:;!?])/g, '$1')
    .replace(/[\s.,:;!?]+$/, '')
    .trim()
}

const QUALIFIED_ERROR = /^(?:[A-Za-z_]\w*\.)+([A-Za-z]\w*(?:Error|Exception|Warning))([:,.]?)$/

function maskWord(word: string, isValue: (word: string) => boolean, capitalIsName: boolean): string {
  if (word.startsWith('<') && word.endsWith('>')) return word
  // `django.db.utils.IntegrityError`: where it is defined says nothing more.
  const named = QUALIFIED_ERROR.exec(word)
  if (named !== null) return `${named[1]}${named[2]}`
  const bare = word.replace(/^[^\p{L}\p{N}#]+|[^\p{L}\p{N}]+$/gu, '')
  const tail = /[.,:;!?]$/.exec(word)?.[0] ?? ''
  if (/^[#$€£]?[\d.,]+%?$/.test(bare) && /\d/.test(bare)) return `<number>${tail}`
  if (/\d|[@/\\]|::/.test(bare)) return `<value>${tail}`
  const isCapital = /^\p{Lu}[\p{L}'-]*\p{Ll}/u.test(bare)
  if ((isCapital && (capitalIsName || isValue(bare))) || (/[-_.]/.test(bare) && isValue(bare)))
    return `<value>${tail}`
  return word
}

function shortName(path: string): string {
  const parts = path.split(/[.[\]]+/).filter(part => part !== '')
  return parts.at(-1) ?? 'value'
}
