// The import rules of the architecture: who may import whom, type imports counted.
// Each rule names a place and lists what it must not reach.

const below = folder => `^${folder}/`

/** @returns a rule: files matching `from` may import, of our own code, only what matches `allowed`. */
const only = (name, from, allowed, fromNot) => ({
  name,
  severity: 'error',
  comment: `${name}: this part may import only ${allowed.join(', ')} of our own code.`,
  from: fromNot ? { path: from, pathNot: fromNot } : { path: from },
  to: { path: '^(crypto|protocol|store|node|sim|test)/', pathNot: allowed },
})

/** @returns a rule: files matching `from` may use only these npm packages and Node built-ins. */
const npmOnly = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `${name}: the pure parts use few packages.`,
  from: { path: from },
  to: { dependencyTypes: ['npm', 'npm-dev'], pathNot: allowed.map(p => `^node_modules/${p}/`) },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-missing', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-packages',
      severity: 'error',
      from: { path: '^(crypto|protocol|store|node)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'] },
    },
    only('crypto', below('crypto'), [below('crypto')]),
    only('protocol', below('protocol'), [below('crypto'), below('protocol')]),
    only('store', below('store'), [below('crypto'), below('protocol'), below('store')]),
    only('ports', '^node/ports\\.ts$', [below('protocol'), '^store/ports\\.ts$', '^crypto/sign\\.ts$']),
    only('config-queue-and-api', '^node/(config|queue|api)\\.ts$', ['^node/ports\\.ts$', below('protocol')]),
    only('trust', '^node/trust/', [
      '^node/trust/',
      '^node/(ports|api)\\.ts$',
      below('protocol'),
      '^store/ports\\.ts$',
    ]),
    only('lessons', '^node/lessons/', [
      '^node/lessons/',
      '^node/ports\\.ts$',
      below('protocol'),
      '^store/ports\\.ts$',
    ]),
    only(
      'stages-do-not-import-each-other',
      '^node/pipeline/',
      [
        '^node/(ports|api|queue|config|waiting)\\.ts$',
        '^node/(trust|lessons)/',
        below('store'),
        below('protocol'),
        below('crypto'),
      ],
      // Stages of several files.
      '^node/pipeline/(fetch|refine)/',
    ),
    only('fetch', '^node/pipeline/fetch/', [
      '^node/pipeline/fetch/',
      '^node/(ports|queue)\\.ts$',
      below('protocol'),
    ]),
    only('refine', '^node/pipeline/refine/', [
      '^node/pipeline/refine/',
      '^node/trust/posterior\\.ts$',
      '^store/ports\\.ts$',
      below('protocol'),
    ]),
    only('node', '^node/(node\\.ts$|core/)', [
      '^node/(ports|api|queue|config)\\.ts$',
      '^node/(core|pipeline|trust|lessons)/',
      below('store'),
      below('protocol'),
      below('crypto'),
    ]),
    only('distiller-worker', '^node/distiller-worker\\.ts$', [
      '^node/adapters/distiller-thread\\.ts$',
      '^node/lessons/',
    ]),
    only('adapters', '^node/adapters/', [
      '^node/adapters/',
      '^node/(ports|first-delivery|redial-waits|waiting|work-costs)\\.ts$',
      '^store/ports\\.ts$',
      below('protocol'),
      below('crypto'),
    ]),
    only('surface', '^node/surface/', ['^node/surface/', '^node/(node|config|api)\\.ts$', below('protocol')]),
    only('sim', below('sim'), [
      below('sim'),
      '^node/(node|ports|config|api|first-delivery|redial-waits|waiting|work-costs)\\.ts$',
      // Whom a node catches up with is decided in one place: `sim spread` computes what follows from it.
      '^node/pipeline/catch-up-plan\\.ts$',
      // What a lesson claims is read in one place: E7 measures what the distiller goes by.
      '^node/lessons/(claims|clashes)\\.ts$',
      below('store'),
      below('protocol'),
      below('crypto'),
    ]),
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^node/main\\.ts$' },
    },
    npmOnly('crypto-npm', below('crypto'), ['tweetnacl', 'multiformats']),
    npmOnly('protocol-npm', below('protocol'), ['@ipld/dag-cbor', 'cborg', 'multiformats']),
    npmOnly('store-npm', below('store'), [
      'level',
      '@ipld/dag-cbor',
      'multiformats',
      'abstract-level',
      'classic-level',
    ]),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
}
