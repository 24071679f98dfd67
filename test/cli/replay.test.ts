/**
 * Bronze files go back into topics: all of them or, where one record cannot, none.
 * Over 250 lines: each kind of input that a replay may be given.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytesOf, constantInt32, constantInt64, constantString, dictionaryOf } from '../../domain/columns.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { topicName } from '../../domain/names.ts'
import { readParquet, sqlText } from '../../domain/sql.ts'
import { bronzeTable, type TableDefinition } from '../../domain/tables.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { openLake } from '../../embedded/lake.ts'
import { encodeParquet } from '../../iceberg/parquet/encode.ts'
import { keyBytes } from '../../operations/replay/input.ts'
import { replayFiles } from '../../operations/replay/replay.ts'
import { rewriteFile } from '../embedded/support.ts'
import { filesBelow, newFolder, output, queryRows, runCommand } from './support.ts'

const KRAKEN = EXCHANGES[1]
const TABLE = bronzeTable(KRAKEN)
const TOPIC = topicName(KRAKEN.name)
const MILLIS = 1_790_000_000_000

interface Row {
  readonly partition: number
  readonly offset: number
  readonly value: Uint8Array | null
  readonly key?: string | null
  readonly millis?: number
  readonly micros?: bigint
  readonly topic?: string
}

function tradeBytes(number: number): Uint8Array {
  const trade: Trade = {
    messageId: messageId('KRAKEN', 'BTCUSD', `KRAKEN-${number}`),
    tradeId: `KRAKEN-${number}`,
    symbol: 'BTCUSD',
    exchange: 'KRAKEN',
    assetClass: 'crypto',
    timestamp: BigInt(MILLIS) * 1000n + BigInt(number),
    price: 100_00000000n + BigInt(number),
    quantity: 1_00000000n,
    currency: 'USD',
    side: 'BUY',
    tradeConditions: [],
    sourceSequence: null,
    ingestionTimestamp: BigInt(MILLIS) * 1000n,
    platformSequence: null,
    vendorData: null,
  }
  return encodeTrade(trade)
}

const rowsFrom = (partition: number, from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => ({
    partition,
    offset: from + i,
    value: tradeBytes(partition * 1000 + from + i),
  }))

/** Writes rows as a Bronze file of the table, or of one with other columns. */
function writeFile(path: string, rows: readonly Row[], table: TableDefinition = TABLE): string {
  const columns = {
    message_key: dictionaryOf(rows.map(row => (row.key === undefined ? 'BTCUSD' : row.key))),
    raw_bytes: bytesOf(rows.map(row => row.value)),
    topic: dictionaryOf(rows.map(row => row.topic ?? TOPIC)),
    partition: { kind: 'int32' as const, values: Int32Array.from(rows, row => row.partition) },
    offset: { kind: 'int64' as const, values: BigInt64Array.from(rows, row => BigInt(row.offset)) },
    kafka_timestamp: {
      kind: 'int64' as const,
      values: BigInt64Array.from(rows, row => row.micros ?? BigInt(row.millis ?? MILLIS) * 1000n),
    },
    ingestion_timestamp: constantInt64(0n, rows.length),
    ingestion_date: constantInt32(0, rows.length),
    topic_epoch: constantInt32(0, rows.length),
    other: constantString('x', rows.length),
  }
  writeFileSync(path, encodeParquet(table, { rows: rows.length, columns }))
  return path
}

const without = (...names: string[]): TableDefinition => ({
  ...TABLE,
  columns: TABLE.columns.filter(column => !names.includes(column.name)),
})

test('files replay, twice and overlapping, and Bronze of one lake replays into another', async () => {
  const folder = newFolder()
  const data = join(folder, 'lake')
  const nulls: Row[] = [
    { partition: 2, offset: 7, value: null, key: null },
    { partition: 2, offset: 8, value: new Uint8Array(), key: '', millis: 5 },
    { partition: 2, offset: 9, value: Buffer.from([0xff]), key: '\\xff00', millis: 0 },
  ]
  const first = writeFile(
    join(folder, 'first.parquet'),
    [...rowsFrom(0, 0, 60), ...nulls],
    without('topic_epoch', 'ingestion_date', 'ingestion_timestamp'),
  )
  const second = writeFile(join(folder, 'second.parquet'), [...rowsFrom(0, 40, 100), ...rowsFrom(25, 0, 10)])

  expect(await output('replay', first, '--data', data)).toMatch(/^63 records: 63 placed in their topics\.\n/)
  expect(await output('replay', first, second, second, '--data', data)).toMatch(
    /^203 records: 50 placed in their topics, 153 were there already\.\n/,
  )
  await output('drain', '--data', data)
  expect(await output('replay', first, second, '--data', data)).toBe(
    '133 records: 0 placed in their topics, 133 were there already.\n',
  )
  expect(await output('drain', '--data', data)).toContain(
    'kraken: 0 Bronze, 0 Silver, 0 DLQ, 0 Gold rows and 0 candles',
  )
  const report = JSON.parse(await output('audit', '--json', '--data', data))
  expect(report.holds).toBe(true)
  expect(report.laws[0].figures.partitions).toEqual([
    { topic: TOPIC, partition: 0, epoch: 0, rows: 100, from: 0, to: 99, gaps: [] },
    { topic: TOPIC, partition: 2, epoch: 0, rows: 3, from: 7, to: 9, gaps: [[0, 6]] },
    { topic: TOPIC, partition: 25, epoch: 0, rows: 10, from: 0, to: 9, gaps: [] },
  ])
  const columns = '"partition", "offset", message_key, raw_bytes, topic, kafka_timestamp::VARCHAR AS at'
  const all = `SELECT ${columns} FROM bronze_kraken_trades ORDER BY ALL`
  const before = await queryRows(data, all)
  expect(before.slice(100, 103)).toEqual([
    { partition: 2, offset: 7, message_key: null, raw_bytes: null, topic: TOPIC, at: '2026-09-21 14:13:20+00' },
    { partition: 2, offset: 8, message_key: '', raw_bytes: '', topic: TOPIC, at: '1970-01-01 00:00:00.005+00' },
    { partition: 2, offset: 9, message_key: '\\xff00', raw_bytes: 'ff', topic: TOPIC, at: '1970-01-01 00:00:00+00' },
  ])

  const bronze = filesBelow(join(data, 'objects/market_data/bronze_kraken_trades/data'))
  const other = join(folder, 'other')
  expect(await output('replay', ...bronze, '--data', other)).toMatch(/^113 records: 113 placed/)
  await output('drain', '--data', other)
  expect(await queryRows(other, all)).toEqual(before)
  expect(await queryRows(other, 'SELECT count(*) AS n, sum(price) AS p FROM gold_crypto_trades')).toEqual(
    await queryRows(data, 'SELECT count(*) AS n, sum(price) AS p FROM gold_crypto_trades'),
  )
})

test('keys go back to the bytes that they were', () => {
  const back = (text: string) => Buffer.from(keyBytes(text)).toString('hex')
  expect(back('\\xff00')).toBe('ff00')
  // Bytes that are UTF-8 would have been written as text, so these are texts.
  for (const text of ['\\x4142', '\\xf', '\\xFF', 'x\\xff', '\\x', '', 'BTC'])
    expect(back(text)).toBe(Buffer.from(text).toString('hex'))
})

test('a record that cannot be replayed is named, and nothing is written', async () => {
  const folder = newFolder()
  const lake = await openLake(join(folder, 'lake'))
  const waiting = async () =>
    JSON.stringify(await Promise.all(lake.exchanges.map(({ name }) => lake.topics.ends(topicName(name)))))
  const file = (name: string, rows: readonly Row[], table?: TableDefinition) =>
    writeFile(join(folder, name), rows, table)
  const good = file('good.parquet', rowsFrom(0, 0, 5))
  await replayFiles(lake, [file('there.parquet', rowsFrom(3, 10, 20))])
  const before = await waiting()
  const odd = join(folder, 'odd.parquet')
  const select = `SELECT * REPLACE ("offset"::VARCHAR AS "offset") FROM ${readParquet([good])}`
  await lake.ports.engine.run([`COPY (${select}) TO ${sqlText(odd)} (FORMAT parquet)`])
  const refused: [string | (() => string), RegExp][] = [
    [join(folder, 'none.parquet'), /none\.parquet does not exist/],
    [folder, /is not a file: name the Parquet files in it/],
    [
      () => {
        writeFileSync(join(folder, 'text.parquet'), 'PAR1 this is a text PAR1')
        return join(folder, 'text.parquet')
      },
      /text\.parquet cannot be read as Parquet/,
    ],
    [
      () => {
        writeFileSync(join(folder, 'empty.parquet'), '')
        return join(folder, 'empty.parquet')
      },
      /empty\.parquet cannot be read as Parquet/,
    ],
    [
      () => file('a.parquet', rowsFrom(0, 0, 1), without('kafka_timestamp')),
      /a\.parquet has no column kafka_timestamp/,
    ],
    [() => file('b.parquet', rowsFrom(0, 0, 1), without('raw_bytes', 'topic')), /b\.parquet has no column raw_bytes/],
    [odd, /Column offset of .*odd\.parquet is VARCHAR: it must be BIGINT or INTEGER/],
    [
      () => file('d.parquet', [{ ...rowsFrom(0, 0, 1)[0], topic: 'elsewhere' }]),
      /elsewhere-0@0 belongs to a topic that this lake does not have/,
    ],
    [() => file('e.parquet', [{ partition: -1, offset: 0, value: null }]), /kraken--1@0 has a partition out of range/],
    [
      () => file('f.parquet', [{ partition: 10_000, offset: 0, value: null }]),
      /kraken-10000@0 has a partition out of range/,
    ],
    [() => file('g.parquet', [{ partition: 0, offset: -5, value: null }]), /kraken-0@-5 has an offset out of range/],
    [
      () => file('h.parquet', [{ partition: 0, offset: 1, value: null, micros: 1_001n }]),
      /kraken-0@1 has a kafka_timestamp that is not a whole millisecond/,
    ],
    [
      () => file('i.parquet', [{ partition: 0, offset: 1, value: null, millis: -1 }]),
      /kraken-0@1 has a kafka_timestamp outside 1970-9999/,
    ],
    [
      () => file('j.parquet', [{ partition: 0, offset: 1, value: new Uint8Array(1024 * 1024) }]),
      /kraken-0@1 has over 1048576 bytes/,
    ],
    [
      () => file('k.parquet', [{ partition: 0, offset: 3, value: tradeBytes(9) }]),
      /kraken-0@3 is in the files more than once, with different bytes/,
    ],
    [
      () => file('l.parquet', [{ ...rowsFrom(0, 3, 4)[0], millis: MILLIS + 1 }]),
      /kraken-0@3 is in the files more than once/,
    ],
    [() => file('m.parquet', [{ ...rowsFrom(0, 3, 4)[0], key: null }]), /kraken-0@3 is in the files more than once/],
    [
      () => file('n.parquet', [...rowsFrom(3, 10, 12), { partition: 3, offset: 12, value: null }]),
      /kraken-3@12 is taken by other bytes or another time that wait/,
    ],
    [
      () => file('o.parquet', [{ ...rowsFrom(3, 19, 20)[0], millis: MILLIS + 1 }]),
      /kraken-3@19 is taken by other bytes or another time that wait/,
    ],
  ]
  for (const [bad, message] of refused) {
    const name = typeof bad === 'string' ? bad : bad()
    await expect(replayFiles(lake, [good, name])).rejects.toThrow(message)
    expect(await waiting()).toBe(before)
  }
  lake.close()
  const { status, stdout, stderr } = await runCommand(
    'replay',
    good,
    join(folder, 'n.parquet'),
    '--data',
    join(folder, 'lake'),
  )
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(
    /^tradelake: market\.crypto\.trades\.kraken-3@12 is taken by [^\n]*; nothing was replayed\.\n$/,
  )
})

test('what Bronze holds, has a gap for, or no longer keeps', async () => {
  const folder = newFolder()
  const data = join(folder, 'lake')
  const file = (name: string, rows: readonly Row[]) => writeFile(join(folder, name), rows)
  await output('replay', file('some.parquet', [...rowsFrom(1, 0, 10), ...rowsFrom(1, 20, 30)]), '--data', data)
  await output('drain', '--data', data)
  const refuse = async (rows: readonly Row[], message: RegExp) => {
    const lake = await openLake(data)
    try {
      await expect(replayFiles(lake, [file('bad.parquet', rows)])).rejects.toThrow(message)
    } finally {
      lake.close()
    }
  }
  await refuse(
    [...rowsFrom(1, 0, 5), { partition: 1, offset: 5, value: null }],
    /kraken-1@5 is taken by other bytes or another time in Bronze; nothing/,
  )
  await refuse(
    [{ ...rowsFrom(1, 25, 26)[0], millis: MILLIS - 1 }],
    /kraken-1@25 is taken by other bytes or another time in Bronze/,
  )
  await refuse(
    [
      { partition: 1, offset: 3, value: null },
      { partition: 1, offset: 4, value: null },
    ],
    /kraken-1@3 \(and 1 more like it\) is taken/,
  )
  // The gap takes what was missing.
  expect(await output('replay', file('gap.parquet', rowsFrom(1, 5, 25)), '--data', data)).toMatch(
    /^20 records: 10 placed in their topics, 10 were/,
  )
  await output('drain', '--data', data)
  const report = JSON.parse(await output('audit', '--json', '--data', data))
  expect(report.holds).toBe(true)
  expect(report.laws[0].figures.partitions).toEqual([
    { topic: TOPIC, partition: 1, epoch: 0, rows: 30, from: 0, to: 29, gaps: [] },
  ])
  // What retention dropped is not known any more: it might have been anything.
  const lake = await openLake(data)
  await rewriteFile(lake, TABLE.name, { select: rows => `SELECT * FROM ${rows} WHERE "offset" <> 2` })
  lake.close()
  await refuse(rowsFrom(1, 0, 5), /kraken-1@2 is below what Bronze has read and Bronze no longer keeps it/)
})
