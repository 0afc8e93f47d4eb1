/**
 * Another tool gives the same. A tool fails; the run then gets from a second tool what serves as the very
 * argument that, in other runs, the first tool's result serves as. The second tool stands in for the first.
 */

import type { Scalar } from '../leaves.ts'
import type { Call, Run } from '../runs.ts'
import { normalised } from '../text-index.ts'
import { type Allowed, domainsOf, errorWords, own, pathWord, say, toolWord } from '../vocabulary.ts'
import { argumentNames } from './compare.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

export const otherTool: Pattern = {
  id: 'other-tool',
  asksToShare: 2,
  needsSolved: true,
  find(runs) {
    const serves = usesOfResults(runs)
    const findings = runs.flatMap(run => (run.solved === undefined ? [] : substitutes(run, serves)))
    const solved = new Set(findings.filter(({ run }) => run.solved === true).map(({ key }) => key.join('\n')))
    return findings.filter(({ key }) => solved.has(key.join('\n')))
  },
}

/** For each tool: the arguments (`tool argument`) that its plain result filled in some run. */
function usesOfResults(runs: readonly Run[]): ReadonlyMap<string, ReadonlySet<string>> {
  const uses = new Map<string, Set<string>>()
  for (const run of runs) {
    for (const call of run.calls) {
      for (const use of usesOf(run, call)) uses.set(call.tool, (uses.get(call.tool) ?? new Set()).add(use))
    }
  }
  return uses
}

/** Only results that are one value: of a record it is not clear which part was wanted. */
function usesOf(run: Run, call: Call): readonly string[] {
  const value = plainResult(call)
  if (value === undefined) return []
  const uses = new Set<string>()
  for (const later of run.calls) {
    if (later.at < call.at || later.tool === call.tool) continue
    for (const leaf of later.leaves) if (leaf.value === value) uses.add(`${later.tool} ${leaf.path}`)
  }
  return [...uses]
}

function plainResult(call: Call): Scalar | undefined {
  const { result } = call
  if (result === undefined || result.error !== undefined) return undefined
  const [only] = result.leaves
  const value =
    result.value === undefined ? result.text.trim() : result.leaves.length === 1 ? only?.value : undefined
  const text = value === undefined || value === null ? '' : String(value)
  return text.length <= 64 && !/\s/.test(text) && normalised(text).length >= 3 ? value : undefined
}

function substitutes(run: Run, serves: ReadonlyMap<string, ReadonlySet<string>>): Finding[] {
  const findings: Finding[] = []
  for (const failed of run.calls) {
    const template = failed.result?.error?.template
    const wanted = serves.get(failed.tool)
    if (template === undefined || wanted === undefined) continue
    const later = run.calls.filter(call => call.at > failed.at)
    // The failing tool itself went through later: it was not stood in for.
    if (
      later.some(
        call => call.tool === failed.tool && call.result !== undefined && call.result.error === undefined,
      )
    )
      continue
    const next = later.find(call => call.result !== undefined && call.result.error === undefined)
    if (next === undefined || next.tool === failed.tool || !usesOf(run, next).some(use => wanted.has(use)))
      continue
    const names = speakable(next)
    const lesson = toLesson(failed, next, names, template)
    if (lesson !== undefined)
      findings.push({ run, key: [failed.tool, next.tool, names.join(), template], lesson })
  }
  return findings
}

function toLesson(failed: Call, next: Call, names: readonly string[], template: string): Lesson | undefined {
  const first = toolWord(failed.tool)
  const second = toolWord(next.tool)
  const error = errorWords(template)
  const given = joined(names)
  if (first === undefined || second === undefined || error === undefined || given === undefined)
    return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([failed.tool, next.tool]),
    situation: say`${first} failed with ${error}.`,
    summary: say`When ${first} fails with ${error}, ${second} can give the same.`,
    detail: say`What ${second} returned then served as the argument of later calls for which the result of ${first} serves in other runs.`,
    action: say`After the error get ${given}, and call ${second}; do not give up, and do not guess what ${first} would have returned.`,
    tools: [
      { name: failed.tool, arguments: speakable(failed) },
      { name: next.tool, arguments: names },
    ],
  }
}

/** Names that a lesson may hold; keys of a call that look like data are left out. */
function speakable(call: Call): readonly string[] {
  return argumentNames(call)
    .filter(name => pathWord(name) !== undefined && !name.includes('.'))
    .sort()
    .slice(0, 8)
}

function joined(names: readonly string[]): Allowed | undefined {
  let phrase: Allowed | undefined
  for (const name of names) {
    const word = pathWord(name)
    if (word === undefined) return undefined
    phrase = phrase === undefined ? word : say`${phrase}, ${word}`
  }
  return phrase ?? own('what it needs')
}
