/** What every ObjectStore does; run against each adapter. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareUtf8 } from '../../adapters/object-keys.ts'
import { systemScratch } from '../../adapters/system.ts'
import { AlreadyExists, NotFound, TradelakeError } from '../../domain/errors.ts'
import type { ObjectInfo, ObjectStore } from '../../domain/ports.ts'

const text = (value: string) => new TextEncoder().encode(value)

export async function listed(store: ObjectStore, prefix = ''): Promise<ObjectInfo[]> {
  return Array.fromAsync(store.list(prefix))
}

const keysOf = async (store: ObjectStore, prefix = '') => (await listed(store, prefix)).map(info => info.key)

export function objectStoreContract(name: string, open: () => Promise<ObjectStore>): void {
  describe(`${name} is an object store`, () => {
    test('gives back what was put, whole and in ranges', async () => {
      const store = await open()
      await store.put('a/b.bin', text('0123456789'))
      expect(Buffer.from(await store.get('a/b.bin')).toString()).toBe('0123456789')
      expect(Buffer.from(await store.getRange('a/b.bin', 2, 5)).toString()).toBe('234')
      expect(Buffer.from(await store.getRange('a/b.bin', 8, 50)).toString()).toBe('89')
      expect(await store.getRange('a/b.bin', 10, 12)).toHaveLength(0)
      expect(await store.getRange('a/b.bin', 50, 60)).toHaveLength(0)
      expect(await store.getRange('a/b.bin', 3, 3)).toHaveLength(0)
    })

    test('says size and time of an object, or that it does not exist', async () => {
      const store = await open()
      const before = Date.now()
      await store.put('x', text('abc'))
      const info = await store.head('x')
      expect(info).toMatchObject({ key: 'x', bytes: 3 })
      expect(Math.abs((info?.modified ?? 0) - before)).toBeLessThan(10_000)
      expect(await store.head('y')).toBeUndefined()
      expect(await store.head('x/y')).toBeUndefined()
    })

    test('holds an empty object', async () => {
      const store = await open()
      await store.put('empty', new Uint8Array())
      expect(await store.get('empty')).toHaveLength(0)
      expect((await store.head('empty'))?.bytes).toBe(0)
    })

    test('writes a key once', async () => {
      const store = await open()
      await store.put('k', text('first'))
      await expect(store.put('k', text('second'))).rejects.toThrow(AlreadyExists)
      expect(Buffer.from(await store.get('k')).toString()).toBe('first')
    })

    test('lets one of many writers of a key win', async () => {
      const store = await open()
      const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => store.put('race', text(`${i}`))))
      expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
      const winner = results.findIndex(result => result.status === 'fulfilled')
      expect(Buffer.from(await store.get('race')).toString()).toBe(`${winner}`)
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(AlreadyExists)
    })

    test('does not share memory with its callers', async () => {
      const store = await open()
      const bytes = text('abc')
      await store.put('k', bytes)
      bytes[0] = 0
      const read = await store.get('k')
      read[1] = 0
      expect(Buffer.from(await store.get('k')).toString()).toBe('abc')
    })

    test('moves a local file in, and leaves it where the key is taken', async () => {
      const store = await open()
      const path = systemScratch().path('part')
      writeFileSync(path, 'moved')
      await store.putFile('f/g', path)
      expect(existsSync(path)).toBe(false)
      expect(Buffer.from(await store.get('f/g')).toString()).toBe('moved')
      writeFileSync(path, 'again')
      await expect(store.putFile('f/g', path)).rejects.toThrow(AlreadyExists)
      expect(readFileSync(path, 'utf8')).toBe('again')
      await expect(store.putFile('f/h', `${path}.missing`)).rejects.toThrow(TradelakeError)
      expect(await keysOf(store)).toEqual(['f/g'])
    })

    test('throws NotFound for what is not there', async () => {
      const store = await open()
      await expect(store.get('no')).rejects.toThrow(NotFound)
      await expect(store.getRange('no', 0, 1)).rejects.toThrow(NotFound)
      await expect(store.localFile('no')).rejects.toThrow(NotFound)
      await store.put('dir/file', text('x'))
      await expect(store.get('dir')).rejects.toThrow(NotFound)
    })

    test('deletes, also what is not there', async () => {
      const store = await open()
      await store.put('a/1', text('x'))
      await store.put('a/2', text('x'))
      await store.delete(['a/1', 'a/none', 'none'])
      expect(await keysOf(store)).toEqual(['a/2'])
      await store.delete(['a/2'])
      await store.put('a/2', text('new'))
      expect(Buffer.from(await store.get('a/2')).toString()).toBe('new')
    })

    test('lists by prefix in the order of UTF-8 bytes', async () => {
      const store = await open()
      const keys = ['a', 'b-c', 'b/c', 'b/c-d', 'b0', 'd/😀', 'd/\uffee', 'd/é', 'd/z', 'B']
      for (const key of keys) await store.put(key, text(key))
      expect(await keysOf(store)).toEqual([...keys].sort(compareUtf8))
      expect(await keysOf(store, 'b')).toEqual(['b-c', 'b/c', 'b/c-d', 'b0'])
      expect(await keysOf(store, 'b/')).toEqual(['b/c', 'b/c-d'])
      expect(await keysOf(store, 'b/c-')).toEqual(['b/c-d'])
      expect(await keysOf(store, 'none/')).toEqual([])
    })

    test('refuses keys that could leave the root, and ranges that are not valid', async () => {
      const store = await open()
      for (const key of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', './a', 'a\\b', 'a\0', '.tmp/x', 'a\ud800'])
        await expect(store.put(key, text('x')), JSON.stringify(key)).rejects.toThrow(TradelakeError)
      await store.put('k', text('x'))
      await expect(store.getRange('k', -1, 1)).rejects.toThrow(TradelakeError)
      await expect(store.getRange('k', 2, 1)).rejects.toThrow(TradelakeError)
      expect(await keysOf(store)).toEqual(['k'])
    })

    test('gives a local path until the last user lets go', async () => {
      const store = await open()
      await store.put('p/q.parquet', text('bytes'))
      const paths = await Promise.all([store.localFile('p/q.parquet'), store.localFile('p/q.parquet')])
      await store.releaseLocal(['p/q.parquet'])
      for (const path of paths) expect(readFileSync(path, 'utf8')).toBe('bytes')
      await store.releaseLocal(['p/q.parquet', 'p/other'])
      expect(Buffer.from(await store.get('p/q.parquet')).toString()).toBe('bytes')
    })

    test('agrees with a map under random puts and deletes', async () => {
      const key = fc
        .array(fc.constantFrom('a', 'b', 'a-', 'é', '😀'), { minLength: 1, maxLength: 3 })
        .map(parts => `k/${parts.join('/')}!`)
      const step = fc.record({ key, put: fc.boolean(), bytes: fc.uint8Array({ maxLength: 20 }) })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
          const store = await open()
          const model = new Map<string, Uint8Array>()
          for (const { key, put, bytes } of steps) {
            if (!put) {
              await store.delete([key])
              model.delete(key)
            } else if (model.has(key)) await expect(store.put(key, bytes)).rejects.toThrow(AlreadyExists)
            else {
              await store.put(key, bytes)
              model.set(key, bytes)
            }
          }
          expect(await keysOf(store)).toEqual([...model.keys()].sort(compareUtf8))
          for (const [key, bytes] of model) expect([...(await store.get(key))]).toEqual([...bytes])
        }),
        { numRuns: 15 },
      )
    })
  })
}
