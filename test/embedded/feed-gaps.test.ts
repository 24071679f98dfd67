/** From a feed's report to the table `feed_gaps`: every record is there as it came, and says what it says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BY_HAND, encodeGap, type FeedGap } from '../../domain/feed-gaps.ts'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import type { SqlRow } from '../../domain/ports.ts'
import { lakeSink } from '../../embedded/lake-sink.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { createView, openTables } from '../../tables/views.ts'
import { drainLake, newLake, publishMarket, rewriteFile, type TestLake } from './support.ts'

const SEQUENCE: FeedGap = {
  exchange: 'kraken',
  symbol: 'BTCUSD',
  kind: 'sequence',
  status: 'lost',
  fromId: 61_044_954,
  toId: 61_044_955,
  fromTime: 1_795_168_800_000_001n,
  toTime: 1_795_168_801_000_002n,
  cause: 'skipped in the stream',
  raw: null,
  reportedAt: 1_795_168_956_000_000n,
}
const OUTAGE: FeedGap = { ...SEQUENCE, symbol: null, kind: 'disconnect', status: 'checked', fromId: null, toId: null }
const GARBAGE = [Buffer.from('{"exchange":"kraken"}'), Buffer.from([0xff, 0xfe]), Buffer.from('')]

let lake: TestLake
beforeAll(async () => {
  lake = await newLake()
  const send = (values: Uint8Array[]) =>
    lakeSink(lake, () => {}).send(
      values.map(value => ({
        topic: FEED_GAPS_TOPIC,
        key: Buffer.from('BTCUSD'),
        value,
        timestamp: 1_795_168_956_000,
      })),
    )
  await send([encodeGap(SEQUENCE), ...GARBAGE])
  await drainLake(lake)
  await send([encodeGap(OUTAGE)])
  await drainLake(lake)
})
afterAll(() => lake.remove())

async function rows(): Promise<SqlRow[]> {
  const table = (await openTables(lake)).find(({ definition }) => definition.name === 'feed_gaps')
  if (!table) throw new Error('no table')
  return lake.ports.engine.run([
    await createView(lake, table),
    `SELECT "offset", raw_bytes, exchange, symbol, kind, status, from_id, to_id, epoch_us(from_time) AS from_time,
       epoch_us(to_time) AS to_time, cause, epoch_us(reported_at) AS reported_at FROM feed_gaps ORDER BY "offset"`,
  ])
}

const lawOne = async () => (await auditLake(lake)).laws[0]

describe('feed_gaps', () => {
  test('has what each report says, and the report itself', async () => {
    const [first, , , , last] = await rows()
    expect(first).toMatchObject({
      ...{ exchange: 'kraken', symbol: 'BTCUSD', kind: 'sequence', status: 'lost' },
      ...{ from_id: 61_044_954n, to_id: 61_044_955n, cause: 'skipped in the stream' },
      ...{ from_time: 1_795_168_800_000_001n, to_time: 1_795_168_801_000_002n, reported_at: 1_795_168_956_000_000n },
    })
    expect(Buffer.from(first.raw_bytes as Uint8Array)).toEqual(Buffer.from(encodeGap(SEQUENCE)))
    expect(last).toMatchObject({ symbol: null, kind: 'disconnect', status: 'checked', from_id: null, to_id: null })
  })

  test('keeps a record that is not a report as it came, with nulls in the columns of a report', async () => {
    const garbage = (await rows()).slice(1, 4)
    expect(garbage.map(row => Buffer.from(row.raw_bytes as Uint8Array))).toEqual(GARBAGE)
    for (const row of garbage)
      expect(row).toMatchObject({
        exchange: null,
        kind: null,
        status: null,
        from_id: null,
        from_time: null,
        cause: null,
      })
  })

  test('is under the first law: what its topic delivered, each once', async () => {
    expect(await lawOne()).toMatchObject({ holds: true, figures: { rows: 5 } })

    const undo = await rewriteFile(lake, 'feed_gaps', {
      select: all => `SELECT * FROM ${all} UNION ALL SELECT * FROM ${all}`,
    })
    expect((await lawOne()).violations[0].what).toBe('offsets are in Bronze more than once')
    await undo()
    await rewriteFile(lake, 'feed_gaps', { select: all => `SELECT * FROM ${all} WHERE "offset" <> 2` })
    expect((await lawOne()).violations[0].rows).toEqual([
      expect.objectContaining({ topic: FEED_GAPS_TOPIC, from: 2, to: 2 }),
    ])
  })
})

describe('the audit', () => {
  const at = (second: number) => 1_795_168_956_000_000n + BigInt(second) * 1_000_000n
  const gap = (second: number, status: FeedGap['status'], fromId: number, toId: number, more: Partial<FeedGap> = {}) =>
    encodeGap({ ...SEQUENCE, status, fromId, toId, reportedAt: at(second), ...more })
  const unreadable = { kind: 'unreadable', raw: '{"p":null}' } as const

  /** The audit's notes on the first law of a lake with these reports. */
  async function notesOf(reports: readonly Uint8Array[]) {
    const own = await newLake()
    try {
      await lakeSink(own, () => {}).send(
        reports.map(value => ({ topic: FEED_GAPS_TOPIC, key: Buffer.from('k'), value, timestamp: 1_795_168_956_000 })),
      )
      await drainLake(own)
      return (await auditLake(own)).laws[0].notes
    } finally {
      own.remove()
    }
  }

  test('says what the feeds could not read, what is lost and what is looked for', async () => {
    expect(
      await notesOf([
        ...[gap(0, 'open', 10, 19), gap(5, 'filled', 10, 19)],
        ...[gap(0, 'open', 30, 39), gap(5, 'absent', 33, 33), gap(5, 'lost', 34, 36), gap(5, 'closed', 30, 39)],
        // Found again after a kill, as a part of a larger range.
        ...[gap(0, 'open', 50, 59), gap(7, 'open', 45, 80), gap(9, 'closed', 45, 80)],
        ...[gap(8, 'open', 90, 99), gap(8, 'open', 100, 101, { symbol: 'ETHUSD' }), gap(9, 'filled', 100, 101)],
        // A search for a part ends, and that for the whole goes on.
        ...[gap(8, 'open', 140, 149), gap(9, 'filled', 140, 144), gap(9, 'filled', 145, 149)],
        gap(9, 'unreadable', 120, 120, unreadable),
        // The history had what the stream had spoilt.
        ...[gap(8, 'unreadable', 131, 131, unreadable), gap(8, 'open', 130, 132), gap(9, 'filled', 130, 132)],
      ]),
    ).toEqual([
      '1 trades are unreadable: feeds could not read them (feed_gaps, status unreadable)',
      '3 trades are lost: exchanges do not give them any more (feed_gaps, status lost)',
      '22 trades are sought: feeds look for them in 3 ranges (feed_gaps, status open)',
    ])
  })

  test('a search by hand makes up for what was lost or unreadable, but for what it does not find either', async () => {
    const byHand = { cause: BY_HAND }
    expect(
      await notesOf([
        ...[gap(0, 'lost', 10, 19), gap(0, 'unreadable', 22, 22, unreadable)],
        ...[gap(60, 'lost', 12, 13, byHand), gap(60, 'closed', 10, 25, byHand)],
      ]),
    ).toEqual(['2 trades are lost: exchanges do not give them any more (feed_gaps, status lost)'])
    expect(await notesOf([gap(0, 'open', 1, 2), gap(1, 'filled', 1, 2)])).toEqual([])
  })
})

test('the audit counts no number as lost or unreadable whose trade came another way', async () => {
  const own = await newLake()
  try {
    await publishMarket(own, { market: 1, from: 0, to: 5, rate: 200 })
    await drainLake(own)
    const gold = (await openTables(own)).find(({ definition }) => definition.name === 'gold_crypto_trades')
    if (!gold) throw new Error('no table')
    const found = await own.ports.engine.run([
      await createView(own, gold),
      `SELECT symbol, trade_id FROM gold_crypto_trades WHERE exchange = 'BINANCE' ORDER BY symbol, "timestamp" LIMIT 2`,
    ])
    const [came, other] = found.map(({ symbol, trade_id: id }) => ({
      ...{ symbol: String(symbol), number: Number(String(id).split('-').at(-1)) },
    }))
    const never = 900_000_000_000
    const says = (status: 'lost' | 'unreadable', symbol: string, fromId: number) => {
      const kind = status === 'lost' ? 'sequence' : 'unreadable'
      return encodeGap({ ...SEQUENCE, exchange: 'binance', kind, symbol, status, fromId, toId: fromId })
    }
    const reports = [
      ...[says('lost', came.symbol, came.number), says('lost', came.symbol, never)],
      ...[says('unreadable', other.symbol, other.number), says('unreadable', other.symbol, never + 1)],
    ]
    await lakeSink(own, () => {}).send(
      reports.map(value => ({ topic: FEED_GAPS_TOPIC, key: Buffer.from('k'), value, timestamp: 1_795_168_956_000 })),
    )
    await drainLake(own)
    expect((await auditLake(own)).feeds?.gaps).toMatchObject({ lost: 1, unreadable: 1 })
  } finally {
    await own.remove()
  }
})
