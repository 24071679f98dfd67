import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tradelake-synthesis-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const VALUES = [
  'local=true',
  // Its binding of DuckDB is installed already.
  `arch=${process.arch === 'arm64' ? 'arm64' : 'x86_64'}`,
  'kafka=self-managed',
  'bootstrapServers=127.0.0.1:9092',
  'registryUrl=http://127.0.0.1:8081',
]

/** Synthesizes as a deployment does; gives what it made, by path. */
async function synthesize(name: string): Promise<Map<string, string>> {
  const output = join(folder, name)
  const context = VALUES.flatMap(value => ['-c', value])
  const words = ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--output', output, '--no-notices', ...context]
  await run(process.execPath, words, { cwd: ROOT })
  // How long a slow synthesis took is written there too.
  const isMade = (path: string) => /\.(?:json|mjs)$/.test(path) && path !== 'performance-counters.json'
  const made = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter(isMade)
  return new Map(made.sort().map(path => [path, readFileSync(join(output, path), 'utf8')]))
}

/** What a build of the package deletes and makes anew, and tests of it do beside other tests. */
const built = () => (existsSync(join(ROOT, 'dist')) ? readdirSync(join(ROOT, 'dist')).sort() : [])

test('two syntheses at once make the same, each in its own folder, and leave the package’s build alone', async () => {
  const before = built()
  const [one, two] = await Promise.all([synthesize('one'), synthesize('two')])
  expect([...one.keys()]).toContain('sbom.cdx.json')
  expect([...one.keys()].filter(path => path.endsWith('index.mjs')).length).toBeGreaterThan(8)
  expect(two).toEqual(one)
  expect(built()).toEqual(before)
})
