import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VARIABLES } from '../../adapters/aws-ports.ts'
import { bundleFunctions, FUNCTIONS, type FunctionName, WITH_ENGINE } from '../../infra/bundles.ts'

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
let sizes: Record<FunctionName, number>
beforeAll(async () => {
  sizes = await bundleFunctions(folder)
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
    expect(sizes[name]).toBeLessThan(MAX_BYTES)
    expect(sizes[name]).toBeGreaterThan(10_000)
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

  test('has no DuckDB in it, and asks the layer for it only where it queries', () => {
    const text = readFileSync(join(folder, name, 'index.mjs'), 'utf8')
    expect(text).not.toContain('node-bindings')
    expect(text.includes('@duckdb/node-api')).toBe(WITH_ENGINE.has(name))
  })
})
