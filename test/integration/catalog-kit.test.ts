/** Apache Iceberg's own REST Compatibility Kit, asked about our catalog: tables and namespaces, and views. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folderStore } from '../../adapters/folder-store.ts'
import { openLake } from '../../embedded/lake.ts'
import { hasJava, jarsOf } from '../../localstack/maven.ts'
import { type Served, serveLake } from './served.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const MAX_OUTPUT = 64 * 1024 * 1024
const PACKAGE = 'org.apache.iceberg.rest'

interface Outcome {
  readonly passed: number
  /** Names of tests. */
  readonly failed: readonly string[]
  readonly aborted: readonly string[]
}

describe.skipIf(!hasJava())('Iceberg’s REST compatibility kit', () => {
  let folder: string
  let served: Served
  let jars: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tradelake-kit-'))
    const lake = await openLake(join(folder, 'lake'))
    lake.close()
    // Some of its tests name a folder of their own, always below /tmp.
    served = await serveLake(lake.directory, { places: [{ store: folderStore('/tmp'), prefix: '' }] })
    jars = await jarsOf(join(HERE, 'rck-pom.xml'))
    await run('javac', ['-cp', `${jars}/*`, '-d', join(folder, 'classes'), join(HERE, 'CatalogKit.java')])
  })
  afterAll(async () => {
    await served?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function ask(name: string): Promise<Outcome> {
    const reports = join(folder, name)
    const launcher = ['org.junit.platform.console.ConsoleLauncher', 'execute', '--config', 'rck.local=false']
    const properties = [`-Duri=${served.catalog}`, '-Dwarehouse=lake', '-Drck.requires-namespace-create=true']
    const java = ['-Xmx512m', '-cp', `${join(folder, 'classes')}:${jars}/*`, ...properties, ...launcher]
    const asked = [...java, '--select-class', `${PACKAGE}.${name}`, '--details=none', '--reports-dir', reports]
    // Its status is 1 where a test failed: the report says which.
    await run('java', asked, { maxBuffer: MAX_OUTPUT }).catch(error => {
      if (error.code !== 1) throw error
    })
    return outcomeOf(readFileSync(join(reports, 'TEST-junit-jupiter.xml'), 'utf8'))
  }

  test('finds tables and namespaces as it wants them, but for format version 3', async () => {
    const { passed, failed, aborted } = await ask('CatalogKit')
    expect(failed).toEqual(['createTableTransaction(int)[3]', 'testCreateTableWithDefaultColumnValue()'])
    // A REST catalog's paths cannot name a namespace without a level; the last one is not for servers elsewhere.
    expect(aborted).toEqual([
      'createAndDropEmptyNamespace()',
      'createTableInUniqueLocation()',
      'listNamespacesWithEmptyNamespace()',
      'listTablesInEmptyNamespace()',
      'namespacePropertiesOnEmptyNamespace()',
    ])
    expect(passed).toBe(99)
  })

  test('finds views as it wants them', async () => {
    const { passed, failed, aborted } = await ask('RESTCompatibilityKitViewCatalogTests')
    expect({ failed, aborted }).toEqual({ failed: [], aborted: ['listViewsInEmptyNamespace()'] })
    expect(passed).toBe(50)
  })
})

/** Reads JUnit's report. */
function outcomeOf(report: string): Outcome {
  const cases = [...report.matchAll(/<testcase name="([^"]+)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
  const named = (found: (body: string) => boolean) =>
    cases.flatMap(([, name, body = '']) => (found(body) ? [name] : [])).sort()
  const failed = named(body => /<(?:failure|error)\b/.test(body))
  const aborted = named(body => /<skipped\b/.test(body))
  return { failed, aborted, passed: cases.length - failed.length - aborted.length }
}
