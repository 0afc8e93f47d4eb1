/**
 * The very same call after an error. Where it then went through, with nothing done in between, the error was a
 * passing one; where it failed in the same words again, repeating does not help. Only where all runs agree.
 */

import type { Call, Run } from '../runs.ts'
import { domainsOf, errorWords, say, toolWord } from '../vocabulary.ts'
import { sameArguments } from './compare.ts'
import type { Finding, Lesson, Pattern } from './pattern.ts'

export const sameCallAgain: Pattern = {
  id: 'same-call-again',
  asksToShare: 2,
  find(runs) {
    const repeats = runs.flatMap(run => run.calls.flatMap(call => repeatOf(run, call)))
    const outcomes = new Map<string, Set<boolean>>()
    for (const { tool, template, helped } of repeats) {
      const key = `${tool}\n${template}`
      outcomes.set(key, (outcomes.get(key) ?? new Set()).add(helped))
    }
    const findings: Finding[] = []
    for (const { run, tool, template, helped } of repeats) {
      if (outcomes.get(`${tool}\n${template}`)?.size !== 1) continue
      const lesson = helped ? passingError(tool, template) : lastingError(tool, template)
      if (lesson !== undefined)
        findings.push({ key: [helped ? 'helps' : 'fails', tool, template], lesson, run })
    }
    return findings
  },
}

interface Repeat {
  readonly run: Run
  readonly tool: string
  readonly template: string
  readonly helped: boolean
}

function repeatOf(run: Run, failed: Call): Repeat[] {
  const template = failed.result?.error?.template
  if (template === undefined) return []
  const { tool } = failed
  const later = run.calls.filter(call => call.at > failed.at)
  const index = later.findIndex(call => call.tool === tool && sameArguments(failed, call))
  const again = later[index]
  if (again?.result === undefined) return []
  const { error } = again.result
  if (error !== undefined) return error.template === template ? [{ run, tool, template, helped: false }] : []
  // What another call did in between may be what helped.
  const between = later.slice(0, index).filter(call => call.result?.error === undefined)
  return between.length === 0 ? [{ run, tool, template, helped: true }] : []
}

function passingError(tool: string, template: string): Lesson | undefined {
  const name = toolWord(tool)
  const error = errorWords(template)
  if (name === undefined || error === undefined) return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`${name} failed with ${error}.`,
    summary: say`${error} from ${name} is a passing error: the same call, made again at once, went through.`,
    detail: say`Each time the call was repeated with the same arguments and nothing else in between, it succeeded.`,
    action: say`Make the same call of ${name} once more before asking the user or giving up.`,
    tools: [{ name: tool, arguments: [] }],
  }
}

function lastingError(tool: string, template: string): Lesson | undefined {
  const name = toolWord(tool)
  const error = errorWords(template)
  if (name === undefined || error === undefined) return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`${name} failed with ${error}.`,
    summary: say`After ${error} the same call of ${name} fails again.`,
    detail: say`Each time the call was repeated with the same arguments, it failed in the same words; no run shows it going through unchanged.`,
    action: say`Do not repeat the call of ${name} unchanged: change what the error speaks of, or go another way.`,
    tools: [{ name: tool, arguments: [] }],
  }
}
