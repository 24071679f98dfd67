/**
 * Silver: every record of Bronze becomes a valid trade or a dead letter, once.
 * Over 250 lines: the cases of one stage.
 */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { bundledRegistry } from '../../adapters/bundled-registry.ts'
import { Throttled } from '../../domain/errors.ts'
import type { SilverFiles } from '../../domain/handover.ts'
import { consumers, dataFileKey } from '../../domain/names.ts'
import { listPending } from '../../domain/pending.ts'
import type { Key, SchemaRegistry } from '../../domain/ports.ts'
import { tradeStream } from '../../domain/streams.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import type { Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { cachedSchemas } from '../../functions/silver/schemas.ts'
import { refine } from '../../functions/silver/silver.ts'
import { anyTrade } from '../domain/support.ts'
import {
  BINANCE,
  Crash,
  crashOnce,
  isCommit,
  KRAKEN,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  pauseOnce,
  pendingIds,
  queryRows,
  recordsOf,
  refineAll,
  rowsOf,
  START,
  START_MICROS,
  type TestRecord,
  testEngine,
  tradeOf,
} from './support.ts'

const table = silverTable(BINANCE)
const waiting = consumers.silver('binance')
const DAY_MICROS = 86_400_000_000n
const engine = await testEngine()
let lake: MemoryLake

beforeEach(() => {
  lake = memoryLake({ engine })
})

/** Puts the records into Bronze as one object and gives its key. */
async function put(records: readonly TestRecord[], into = lake): Promise<string> {
  const before = await pendingIds(into, waiting)
  await ingest(into.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
  const [key] = (await pendingIds(into, waiting)).filter(id => !before.includes(id))
  return key
}

let nextOffset = 0
const recordOf = (value: Uint8Array | null, timestamp = START): TestRecord => ({
  partition: 0,
  offset: nextOffset++,
  value,
  timestamp,
})
beforeEach(() => {
  nextOffset = 0
})

const silverRows = (of = lake) => rowsOf(of, table)
const deadRows = (of = lake) => rowsOf(of, DLQ_TABLE)
const refineKeys = (keys: readonly string[], registry: SchemaRegistry = lake.ports.registry) =>
  refine(lake.ports, BINANCE, cachedSchemas(registry, lake.clock), keys)

describe('a valid trade', () => {
  test('becomes a row with every field exactly', async () => {
    const trades: Trade[] = [
      tradeOf(1, {
        price: 100n,
        quantity: 10n ** 18n - 1n,
        sourceSequence: 2n ** 63n - 1n,
        platformSequence: -(2n ** 63n),
        tradeConditions: ['@', 'Ünïcode 🚀', ''],
        vendorData: { pair: 'XBT/USD', '': '', '🚀': 'ä' },
        symbol: 'SHIB1000USDT',
        currency: '',
      }),
      tradeOf(2, { vendorData: null, tradeConditions: [], side: 'SELL' }),
      tradeOf(3, { vendorData: {}, ingestionTimestamp: 5n }),
    ]
    await put([
      ...recordsOf(trades, 9, 2 ** 40).slice(0, 2),
      { ...recordsOf(trades, 9, 2 ** 40)[2], timestamp: START - 1 },
    ])
    lake.clock.advance(1_500)

    expect(await refineAll(lake, BINANCE)).toEqual({ valid: 3, invalid: 0, objects: 1, failures: [] })

    expect(await silverRows()).toEqual(
      trades.map((trade, i) => ({
        message_id: trade.messageId,
        trade_id: trade.tradeId,
        symbol: trade.symbol,
        exchange: 'BINANCE',
        asset_class: 'crypto',
        timestamp: trade.timestamp,
        price: trade.price,
        quantity: trade.quantity,
        currency: trade.currency,
        side: trade.side,
        source_sequence: trade.sourceSequence,
        ingestion_timestamp: trade.ingestionTimestamp,
        platform_sequence: trade.platformSequence,
        exchange_date: Number(trade.timestamp / DAY_MICROS),
        validation_timestamp: START_MICROS + 1_500_000n,
        bronze_ingestion_timestamp: START_MICROS,
        schema_id: 1,
        topic_epoch: 0,
        kafka_partition: 9,
        kafka_offset: 2n ** 40n + BigInt(i),
      })),
    )
    const nested = await queryRows(
      lake,
      table,
      'SELECT trade_conditions AS c, vendor_data AS v FROM t ORDER BY trade_id',
    )
    expect(nested.map(({ c, v }) => [JSON.parse(c as string), v === null ? null : JSON.parse(v as string)])).toEqual(
      trades.map(trade => [trade.tradeConditions, trade.vendorData]),
    )
    expect(await deadRows()).toEqual([])
  })

  test('goes to the file of its exchange date, whenever it comes', async () => {
    const midnight = START_MICROS - (START_MICROS % DAY_MICROS)
    const times = [midnight - 1n, midnight, midnight - 30n * DAY_MICROS, midnight + 1n, midnight - DAY_MICROS]
    await put(recordsOf(times.map((timestamp, i) => tradeOf(i, { timestamp }))))
    await refineAll(lake, BINANCE)
    const [item] = await listPending<SilverFiles>(lake.ports, 'gold_binance')
    expect(
      item.payload.files.map(({ key, records }) => [/exchange_date_day=([\d-]+)/.exec(String(key))?.[1], records]),
    ).toEqual([
      ['2026-10-21', 1],
      ['2026-11-19', 2],
      ['2026-11-20', 2],
    ])
    expect(await silverRows()).toHaveLength(5)
  })
})

test('of any mix of records, Silver and the DLQ together are Bronze', async () => {
  const value = fc.oneof(
    anyTrade.map(trade => encodeTrade(trade)),
    fc.nat(200).map(n => encodeTrade(tradeOf(n))),
    fc.nat(200).map(n => encodeTrade(tradeOf(n, { timestamp: START_MICROS - BigInt(n) * DAY_MICROS }))),
    fc.tuple(fc.nat(50), fc.nat(250)).map(([n, length]) => encodeTrade(tradeOf(n)).subarray(0, length)),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), bytes])),
    fc.constant(null),
  )
  const batches = fc.array(fc.array(value, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 })
  const place = (row: Record<string, unknown>, partition: string, offset: string) =>
    `${row.topic_epoch}/${row[partition]}/${row[offset]}`
  await fc.assert(
    fc.asyncProperty(batches, fc.boolean(), async (values, together) => {
      const own = memoryLake()
      let offset = 0
      for (const batch of values) {
        await put(
          batch.map(value => ({ partition: offset % 3, offset: offset++, value })),
          own,
        )
        if (!together) await refineAll(own, BINANCE)
      }
      await refineAll(own, BINANCE)
      const bronze = await rowsOf(own, bronzeTable(BINANCE), ['topic_epoch', 'partition', 'offset', 'raw_bytes'])
      const dead = await deadRows(own)
      const places = [
        ...(await silverRows(own)).map(row => place(row, 'kafka_partition', 'kafka_offset')),
        ...dead.map(row => place(row, 'kafka_partition', 'kafka_offset')),
      ]
      expect(places.sort()).toEqual(bronze.map(row => place(row, 'partition', 'offset')).sort())
      const bytes = new Map(bronze.map(row => [place(row, 'partition', 'offset'), row.raw_bytes]))
      for (const row of dead) expect(row.raw_record).toEqual(bytes.get(place(row, 'kafka_partition', 'kafka_offset')))
      expect(await pendingIds(own, waiting)).toEqual([])
    }),
    { numRuns: 60 },
  )
})

describe('objects', () => {
  test('of one call are one commit, up to 25', async () => {
    const keys: string[] = []
    for (let i = 0; i < 30; i++) keys.push(await put(recordsOf([tradeOf(i)], 0, i)))
    const sizes: number[] = []
    lake.before = step => void (isCommit(step) && sizes.push(step.writes.length))
    expect(await refineKeys([...keys, ...keys])).toEqual({ valid: 30, invalid: 0, objects: 30, failures: [] })
    expect(sizes).toEqual([25 + 2, 5 + 2])
    expect(await silverRows()).toHaveLength(30)
  })

  test('that no list knows are waited for, two seconds at most, and then left', async () => {
    const orphan = dataFileKey(bronzeTable(BINANCE).name, 'ingestion_date_day=2026-11-20', lake.ports.ids.uuid())
    await lake.ports.store.put(orphan, Buffer.from('a file without its transaction'))
    expect(await refineKeys([orphan])).toEqual({ valid: 0, invalid: 0, objects: 0, failures: [] })
    expect(lake.clock.now() - START).toBeGreaterThan(1_000)
    expect(lake.clock.now() - START).toBeLessThanOrEqual(2_000)
  })

  test('whose event came before their transaction are processed when it comes', async () => {
    const paused = pauseOnce(lake, isCommit)
    let created = ''
    lake.after = step => void (step.kind === 'put' && (created = step.key))
    const ingested = ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, recordsOf([tradeOf(1)])))
    await paused.reached
    const { sleep } = lake.clock
    Object.assign(lake.clock, {
      async sleep(milliseconds: number) {
        await sleep(milliseconds)
        paused.go()
        await ingested
      },
    })
    expect(await refineKeys([created])).toMatchObject({ valid: 1, objects: 1 })
    expect(lake.clock.now() - START).toBeLessThan(500)
  })

  test('that are done are skipped, and without waiting where Bronze must have ended since', async () => {
    const key = await put(recordsOf([tradeOf(1)]))
    await refineKeys([key])
    expect(await refineKeys([key, key])).toEqual({ valid: 0, invalid: 0, objects: 0, failures: [] })
    lake.clock.advance(60_000)
    const before = lake.clock.now()
    expect(await refineKeys([key, key])).toEqual({ valid: 0, invalid: 0, objects: 0, failures: [] })
    expect(lake.clock.now()).toBe(before)
    expect(await silverRows()).toHaveLength(1)
  })

  test('that are taken by two invocations at once count once', async () => {
    const keys = [await put(recordsOf([tradeOf(1)])), await put(recordsOf([tradeOf(2)], 0, 1))]
    const paused = pauseOnce(lake, isCommit)
    const slow = refineKeys(keys)
    await paused.reached
    expect(await refineKeys([keys[0]])).toMatchObject({ valid: 1, objects: 1 })
    paused.go()
    expect(await slow).toEqual({ valid: 1, invalid: 0, objects: 1, failures: [] })
    expect((await silverRows()).map(row => row.trade_id).sort()).toEqual(['BINANCE-1', 'BINANCE-2'])
  })

  test('are looked up once each, and again only after a conflict', async () => {
    const keys = [await put(recordsOf([tradeOf(1)])), await put(recordsOf([tradeOf(2)], 0, 1))]
    const lookedUp: string[] = []
    const { get } = lake.ports.state
    Object.assign(lake.ports.state, {
      get(key: Key) {
        if (key.partition.includes(waiting)) lookedUp.push(key.sort)
        return get(key)
      },
    })
    expect(await refineKeys(keys)).toMatchObject({ valid: 2, objects: 2 })
    expect(lookedUp).toEqual(keys)
  })

  test('that are damaged or gone fail alone and stay pending', async () => {
    const keys: string[] = []
    for (let i = 0; i < 5; i++) keys.push(await put(recordsOf([tradeOf(i)], 0, i)))
    await lake.ports.store.delete([keys[1], keys[3]])
    await lake.ports.store.put(keys[1], Buffer.from('PAR1 and then nothing like it PAR1'))

    const result = await refineKeys(keys)

    expect(result).toMatchObject({ valid: 3, invalid: 0, objects: 3 })
    expect(result.failures.map(failure => failure.key)).toEqual([keys[1], keys[3]])
    expect(result.failures[0].reason).toContain(keys[1])
    expect(await pendingIds(lake, waiting)).toEqual([keys[1], keys[3]])
    expect(await deadRows()).toEqual([])
  })

  test('of which any one byte is another fail, and never hang a reader', async () => {
    const key = await put(recordsOf([tradeOf(1)]))
    const whole = await lake.ports.store.get(key)
    // A page header's zero makes a Parquet reader run for ever.
    for (let at = 4; at < whole.length; at += 7) {
      const damaged = Uint8Array.from(whole)
      damaged[at] = damaged[at] === 0 ? 1 : 0
      await lake.ports.store.delete([key])
      await lake.ports.store.put(key, damaged)
      expect((await refineKeys([key])).failures).toEqual([
        { key, reason: expect.stringContaining('not as Bronze wrote') },
      ])
    }
    await lake.ports.store.delete([key])
    await lake.ports.store.put(key, whole)
    expect(await refineKeys([key])).toMatchObject({ valid: 1, failures: [] })
  })

  for (const when of ['before', 'after'] as const)
    test(`survive a crash ${when} their transaction`, async () => {
      const key = await put(recordsOf([tradeOf(1), tradeOf(2)]))
      crashOnce(lake, when, isCommit)
      expect((await refineKeys([key])).failures).toEqual([{ key, reason: expect.stringContaining(`crash ${when}`) }])
      expect((await refineKeys([key])).failures).toEqual([])
      expect(await silverRows()).toHaveLength(2)
      expect(await pendingIds(lake, consumers.gold('binance'))).toHaveLength(1)
    })

  test('that meet a crash in the middle of a file are processed again', async () => {
    const key = await put(recordsOf([tradeOf(1)]))
    lake.before = step => {
      if (step.kind === 'put') throw new Crash('disk full')
    }
    expect((await refineKeys([key])).failures).toEqual([{ key, reason: 'disk full' }])
    lake.before = () => {}
    expect(await refineKeys([key])).toMatchObject({ valid: 1 })
    expect(await silverRows()).toHaveLength(1)
  })
})

describe('an outage of the registry', () => {
  const outages: Record<string, SchemaRegistry> = {
    'that does not answer': {
      writerSchema: async () => {
        throw new Throttled('The registry does not answer.')
      },
    },
    'that lost its schemas': bundledRegistry(new Map()),
  }
  for (const [name, registry] of Object.entries(outages))
    test(`${name} leaves everything pending and nothing dead`, async () => {
      const keys = [
        await put([recordOf(encodeTrade(tradeOf(1)))]),
        await put([recordOf(encodeTrade(tradeOf(2), { trade: 42, wide: 2 }))]),
      ]
      const result = await refineKeys(keys, registry)
      expect(result.failures.map(failure => failure.key)).toEqual(keys)
      expect(await pendingIds(lake, waiting)).toEqual(keys)
      expect(await deadRows()).toEqual([])
      expect(await refineKeys(keys)).toMatchObject({ valid: 1, invalid: 1, failures: [] })
    })

  test('does not hold up records that need no schema, nor schemas known already', async () => {
    let asked = 0
    let down = false
    const registry: SchemaRegistry = {
      async writerSchema(id) {
        asked++
        if (down) throw new Throttled('The registry does not answer.')
        return bundledRegistry().writerSchema(id)
      },
    }
    const schemas = cachedSchemas(registry, lake.clock)
    const process = async (value: Uint8Array | null) =>
      refine(lake.ports, BINANCE, schemas, [await put([recordOf(value), recordOf(null)])])
    expect(await process(encodeTrade(tradeOf(1)))).toMatchObject({ valid: 1, invalid: 1 })
    down = true
    expect(await process(encodeTrade(tradeOf(2)))).toMatchObject({ valid: 1, invalid: 1, failures: [] })
    expect(asked).toBe(1)
  })

  test('is over when an id is registered: an unknown id is asked for again after some minutes', async () => {
    const schemas = new Map([[1, await bundledRegistry().writerSchema(1)]])
    const cached = cachedSchemas(bundledRegistry(schemas), lake.clock)
    const process = async (n: number) =>
      refine(lake.ports, BINANCE, cached, [await put([recordOf(encodeTrade(tradeOf(n), { trade: 7, wide: 2 }))])])
    expect(await process(1)).toMatchObject({ valid: 0, invalid: 1 })
    schemas.set(7, schemas.get(1))
    expect(await process(2)).toMatchObject({ valid: 0, invalid: 1 })
    lake.clock.advance(5 * 60_000)
    expect(await process(3)).toMatchObject({ valid: 1, invalid: 0 })
  })
})

test('an exchange’s objects are its own: a trade of another goes to the DLQ', async () => {
  await ingest(
    lake.ports,
    tradeStream(KRAKEN),
    kafkaEvent(KRAKEN, recordsOf([tradeOf(1), tradeOf(2, { exchange: 'KRAKEN' })])),
  )
  expect(await refineAll(lake, KRAKEN)).toMatchObject({ valid: 1, invalid: 1 })
  expect((await deadRows())[0]).toMatchObject({
    error_type: 'exchange_validation',
    bronze_source: 'bronze_kraken_trades',
    exchange: 'KRAKEN',
  })
})
