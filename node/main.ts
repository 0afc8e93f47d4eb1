#!/usr/bin/env node
/**
 * The composition root: the only file that knows both the surfaces and what really stands behind the ports. It is
 * loaded for every small command, so everything heavy is imported when a node is put together, and not before.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packageJson from '../package.json' with { type: 'json' }
import type { Result } from '../protocol/types.ts'
import type { Store } from '../store/ports.ts'
import type { Settings } from './config.ts'
import type { Distiller, Log } from './ports.ts'
import { commandWord } from './surface/cli/command-word.ts'
import { type Composed, type Program, runCli } from './surface/cli.ts'

// onnxruntime reports its use to its maker over the internet, and leaves files in the temporary folder, unless told
// not to before it is loaded. Nothing of this node may leave the machine unasked.
process.env.ORT_DISABLE_TELEMETRY = '1'

const program: Program = {
  version: packageJson.version,
  self: [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
  env: process.env,
  async defaultDataFolder() {
    const { defaultDataFolder } = await import('./adapters/data-folder.ts')
    return defaultDataFolder(process.env)
  },
  async holdsNode(folder) {
    const { holdsNode } = await import('./adapters/data-folder.ts')
    return holdsNode(folder)
  },
  async token(folder) {
    const { loadOrCreateToken } = await import('./adapters/keyfile.ts')
    return loadOrCreateToken(join(folder, 'token'))
  },
  async compose(folder, settings, log) {
    const [{ prepareDataFolder, storePath }, { loadOrCreateSeed }, { openLevelStore }, { checkSchema }] =
      await Promise.all([
        import('./adapters/data-folder.ts'),
        import('./adapters/keyfile.ts'),
        import('../store/level.ts'),
        import('../store/layout.ts'),
      ])
    const prepared = await prepareDataFolder(folder)
    if (!prepared.ok) return prepared
    const seed = await loadOrCreateSeed(prepared.value)
    if (!seed.ok) return seed
    const store = await openLevelStore(storePath(prepared.value))
    if (!store.ok) return store
    const schema = await checkSchema(store.value, prepared.value)
    if (schema.ok) return composeOn(store.value, seed.value, settings, log, withLlm)
    await store.value.close()
    return schema
  },
  async composeInMemory(settings, log) {
    const [{ systemRandom }, { openMemoryStore }] = await Promise.all([
      import('./adapters/system.ts'),
      import('../store/memory.ts'),
    ])
    // Only to look: what is tried out here goes to no LLM.
    return composeOn(openMemoryStore(), systemRandom.bytes(32), settings, log, async local => ({
      ok: true,
      value: local,
    }))
  },
  async experiment(options) {
    const { experiment } = await import('./experiment.ts')
    return experiment(options)
  },
  async simulate(options) {
    const { simulateInThread } = await import('./simulation-thread.ts')
    return simulateInThread(options, packageJson.version)
  },
  async mergeSimulated(options) {
    const { mergeInThread } = await import('./simulation-thread.ts')
    return mergeInThread(options)
  },
  async spread(written, onRow) {
    const { spreadInThread } = await import('./simulation-thread.ts')
    return spreadInThread(written, onRow)
  },
  async calibrate(options) {
    const { calibrate } = await import('./calibrate.ts')
    return calibrate(options)
  },
  async settle() {
    const { releaseStartupMemory } = await import('./adapters/system.ts')
    releaseStartupMemory()
  },
}

async function composeOn(
  store: Store,
  seed: Uint8Array,
  settings: Settings,
  log: Log,
  extend: typeof withLlm,
): Promise<Result<Composed>> {
  const [
    system,
    { swarmOpener },
    { openEmbedder },
    { distillerThread },
    { createDistiller },
    { createNode },
    { isLoopback },
  ] = await Promise.all([
    import('./adapters/system.ts'),
    import('./adapters/libp2p.ts'),
    import('./adapters/onnx.ts'),
    import('./adapters/distiller-thread.ts'),
    import('./lessons/distiller.ts'),
    import('./node.ts'),
    import('./config.ts'),
  ])
  const embedder = await openEmbedder(settings.modelFolder)
  if (!embedder.ok) {
    await store.close()
    return embedder
  }
  const { listen, announce, dht } = settings
  const thread = distillerThread(createDistiller().id, new URL('./distiller-worker.ts', import.meta.url))
  const distiller = await extend(thread, store, settings, log)
  if (!distiller.ok) {
    await embedder.value.close()
    await store.close()
    return distiller
  }
  // Nobody beyond this machine could answer what multicast finds while the node listens on loopback only.
  const mdns = settings.mdns && !listen.every(isLoopback)
  const ports = {
    clock: system.systemClock,
    random: system.systemRandom,
    cpu: system.systemCpu(),
    store,
    embedder: embedder.value,
    distiller: distiller.value,
    openSwarm: swarmOpener({ listen, announce, mdns, dht }, log),
    seed,
    log,
  }
  const node = await createNode(ports, settings)
  if (!node.ok) {
    await embedder.value.close()
    await store.close()
    return node
  }
  return {
    ok: true,
    value: {
      node: node.value,
      async close() {
        await node.value.stop()
        await thread.close()
        await embedder.value.close()
      },
    },
  }
}

/** The distiller, which also asks a language model where the owner has named one. */
async function withLlm(
  local: Distiller,
  store: Store,
  settings: Settings,
  log: Log,
): Promise<Result<Distiller>> {
  const { llmUrl: url, llmModel: model, llmKeyFile } = settings
  if (url === undefined || model === undefined) return { ok: true, value: local }
  const [system, { llmEndpoint }, { loadKey }, { LlmDistilling }, { redactionRules }] = await Promise.all([
    import('./adapters/system.ts'),
    import('./adapters/llm-endpoint.ts'),
    import('./adapters/keyfile.ts'),
    import('./core/llm-distilling.ts'),
    import('./pipeline/redact.ts'),
  ])
  const rules = redactionRules(settings)
  if (!rules.ok) return rules
  const key = llmKeyFile === undefined ? undefined : await loadKey(llmKeyFile)
  if (key?.ok === false) return key
  return {
    ok: true,
    value: new LlmDistilling({
      local,
      llm: llmEndpoint({ url, model, ...(key === undefined ? {} : { key: key.value }) }),
      clock: system.systemClock,
      cpu: system.systemCpu(),
      store,
      log,
      rules: rules.value,
      budget: {
        deadlineMs: settings.llmDeadlineMs,
        requestsPerDay: settings.llmRequestsPerDay,
        tokensPerDay: settings.llmTokensPerDay,
        answerTokensMax: settings.llmAnswerTokensMax,
      },
    }),
  }
}

/** What nobody expected: a sentence, and no stack trace. */
function fail(error: unknown): never {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  process.stderr.write(`Error: Something went wrong that should not (${reason}). Please report it.\n`)
  process.exit(1)
}

const command = commandWord(process.argv.slice(2))
/** The command that runs a node; all others are short. */
const isNode = command === 'up'
if (isNode) {
  const { restartWithLeanAllocator } = await import('./adapters/lean-allocator.ts')
  restartWithLeanAllocator()
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', error => {
  if (!isNode) fail(error)
  // A library that forgets a promise while a peer misbehaves must not give that peer the node's life.
  process.stderr.write(`A library left a failure unattended: ${String(error)}\n`)
})
let isUnread = false
process.stdout.on('error', error => {
  if (!('code' in error) || error.code !== 'EPIPE') {
    process.stderr.write(`Error: The output could not be written: ${error.message}.\n`)
    process.exit(1)
  }
  if (command === 'sim') {
    // Its exit status is part of what it tells: that of a run that nobody read to its end cannot be success.
    process.stderr.write('Error: The simulation ends here, for nobody reads its results any more.\n')
    process.exit(1)
  }
  // Whoever read our output has read enough: `swarmlore entries ls | head`. A command that has to clear up is told to.
  if (process.listenerCount('SIGTERM') === 0) process.exit(0)
  if (!isUnread) process.emit('SIGTERM', 'SIGTERM')
  isUnread = true
})

process.exitCode = await runCli(program, process.argv.slice(2))
