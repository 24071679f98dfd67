/** A lake in a folder, into which others than its owner put files, and links. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderStore } from '../../../adapters/folder-store.ts'
import { systemScratch } from '../../../adapters/system.ts'
import { memoryLake } from '../../functions/support.ts'
import { askedApi, SCHEMA } from '../support.ts'

const scratch = systemScratch()

function folderLake() {
  const root = scratch.path('objects')
  const lake = memoryLake()
  Object.assign(lake.ports, { store: folderStore(root) })
  return { ...askedApi({}, lake), root, users: join(root, 'user_tables') }
}

test.each([
  ['file', 400],
  ['file/t', 400],
  ['file/deeper/t', 400],
  ['link', 400],
  ['link/t', 400],
  ['folder', 200],
])('a table at research/%s is answered %d, in words', async (place, status) => {
  const { ask, root, users } = folderLake()
  const outside = scratch.path('outside')
  for (const folder of [join(users, 'research/folder'), outside]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(users, 'research/file'), 'x')
  symlinkSync(outside, join(users, 'research/link'))
  await ask('POST', 'namespaces', { namespace: ['research'] })
  const wanted = { name: 't', schema: SCHEMA, location: `file://${root}/user_tables/research/${place}` }
  for (const more of [{ 'stage-create': true }, {}]) {
    const { body, ...answer } = await ask('POST', 'namespaces/research/tables', { ...wanted, ...more })
    expect(answer.status).toBe(status)
    if (status === 400) expect(body.error.message).toMatch(/is below a file|is a link/)
  }
  expect(readdirSync(outside)).toEqual([])
})

test('a folder that became a link after the table was made is neither written nor purged through', async () => {
  const { ask, made, users } = folderLake()
  const { location } = await made('research', 't')
  const outside = scratch.path('outside')
  mkdirSync(join(outside, 'metadata'), { recursive: true })
  writeFileSync(join(outside, 'metadata/precious'), 'x')
  const set = {
    requirements: [],
    updates: [{ action: 'set-properties', updates: { 'write.metadata.path': `${location}/away/metadata` } }],
  }
  symlinkSync(outside, join(users, location.split('user_tables/')[1], 'away'))
  expect((await ask('POST', 'namespaces/research/tables/t', set)).status).toBe(400)
  expect((await ask('DELETE', 'namespaces/research/tables/t?purgeRequested=true')).status).toBe(204)
  expect(readdirSync(join(outside, 'metadata'))).toEqual(['precious'])
  expect(existsSync(join(users, location.split('user_tables/')[1], 'metadata', 'x'))).toBe(false)
})
