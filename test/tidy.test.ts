/**
 * The repository tests itself: who may import whom, where time and chance come in, what no file may hold.
 * Over 250 lines: the rules and the proofs that they bite stand together.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SELF = 'test/tidy.test.ts'
const IGNORED = new Set(['node_modules', '.git', '.tradelake', 'dist', 'cdk.out', 'results'])

interface Source {
  /** From the repository's root, with slashes. */
  readonly path: string
  readonly text: string
  /** The text without comments. */
  readonly code: string
}

/** What each folder may import besides itself. Folders that are not here may import everything. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  iceberg: ['domain'],
  tables: ['domain', 'iceberg'],
  adapters: ['domain', 'iceberg'],
  layers: ['domain'],
  library: ['domain', 'iceberg', 'adapters', 'feeds'],
  feeds: ['domain', 'iceberg', 'adapters'],
  functions: ['domain', 'iceberg', 'tables', 'adapters', 'api'],
  // Of figures: the words that the page and the commands use too.
  api: ['domain', 'iceberg', 'tables', 'adapters', 'figures'],
  embedded: ['domain', 'iceberg', 'tables', 'adapters', 'feeds', 'functions'],
  operations: ['domain', 'iceberg', 'tables', 'adapters', 'feeds', 'functions', 'embedded'],
  localstack: ['domain', 'adapters', 'infra'],
  infra: ['domain', 'adapters', 'layers', 'bin'],
  cli: ['domain', 'iceberg', 'tables', 'adapters', 'feeds', 'functions', 'embedded', 'operations', 'api', 'figures'],
  // It runs in browsers too, and knows the server by what it answers alone.
  figures: [],
  web: ['figures'],
}
const PRODUCT = Object.keys(MAY_IMPORT)
/** A longer file says why at its top, and none is longer than that. */
const MAX_LINES = 250
const MAX_LINES_WITH_REASON = 400
const REASON = /^\/\*\*(?:(?!\*\/)[\s\S])*?\bOver 250 lines: \S/

const AMBIENT: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bMath\.random\b/,
  /\brandomUUID\b|\brandomBytes\b|\brandomInt\b|\brandomFill(?:Sync)?\b|\bgetRandomValues\b/,
  /\bset(?:Timeout|Interval)\b|\bnode:timers\b/,
  /\bperformance\.now\b|\bprocess\.hrtime\b/,
]
/** Folders whose code is the outside world, or never part of a run that must be repeatable. */
const MAY_BE_AMBIENT = new Set(['adapters', 'bench', 'test', 'scripts', 'bin'])
/** The page's one adapter. */
const AMBIENT_FILE = 'web/browser.ts'

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    if (IGNORED.has(entry.name)) return []
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    return entry.isDirectory() ? filesIn(path) : [path]
  })
}

function withoutComments(text: string): string {
  return text.replaceAll(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|(?<!\\)\/\/[^\n]*/g,
    (_, string?: string) => string ?? ' ',
  )
}

function sourceOf(path: string, text: string): Source {
  return { path, text, code: withoutComments(text) }
}

const topOf = (path: string) => path.split('/', 1)[0]

interface Import {
  /** Path of a relative import from the root; undefined for packages. */
  readonly target: string | undefined
  /** Names as the target exports them; `*` for all. */
  readonly names: readonly string[]
}

/** Static and dynamic imports, and re-exports. */
function importsOf({ path, code }: Source): Import[] {
  const found: Import[] = []
  const add = (specifier: string, names: readonly string[]) => {
    const target = specifier.startsWith('.')
      ? normalize(join(dirname(path), specifier))
          .split(sep)
          .join('/')
      : undefined
    found.push({ target, names })
  }
  for (const match of code.matchAll(/\b(?:import|export)\s+(?:type\s+)?([^;'"()=]*?)\s*from\s*['"]([^'"]+)['"]/g)) {
    const [, clause, specifier] = match
    const braces = /\{([\s\S]*)\}/.exec(clause)?.[1] ?? ''
    const names = braces.split(',').flatMap(part => /^\s*(?:type\s+)?(\w+)/.exec(part)?.[1] ?? [])
    if (clause.includes('*')) names.push('*')
    if (/^\w/.test(clause)) names.push('default')
    add(specifier, names)
  }
  for (const match of code.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]|\bimport\s+['"]([^'"]+)['"]/g))
    add(match[1] ?? match[2], ['*'])
  return found
}

function exportsOf({ code }: Source): string[] {
  const declared = code.matchAll(
    /^export\s+(?:default\s+)?(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\s*\*?|const|let|class|interface|type)\s+(\w+)/gm,
  )
  const listed = code.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}(?!\s*from)/gm)
  return [
    ...[...declared].map(match => match[1]),
    ...[...listed].flatMap(match => match[1].split(',').flatMap(part => /(\w+)\s*$/.exec(part)?.[1] ?? [])),
  ]
}

/** Imports that point outwards, or from one stage into another. */
function wrongImports(source: Source): string[] {
  const from = topOf(source.path)
  const allowed = MAY_IMPORT[from]
  if (!allowed) return []
  return importsOf(source).flatMap(({ target }) => {
    if (target === undefined) return []
    const to = topOf(target)
    const inwards = to === from || allowed.includes(to)
    const stage = (path: string) => /^functions\/([^/]+)\//.exec(path)?.[1]
    const otherStage =
      from === 'functions' && to === 'functions' && stage(target) && stage(target) !== stage(source.path)
    return inwards && !otherStage ? [] : [`${source.path} imports ${target}`]
  })
}

function ambientUses({ path, code }: Source): string[] {
  if (MAY_BE_AMBIENT.has(topOf(path)) || path === AMBIENT_FILE) return []
  return AMBIENT.flatMap(pattern => {
    const match = pattern.exec(code)
    return match ? [`${path} uses ${match[0]}`] : []
  })
}

/**
 * Exports of product code that nothing imports. Lambda handlers are named by path, by the infrastructure; a type may
 * be there for its own module's signatures.
 */
function deadExports(sources: readonly Source[]): string[] {
  const used = new Set(
    sources.flatMap(source => importsOf(source).flatMap(({ target, names }) => names.map(name => `${target} ${name}`))),
  )
  const inSignatures = ({ code }: Source, name: string) =>
    new RegExp(`\\b(?:type|interface)\\s+${name}\\b`).test(code) && code.split(new RegExp(`\\b${name}\\b`)).length > 2
  return sources
    .filter(({ path }) => PRODUCT.includes(topOf(path)))
    .flatMap(source => exportsOf(source).map(name => ({ source, name })))
    .filter(({ source, name }) => !(source.path.endsWith('/lambda.ts') && name === 'handler'))
    .filter(({ source: { path }, name }) => !used.has(`${path} ${name}`) && !used.has(`${path} *`))
    .filter(({ source, name }) => !inSignatures(source, name))
    .map(({ source, name }) => `${source.path} exports ${name}`)
}

/** A file and all that it imports, and they import. */
function reachable(path: string, sources: readonly Source[]): Source[] {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const found = new Set<Source>()
  const visit = (at: string | undefined): void => {
    const source = at === undefined ? undefined : byPath.get(at)
    if (!source || found.has(source)) return
    found.add(source)
    // Types are not there when it runs.
    const code = source.code.replaceAll(/\bimport\s+type\s[^;'"]*['"][^'"]+['"]/g, '')
    for (const { target } of importsOf({ ...source, code })) visit(target)
  }
  visit(path)
  return [...found]
}

/** Who commits must open tables by their definitions, or a migration would be passed by (docs/adr/0013-tables-that-evolve.md). */
function unmigrated(source: Source): string[] {
  if (!PRODUCT.includes(topOf(source.path))) return []
  const names = new Set(importsOf(source).flatMap(found => found.names))
  const commits = names.has('stageSnapshot') || names.has('stageExpiry')
  return commits && (names.has('findTable') || names.has('loadTable')) ? [source.path] : []
}

/** Files that import each other in a circle, types too: one path for each file that is on one. */
function circles(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map(source => [source.path, importsOf(source).flatMap(({ target }) => target ?? [])]))
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): string[] => {
    if (way.includes(path)) return [[...way.slice(way.indexOf(path)), path].join(' → ')]
    if (done.has(path)) return []
    const found = (imports.get(path) ?? []).flatMap(target => visit(target, [...way, path]))
    done.add(path)
    return found
  }
  return [...imports.keys()].flatMap(path => visit(path, []))
}

const UNFINISHED = /\b(?:TODO|FIXME|XXX|HACK)\b/
const MACHINE_PATH = /(?:^|[\s'"`(=:])(?:\/(?:home|work|root|Users|mnt)\/\w|[A-Z]:\\\w)/m

const TEXT = /\.(?:tsx?|js|mjs|json|md|html|css|py|sh|ya?ml|toml)$/
const paths = filesIn('').filter(path => TEXT.test(path) || path.startsWith('.ci/'))
const texts = paths.map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
const sources = texts
  .filter(({ path }) => /\.(?:tsx?|js|mjs)$/.test(path))
  .map(({ path, text }) => sourceOf(path, text))

describe('the repository', () => {
  test('is looked at', () => {
    for (const folder of PRODUCT.filter(folder => existsSync(join(ROOT, folder)) && filesIn(folder).length > 0))
      expect(
        sources.some(({ path }) => topOf(path) === folder),
        folder,
      ).toBe(true)
  })

  test('imports point inwards, and no stage imports another', () => {
    expect(sources.flatMap(wrongImports)).toEqual([])
  })

  test('no files import each other in a circle', () => {
    expect(circles(sources.filter(({ path }) => PRODUCT.includes(topOf(path))))).toEqual([])
  })

  test('time and chance come in through adapters only', () => {
    expect(sources.flatMap(ambientUses)).toEqual([])
  })

  test(`no file has over ${MAX_LINES} lines, or ${MAX_LINES_WITH_REASON} with a reason at its top`, () => {
    const long = sources.filter(({ text }) => {
      const lines = text.trimEnd().split('\n').length
      return lines > (REASON.test(text) ? MAX_LINES_WITH_REASON : MAX_LINES)
    })
    expect(long.map(({ path }) => path)).toEqual([])
  })

  test('every export of product code is imported somewhere', () => {
    expect(deadExports(sources)).toEqual([])
  })

  test('what commits to a table opens it by its definition', () => {
    expect(sources.flatMap(unmigrated)).toEqual([])
    const wrong = `import { loadTable } from '../iceberg/catalog.ts'\nimport { stageSnapshot } from '../iceberg/commit.ts'`
    expect(unmigrated(sourceOf('functions/a.ts', wrong))).toEqual(['functions/a.ts'])
  })

  test('a feed loads nothing that its image is made without', () => {
    const loaded = reachable('cli/feed.ts', sources)
    expect(loaded.length).toBeGreaterThan(30)
    expect(loaded.filter(({ code }) => code.includes(`from '@duckdb/`)).map(({ path }) => path)).toEqual([])
  })

  test('a comment begins with its subject', () => {
    const wrong = sources
      .filter(({ path }) => path !== SELF)
      .flatMap(({ path, text }) =>
        [...text.matchAll(/(?:\/\*\*|\/\/|^\s*\*) Of [a-z][^\n]*/gm)].map(([comment]) => `${path}: ${comment.trim()}`),
      )
    expect(wrong).toEqual([])
  })

  test('packages have exact versions', () => {
    const versions = ['package.json', 'infra/package.json'].flatMap(file => {
      const manifest = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Record<string, unknown>
      return ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap(group =>
        Object.entries((manifest[group] ?? {}) as Record<string, string>),
      )
    })
    expect(versions.length).toBeGreaterThan(5)
    const loose = versions.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    // The one that is a folder of this repository.
    expect(loose).toEqual([['tradelake-cdk', 'file:infra/cdk']])
  })

  test('nothing is left to be done, and nothing names a machine', () => {
    const others = texts.filter(({ path }) => path !== SELF)
    expect(others.filter(({ text }) => UNFINISHED.test(text)).map(({ path }) => path)).toEqual([])
    expect(others.filter(({ text }) => MACHINE_PATH.test(text)).map(({ path }) => path)).toEqual([])
  })
})

describe('the rules bite', () => {
  const at = (path: string, text: string) => sourceOf(path, text)

  test('imports', () => {
    const outwards = at('domain/a.ts', `import type { X } from '../adapters/b.ts'`)
    const page = at('web/model/a.ts', `import { X } from '../../domain/b.ts'`)
    const stages = at('functions/gold/a.ts', `import {\n  X,\n} from '../silver/b.ts'`)
    const dynamic = at('feeds/a.ts', `const x = await import('../functions/gold/gold.ts')`)
    for (const wrong of [outwards, page, stages, dynamic]) expect(wrongImports(wrong)).toHaveLength(1)
    const right = [
      at(
        'functions/gold/a.ts',
        `import { X } from './b.ts'\nimport { Y } from '../../domain/c.ts'\nimport z from 'avsc'`,
      ),
      at('functions/gold/a.ts', `// import { X } from '../silver/b.ts'`),
      at('test/a.ts', `import { X } from '../cli/b.ts'`),
    ]
    expect(right.flatMap(wrongImports)).toEqual([])
  })

  test('circles', () => {
    const a = at('domain/a.ts', `import type { B } from './b.ts'`)
    const b = at('domain/b.ts', `import { c } from './c.ts'`)
    const c = at('domain/c.ts', `import { a } from './a.ts'`)
    expect(circles([a, b, c])).toEqual(['domain/a.ts → domain/b.ts → domain/c.ts → domain/a.ts'])
    expect(circles([a, b, at('domain/c.ts', '')])).toEqual([])
  })

  test('time and chance', () => {
    const uses = [
      'Date.now()',
      'new Date()',
      'Math.random()',
      'crypto.randomUUID()',
      'setTimeout(f)',
      'performance.now()',
    ]
    for (const use of uses) expect(ambientUses(at('cli/a.ts', `f(\`\${${use}}\`)`)), use).toHaveLength(1)
    expect(ambientUses(at('domain/a.ts', 'new Date(5) // Date.now()'))).toEqual([])
    expect(ambientUses(at('adapters/a.ts', 'Date.now()'))).toEqual([])
    expect(ambientUses(at('web/browser.ts', 'Date.now()'))).toEqual([])
    expect(ambientUses(at('web/store.ts', 'Date.now()'))).toHaveLength(1)
  })

  test('dead exports', () => {
    const one = at(
      'domain/a.ts',
      'export const used = 1\nexport async function* dead() {}\nexport { x as y }\nexport type T = 1\nexport type U = 1',
    )
    const user = at('test/b.ts', `import { type T, used as other } from '../domain/a.ts'`)
    const dead = ['dead', 'U', 'y'].map(name => `domain/a.ts exports ${name}`)
    expect(deadExports([one, user])).toEqual(dead)
    const signature = at('domain/a.ts', 'export interface O {}\nexport function used(o: O) {}')
    expect(deadExports([signature, user])).toEqual([])
    expect(deadExports([one, at('test/b.ts', `import * as all from '../domain/a.ts'`)])).toEqual([])
  })

  test('leftovers', () => {
    expect(UNFINISHED.test('// TODO: later')).toBe(true)
    expect(MACHINE_PATH.test(`open('/home/me/x')`)).toBe(true)
    expect(MACHINE_PATH.test('https://host/home/x and /tmp of a Lambda')).toBe(false)
  })
})
