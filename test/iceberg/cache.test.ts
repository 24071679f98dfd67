/** What many ask for at once is made once. */
import { expect, test } from 'vitest'
import { cachePerStore } from '../../iceberg/cache.ts'

test('a value is made once for all who ask while it is made, and kept', async () => {
  const cache = cachePerStore<{ n: number }>(10)({})
  let made = 0
  const make = async () => ({ value: { n: ++made }, weight: 1 })
  const all = await Promise.all([cache.once('a', make), cache.once('a', make), cache.once('b', make)])
  expect(all.map(({ n }) => n)).toEqual([1, 1, 2])
  expect([cache.get('a'), await cache.once('a', make)]).toEqual([{ n: 1 }, { n: 1 }])
})

test('a failure is told to all who asked, and the next asks again', async () => {
  const cache = cachePerStore<{ n: number }>(10)({})
  let asked = 0
  const make = async () => {
    if (++asked === 1) throw new Error('not there')
    return { value: { n: asked }, weight: 1 }
  }
  const all = await Promise.allSettled([cache.once('a', make), cache.once('a', make)])
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await cache.once('a', make)).toEqual({ n: 2 })
})

test('a value beyond the limit is given and not kept', async () => {
  const cache = cachePerStore<{ n: number }>(10)({})
  expect(await cache.once('a', async () => ({ value: { n: 1 }, weight: 11 }))).toEqual({ n: 1 })
  expect(cache.get('a')).toBe(undefined)
})

test('values that are said to be useless are gone, and only those', () => {
  const cache = cachePerStore<{ n: number }>(10)({})
  for (const n of [1, 2, 3]) cache.set(String(n), { n }, 3)
  cache.deleteWhere(({ n }) => n !== 2)
  expect([cache.get('1'), cache.get('2'), cache.get('3')]).toEqual([undefined, { n: 2 }, undefined])
  // Their room is free again.
  for (const n of [4, 5]) cache.set(String(n), { n }, 3)
  expect(cache.get('2')).toEqual({ n: 2 })
})
