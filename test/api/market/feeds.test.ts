/** Connections to exchanges, over HTTP: those of now where the process keeps them, and the times without any. */
import { expect, test } from 'vitest'
import type { FeedConnection } from '../../../domain/server-ports.ts'
import { BINANCE } from '../../functions/support.ts'
import { DAY, HOUR, marketLake, NOW, publishReports, REPORTS, report } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

test('a server without feeds says that it cannot know their connections', async () => {
  const lake = await marketLake()
  expect(await (await lake.get('feeds')).json()).toEqual({
    ...{ time: '2026-11-20T12:00:00.000Z', here: false, feeds: [] },
  })
})

test('one with feeds gives their state, with how often a connection ended by cause', async () => {
  const connection: FeedConnection = {
    url: 'wss://a',
    live: true,
    markets: 2,
    ageSeconds: 7.5,
    silentSeconds: 0.25,
    ends: {},
    lastEnd: undefined,
  }
  const lost: FeedConnection = {
    ...connection,
    url: undefined,
    live: false,
    markets: 1,
    ageSeconds: undefined,
    silentSeconds: undefined,
  }
  const lake = await marketLake({
    feeds: () => [
      {
        ...{ exchange: BINANCE.code, healthy: true, ready: false, waitingRecords: 3, spillBytes: 9, missingTrades: 4 },
        problems: ['no live connection (connecting)'],
        connections: [
          { ...connection, ends: { stale: 2, rotation: 1 }, lastEnd: 'wss://a: stale, nothing came' },
          lost,
        ],
      },
    ],
  })
  const { here, feeds } = (await (await lake.get('feeds')).json()) as Json
  expect(here).toBe(true)
  expect(feeds).toEqual([
    {
      ...{ exchange: 'BINANCE', ready: false, waiting_records: 3, spill_bytes: 9, missing_trades: 4 },
      problems: ['no live connection (connecting)'],
      connections: [
        {
          ...{ url: 'wss://a', live: true, markets: 2, age_seconds: 7.5, silent_seconds: 0.25 },
          ...{ ends: { stale: 2, rotation: 1 }, last_end: 'wss://a: stale, nothing came' },
        },
        {
          ...{ url: null, live: false, markets: 1, age_seconds: null, silent_seconds: null, ends: {}, last_end: null },
        },
      ],
    },
  ])
})

test('outages are those that feeds reported, by time and exchange, the newest first', async () => {
  const lake = await marketLake()
  const away = (exchange: string, from: bigint, to: bigint) =>
    report(exchange, {
      ...{ kind: 'disconnect', status: 'checked', fromId: null, toId: null, cause: 'broken: reset' },
      ...{ fromTime: from, toTime: to, reportedAt: to },
    })
  await publishReports(
    lake,
    [away('binance', NOW - 2n * HOUR, NOW - HOUR), away('kraken', NOW - HOUR, NOW - HOUR / 2n)],
    REPORTS.length,
  )
  const outages = async (query = ''): Promise<Json[]> =>
    ((await (await lake.get(`outages${query}`)).json()) as Json).data
  expect(await outages()).toEqual([
    {
      ...{ exchange: 'KRAKEN', from: '2026-11-20T11:00:00Z', to: '2026-11-20T11:30:00Z', cause: 'broken: reset' },
      ...{ status: 'checked', reported: '2026-11-20T11:30:00Z' },
    },
    {
      ...{ exchange: 'BINANCE', from: '2026-11-20T10:00:00Z', to: '2026-11-20T11:00:00Z', cause: 'broken: reset' },
      ...{ status: 'checked', reported: '2026-11-20T11:00:00Z' },
    },
  ])
  // One that lies in the range in part is given too; the third was a month ago.
  const some = async (query: string) => (await outages(query)).map(({ exchange }) => exchange)
  expect(await some(`?start=${NOW - HOUR - 1n}&end=${NOW - HOUR}`)).toEqual(['BINANCE'])
  expect(await some(`?start=${NOW - 31n * DAY}`)).toEqual(['KRAKEN', 'BINANCE', 'COINBASE'])
  expect(await some(`?start=${NOW - 31n * DAY}&exchanges=coinbase`)).toEqual(['COINBASE'])
})
