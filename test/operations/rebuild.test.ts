/**
 * A range is made again: what was wrong is right, what was right stays, and the laws hold through it.
 * Over 250 lines: one damaged lake, rebuilt from every side.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import { consumers, topicName } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import type { Ports, SchemaRegistry } from '../../domain/ports.ts'
import { BUNDLED_IDS } from '../../domain/wire.ts'
import { drain } from '../../embedded/drain.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { createMetrics } from '../../embedded/metrics.ts'
import { createTotals } from '../../embedded/totals.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { noteDropped } from '../../iceberg/dropped.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { rebuildCandles, rebuildGold, rebuildSilver, redrive } from '../../operations/repair/rebuild.ts'
import { drainLake, newLake, publishMarket, rewriteFile, rowsOf as rowsIn, type TestLake } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'

const SILVER = 'silver_binance_trades'
const DLQ = 'silver_dlq_trades'
const GOLD = 'gold_crypto_trades'
const EVER = { from: 0n, to: 10n ** 17n }

let lake: TestLake
beforeEach(async () => {
  lake = await newLake()
  await publishMarket(lake, { market: 0, from: 0, to: 15 })
  await drainLake(lake)
  await publishMarket(lake, { market: 0, from: 15, to: 30 })
  await drainLake(lake)
})
afterEach(() => lake.remove())

const binance = () => lake.exchanges[0]

const rowsOf = (table: string, columns: string) => rowsIn(lake, table, columns)
const snapshots = async (table: string) => (await loadTable(lake.ports, table)).metadata.snapshots.length

async function expectLaws(): Promise<void> {
  const { laws } = await auditLake(lake)
  expect(laws.flatMap(({ violations }) => violations)).toEqual([])
}
const brokenLaws = async () => (await auditLake(lake)).laws.filter(law => !law.holds).map(({ law }) => law)

const seventh = (rows: string, order: string, column: string, value: string) =>
  `SELECT * EXCLUDE (place) REPLACE (CASE WHEN place = 7 THEN ${value} ELSE ${column} END AS ${column})
   FROM (SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM ${rows})`
const withoutSeventh = (rows: string, order: string) =>
  `SELECT * EXCLUDE (place) FROM (SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM ${rows}) WHERE place <> 7`
const LINEAGE = 'kafka_partition, kafka_offset'
const TRADE = 'symbol, "timestamp", message_id'

describe('Silver from Bronze', () => {
  test('by the same code gives the same rows but for their processing times, in one commit, and leaves Gold alone', async () => {
    const silverColumns = '* EXCLUDE (validation_timestamp)'
    const deadColumns = '* EXCLUDE (error_timestamp, dlq_date)'
    const before = [await rowsOf(SILVER, silverColumns), await rowsOf(DLQ, deadColumns)]
    const counts = [await snapshots(SILVER), await snapshots(DLQ), await snapshots(GOLD)]
    const old = (await loadTable(lake.ports, SILVER)).metadata['current-snapshot-id']

    const result = await rebuildSilver(lake.ports, binance(), EVER)

    expect(result).toMatchObject({ goldRemoved: 0, goldAdded: 0, minutes: 0 })
    expect(result.valid + result.invalid).toBe(result.records)
    expect([await rowsOf(SILVER, silverColumns), await rowsOf(DLQ, deadColumns)]).toEqual(before)
    expect([await snapshots(SILVER), await snapshots(DLQ), await snapshots(GOLD)]).toEqual([
      counts[0] + 1,
      counts[1] + 1,
      counts[2],
    ])
    // Time travel still gives the old rows.
    const table = await loadTable(lake.ports, SILVER)
    const files = await planFiles(lake.ports, table, { snapshotId: old })
    expect(files.reduce((sum, file) => sum + file.records, 0)).toBe(before[0].length)
    await expectLaws()
  })

  test('of part of the time leaves the rows of the rest as they are, times and all', async () => {
    const [{ middle }] = (await rowsOf(SILVER, 'epoch_us(max(bronze_ingestion_timestamp)) AS middle')) as {
      middle: bigint
    }[]
    const rest = `* REPLACE (CASE WHEN epoch_us(bronze_ingestion_timestamp) >= ${middle} THEN NULL ELSE validation_timestamp END AS validation_timestamp)`
    const before = await rowsOf(SILVER, rest)
    const result = await rebuildSilver(lake.ports, binance(), { from: middle, to: EVER.to })
    expect(result.records).toBeGreaterThan(0)
    expect(result.valid).toBeLessThan(before.length)
    expect(await rowsOf(SILVER, rest)).toEqual(before)
    await expectLaws()
  })

  for (const [title, select] of [
    ['another value', (rows: string) => seventh(rows, LINEAGE, 'price', 'price + 1')],
    ['a lost row', (rows: string) => withoutSeventh(rows, LINEAGE)],
    ['a row twice', (rows: string) => `SELECT * FROM ${rows} UNION ALL (SELECT * FROM ${rows} LIMIT 1)`],
  ] as const)
    test(`mends ${title}, in Gold and the candles too`, async () => {
      const good = await rowsOf(GOLD, '*')
      await rewriteFile(lake, SILVER, { select })
      // Gold as it would be, had it been made of this.
      await rebuildGold(lake.ports, binance(), EVER)
      await drainLake(lake)

      await rebuildSilver(lake.ports, binance(), EVER)
      await drainLake(lake)

      expect(await rowsOf(GOLD, '*')).toEqual(good)
      await expectLaws()
    })

  test('takes what waits for Silver, for the tables and for Gold along', async () => {
    await publishMarket(lake, { market: 0, from: 30, to: 40 })
    const functions = wireFunctions(lake, SILENT)
    for (let turn = 0; turn < 2; turn++) {
      const batch = await lake.topics.poll(topicName('binance'), 40)
      if (!batch) throw new Error('nothing to poll')
      await functions.bronze.get('binance')?.(batch.event, invocation(lake.ports))
      await lake.topics.acknowledge(batch)
      // The first object goes through Silver and waits for its tables and for Gold; the second one waits for Silver.
      if (turn === 0) {
        const { messages } = { messages: functions.queues.get('binance')?.receive(10) ?? [] }
        await functions.silver.get('binance')?.({ Records: messages }, invocation(lake.ports))
      }
    }
    const waiting = async (consumer: string) => (await countPending(lake.ports.state, consumer)).items
    expect(await waiting(consumers.silver('binance'))).toBe(1)
    expect(await waiting(consumers.gold('binance'))).toBe(1)

    await rebuildSilver(lake.ports, binance(), EVER)

    expect(await waiting(consumers.silver('binance'))).toBe(0)
    expect(await waiting(consumers.table(SILVER))).toBe(0)
    await drainLake(lake)
    await expectLaws()
  })

  test('sends rows that are no longer valid to the dead letters and out of Gold, and takes them back', async () => {
    const good = await rowsOf(GOLD, '*')
    const unreadable: SchemaRegistry = { writerSchema: async () => ({ type: 'record', name: 'Other', fields: [] }) }
    const result = await rebuildSilver({ ...lake.ports, registry: unreadable }, binance(), EVER)
    await drainLake(lake)
    expect(result).toMatchObject({ valid: 0, goldAdded: 0 })
    expect(await rowsOf(SILVER, '*')).toEqual([])
    expect(await rowsOf(GOLD, 'DISTINCT exchange')).toEqual([{ exchange: 'COINBASE' }, { exchange: 'KRAKEN' }])
    await expectLaws()

    await rebuildSilver(lake.ports, binance(), EVER)
    await drainLake(lake)
    expect(await rowsOf(GOLD, '*')).toEqual(good)
    await expectLaws()
  })

  test('begins again where a commit came in between', async () => {
    await publishMarket(lake, { market: 0, from: 30, to: 35 })
    const { state } = lake.ports
    let first = true
    const racing: Ports = {
      ...lake.ports,
      state: {
        ...state,
        async transact(writes, token) {
          if (first) {
            first = false
            await drainLake(lake)
          }
          return state.transact(writes, token)
        },
      },
    }
    await rebuildSilver(racing, binance(), EVER)
    await drainLake(lake)
    expect(first).toBe(false)
    await expectLaws()
  })

  test('of a time that Bronze may have dropped is refused, with the time from which it is not', async () => {
    const bronze = await loadTable(lake.ports, 'bronze_binance_trades')
    const properties = noteDropped(bronze.metadata, BigInt(Date.UTC(2026, 10, 20)) * 1000n)
    const { write } = await stageSnapshot(lake.ports, { table: bronze, properties, operation: 'append' })
    await lake.ports.state.transact([write], lake.ports.ids.uuid())
    const before = await snapshots(SILVER)
    const rebuilding = rebuildSilver(lake.ports, binance(), EVER)
    await expect(rebuilding).rejects.toThrow(BadInput)
    await expect(rebuilding).rejects.toThrow(
      /^bronze_binance_trades has dropped rows from before 2026-11-20T00:00:00\.000Z: a rebuild from it must begin then or later\.$/,
    )
    expect(await snapshots(SILVER)).toBe(before)
  })
})

describe('Gold from Silver', () => {
  for (const [title, select] of [
    ['another value', (rows: string) => seventh(rows, TRADE, 'quantity', 'quantity + 1')],
    ['a lost row', (rows: string) => withoutSeventh(rows, TRADE)],
    [
      'a trade that never was',
      (rows: string) =>
        `SELECT * FROM ${rows} UNION ALL (SELECT * REPLACE (uuid()::VARCHAR AS message_id) FROM ${rows} LIMIT 1)`,
    ],
  ] as const)
    test(`mends ${title}, and the candles with it`, async () => {
      const good = await rowsOf(GOLD, '*')
      await rewriteFile(lake, GOLD, { select })
      for (const exchange of lake.exchanges) await rebuildGold(lake.ports, exchange, EVER)
      await drainLake(lake)
      expect(await rowsOf(GOLD, '*')).toEqual(good)
      await expectLaws()
    })

  test('makes no commit where nothing is wrong', async () => {
    const before = await snapshots(GOLD)
    expect(await rebuildGold(lake.ports, binance(), EVER)).toMatchObject({ goldRemoved: 0, goldAdded: 0 })
    expect(await snapshots(GOLD)).toBe(before)
  })
})

test('candles are folded from Gold again', async () => {
  await rewriteFile(lake, 'gold_ohlcv_1m', {
    select: rows => seventh(rows, 'window_start, exchange, symbol', 'volume', 'volume * 2'),
  })
  expect(await brokenLaws()).toEqual([4])
  await rebuildCandles(lake.ports, EVER)
  await drainLake(lake)
  await expectLaws()
})

describe('dead letters', () => {
  const ID = 77
  const knows = (id: number): SchemaRegistry => ({
    writerSchema: asked => lake.ports.registry.writerSchema(asked === id ? BUNDLED_IDS.trade : asked),
  })

  /** The market's records of one more tick, under a schema id that nobody knows. */
  async function publishUnknown(): Promise<number> {
    const topic = topicName('binance')
    await publishMarket(lake, { market: 1, from: 0, to: 2 })
    const batch = await lake.topics.poll(topic, 1_000)
    if (!batch) throw new Error('nothing to poll')
    const records = Object.values(batch.event.records).flat()
    await lake.topics.acknowledge(batch)
    await lake.topics.append(
      topic,
      records.map(({ partition, key, value, timestamp }) => {
        const bytes = Buffer.from(String(value), 'base64')
        if (bytes.length >= 5) bytes.writeUInt32BE(ID, 1)
        return { partition, key: Buffer.from(String(key), 'base64'), value: bytes, timestamp }
      }),
    )
    return records.length
  }

  test('come to life when the registry knows their schema, once, and stay dead before', async () => {
    const published = await publishUnknown()
    const metrics = createMetrics()
    await drain(lake, wireFunctions(lake, SILENT, metrics), createTotals(lake.exchanges))
    expect(metrics.values.get('binance_silver_records_invalid_total')).toBeGreaterThan(published / 2)
    expect(metrics.values.get('kraken_silver_records_valid_total')).toBeGreaterThan(0)
    const good = (await rowsOf(GOLD, '*')).length
    const choice = { errorType: 'unknown_schema', range: EVER }
    const dead = (await rowsOf(DLQ, '*')).length
    const counts = [await snapshots(SILVER), await snapshots(DLQ), await snapshots(GOLD)]

    expect(await redrive(lake.ports, binance(), choice)).toMatchObject({ valid: 0, invalid: 0, goldAdded: 0 })
    expect([await snapshots(SILVER), await snapshots(DLQ), await snapshots(GOLD)]).toEqual(counts)

    const mended = { ...lake.ports, registry: knows(ID) }
    const result = await redrive(mended, binance(), choice)
    await drainLake(lake)
    expect(result.records).toBeGreaterThan(published / 2)
    expect(result.valid).toBeGreaterThan(published / 2)
    expect((await rowsOf(DLQ, '*')).length).toBe(dead - result.valid)
    expect((await rowsOf(GOLD, '*')).length).toBe(good + result.goldAdded)
    await expectLaws()

    expect(await redrive(mended, binance(), choice)).toMatchObject({ valid: 0, goldAdded: 0 })
    await expectLaws()
  })

  test('of other reasons and other exchanges are left alone', async () => {
    await publishUnknown()
    await drainLake(lake)
    const others = `* EXCLUDE (error_timestamp)`
    const before = (await rowsOf(DLQ, others)).filter(
      row => (row as { error_type: string }).error_type !== 'unknown_schema',
    )
    await redrive({ ...lake.ports, registry: knows(ID) }, binance(), { errorType: 'unknown_schema', range: EVER })
    expect(
      (await rowsOf(DLQ, others)).filter(row => (row as { error_type: string }).error_type !== 'unknown_schema'),
    ).toEqual(before)
  })
})
