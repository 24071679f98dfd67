/**
 * The functions as Lambda gets them: one ES module each, made by esbuild, with everything but DuckDB in it. DuckDB's package and
 * its native binding come in a layer, where only `require` looks for packages (Lambda developer guide, "Node.js, search path").
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { type Package, packagesOf, readPackage } from './sbom.ts'

/** The functions, by the folder of functions/ that each is made of. */
export const FUNCTIONS = ['bronze', 'silver', 'commit', 'gold', 'ohlcv', 'sweep', 'maintain', 'topics', 'api'] as const
export type FunctionName = (typeof FUNCTIONS)[number]

/** Those that query with DuckDB. */
export const WITH_ENGINE: ReadonlySet<FunctionName> = new Set(['maintain'])

const ENGINE = '@duckdb/node-api'
const ROOT = new URL('..', import.meta.url).pathname
/** CommonJS packages (avsc) ask for Node's own modules with `require`, which ES modules do not have. */
const BANNER = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`

/** Leaves the engine to `require` at run time. */
const fromLayer: Plugin = {
  name: 'from-layer',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${ENGINE}$`) }, ({ kind }) =>
      kind === 'require-call' ? { path: ENGINE, external: true } : { path: ENGINE, namespace: 'layer' },
    )
    onLoad({ filter: /.*/, namespace: 'layer' }, () => ({ contents: `module.exports = require('${ENGINE}')` }))
  },
}

/** Names the code of bundles that were written there: the package's version, and a hash over all of them. */
export function buildOf(folder: string): string {
  const { version } = readPackage(ROOT)
  const hash = createHash('sha256')
  for (const name of FUNCTIONS) hash.update(name).update(readFileSync(join(folder, name, 'index.mjs')))
  return `${version}+${hash.digest('hex').slice(0, 12)}`
}

export interface Bundle {
  readonly bytes: number
  /** What is in it besides our own code. */
  readonly packages: readonly Package[]
}

/** Writes `<folder>/<function>/index.mjs`; gives what each is. */
export async function bundleFunctions(folder: string): Promise<Record<FunctionName, Bundle>> {
  rmSync(folder, { recursive: true, force: true })
  const bundles = await Promise.all(
    FUNCTIONS.map(async name => {
      const outdir = join(folder, name)
      mkdirSync(outdir, { recursive: true })
      const outfile = join(outdir, 'index.mjs')
      const { metafile } = await build({
        absWorkingDir: ROOT,
        metafile: true,
        entryPoints: [join(ROOT, 'functions', name, 'lambda.ts')],
        outfile,
        bundle: true,
        minify: true,
        // Names of error classes are read in logs.
        keepNames: true,
        format: 'esm',
        platform: 'node',
        target: 'node24',
        mainFields: ['module', 'main'],
        banner: { js: BANNER },
        // The Kafka client's WebAssembly, as a module rather than a file beside it.
        alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
        plugins: [fromLayer],
        logLevel: 'warning',
      })
      const made: Bundle = { bytes: statSync(outfile).size, packages: packagesOf(metafile, ROOT) }
      return [name, made] as const
    }),
  )
  return Object.fromEntries(bundles) as Record<FunctionName, Bundle>
}
