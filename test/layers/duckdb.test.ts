import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildEngineLayer, layerFolders } from '../../layers/duckdb.ts'

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

  // The other architecture's binding is fetched from npm's registry, as when deploying for it.
  test.each([
    ['arm64', 0xb7],
    ['x86_64', 0x3e],
  ] as const)(
    'for %s has the binding of that processor and no other',
    async (architecture, machine) => {
      const layer = await buildEngineLayer(dist, architecture)
      expect(
        layerFolders(layer)
          .map(folder => basename(folder))
          .sort(),
      ).toEqual(['node-api', 'node-bindings', `node-bindings-linux-${architecture === 'arm64' ? 'arm64' : 'x64'}`])
      const files = readdirSync(layer, { recursive: true, encoding: 'utf8' }).filter(name =>
        /\.(?:node|so)$/.test(name),
      )
      expect(files.length).toBeGreaterThan(0)
      for (const name of files) {
        const header = readFileSync(join(layer, name)).subarray(0, 20)
        expect(header.subarray(0, 4).toString('latin1'), name).toBe('\x7fELF')
        // e_machine (System V ABI, "ELF Header"): 183 is AArch64, 62 is x86-64.
        expect(header.readUInt16LE(18), name).toBe(machine)
      }
      // Lambda's limit for a function with its layers, unzipped, is 250 MB (Lambda developer guide, "Lambda quotas").
      const bytes = readdirSync(layer, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
      expect(bytes).toBeLessThan(240_000_000)
    },
    120_000,
  )
})
