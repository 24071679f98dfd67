/** The picture of the pipeline, from answers of `/v1/stats` that are written here by hand. */
import { describe, expect, test } from 'vitest'
import { bytesText, checkVerdict, count, pipelineOf } from '../../figures/pipeline.ts'
import type { StatsAnswer } from '../../figures/rows.ts'

const table = (name: string, rows: number, committed = '2026-11-20T10:00:00.000Z') => ({
  ...{ table: name, rows, committed, bytes: 100 },
})
const STATS: StatsAnswer = {
  time: '2026-11-20T10:00:10.000Z',
  exchanges: [{ exchange: 'BINANCE', markets: 2, last_trade: '2026-11-20T10:00:08.000Z', age_seconds: 2 }],
  stages: [
    { stage: 'silver_binance', waiting: 3, lag_seconds: 1.5 },
    { stage: 'table_bronze_binance_trades', waiting: 1, lag_seconds: 0.5 },
    { stage: 'table_silver_binance_trades', waiting: 4, lag_seconds: 2.5 },
    { stage: 'table_silver_dlq_trades', waiting: 5, lag_seconds: 9 },
    { stage: 'table_feed_gaps', waiting: 7, lag_seconds: 900 },
    { stage: 'gold_binance', waiting: 0, lag_seconds: 0 },
    { stage: 'ohlcv', waiting: 4, lag_seconds: 4 },
    { stage: 'ohlcv_binance', waiting: 2, lag_seconds: 3 },
  ],
  tables: [
    table('bronze_binance_trades', 100),
    table('bronze_kraken_trades', 50, '2026-11-20T10:00:07.000Z'),
    table('silver_binance_trades', 140),
    table('silver_dlq_trades', 10),
    table('gold_crypto_trades', 130),
    table('gold_ohlcv_1m', 20),
    table('gold_ohlcv_1h', 2),
  ],
  dead_letters: [],
  feeds: { open: 3, lost: 0, unreadable: 0, markets: [] },
  candle_check: { ...{ start: '', end: '', trades: 0, candles: 0, differing: 0 }, holds: true, examples: [] },
}

const missed = (
  status: 'open' | 'lost' | 'unreadable',
  symbol: string | null,
  trades: number,
  from: string,
  to: string,
) => ({
  ...{ exchange: 'BINANCE', symbol, status, trades },
  ...{ from: `2026-11-20T${from}:00.000000Z`, to: `2026-11-20T${to}:00.000000Z` },
})

describe('the pipeline', () => {
  test('has what waits in front of each hop, and the rows of its tables', () => {
    const { hops, alarms } = pipelineOf(STATS)
    expect(
      hops.map(({ name, rows, waiting, lagMs, committedMs }) => [name, rows, waiting, lagMs, committedMs]),
    ).toEqual([
      ['Bronze', 150, 1, 500, 3_000],
      ['Silver', 140, 7, 2_500, 10_000],
      ['DLQ', 10, 5, 9_000, 10_000],
      ['Gold', 130, 0, 0, 10_000],
      ['Candles', 20, 6, 4_000, 10_000],
    ])
    expect(hops.map(({ rate }) => rate)).toEqual(Array(5).fill(undefined))
    expect(alarms).toEqual([])
  })

  test('goes as fast as rows have come since the answer before, and says nothing where rows were dropped', () => {
    const before = {
      ...STATS,
      time: '2026-11-20T10:00:00.000Z',
      tables: [table('bronze_binance_trades', 25), table('gold_crypto_trades', 131), table('gold_ohlcv_1m', 15)],
    }
    const rates = pipelineOf(STATS, before).hops.map(({ name, rate }) => [name, rate])
    expect(rates).toEqual([
      ['Bronze', 12.5],
      ['Silver', 14],
      ['DLQ', 1],
      ['Gold', undefined],
      ['Candles', 0.5],
    ])
    // The same answer again says nothing of speed.
    expect(pipelineOf(STATS, STATS).hops[0].rate).toBeUndefined()
  })

  test('says in words what is amiss, the worst first', () => {
    const { alarms } = pipelineOf({
      ...STATS,
      exchanges: [{ ...STATS.exchanges[0], age_seconds: 121 }],
      stages: [{ stage: 'gold_binance', waiting: 1, lag_seconds: 121 }],
      feeds: {
        ...{ open: 3, lost: 1, unreadable: 1200 },
        markets: [
          missed('lost', 'BTCUSDT', 1, '09:59', '09:59'),
          missed('unreadable', 'BTCUSDT', 1, '09:40', '09:41'),
          missed('unreadable', null, 1, '08:00', '08:01'),
          missed('unreadable', 'ETHUSDT', 2, '09:00', '09:01'),
          missed('unreadable', 'SOLUSDT', 1_196, '09:00', '09:50'),
          missed('open', 'SOLUSDT', 3, '09:00', '09:50'),
        ],
      },
      candle_check: { ...STATS.candle_check, holds: false, differing: 2 },
    })
    expect(alarms.map(({ text }) => text)).toEqual([
      'Candles and trades disagree in 2 candles.',
      '1 trade cannot be had any more: BINANCE BTCUSDT, 2026-11-20 09:59 UTC.',
      '1,200 trades could not be read: BINANCE BTCUSDT, BINANCE (no market is told), BINANCE ETHUSDT and 1 more market, 2026-11-20 08:00 to 09:50 UTC.',
      'Work has waited for over two minutes: Gold.',
      'No trade for over two minutes: BINANCE.',
    ])
  })
})

test('an exchange whose trades come and are old is catching up, and is told how much is left', () => {
  const old = {
    ...STATS,
    exchanges: [
      { ...STATS.exchanges[0], age_seconds: 7_800 },
      { ...STATS.exchanges[0], exchange: 'KRAKEN', age_seconds: 121 },
    ],
  }
  const before = {
    ...STATS,
    time: '2026-11-20T10:00:00.000Z',
    exchanges: old.exchanges.map(each => ({
      ...each,
      last_trade: each.exchange === 'KRAKEN' ? each.last_trade : '2026-11-20T09:00:00.000Z',
    })),
  }
  expect(pipelineOf(old, before).alarms.map(({ text }) => text)).toEqual([
    'Catching up with the past: BINANCE has 2 h 10 min left.',
    'No trade for over two minutes: KRAKEN.',
  ])
})

test('numbers have their units', () => {
  expect([count(1, 'batch'), count(2, 'batch'), count(0, 'trade')]).toEqual(['1 batch', '2 batches', '0 trades'])
  expect([0, 999, 1_000, 12_340_000, 5e15].map(bytesText)).toEqual(['0 B', '999 B', '1.0 kB', '12.3 MB', '5000.0 TB'])
})

test('an hour without trades and candles was not checked, which is told from one that agrees and one that does not', () => {
  const check = { ...STATS.candle_check, trades: 12, candles: 3, differing: 0, holds: true }
  expect(checkVerdict({ ...check, trades: 0, candles: 0 })).toEqual({
    text: 'there was nothing to check.',
    kind: 'nothing',
  })
  expect(checkVerdict(check)).toEqual({ text: 'all agree.', kind: 'good' })
  expect(checkVerdict({ ...check, differing: 1_200, holds: false })).toEqual({ text: '1,200 differ.', kind: 'bad' })
})
