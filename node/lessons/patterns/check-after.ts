/**
 * A read before a change, and the same read after it with another result: the read shows whether the change took
 * effect. In solved runs only, and only where nothing else that changes something stood between the two.
 */

import type { Call, Run } from '../runs.ts'
import { domainsOf, say, toolWord } from '../vocabulary.ts'
import { sameArguments } from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

export const checkAfter: Pattern = {
  id: 'check-after',
  asksToShare: 2,
  needsSolved: true,
  find(runs, context) {
    return runs.filter(run => run.solved !== undefined).flatMap(run => checks(run, context))
  },
}

function checks(run: Run, { batch }: PatternContext): readonly Finding[] {
  const findings: Finding[] = []
  const good = run.calls.filter(call => call.result !== undefined && call.result.error === undefined)
  for (const [index, change] of good.entries()) {
    if (!batch.writes(change.tool)) continue
    const before = good.slice(0, index)
    const lastWrite = before.findLastIndex(call => batch.writes(call.tool))
    const untilNext = good.slice(index + 1)
    const nextWrite = untilNext.findIndex(call => batch.writes(call.tool))
    const after = nextWrite < 0 ? untilNext : untilNext.slice(0, nextWrite)
    for (const read of after) {
      if (batch.takesText(read.tool)) continue
      const earlier = before
        .slice(lastWrite + 1)
        .find(call => call.tool === read.tool && sameRead(call, read))
      const finding = earlier === undefined ? undefined : toFinding(run, change, earlier, read)
      if (finding !== undefined) findings.push(finding)
    }
  }
  return findings
}

function sameRead(a: Call, b: Call): boolean {
  return a.leaves.length === 0 ? b.leaves.length === 0 : sameArguments(a, b)
}

function toFinding(run: Run, change: Call, before: Call, after: Call): Finding | undefined {
  if (before.result?.text === after.result?.text) return undefined
  const lesson = toLesson(change.tool, after.tool)
  return lesson === undefined ? undefined : { run, key: [change.tool, after.tool], lesson }
}

function toLesson(change: string, read: string): Lesson | undefined {
  const changing = toolWord(change)
  const reading = toolWord(read)
  if (changing === undefined || reading === undefined) return undefined
  return {
    kind: 'procedure',
    domains: domainsOf([change, read]),
    situation: say`${reading} shows that something is wrong, or ${changing} has just been called.`,
    summary: say`${changing} changes what ${reading} shows: the same read before and after it gave different results.`,
    detail: say`In solved runs ${changing} alone stood between the two reads.`,
    action: say`Call ${reading} before ${changing} to see whether it is needed, and again after it to see whether it took effect; only then go on or report.`,
    tools: [
      { name: change, arguments: [] },
      { name: read, arguments: [] },
    ],
  }
}
