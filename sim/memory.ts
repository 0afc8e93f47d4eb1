/**
 * Whether a run fits into the memory there is. What a node needs was measured; a run that would clearly not fit is not
 * begun, and one that grows beyond the limit is ended, since a process without memory dies without a word.
 */

import type { Failure } from '../protocol/types.ts'

export interface Memory {
  /** What the system can still give to this process. */
  readonly availableBytes: number
  /** How large the engine lets its heap grow. */
  readonly heapBytes: number
}

/** `sim --nodes 100 --minutes 2` ends with 416 MB, 3 MB a node, most of which could be collected: so much is sure to be needed. */
const perNodeBytes = 800_000
const programBytes = 100_000_000
/** Of a node of `sim spread`, of which only connections are kept: a million of them came to 1.9 GB. */
const perSpreadNodeBytes = 1_500
/** The rest is for what is collected late. */
const usableShare = 0.9
/** Of what a run needs, this much lies outside the engine's heap: buffers and the program itself. */
const outsideHeapBytes = 500_000_000

/** So many bytes the process may have. */
export function memoryLimit({ availableBytes, heapBytes }: Memory): number {
  return usableShare * Math.min(availableBytes, heapBytes + outsideHeapBytes)
}

/** What a run needs at least. */
export function neededBytes(nodes: number): number {
  return programBytes + nodes * perNodeBytes
}

/** The same of `sim spread`. */
export function spreadBytes(nodes: number): number {
  return programBytes + nodes * perSpreadNodeBytes
}

export function memoryFailure(nodes: number, limitBytes: number, needed = neededBytes(nodes)): Failure {
  // What is needed at least; of a run that grew out of the limit, that says too little.
  const heapMb = Math.ceil(Math.max(1.5 * needed, 2 * limitBytes) / 1e6)
  return {
    ok: false,
    code: 'out-of-memory',
    message: `${nodes} nodes do not fit into the ${Math.round(limitBytes / 1e6)} MB that this process may use: take fewer nodes or minutes, or, where the machine has more memory, let Node use it with NODE_OPTIONS=--max-old-space-size=${heapMb}.`,
  }
}
