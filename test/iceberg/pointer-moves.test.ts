/** Which tables a transaction changes: literal writes, as the catalog makes them. */
import { describe, expect, test } from 'vitest'
import type { Attributes, Write } from '../../domain/ports.ts'
import { pointerMoves, type SeenPointers, seePointer } from '../../iceberg/pointer-moves.ts'

const GOLD = { table: 'catalog', partition: 'market_data.gold_crypto_trades', sort: 'market_data' } as const
const USERS = { table: 'catalog', partition: 'lab%2E1.my%2Etable', sort: 'lab%2E1' } as const

const pointer = (location: string, more: Attributes = {}): Attributes => ({
  v: 'v2',
  'p.table_type': 'ICEBERG',
  'p.metadata_location': location,
  ...more,
})
const put = (key: typeof GOLD | typeof USERS, attributes: Attributes, isNew = false): Write => ({
  kind: 'put',
  item: { key, attributes },
  when: isNew ? { is: 'absent' } : { is: 'matching', attributes: { v: 'v1' } },
})
const remove = (key: typeof GOLD | typeof USERS, v: string): Write => ({
  kind: 'remove',
  key,
  when: { is: 'matching', attributes: { v } },
})
const nothingSeen: SeenPointers = new Map()

describe('the tables that a transaction changes', () => {
  test('are those whose pointers it moves, whatever else it writes', () => {
    const writes: Write[] = [
      { kind: 'remove', key: { table: 'state', partition: 'pending#gold_binance', sort: '1' } },
      { kind: 'check', key: GOLD, when: { is: 'absent' } },
      { kind: 'put', item: { key: { table: 'catalog', partition: 'NAMESPACE', sort: 'market_data' }, attributes: {} } },
      put(GOLD, pointer('s3://b/2.json', { 'p.previous_metadata_location': 's3://b/1.json' })),
    ]
    expect(pointerMoves(writes, nothingSeen)).toEqual([
      {
        table: 'market_data.gold_crypto_trades',
        namespace: 'market_data',
        kind: 'move',
        location: 's3://b/2.json',
        previousLocation: 's3://b/1.json',
        together: new Map([['market_data.gold_crypto_trades', 's3://b/2.json']]),
      },
    ])
  })

  test('have the names that users gave them', () => {
    const [move] = pointerMoves([put(USERS, pointer('s3://b/1.json'), true)], nothingSeen)
    expect([move.table, move.namespace, move.kind, move.previousLocation]).toEqual([
      'lab.1.my.table',
      'lab.1',
      'create',
      undefined,
    ])
  })

  test('know of each other', () => {
    const [gold] = pointerMoves([put(GOLD, pointer('a')), put(USERS, pointer('b'))], nothingSeen)
    expect([...gold.together]).toEqual([
      ['market_data.gold_crypto_trades', 'a'],
      ['lab.1.my.table', 'b'],
    ])
  })

  test('are none where a pointer comes from a backup, whatever stood there', () => {
    const item = { key: GOLD, attributes: pointer('s3://b/1.json') }
    expect(
      pointerMoves(
        [
          { kind: 'put', item },
          { kind: 'remove', key: USERS },
        ],
        nothingSeen,
      ),
    ).toEqual([])
  })

  test('are none where the pointer is a view’s', () => {
    expect(pointerMoves([put(USERS, pointer('a', { 'p.table_type': 'ICEBERG_VIEW' }))], nothingSeen)).toEqual([])
  })
})

describe('a table that is dropped', () => {
  test('has the metadata that was last read of it', () => {
    const seen: SeenPointers = new Map()
    seePointer(seen, USERS, pointer('s3://b/7.json'))
    const [drop] = pointerMoves([remove(USERS, 'v2')], seen)
    expect([drop.kind, drop.location, drop.together.size]).toEqual(['drop', 's3://b/7.json', 0])
  })

  test('is not told of where another state of it was read', () => {
    const seen: SeenPointers = new Map()
    seePointer(seen, USERS, pointer('s3://b/7.json'))
    expect(pointerMoves([remove(USERS, 'v3')], seen)).toEqual([])
  })

  test('is none of the pipeline, whose pointers a repair takes away to put them back', () => {
    const seen: SeenPointers = new Map()
    seePointer(seen, GOLD, pointer('s3://b/7.json'))
    expect(pointerMoves([remove(GOLD, 'v2')], seen)).toEqual([])
  })

  test('is none where it only gets another name', () => {
    const seen: SeenPointers = new Map()
    seePointer(seen, USERS, pointer('s3://b/7.json'))
    const other = { ...USERS, partition: 'lab%2E1.other' } as unknown as typeof USERS
    expect(pointerMoves([remove(USERS, 'v2'), put(other, pointer('s3://b/7.json'), true)], seen)).toEqual([])
  })
})

test('pointers that were read long ago are forgotten', () => {
  const seen: SeenPointers = new Map()
  for (let i = 0; i < 1_000; i++) seePointer(seen, { ...USERS, partition: `lab%2E1.t${i}` }, pointer(`${i}`))
  expect([seen.size, seen.has('lab%2E1.t999'), seen.has('lab%2E1.t0')]).toEqual([256, true, false])
})
