/** Views of users. The compatibility kit asks much more (test/integration/catalog-kit.test.ts). */
import { expect, test } from 'vitest'
import { askedApi, SCHEMA } from '../support.ts'

const version = (sql: string, dialect = 'spark') => ({
  ...{ 'version-id': 1, 'schema-id': 0, 'timestamp-ms': 1_763_640_000_000, summary: {} },
  ...{ representations: [{ type: 'sql', sql, dialect }], 'default-namespace': ['research'] },
})

async function withView() {
  const api = askedApi()
  await api.ask('POST', 'namespaces', { namespace: ['research'] })
  const made = await api.ask('POST', 'namespaces/research/views', {
    name: 'v',
    schema: SCHEMA,
    'view-version': version('SELECT 1'),
    properties: {},
  })
  expect(made.status).toBe(200)
  return api
}

test('a view is made, replaced, renamed and dropped, and keeps its versions', async () => {
  const { ask } = await withView()
  const updates = [
    { action: 'add-view-version', 'view-version': version('SELECT 2') },
    { action: 'set-current-view-version', 'view-version-id': -1 },
  ]
  const { metadata } = (await ask('POST', 'namespaces/research/views/v', { updates })).body
  expect(metadata['current-version-id']).toBe(2)
  expect(metadata.versions.map((each: { representations: { sql: string }[] }) => each.representations[0].sql)).toEqual([
    'SELECT 1',
    'SELECT 2',
  ])
  expect(metadata['version-log'].map((entry: Record<string, number>) => entry['version-id'])).toEqual([1, 2])
  const rename = { source: { namespace: ['research'], name: 'v' }, destination: { namespace: ['research'], name: 'w' } }
  expect((await ask('POST', 'views/rename', rename)).status).toBe(204)
  expect((await ask('GET', 'namespaces/research/views')).body.identifiers).toEqual([
    { namespace: ['research'], name: 'w' },
  ])
  expect((await ask('GET', 'namespaces/research/tables')).body.identifiers).toEqual([])
  expect((await ask('DELETE', 'namespaces/research/views/w')).status).toBe(204)
  expect((await ask('GET', 'namespaces/research/views/w')).body.error.type).toBe('NoSuchViewException')
})

test('a view does not lose a dialect by accident', async () => {
  const { ask } = await withView()
  const updates = [
    { action: 'add-view-version', 'view-version': version('SELECT 2', 'trino') },
    { action: 'set-current-view-version', 'view-version-id': -1 },
  ]
  const { body } = await ask('POST', 'namespaces/research/views/v', { updates })
  expect(body.error.message).toMatch(/loss of view dialects .*: spark became trino/)
  const allow = { action: 'set-properties', updates: { 'replace.drop-dialect.allowed': 'true' } }
  expect((await ask('POST', 'namespaces/research/views/v', { updates: [allow, ...updates] })).status).toBe(200)
})

test('a table and a view have no name in common', async () => {
  const { ask } = await withView()
  expect((await ask('POST', 'namespaces/research/tables', { name: 'v', schema: SCHEMA })).body.error).toMatchObject({
    ...{ message: 'View with same name already exists: research.v', code: 409 },
  })
  expect((await ask('GET', 'namespaces/research/tables/v')).status).toBe(404)
})
