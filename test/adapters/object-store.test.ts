import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderStore } from '../../adapters/folder-store.ts'
import { systemClock, systemScratch } from '../../adapters/system.ts'
import { BadInput, Misplaced } from '../../domain/errors.ts'
import { listed, objectStoreContract } from '../contract/object-store.contract.ts'
import { memoryStore } from '../memory/store.ts'

const scratch = systemScratch()
const bytes = new Uint8Array([1, 2, 3])

objectStoreContract('memoryStore', async () => memoryStore({ clock: systemClock(), scratch }))
objectStoreContract('folderStore', async () => folderStore(scratch.path('store')))

test('a folder store is at the file URI of its folder, unescaped, and reads in place', async () => {
  const root = scratch.path('store with space')
  const store = folderStore(root)
  expect(store.root).toBe(`file://${root}`)
  await store.put('a/b', bytes)
  expect(await store.localFile('a/b')).toBe(join(root, 'a/b'))
})

test('a store that does not exist yet lists nothing and makes nothing', async () => {
  const root = scratch.path('none')
  const store = folderStore(root)
  expect(await listed(store)).toEqual([])
  expect(await store.head('a')).toBeUndefined()
  await store.delete(['a'])
  expect(existsSync(root)).toBe(false)
})

test('temporary files of a crashed writer are invisible, and go after an hour', async () => {
  const root = scratch.path('crashed')
  mkdirSync(join(root, '.tmp'), { recursive: true })
  writeFileSync(join(root, '.tmp', 'old'), 'half')
  writeFileSync(join(root, '.tmp', 'young'), 'half')
  const twoHoursAgo = Date.now() / 1000 - 7200
  utimesSync(join(root, '.tmp', 'old'), twoHoursAgo, twoHoursAgo)
  const store = folderStore(root)
  expect(await listed(store)).toEqual([])
  await store.put('a', bytes)
  expect((await listed(store)).map(info => info.key)).toEqual(['a'])
  expect(readdirSync(join(root, '.tmp'))).toEqual(['young'])
})

test('nothing temporary is left after writes, taken keys and failed moves', async () => {
  const root = scratch.path('clean')
  const store = folderStore(root)
  await store.put('a/b', bytes)
  await Promise.allSettled(Array.from({ length: 10 }, () => store.put('a/c', bytes)))
  await expect(store.putFile('a/d', '/nowhere/file')).rejects.toThrow()
  await expect(store.put('a/b/c', bytes)).rejects.toThrow()
  expect(readdirSync(join(root, '.tmp'))).toEqual([])
  expect(statSync(join(root, 'a/c')).nlink).toBe(1)
})

test.skipIf(process.getuid?.() === 0)(
  'a folder without permission is bad input, in one line that names it',
  async () => {
    const root = scratch.path('locked')
    mkdirSync(root)
    chmodSync(root, 0o500)
    await expect(folderStore(root).put('a', bytes)).rejects.toThrow(BadInput)
    chmodSync(root, 0o700)
    await folderStore(root).put('a', bytes)
  },
)

test('a file in the place of the folder is named in one line', async () => {
  const root = scratch.path('file')
  writeFileSync(root, 'x')
  const error: unknown = await folderStore(root)
    .put('a', bytes)
    .catch((thrown: unknown) => thrown)
  expect((error as Error).message).toContain(root)
  expect((error as Error).message).not.toContain('\n')
})

test.each(['user_tables', 'user_tables/research', 'user_tables/research/t', 'user_tables/research/t/a'])(
  'no path of users’ files leads through a link at %s',
  async at => {
    const root = scratch.path('linked')
    const outside = scratch.path('outside')
    mkdirSync(join(root, at, '..'), { recursive: true })
    const key = 'user_tables/research/t/a'
    const rest = key.slice(at.length)
    mkdirSync(join(outside, rest === '' ? '' : join(rest, '..')), { recursive: true })
    writeFileSync(join(outside, rest || 'a'), 'secret')
    symlinkSync(join(outside, rest === '' ? 'a' : ''), join(root, at))
    const store = folderStore(root)
    await expect(store.get(key)).rejects.toThrow(Misplaced)
    await expect(store.getRange(key, 0, 1)).rejects.toThrow(Misplaced)
    await expect(store.head(key)).rejects.toThrow(Misplaced)
    await expect(store.localFile(key)).rejects.toThrow(Misplaced)
    await expect(store.put(rest === '' ? key : `${key}b`, bytes)).rejects.toThrow(Misplaced)
    // A link that is a file's own is taken away, and not what it leads to.
    if (rest === '') await store.delete([key])
    else await expect(store.delete([key])).rejects.toThrow(Misplaced)
    expect(readFileSync(join(outside, rest || 'a'), 'utf8')).toBe('secret')
    expect(readdirSync(outside, { recursive: true }).length).toBe(rest === '' ? 1 : rest.split('/').length - 1)
  },
)

test('the lake’s owner may put his own folders elsewhere by a link', async () => {
  const [root, outside] = [scratch.path('linked-lake'), scratch.path('another-disk')]
  for (const folder of [root, outside]) mkdirSync(folder)
  symlinkSync(outside, join(root, 'market_data'))
  symlinkSync(root, `${root}-link`)
  const store = folderStore(`${root}-link`)
  await store.put('market_data/a', bytes)
  await store.put('user_tables/a', bytes)
  expect([existsSync(join(outside, 'a')), existsSync(join(root, 'user_tables/a'))]).toEqual([true, true])
})
