import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VARIABLES } from '../../adapters/aws-ports.ts'
import { type Bundle, bundleFunctions, FUNCTIONS, type FunctionName, WITH_ENGINE } from '../../infra/bundles.ts'
import lock from '../../package-lock.json' with { type: 'json' }

const MAX_BYTES = 2 * 1024 * 1024
const ENGINE = fileURLToPath(new URL('../../node_modules/@duckdb', import.meta.url))
/** What every function is given when it is deployed. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: 'eu-central-1',
  [VARIABLES.bucket]: 'lake',
  [VARIABLES.stateTable]: 'state',
  [VARIABLES.catalogTable]: 'catalog',
  [VARIABLES.exchange]: 'binance',
  [VARIABLES.queues]: '{}',
}

// With nothing installed beside the bundles but what the layer has.
const folder = mkdtempSync(join(tmpdir(), 'tradelake-bundles-'))
let bundles: Record<FunctionName, Bundle>
beforeAll(async () => {
  bundles = await bundleFunctions(folder)
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ENGINE, join(folder, 'node_modules', '@duckdb'), 'dir')
  Object.assign(process.env, ENVIRONMENT)
})
afterAll(() => {
  for (const name of Object.keys(ENVIRONMENT)) delete process.env[name]
  rmSync(folder, { recursive: true, force: true })
})

describe.each(FUNCTIONS)('the bundle of %s', name => {
  test('is under 2 MB', () => {
    expect(bundles[name].bytes).toBeLessThan(MAX_BYTES)
    expect(bundles[name].bytes).toBeGreaterThan(10_000)
  })

  test('gives its handler with nothing but DuckDB installed beside it', async () => {
    const loaded = (await import(pathToFileURL(join(folder, name, 'index.mjs')).href)) as { handler: unknown }
    expect(loaded.handler).toBeTypeOf('function')
  })

  test('loads its tracer too, where the stack is traced', () => {
    const script = `const { handler } = await import('${pathToFileURL(join(folder, name, 'index.mjs')).href}'); console.log(typeof handler)`
    const env = { ...process.env, POWERTOOLS_TRACE_ENABLED: 'true', AWS_LAMBDA_FUNCTION_NAME: name }
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env })
    expect(stdout.toString().trim(), stderr.toString()).toBe('function')
  })

  test('lists each package that is in it, in the version of the lock file', () => {
    const { packages } = bundles[name]
    const names = packages.map(one => one.name)
    expect(names).toContain('@aws-lambda-powertools/logger')
    // Only the topics' function speaks to Kafka itself, and DuckDB is the layer's.
    expect(names.includes('@platformatic/kafka')).toBe(name === 'topics')
    expect(names.filter(one => one.startsWith('@duckdb'))).toEqual([])
    const locked = Object.entries(lock.packages as Readonly<Record<string, { readonly version?: string }>>)
    const unlocked = packages.filter(
      one =>
        !locked.some(([path, { version }]) => path.endsWith(`node_modules/${one.name}`) && version === one.version),
    )
    expect(unlocked).toEqual([])
  })

  test('has no DuckDB in it, and asks the layer for it only where it queries', () => {
    const text = readFileSync(join(folder, name, 'index.mjs'), 'utf8')
    expect(text).not.toContain('node-bindings')
    expect(text.includes('@duckdb/node-api')).toBe(WITH_ENGINE.has(name))
  })
})
