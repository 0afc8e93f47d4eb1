/**
 * The user was asked for something, did not give it, and a result held it: where to read it instead of asking.
 * That the question was about the argument is seen by the words of its name.
 */

import type { Interaction } from '../../ports.ts'
import type { Leaf } from '../leaves.ts'
import { type Origin, originName } from '../origins.ts'
import { originWords, readerOf } from '../places.ts'
import { lastField, roleOf } from '../roles.ts'
import type { Call, Run } from '../runs.ts'
import { domainsOf, pathWord, say, toolWord } from '../vocabulary.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

/** Interactions before a call among which the question is looked for. */
const LOOK_BACK_MAX = 40

export const askedInVain: Pattern = {
  id: 'asked-in-vain',
  asksToShare: 2,
  needsSolved: false,
  find(runs, context) {
    return runs.flatMap(run => questions(run, context))
  },
}

function questions(run: Run, context: PatternContext): readonly Finding[] {
  const findings = new Map<string, Finding>()
  const origins = context.origins(run)
  for (const call of run.calls) {
    if (call.result === undefined || call.result.error !== undefined) continue
    for (const leaf of call.leaves) {
      const origin = roleOf(leaf, call.at, origins)
      if (origin === undefined || (origin.from !== 'result' && origin.from !== 'text')) continue
      // Nobody should create something to learn an id.
      if (!isId(leaf, origin) || context.batch.writes(origin.tool)) continue
      const words = wordsOf(leaf.path)
      if (words === undefined || !wasAsked(run.episode.interactions, call.at, words)) continue
      const lesson = toLesson(call, leaf.path, origin)
      const key = [lastField(leaf.path), originName(origin)]
      if (lesson !== undefined)
        findings.set(key.join('\n'), { run, key, group: lastField(leaf.path), lesson })
    }
  }
  return [...findings.values()]
}

/** What tells a record apart is no choice of the user's; names, addresses and amounts may be meant otherwise. */
function isId(leaf: Leaf, origin: Origin): boolean {
  if (typeof leaf.value !== 'string' || leaf.value.length < 4) return false
  return /(?:^|[._])ids?(?:\[\])?$/i.test(leaf.path) && (origin.from === 'result' || /\d/.test(leaf.value))
}

/** A name of two words or more, such as `order_id`: a single one stands in any sentence. */
function wordsOf(path: string): RegExp | undefined {
  const parts = lastField(path)
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(part => part !== '')
  return parts.length < 2 || parts.length > 5 ? undefined : new RegExp(`\\b${parts.join('[ _-]')}`, 'i')
}

/** The assistant asked in these words, and the user answered: with something else, since the value is not theirs. */
function wasAsked(interactions: readonly Interaction[], at: number, words: RegExp): boolean {
  for (let index = at - 1; index > 0 && index >= at - LOOK_BACK_MAX; index--) {
    const item = interactions[index]
    const before = interactions[index - 1]
    if (item?.type !== 'message' || item.role !== 'user') continue
    if (before?.type !== 'message' || before.role !== 'assistant') continue
    if (before.text.includes('?') && words.test(before.text)) return true
  }
  return false
}

function toLesson(_call: Call, path: string, origin: Origin): Lesson | undefined {
  const name = pathWord(lastField(path))
  const place = originWords(origin)
  const reader = readerOf(origin)
  const read = reader === undefined ? undefined : toolWord(reader)
  if (name === undefined || place === undefined || reader === undefined || read === undefined)
    return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([reader]),
    situation: say`The user does not know ${name}, or is about to be asked for ${name}.`,
    summary: say`${name} need not come from the user: ${place} holds it.`,
    detail: say`In several runs the user was asked for ${name} and did not give it; the value that then went through stood in ${place}.`,
    action: say`Call ${read} as soon as its own arguments are known, and take ${name} from ${place}; let the user choose where there are several.`,
    tools: [{ name: reader, arguments: [] }],
  }
}
