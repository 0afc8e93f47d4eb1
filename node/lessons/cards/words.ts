/** A card in words: how a call is filled, and for a tool that changes something under which conditions. */

import type { Batch } from '../batch.ts'
import { argumentOf } from '../patterns/compare.ts'
import type { Lesson } from '../patterns/pattern.ts'
import { originWords, readerOf } from '../places.ts'
import {
  type Allowed,
  domainsOf,
  joined,
  listed,
  own,
  pathWord,
  placeWord,
  say,
  seenState,
  series,
  toolWord,
} from '../vocabulary.ts'
import type { Condition } from './conditions.ts'
import type { Filling } from './fillings.ts'

export interface Card {
  readonly tool: string
  readonly writes: boolean
  readonly fillings: readonly Filling[]
  readonly conditions: readonly Condition[]
  /** Tools that were called before. */
  readonly before: readonly string[]
}

const TRIGGERS_MAX = 6

export function cardLesson(card: Card, batch: Batch): Lesson | undefined {
  const name = toolWord(card.tool)
  const roles = card.fillings.map(roleWords).filter(words => words !== undefined)
  if (name === undefined || (roles.length === 0 && card.before.length === 0)) return undefined
  const triggers = card.fillings
    .filter(({ places }) => places.length > 0)
    .map(({ path }) => pathWord(path))
    .filter(word => word !== undefined)
    .slice(0, TRIGGERS_MAX)
  const before = card.before.filter(tool => tool !== card.tool)
  return {
    kind: 'procedure',
    domains: domainsOf([card.tool]),
    situation:
      triggers.length === 0
        ? say`About to call ${name}.`
        : say`About to call ${name} with ${listed(triggers)}.`,
    ...(card.writes
      ? writeParts(name, roles, card, before, batch)
      : readParts(name, roles, card, before, batch)),
    tools: [
      { name: card.tool, arguments: [...new Set(card.fillings.map(({ path }) => argumentOf(path)))] },
      ...before.map(tool => ({ name: tool, arguments: [] })),
    ],
  }
}

function roleWords({ path, places, elsewhere }: Filling): Allowed | undefined {
  const argument = pathWord(path)
  const named = places.map(originWords).filter(place => place !== undefined)
  if (argument === undefined || named.length === 0) return undefined
  const words = listed(named, 'or')
  return elsewhere ? say`${argument} ← ${words} of another record` : say`${argument} ← ${words}`
}

interface Parts {
  readonly summary: Allowed
  readonly detail: Allowed
  readonly action: Allowed
}

function writeParts(
  name: Allowed,
  roles: readonly Allowed[],
  { conditions }: Card,
  before: readonly string[],
  batch: Batch,
): Parts {
  const condition = conditionWords(conditions)
  const reads = toolWords(before.filter(tool => !batch.writes(tool)))
  const changes = toolWords(before.filter(tool => batch.writes(tool)))
  return {
    summary:
      roles.length === 0
        ? say`Solved runs called ${listed([...reads, ...changes])} before ${name}.`
        : say`How solved runs filled ${name}: ${series(roles)}.`,
    detail: joined([
      own('Seen in calls that went through in solved runs. It says how to make the call, not whether to.'),
      condition === undefined
        ? own('')
        : say`All of them were made where ${condition}; other records that were read are in another state.`,
    ]),
    action: joined([
      reads.length === 0 ? own('') : say`Call ${listed(reads)} first.`,
      changes.length === 0
        ? own('')
        : say`In these runs ${listed(changes)} had gone through before: see whether that comes first here, too.`,
      condition === undefined
        ? own('')
        : say`Make sure that ${condition}; where it is not, do not make the call.`,
      roles.length === 0 ? own('') : own('Copy these values unless the user gave others.'),
      own('Check what was read against the rules before the call; where they do not allow it, refuse.'),
    ]),
  }
}

function readParts(
  name: Allowed,
  roles: readonly Allowed[],
  { fillings, tool }: Card,
  before: readonly string[],
  batch: Batch,
): Parts {
  const reads = toolWords(before.filter(reader => !batch.writes(reader)))
  const hasChoice = fillings.some(({ places }) => {
    const readers = new Set(places.map(readerOf))
    readers.delete(tool)
    return readers.size > 1
  })
  return {
    summary: say`What ${name} needs stands in earlier results: ${series(roles)}.`,
    detail: own('So solved runs filled it, without asking the user for what a result already held.'),
    action: joined([
      reads.length === 0
        ? own('')
        : hasChoice
          ? say`Call ${listed(reads, 'or')} first, whichever fits, where that has not been done and the user has not given the value.`
          : say`Call ${listed(reads)} first where it has not been called and the user has not given the value.`,
      own('Take the values from there, and do not guess them.'),
    ]),
  }
}

function toolWords(tools: readonly string[]): readonly Allowed[] {
  return tools.map(toolWord).filter(word => word !== undefined)
}

function conditionWords(conditions: readonly Condition[]): Allowed | undefined {
  const words = conditions.flatMap(({ tool, path, value }) => {
    const place = placeWord(tool, path)
    return place === undefined ? [] : [say`${place} is ${seenState(value)}`]
  })
  return words.length === 0 ? undefined : listed(words)
}
