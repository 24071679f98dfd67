/** The manifest: what the package is made of, and nothing more. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const json = (path: string) => JSON.parse(readFileSync(ROOT + path, 'utf8'))
const manifest = json('package.json')
const lock = json('package-lock.json')
/** What a deployment alone needs: infra/cdk/install.ts installs it. */
const infra = json('infra/package.json')

/** The packages that the TypeScript files of these folders and files import, in order. */
function importedFrom(places: readonly string[]): string[] {
  const files = places.flatMap(place =>
    place.endsWith('.ts')
      ? [place]
      : readdirSync(ROOT + place, { recursive: true, encoding: 'utf8' })
          .filter(file => /\.[jt]sx?$/.test(file))
          .map(file => `${place}/${file}`),
  )
  // A static import ends its line; a dynamic one, or where a package's file is, may stand anywhere.
  const specifiers = files.flatMap(file =>
    [
      ...readFileSync(ROOT + file, 'utf8').matchAll(
        /(?:\bfrom |^import )'([@\w][^']*)'(?: with .*)?$|\bimport(?:\.meta\.resolve)?\('([@\w][^']*)'\)/gm,
      ),
    ].map(match => match[1] ?? match[2]),
  )
  const packages = specifiers
    .filter(specifier => !specifier.startsWith('node:'))
    .map(specifier => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
  return [...new Set(packages)].sort()
}

const isCode = (place: string) => statSync(ROOT + place).isDirectory() || place.endsWith('.ts')

/** The command that a package brings; one that is a folder here stands under that. */
function binaryOf(name: string): string {
  const { link, resolved, bin } = lock.packages[`node_modules/${name}`]
  return Object.keys((link ? lock.packages[resolved].bin : bin) ?? { [name]: '' })[0]
}

describe('package.json', () => {
  test('has as dependencies what the built folders import, no more and no less', () => {
    expect(importedFrom(json('tsconfig.build.json').include)).toEqual(Object.keys(manifest.dependencies).sort())
    expect(manifest.peerDependencies).toBeUndefined()
  })

  test('has as further packages of development what everything else imports or runs', () => {
    // Examples import the package by its own name.
    // The page has types of its own: the browser's.
    const everything = importedFrom([...json('tsconfig.json').include, 'web']).filter(name => name !== manifest.name)
    const run = [...Object.values<string>(manifest.scripts), readFileSync(`${ROOT}cdk.json`, 'utf8')].join()
    const unused = Object.keys(manifest.devDependencies).filter(
      name =>
        !everything.includes(name) &&
        !run.includes(name) &&
        !run.includes(binaryOf(name)) &&
        !name.startsWith('@types/'),
    )
    expect(unused).toEqual([])
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...infra.dependencies })
    expect(everything.filter(name => !declared.includes(name))).toEqual([])
  })

  test('leaves to the deployment’s own manifest what only infra/ and its tests import or run', () => {
    const others = json('tsconfig.json').include.filter((name: string) => !['infra', 'test'].includes(name))
    const tests = readdirSync(`${ROOT}test`).filter(name => name !== 'infra' && name !== 'integration')
    const imported = importedFrom([...others, 'web', ...tests.map(name => `test/${name}`)].filter(isCode))
    const deployments = importedFrom(['infra', 'test/infra'])
    for (const name of Object.keys(infra.dependencies)) {
      expect(imported).not.toContain(name)
      expect(deployments.includes(name) || name === 'aws-cdk', name).toBe(true)
    }
    expect(json('infra/package-lock.json').packages[''].dependencies).toEqual(infra.dependencies)
  })

  test('has the platform packages that the launcher looks for, and no others', () => {
    const launcher = readFileSync(`${ROOT}bin/node24.js`, 'utf8')
    const packages = [...launcher.matchAll(/'(?:linux|darwin|win32)-\w+': '([\w-]+)'/g)].map(match => match[1])
    expect(packages).toHaveLength(5)
    expect(Object.keys(manifest.optionalDependencies).sort()).toEqual(packages.sort())
  })

  test('agrees with the lock file, which names no registry, as that of the deployment does', () => {
    const { dependencies, devDependencies, optionalDependencies, version } = lock.packages['']
    expect({ dependencies, devDependencies, optionalDependencies, version }).toEqual({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
      optionalDependencies: manifest.optionalDependencies,
      version: manifest.version,
    })
    const places = [lock, json('infra/package-lock.json')].flatMap(({ packages }) =>
      Object.values<{ resolved?: string }>(packages).flatMap(entry => entry.resolved ?? []),
    )
    expect(places).toEqual(['infra/cdk'])
  })

  test('has every platform’s variant of a package in the lock file: without one npm ci refuses, on any platform', () => {
    const packages = lock.packages as Record<string, { optionalDependencies?: Record<string, string> }>
    const variants = Object.values(packages).flatMap(entry => Object.keys(entry.optionalDependencies ?? {}))
    expect(variants.length).toBeGreaterThan(10)
    // A package may bring its own dependencies along inside it.
    const held = new Set(Object.keys(packages).map(path => path.slice(path.lastIndexOf('node_modules/') + 13)))
    expect(variants.filter(name => !held.has(name))).toEqual([])
  })

  test('names files that are there', () => {
    for (const path of [...Object.values<string>(manifest.bin), 'README.md', 'LICENSE', 'CHANGELOG.md']) {
      expect(existsSync(ROOT + path), path).toBe(true)
    }
    for (const script of Object.values<string>(manifest.scripts))
      for (const [path] of script.matchAll(/(?<![\w/])(?:bin|scripts|bench)\/\S+/g))
        expect(existsSync(ROOT + path), script).toBe(true)
  })

  test('has its product folders built, all but what never leaves the repository', () => {
    const built: string[] = json('tsconfig.build.json').include
    const folders = readdirSync(ROOT, { withFileTypes: true }).filter(entry => entry.isDirectory())
    const checked = (json('tsconfig.json').include as string[]).filter(name =>
      folders.some(folder => folder.name === name),
    )
    expect(
      checked
        .filter(name => !['test', 'bench', 'scripts', 'infra', 'layers', 'localstack', 'examples'].includes(name))
        .sort(),
    ).toEqual(built.sort())
  })
})
