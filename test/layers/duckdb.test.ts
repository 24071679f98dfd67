import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildEngineLayer } from '../../layers/duckdb.ts'

const dist = mkdtempSync(join(tmpdir(), 'tradelake-layer-'))
afterAll(() => rmSync(dist, { recursive: true, force: true }))

// npm installs the binding of its own machine alone; another one would be fetched.
describe.runIf(process.platform === 'linux')('the layer with DuckDB', () => {
  test('answers a query where Lambda looks for packages, and holds nothing else', async () => {
    // Prepare
    const layer = await buildEngineLayer(dist, process.arch === 'arm64' ? 'arm64' : 'x86_64')
    const packages = join(layer, 'nodejs', 'node_modules')
    const query = `require('@duckdb/node-api').DuckDBInstance.create(':memory:').then(instance => instance.connect())
      .then(connection => connection.runAndReadAll('SELECT 6 * 7 AS answer'))
      .then(reader => console.log(String(reader.getRows()[0][0])))`
    // Act
    const answer = execFileSync(process.execPath, ['-e', query], {
      cwd: dist,
      env: { NODE_PATH: packages },
      encoding: 'utf8',
    })
    // Assess
    expect(answer.trim()).toBe('42')
    expect(readdirSync(layer)).toEqual(['nodejs'])
    expect(readdirSync(packages)).toEqual(['@duckdb'])
    expect(readdirSync(join(packages, '@duckdb'))).toHaveLength(3)
  })

  test('is built once, and leaves nothing half made', async () => {
    const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64'
    const first = await buildEngineLayer(dist, architecture)
    expect(await buildEngineLayer(dist, architecture)).toBe(first)
    expect(readdirSync(dist)).toHaveLength(1)
    expect(existsSync(first)).toBe(true)
  })
})
