/** The exit status of every command, and which failure has which. */

export const exitStatus = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  nodeNeeded: 3,
  folderInUse: 4,
  partlyDone: 5,
} as const
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]

const byCode: Readonly<Record<string, ExitStatus>> = {
  'bad-input': exitStatus.wrongUsage,
  'bad-usage': exitStatus.wrongUsage,
  'bad-setting': exitStatus.wrongUsage,
  'no-node': exitStatus.nodeNeeded,
  'no-data-folder': exitStatus.nodeNeeded,
  'already-running': exitStatus.folderInUse,
  'store-locked': exitStatus.folderInUse,
}

export function exitStatusOf(code: string): ExitStatus {
  return byCode[code] ?? exitStatus.failed
}
