/** What every StateStore does: DynamoDB's transactions; run against each adapter. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Conflict, messageOf, TradelakeError } from '../../domain/errors.ts'
import type { Attributes, Key, StateStore, Write } from '../../domain/ports.ts'

export interface TestClock {
  now(): number
  advance(milliseconds: number): void
}

export function testClock(start = 1_700_000_000_000): TestClock {
  let time = start
  return {
    now: () => time,
    advance: milliseconds => {
      time += milliseconds
    },
  }
}

const key = (sort: string, partition = 'p'): Key => ({ table: 'state', partition, sort })
const put = (sort: string, attributes: Attributes, when?: Write['when']): Write => ({
  kind: 'put',
  item: { key: key(sort), attributes },
  ...(when && { when }),
})
const ABSENT = { is: 'absent' } as const
const matching = (attributes: Attributes) => ({ is: 'matching', attributes }) as const
const sortsOf = async (store: StateStore, options?: Parameters<StateStore['query']>[2]) =>
  (await store.query('state', 'p', options)).map(item => item.key.sort)

/** `ownClock`: the store uses a clock of its own, so that the test cannot let ten minutes pass. */
export function stateStoreContract(
  name: string,
  open: (clock: TestClock) => StateStore,
  { ownClock = false }: { readonly ownClock?: boolean } = {},
): void {
  describe(`${name} is a state store`, () => {
    let tokens = 0
    const token = () => `token-${tokens++}`

    test('puts, gets and removes', async () => {
      const store = open(testClock())
      await store.transact([put('a', { n: 1, t: 'x', z: null })], token())
      expect(await store.get(key('a'))).toEqual({ n: 1, t: 'x', z: null })
      expect(await store.get({ ...key('a'), table: 'catalog' })).toBeUndefined()
      await store.transact([put('a', { only: 'this' })], token())
      expect(await store.get(key('a'))).toEqual({ only: 'this' })
      await store.transact([{ kind: 'remove', key: key('a') }], token())
      await store.transact([{ kind: 'remove', key: key('a') }], token())
      expect(await store.get(key('a'))).toBeUndefined()
    })

    test('names the first failing condition and what stood there, and writes nothing', async () => {
      const store = open(testClock())
      await store.transact([put('b', { v: 2 }), put('c', { v: 3 })], token())
      const writes: Write[] = [
        put('a', { v: 1 }),
        { kind: 'check', key: key('c'), when: matching({ v: 3 }) },
        put('b', { v: 9 }, matching({ v: 1 })),
        put('d', { v: 9 }, matching({ v: 0 })),
      ]
      const error = await store.transact(writes, token()).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Conflict)
      expect(error).toMatchObject({ index: 2, found: { v: 2 } })
      expect(messageOf(error)).toBe((error as Error).message)
      expect(await store.get(key('a'))).toBeUndefined()
      expect(await store.get(key('b'))).toEqual({ v: 2 })
    })

    test('a failed `absent` gives the item, a failed `matching` on nothing gives none', async () => {
      const store = open(testClock())
      await store.transact([put('a', { v: 1 }, ABSENT)], token())
      await expect(store.transact([put('a', { v: 2 }, ABSENT)], token())).rejects.toMatchObject({
        index: 0,
        found: { v: 1 },
      })
      const missing: unknown = await store
        .transact([put('n', {}, matching({}))], token())
        .catch((error: unknown) => error)
      expect(missing).toMatchObject({ index: 0, found: undefined })
    })

    test('a condition compares type and presence, not only value', async () => {
      const store = open(testClock())
      await store.transact([put('a', { n: 1, z: null })], token())
      const check = (attributes: Attributes) =>
        store.transact([{ kind: 'check', key: key('a'), when: matching(attributes) }], token())
      await check({ n: 1, z: null })
      await check({})
      const others: Attributes[] = [{ n: '1' }, { missing: null }, { n: null }, { z: 0 }, { valueOf: null }]
      for (const other of others) await expect(check(other), JSON.stringify(other)).rejects.toThrow(Conflict)
    })

    test('refuses what DynamoDB refuses', async () => {
      const store = open(testClock())
      const many = (count: number) => Array.from({ length: count }, (_, i) => put(`k${i}`, {}))
      const refused: [string, Write[], string?][] = [
        ['no writes', []],
        ['101 writes', many(101)],
        ['one key twice', [put('a', {}), { kind: 'check', key: key('a'), when: ABSENT }]],
        ['a large item', [put('a', { text: 'x'.repeat(410_000) })]],
        ['a large transaction', Array.from({ length: 12 }, (_, i) => put(`${i}`, { text: 'x'.repeat(390_000) }))],
        ['an empty sort key', [put('', {})]],
        ['a long sort key', [put('x'.repeat(1025), {})]],
        ['an inexact integer', [put('a', { n: 2 ** 53 })]],
        ['no number', [put('a', { n: Number.NaN })]],
        ['half a character', [put('a', { n: '\ud800' })]],
        ['undefined', [put('a', { n: undefined as unknown as null })]],
        ['an empty token', [put('a', {})], ''],
        ['a long token', [put('a', {})], 'x'.repeat(37)],
      ]
      for (const [what, writes, asked] of refused) {
        const error = await store.transact(writes, asked ?? token()).catch((thrown: unknown) => thrown)
        expect(error, what).toBeInstanceOf(TradelakeError)
        expect(error, what).not.toBeInstanceOf(Conflict)
      }
      expect(await sortsOf(store)).toEqual([])
      await store.transact(many(100), token())
      expect(await sortsOf(store)).toHaveLength(100)
    })

    test('one token is one transaction for ten minutes', async () => {
      const clock = testClock()
      const store = open(clock)
      const writes = [put('a', { v: 1, w: 2 }, ABSENT)]
      await store.transact(writes, 'same')
      await store.transact([put('a', { w: 2, v: 1 }, ABSENT)], 'same')
      await store.transact([{ kind: 'remove', key: key('a') }], token())
      await store.transact(writes, 'same')
      expect(await store.get(key('a'))).toBeUndefined()
      const error = await store.transact([put('a', { v: 2 }, ABSENT)], 'same').catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(TradelakeError)
      expect(error).not.toBeInstanceOf(Conflict)
      if (ownClock) return
      clock.advance(600_000)
      await store.transact([put('a', { v: 2 }, ABSENT)], 'same')
      expect(await store.get(key('a'))).toEqual({ v: 2 })
    })

    test('a token of a failed transaction may be used again', async () => {
      const store = open(testClock())
      const writes = [put('a', { v: 1 }, matching({ v: 0 }))]
      await expect(store.transact(writes, 'again')).rejects.toThrow(Conflict)
      await store.transact([put('a', { v: 0 })], token())
      await store.transact(writes, 'again')
      expect(await store.get(key('a'))).toEqual({ v: 1 })
    })

    test('queries in the order of UTF-8 bytes, by prefix, after a key, up to a limit', async () => {
      const store = open(testClock())
      const sorts = ['a', 'a#1', 'a#2', 'a#10', 'b', 'é', '\uffee', '😀', 'a\u0001']
      await store.transact(
        sorts.map(sort => put(sort, { sort })),
        token(),
      )
      await store.transact([{ kind: 'put', item: { key: key('a#1', 'q'), attributes: {} } }], token())
      const ordered = ['a', 'a\u0001', 'a#1', 'a#10', 'a#2', 'b', 'é', '\uffee', '😀']
      expect(await sortsOf(store)).toEqual(ordered)
      expect(await sortsOf(store, { prefix: 'a#' })).toEqual(['a#1', 'a#10', 'a#2'])
      expect(await sortsOf(store, { after: 'b' })).toEqual(['é', '\uffee', '😀'])
      expect(await sortsOf(store, { prefix: 'a#', after: 'a#1', limit: 1 })).toEqual(['a#10'])
      expect(await sortsOf(store, { prefix: 'b', after: 'a' })).toEqual(['b'])
      expect(await sortsOf(store, { prefix: 'a', after: 'zzz' })).toEqual([])
      expect(await sortsOf(store, { limit: 0 })).toEqual([])
      expect((await store.query('state', 'p', { limit: 1 }))[0]).toEqual({ key: key('a'), attributes: { sort: 'a' } })
    })

    test('pages through a long list', async () => {
      const store = open(testClock())
      const all = Array.from({ length: 700 }, (_, i) => String(i).padStart(4, '0'))
      for (let i = 0; i < 700; i += 100)
        await store.transact(
          all.slice(i, i + 100).map(sort => put(sort, {})),
          token(),
        )
      expect(await sortsOf(store)).toEqual(all)
      expect(await sortsOf(store, { limit: 300 })).toEqual(all.slice(0, 300))
    })

    test('does not share memory with its callers', async () => {
      const store = open(testClock())
      const attributes = { v: 1 }
      await store.transact([put('a', attributes)], token())
      attributes.v = 2
      ;((await store.get(key('a'))) as { v: number }).v = 3
      expect(await store.get(key('a'))).toEqual({ v: 1 })
    })
  })
}

/** Random transactions on few keys, so that conditions often fail and tokens often repeat. */
export const transactions = (() => {
  const sort = fc.constantFrom('a', 'b', 'é', '😀', '\uffee', 'a\0b')
  const attributes = fc.dictionary(fc.constantFrom('v', 'w'), fc.constantFrom(0, -0, 1, 'x', null, 1.5), { maxKeys: 2 })
  const when = fc.oneof(
    fc.constant({ is: 'absent' as const }),
    attributes.map(found => ({ is: 'matching' as const, attributes: found })),
  )
  const write: fc.Arbitrary<Write> = fc.oneof(
    fc.record({ sort, attributes, when: fc.option(when) }).map(({ sort, attributes, when }): Write => {
      return { kind: 'put', item: { key: key(sort), attributes }, ...(when && { when }) }
    }),
    fc.record({ sort, when: fc.option(when) }).map(({ sort, when }): Write => {
      return { kind: 'remove', key: key(sort), ...(when && { when }) }
    }),
    fc.record({ sort, when }).map(({ sort, when }): Write => ({ kind: 'check', key: key(sort), when })),
  )
  return fc.array(
    fc.record({
      writes: fc.array(write, { maxLength: 4 }),
      token: fc.integer({ min: 0, max: 15 }).map(String),
      pause: fc.constantFrom(0, 1, 300_000, 600_000),
    }),
    { maxLength: 40 },
  )
})()

/** What a store made of the transactions: each outcome, then everything it holds. */
export async function outcomes(
  store: StateStore,
  clock: TestClock,
  steps: readonly { writes: readonly Write[]; token: string; pause: number }[],
): Promise<unknown[]> {
  const seen: unknown[] = []
  for (const { writes, token, pause } of steps) {
    clock.advance(pause)
    const error: unknown = await store.transact(writes, token).catch((thrown: unknown) => thrown)
    seen.push(error instanceof Conflict ? [error.message, error.index, error.found] : error && messageOf(error))
  }
  return [...seen, await store.query('state', 'p')]
}
