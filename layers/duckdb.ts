/**
 * The Lambda layer with DuckDB: its npm packages for one architecture and nothing of the project, laid out as Lambda's Node
 * looks for packages (`/opt/nodejs/node_modules`; Lambda developer guide, "Packaging layer content").
 */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { TradelakeError } from '../domain/errors.ts'

/** Architectures of a function's processor, as Lambda names them. */
export const ARCHITECTURES = ['arm64', 'x86_64'] as const
export type ArchitectureName = (typeof ARCHITECTURES)[number]

const run = promisify(execFile)
const SCOPE = '@duckdb'
const API = `${SCOPE}/node-api`
const BINDINGS = `${SCOPE}/node-bindings`
/** Files of the packages that only a compiler reads. */
const NOT_NEEDED = /\.d\.ts$|\.map$/

/** Builds `<cache>/layer-<architecture>-<version>` where it is not there yet for this version of DuckDB, and gives its path. */
export async function buildEngineLayer(cache: string, architecture: ArchitectureName): Promise<string> {
  const api = installed(API)
  const bindings = installed(BINDINGS, api.folder)
  const platform = `${BINDINGS}-linux-${architecture === 'arm64' ? 'arm64' : 'x64'}`
  const folder = join(cache, `layer-${architecture}-${api.version}`)
  if (existsSync(folder)) return folder
  const platformVersion = bindings.optionalDependencies?.[platform]
  if (platformVersion === undefined)
    throw new TradelakeError(`DuckDB ${api.version} has no package ${platform}: choose another arch.`)
  // Built in a folder beside it and renamed when complete.
  const making = `${folder}.${process.pid}`
  const packages = join(making, 'nodejs', 'node_modules')
  const copy = (from: string, name: string) =>
    cpSync(from, join(packages, name), { recursive: true, dereference: true, filter: path => !NOT_NEEDED.test(path) })
  try {
    copy(api.folder, API)
    copy(bindings.folder, BINDINGS)
    const here = find(platform, bindings.folder)
    if (here) copy(here.folder, platform)
    else await fetchPackage(`${platform}@${platformVersion}`, join(making, 'fetched'), join(packages, platform))
    rmSync(join(making, 'fetched'), { recursive: true, force: true })
    try {
      renameSync(making, folder)
    } catch (error) {
      // Somebody else has built it meanwhile.
      if (!existsSync(folder)) throw error
    }
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return folder
}

/** The folders of the packages in a layer that was built. */
export function layerFolders(layer: string): string[] {
  const scope = join(layer, 'nodejs', 'node_modules', SCOPE)
  return readdirSync(scope).map(name => join(scope, name))
}

interface Package {
  readonly folder: string
  readonly version: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function installed(name: string, from?: string): Package {
  const found = find(name, from)
  if (!found) throw new TradelakeError(`The package ${name} is not installed: run npm ci.`)
  return found
}

/** npm installs the binding only for this machine's own platform. */
function find(name: string, from: string = import.meta.dirname): Package | undefined {
  for (const base of createRequire(join(from, 'index.js')).resolve.paths(name) ?? []) {
    const file = join(base, name, 'package.json')
    if (!existsSync(file)) continue
    const { version, optionalDependencies } = JSON.parse(readFileSync(file, 'utf8')) as Package
    return { folder: dirname(file), version, optionalDependencies }
  }
  return undefined
}

async function fetchPackage(specifier: string, scratch: string, target: string): Promise<void> {
  mkdirSync(scratch, { recursive: true })
  try {
    const { stdout } = await run('npm', ['pack', specifier, '--json', '--pack-destination', scratch], { cwd: scratch })
    const [{ filename }] = JSON.parse(stdout) as { filename: string }[]
    mkdirSync(target, { recursive: true })
    await run('tar', ['-xzf', join(scratch, filename), '-C', target, '--strip-components=1'])
  } catch (error) {
    throw new TradelakeError(
      `Cannot fetch ${specifier} for the layer: check that npm reaches its registry, or choose this machine's arch.`,
      { cause: error },
    )
  }
}
