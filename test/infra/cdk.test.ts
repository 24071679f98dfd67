/** The command `cdk` of a fresh checkout: what a deployment needs is installed when it is first asked for. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const PARTS = [
  'package.json',
  'infra/cdk',
  'infra/package.json',
  'infra/package-lock.json',
  'infra/.npmrc',
  'bin',
  'domain',
]
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'infra/package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradelake-cdk-'))
  for (const part of [...PARTS, 'adapters/cache-folder.ts'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  mkdirSync(join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function cdk(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const cache = join(folder, 'cache')
  return new Promise(resolve =>
    execFile(
      process.execPath,
      [join(folder, 'infra/cdk/cdk.js'), '--version'],
      { cwd: folder, env: { ...process.env, XDG_CACHE_HOME: cache, CDK_DISABLE_VERSION_CHECK: '1', ...env } },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  )
}

describe('cdk of a fresh checkout', () => {
  test('says in one line why its packages could not be installed, and leaves nothing half-made', async () => {
    const away = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_cache: join(folder, 'npm') }
    const { status, stdout, stderr } = await cdk({ ...away, npm_config_fetch_retries: '0' })
    expect(stderr.trim().split('\n')).toEqual([
      'Installing the AWS CDK, which only a deployment needs: once, and some ten seconds.',
      expect.stringMatching(/^npm could not install what infra\/package\.json lists: .*ECONNREFUSED/),
    ])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(readdirSync(join(folder, 'cache', 'tradelake'))).toEqual([])
  })

  test('installs them once, in the versions of the manifest, outside the checkout, and finds them again after npm ci', async () => {
    const version = dependencies['aws-cdk']
    const first = await cdk()
    expect(first).toMatchObject({ status: 0, stdout: expect.stringContaining(version) })
    expect(first.stderr).toContain('Installing the AWS CDK')
    const [kept] = readdirSync(join(folder, 'cache', 'tradelake'))
    for (const [name, wanted] of Object.entries(dependencies)) {
      const linked = join(folder, 'node_modules', name)
      expect(readlinkSync(linked)).toBe(join(folder, 'cache', 'tradelake', kept, 'node_modules', name))
      expect(JSON.parse(readFileSync(join(linked, 'package.json'), 'utf8')).version).toBe(wanted)
    }
    // As npm ci does.
    rmSync(join(folder, 'node_modules'), { recursive: true })
    mkdirSync(join(folder, 'node_modules'))
    expect(await cdk()).toMatchObject({ status: 0, stdout: expect.stringContaining(version), stderr: '' })
    expect(readdirSync(join(folder, 'cache', 'tradelake'))).toEqual([kept])
  })
})
