/** The packed package, installed into an empty folder where install scripts are blocked. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { systemScratch } from '../../adapters/system.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TYPES = `@types/node@${JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).devDependencies['@types/node']}`
const folder = systemScratch().path('package')
const app = join(folder, 'app with spaces')
const bin = join(app, 'node_modules', '.bin', 'tradelake')

// The Node that a user has may be older than the one that runs this: theirs must do.
const userPath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter(part => part !== join(process.execPath, '..'))
  .join(delimiter)
const env = { ...process.env, PATH: userPath }

function tradelake(...args: string[]) {
  return spawnSync(bin, args, { cwd: app, env, encoding: 'utf8' })
}

let packed: string[]

beforeAll(() => {
  mkdirSync(app, { recursive: true })
  writeFileSync(join(app, 'package.json'), '{"private":true}')
  const answer = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  })
  const [{ filename, files }] = Object.values(JSON.parse(answer)) as [{ filename: string; files: { path: string }[] }]
  packed = files.map(file => file.path)
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(folder, filename)], {
    cwd: app,
    env,
  })
})

describe('the package', () => {
  test('carries built JavaScript with its types, the launcher and its papers, and nothing else', () => {
    const others = packed.filter(
      path =>
        !/^(?:bin\/[\w-]+\.js|dist\/[\w/-]+(?:\.js|\.d\.ts)|dist\/web\/(?:index\.html|assets\/page-[A-Z0-9]{8}\.css))$/.test(
          path,
        ),
    )
    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
    expect(packed).toContain('dist/cli/main.js')
    expect(packed.filter(path => path.startsWith('dist/web/'))).toHaveLength(3)
    expect(packed.filter(path => path.startsWith('dist/functions/')).length).toBeGreaterThan(10)
    const installed = join(app, 'node_modules', 'tradelake')
    expect(readdirSync(installed, { recursive: true }).filter(path => /(?<!\.d)\.ts$/.test(String(path)))).toEqual([])
  })

  test('runs a market for five seconds, and all laws hold', () => {
    const run = spawnSync('npx', ['tradelake', 'start', '--for', '5s'], { cwd: app, env, encoding: 'utf8' })
    expect(run.stderr.replaceAll(/^npm warn.*\n/gm, '')).toBe('')
    expect(run.status).toBe(0)
    expect(run.stdout).toContain('All six laws hold')
    expect(existsSync(join(app, '.tradelake'))).toBe(true)
  })

  test('serves the page that it brings along', async () => {
    const server = spawn(bin, ['serve', '--port', '0'], { cwd: app, env })
    try {
      const url = await new Promise<string>((resolve, reject) => {
        server.stdout.on('data', text => {
          const [, found] = /page for browsers: +(http:\S+)/.exec(String(text)) ?? []
          if (found) resolve(found)
        })
        server.once('exit', status => reject(new Error(`serve ended with ${status}`)))
      })
      const html = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
      const [script] = /\/assets\/page-\w+\.js/.exec(html) ?? []
      const answer = await fetch(new URL(script ?? '', url))
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
    } finally {
      server.removeAllListeners('exit').kill('SIGINT')
    }
  })

  test('answers queries about it', () => {
    const { status, stdout } = tradelake('sql', 'SELECT count(*) AS trades FROM gold_crypto_trades', '--format', 'json')
    expect(status).toBe(0)
    expect(Number(JSON.parse(stdout)[0].trades)).toBeGreaterThan(100)
    expect(tradelake('audit').status).toBe(0)
  })

  test('gives what others may import, with its types', () => {
    const program = `import { foldCandles } from 'tradelake/candles'
      import { DECODERS } from 'tradelake/decoders'
      import { createTable } from 'tradelake/iceberg'
      import { encodeTrade } from 'tradelake/wire'
      console.log([foldCandles, DECODERS.binance.map, createTable, encodeTrade].map(given => typeof given).join())`
    const node = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: app, encoding: 'utf8' })
    expect([node.stdout, node.stderr]).toEqual(['function,function,function,function\n', ''])
    writeFileSync(join(app, 'use.mts'), `${program}\nexport const wrong: number = encodeTrade\n`)
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', TYPES], {
      cwd: app,
      env,
    })
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', 'use.mts']
    const { stdout } = spawnSync(process.execPath, [tsc, ...options], { cwd: app, encoding: 'utf8' })
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^use\.mts\(6,14\): error TS2322: /)])
  })

  test('passes exit codes on, and says what is wrong in one line', () => {
    const { status, stdout, stderr } = tradelake('no-such-command')
    expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 })
  })

  test('says what to do where the platform’s Node is missing', () => {
    const { stdout } = spawnSync('node', ['-p', 'process.versions.node'], { env, encoding: 'utf8' })
    if (Number(stdout.split('.')[0]) >= 24) return
    for (const name of readdirSync(join(app, 'node_modules')).filter(name =>
      /^node-(?:bin-)?(?:linux|darwin|win)/.test(name),
    ))
      rmSync(join(app, 'node_modules', name), { recursive: true })
    const { status, stderr } = tradelake('audit')
    expect(status).toBe(1)
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^tradelake needs Node 24 and this is v/)])
  })
})
