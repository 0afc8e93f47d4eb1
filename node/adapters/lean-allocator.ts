/**
 * An allocator that gives back what it no longer needs. Measured on Linux with the shipped model and one swarm: 450 MB
 * as it comes, 360 MB after `releaseStartupMemory`, 200 MB after both. A node runs beside a model, which needs the
 * memory more.
 */

/**
 * glibc raises its own threshold when it meets large blocks, and then keeps what onnxruntime frees while it loads a
 * model. Set by the environment, the threshold stays where it is; the blocks of a model are all larger.
 */
const allocatorSetting = 'MALLOC_MMAP_THRESHOLD_'
const mmapThresholdBytes = '262144'

/**
 * Starts the process again in its place, with the allocator set; returns where that is not possible or has been done.
 * To be called before anything is opened. The process id, the standard streams and the arguments stay the same.
 */
export function restartWithLeanAllocator(): void {
  // Not everywhere: Windows has no such call, and a parent that speaks over a channel would lose it.
  if (process.platform !== 'linux' || process.env[allocatorSetting] || process.connected) return
  if (typeof process.execve !== 'function') return
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, args, { ...process.env, [allocatorSetting]: mmapThresholdBytes })
}
