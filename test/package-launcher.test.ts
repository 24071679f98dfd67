/** The launcher: any Node starts it, Node 24 runs what it is given, and the outcome passes through. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LAUNCHER = join(ROOT, 'bin', 'node24.js')

/** A Node on the PATH that is too old to run the sources; undefined where none is found. */
const oldNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map(folder => join(folder, 'node'))
  .find(path => {
    if (!existsSync(path)) return false
    const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    return Number(stdout.split('.')[0]) >= 18 && Number(stdout.split('.')[0]) < 24
  })
const nodes = [['this Node', process.execPath] as const, ...(oldNode ? [['an old Node', oldNode] as const] : [])]
if (!oldNode) console.warn('Skipped: starting from an old Node, for want of one on the PATH.')

/** Ends when the child has written a line. */
async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout!, 'data')
  return String(chunk).trim()
}

for (const [name, node] of nodes)
  describe(`started by ${name}`, () => {
    const run = (args: readonly string[], options: Parameters<typeof spawnSync>[2] = {}) =>
      spawnSync(node, [LAUNCHER, ...args], { encoding: 'utf8', ...options })

    test('runs on Node 24 or later, with TypeScript', () => {
      const version = run(['-p', 'process.versions.node'])
      expect(version).toMatchObject({ status: 0, stderr: '' })
      expect(Number(String(version.stdout).split('.')[0])).toBeGreaterThanOrEqual(24)
      expect(run(['--input-type=module-typescript', '-e', 'const x: number = 5; process.exit(x)']).status).toBe(5)
    })

    test('hands arguments, input and output through', () => {
      const script = 'process.stdin.on("data", x => console.log(process.argv[1] + x))'
      expect(run(['-e', script, '--', 'a b;$c '], { input: 'ü' })).toMatchObject({ status: 0, stdout: 'a b;$c ü\n' })
    })

    test('puts its Node first on the PATH of what it runs', () => {
      const script = 'console.log(require("child_process").execSync("node -p process.versions.node").toString())'
      expect(Number(String(run(['-e', script]).stdout).split('.')[0])).toBeGreaterThanOrEqual(24)
    })

    test('ends with the status that the script ends with', () => {
      for (const status of [0, 1, 2, 130]) expect(run(['-e', `process.exit(${status})`]).status).toBe(status)
      expect(run(['-e', 'throw new Error("no")']).status).toBe(1)
    })

    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      test(`lets the script end in its own way on ${signal}`, async () => {
        const script = `process.on('${signal}', () => setTimeout(() => process.exit(9), 100)); setInterval(() => {}, 1e6); console.log('up')`
        const child = spawn(node, [LAUNCHER, '-e', script])
        expect(await firstLine(child)).toBe('up')
        child.kill(signal)
        expect((await once(child, 'exit'))[0]).toBe(9)
      })

    test('ends by the signal that the script ended by', async () => {
      const child = spawn(node, [LAUNCHER, '-e', `console.log(process.pid); setInterval(() => {}, 1e6)`])
      const pid = Number(await firstLine(child))
      process.kill(pid, 'SIGKILL')
      expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    })
  })

describe('where Node 24 is missing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-launcher-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.skipIf(!oldNode)('one line says what to do', () => {
    cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const { status, stdout, stderr } = spawnSync(oldNode!, [join(folder, 'bin', 'tradelake.js'), 'start'], {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^tradelake needs Node 24 and this is v\d+\.\d+\.\d+: install Node 24, or .*--omit=optional/,
      ),
    ])
  })
})
