import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { billOf, packagesOf } from '../../infra/sbom.ts'

const root = mkdtempSync(join(tmpdir(), 'tradelake-sbom-'))
beforeAll(() => {
  for (const [folder, text] of Object.entries({
    'node_modules/plain': { name: 'plain', version: '1.0.0', license: 'MIT' },
    'node_modules/plain/node_modules/@scope/inner': { name: '@scope/inner', version: '2.0.0', license: 'Apache-2.0' },
    'node_modules/@scope/inner': { name: '@scope/inner', version: '3.0.0' },
  })) {
    mkdirSync(join(root, folder), { recursive: true })
    writeFileSync(join(root, folder, 'package.json'), JSON.stringify(text))
  }
})
afterAll(() => rmSync(root, { recursive: true }))

const input = { bytes: 1, imports: [] }

test('the packages of a bundle are those whose files were taken, each version once', () => {
  const inputs = {
    'functions/gold/lambda.ts': input,
    'node_modules/plain/index.js': input,
    'node_modules/plain/lib/deep/other.js': input,
    'node_modules/plain/node_modules/@scope/inner/index.js': input,
    'node_modules/@scope/inner/dist/index.js': input,
  }
  expect(packagesOf({ inputs }, root)).toEqual([
    { name: '@scope/inner', version: '2.0.0', license: 'Apache-2.0' },
    { name: '@scope/inner', version: '3.0.0' },
    { name: 'plain', version: '1.0.0', license: 'MIT' },
  ])
})

test('the bill names each package once, by its URL, with the parts that it is in', () => {
  const plain = { name: 'plain', version: '1.0.0', license: 'MIT' }
  const inner = { name: '@scope/inner', version: '2.0.0' }
  expect(billOf({ name: 'tradelake', version: '0.1.0' }, { gold: [plain], layer: [inner, plain] })).toEqual({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: 'tradelake', version: '0.1.0' } },
    components: [
      {
        type: 'library',
        'bom-ref': 'pkg:npm/%40scope/inner@2.0.0',
        name: '@scope/inner',
        version: '2.0.0',
        purl: 'pkg:npm/%40scope/inner@2.0.0',
        properties: [{ name: 'tradelake:part', value: 'layer' }],
      },
      {
        type: 'library',
        'bom-ref': 'pkg:npm/plain@1.0.0',
        name: 'plain',
        version: '1.0.0',
        purl: 'pkg:npm/plain@1.0.0',
        licenses: [{ expression: 'MIT' }],
        properties: [
          { name: 'tradelake:part', value: 'gold' },
          { name: 'tradelake:part', value: 'layer' },
        ],
      },
    ],
  })
})
