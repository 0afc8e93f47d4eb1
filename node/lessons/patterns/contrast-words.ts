/**
 * A contrast in words, where it may be said. That solved runs changed something is no advice to change it: they may
 * have been the ones that were allowed to. That unsolved runs read something harms nobody. Where a value came from is
 * what the cards say, and which of several was chosen (a card's brand) follows from who the user was.
 */

import type { Feature } from '../features.ts'
import { type Allowed, domainsOf, own, placeWord, say, seenState, toolWord } from '../vocabulary.ts'
import type { Lesson } from './pattern.ts'

export function contrastLesson(feature: Feature, good: boolean): Lesson | undefined {
  const tool = toolWord(feature.tool)
  const words = tool === undefined ? undefined : good ? withWords(feature, tool) : withoutWords(feature, tool)
  if (words === undefined) return undefined
  const reader = 'reader' in feature && feature.reader !== feature.tool ? [feature.reader] : []
  return {
    kind: good ? 'procedure' : 'pitfall',
    domains: domainsOf([feature.tool]),
    situation: say`${words.trigger}.`,
    summary: good
      ? say`Runs that ${words.past} were solved, and runs of the same tasks that did not were not.`
      : say`Runs that ${words.past} were not solved, and runs of the same tasks that did not do so were.`,
    detail: own(
      'Solved and unsolved runs of the same task differ in this, and no task showed the opposite. One task alone can show it by chance: see on how many it rests.',
    ),
    action: words.action,
    tools: [feature.tool, ...reader].map(name => ({ name, arguments: [] })),
  }
}

interface Words {
  readonly trigger: Allowed
  readonly past: Allowed
  readonly action: Allowed
}

/** What solved runs did. */
function withWords(feature: Feature, tool: Allowed): Words | undefined {
  if (feature.what === 'reads')
    return {
      trigger: say`About to decide or to answer without having called ${tool}`,
      past: say`called ${tool}`,
      action: say`Call ${tool} and hold what the user says against what it returns, before deciding or ending the task.`,
    }
  const reader = 'reader' in feature ? toolWord(feature.reader) : undefined
  if (reader === undefined) return undefined
  if (feature.what === 'reads-first')
    return {
      trigger: say`About to call ${tool} without having called ${reader} for it`,
      past: say`called ${reader} on the same thing before ${tool}`,
      action: say`Call ${reader} before ${tool}, and check what it returns against the rules.`,
    }
  const place = feature.what === 'reads-whole' ? placeWord(feature.tool, feature.path) : undefined
  return place === undefined
    ? undefined
    : {
        trigger: say`${place} lists several elements that ${reader} reads`,
        past: say`read every element of ${place} with ${reader}`,
        action: say`Read every element of ${place} with ${reader} before deciding.`,
      }
}

/** What unsolved runs did. */
function withoutWords(feature: Feature, tool: Allowed): Words | undefined {
  if (feature.what === 'changes')
    return {
      trigger: say`About to call ${tool}`,
      past: say`called ${tool}`,
      action: say`Before calling ${tool} check each condition of the rules against the records; refuse where one is not met.`,
    }
  if (feature.what === 'changes-many')
    return {
      trigger: say`About to call ${tool} for a further record`,
      past: say`called ${tool} for more than one record`,
      action: say`Call ${tool} only for the records that the task is about, each checked against the rules.`,
    }
  const place = feature.what === 'on-state' ? placeWord(feature.reader, feature.path) : undefined
  if (feature.what !== 'on-state' || place === undefined) return undefined
  const state = seenState(feature.value)
  return {
    trigger: say`About to call ${tool} where ${place} is ${state}`,
    past: say`called ${tool} where ${place} was ${state}`,
    action: say`Where ${place} is ${state}, do not call ${tool} before the rules clearly allow it for that.`,
  }
}
