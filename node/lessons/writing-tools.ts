/**
 * Which tools change something. The runs tell: a tool writes where what it returns differs from what was read of
 * the same thing before, or where the same read gives something else after it. Where the runs show neither, the
 * verb of its name decides: common verbs of programming interfaces, none of any domain. One whose verb tells nothing
 * either is taken to write, which asks for more care, unless the same call gave the same again.
 */

import type { Call, Run } from './runs.ts'

const READING =
  /^(?:get|list|find|search|read|check|lookup|look|show|fetch|view|query|describe|count|is|has|can|verify|validate|calculate|compute|head|browse|scan|inspect|print|track|obtener|buscar|listar|consultar|ver|verificar|validar|identificar|calcular)$/
const WRITING =
  /^(?:set|add|create|update|modify|edit|change|delete|remove|cancel|send|post|put|patch|write|insert|append|book|order|register|submit|make|pay|refund|return|exchange|enable|disable|toggle|turn|grant|revoke|reset|reboot|restart|start|stop|resume|suspend|assign|move|rename|upload|approve|reject|close|open|schedule|record|request|process|disconnect|connect|install|uninstall|crear|agregar|actualizar|modificar|eliminar|cancelar|registrar|enviar)$/

/** Repeats of a read that are compared in one run; a run that polls repeats without end. */
const REPEATS_MAX = 200

export function writingTools(runs: readonly Run[]): ReadonlySet<string> {
  const calls = runs.flatMap(run => run.calls)
  const tools = new Set(calls.map(call => call.tool))
  const shown = new Set<string>()
  for (const run of runs) for (const tool of changers(run)) shown.add(tool)
  const unknown = new Set(calls.filter(call => call.leaves.length > 0).map(call => call.tool))
  for (const run of runs) for (const tool of repeaters(run)) unknown.delete(tool)
  return new Set(
    [...tools].filter(
      tool => !hasVerb(tool, READING) && (shown.has(tool) || hasVerb(tool, WRITING) || unknown.has(tool)),
    ),
  )
}

/** Tools that gave the same for the same call in one run: where a name tells nothing, this does. */
function repeaters(run: Run): ReadonlySet<string> {
  const seen = new Set<string>()
  const found = new Set<string>()
  for (const { tool, arguments: given, result } of run.calls) {
    if (result === undefined || result.error !== undefined) continue
    const key = [tool, JSON.stringify(given ?? null), result.text].join('\n')
    if (seen.has(key)) found.add(tool)
    seen.add(key)
  }
  return found
}

function hasVerb(tool: string, verbs: RegExp): boolean {
  return nameParts(tool).some((part, index) => index <= 1 && verbs.test(part))
}

function nameParts(tool: string): readonly string[] {
  const name = tool.split(/[.:/]/).at(-1) ?? tool
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(part => part !== '')
}

/** Tools after which what was read before is different. */
function changers(run: Run): ReadonlySet<string> {
  const found = new Set<string>()
  const last = new Map<string, { readonly call: Call; readonly index: number }>()
  let compared = 0
  for (const [index, call] of run.calls.entries()) {
    const { result } = call
    if (result === undefined || result.error !== undefined) continue
    if (differsFromRead(run.calls.slice(Math.max(0, index - 20), index), call)) found.add(call.tool)
    const key = `${call.tool}\n${JSON.stringify(call.arguments ?? null)}`
    const before = last.get(key)
    last.set(key, { call, index })
    if (before === undefined || before.call.result?.text === result.text || compared++ > REPEATS_MAX) continue
    const between = new Set(
      run.calls
        .slice(before.index + 1, index)
        .filter(other => other.tool !== call.tool && other.result?.error === undefined)
        .map(other => other.tool),
    )
    // Only where one tool stands between is it certain which of them changed it.
    const [only] = between
    if (only !== undefined && between.size === 1) found.add(only)
  }
  return found
}

/** It returns the record that another tool had read, with other values in it. */
function differsFromRead(before: readonly Call[], call: Call): boolean {
  const leaves = call.result?.leaves ?? []
  if (leaves.length < 3) return false
  const now = new Map(leaves.map(leaf => [leaf.place, leaf.value]))
  return before.some(read => {
    if (read.tool === call.tool || read.result === undefined || read.result.error !== undefined) return false
    if (!read.leaves.some(asked => call.leaves.some(leaf => leaf.value === asked.value))) return false
    const old = read.result.leaves
    const shared = old.filter(leaf => now.has(leaf.place))
    if (shared.length < 3 || shared.length * 2 < old.length) return false
    return shared.some(leaf => now.get(leaf.place) !== leaf.value)
  })
}
