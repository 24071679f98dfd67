/** Gold and the candles of each exchange by themselves, beside each other. */

import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { sharesByExchange, wholeShare } from '../../domain/shares.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import type { Trade } from '../../domain/trade.ts'
import { createMetrics } from '../../embedded/metrics.ts'
import { unify } from '../../functions/gold/gold.ts'
import { goldHandler } from '../../functions/gold/handler.ts'
import { ohlcvHandler } from '../../functions/ohlcv/handler.ts'
import { foldPending } from '../../functions/ohlcv/ohlcv.ts'
import { SILENT } from '../silent-log.ts'
import { allCandles, naiveCandles, storedCandles } from './candle-support.ts'
import { feed, goldRow, goldRows } from './gold-support.ts'
import {
  COINBASE,
  isCommit,
  type MemoryLake,
  memoryLake,
  pauseOnce,
  pendingIds,
  START_MICROS,
  testEngine,
  tradeOf,
  unifyAll,
} from './support.ts'

const NEVER = Number.POSITIVE_INFINITY
const MINUTE = 60_000_000n
const NOON = START_MICROS - 86_400_000_000n
const WHOLE = wholeShare(EXCHANGES)
const SHARES = sharesByExchange(EXCHANGES)
const [BINANCES, KRAKENS] = SHARES
const TELEMETRY = { log: SILENT, metrics: createMetrics() }
const CONTEXT = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 }

const engine = await testEngine()
let lake: MemoryLake
beforeEach(() => {
  lake = memoryLake({ engine })
})

const at = (timestamp: bigint, number: number, more: Partial<Trade> = {}) => tradeOf(number, { timestamp, ...more })
const ofKraken = (timestamp: bigint, number: number) => at(timestamp, number, { exchange: 'KRAKEN' })

async function feedAll(trades: readonly Trade[]): Promise<void> {
  for (const exchange of EXCHANGES) {
    const own = trades.filter(trade => trade.exchange === exchange.code)
    if (own.length > 0) await feed(lake, own, { exchange, kafkaMillis: lake.clock.now() })
  }
}

/** Files of Gold that were put while something ran. */
async function goldPutsIn(run: () => Promise<unknown>): Promise<number> {
  let puts = 0
  const before = lake.before
  lake.before = step => {
    if (step.kind === 'put' && step.key.includes(`${GOLD_TABLE.name}/data/`)) puts++
    return before(step)
  }
  await run()
  lake.before = before
  return puts
}

/** An event of the state table's stream. */
const news = (...lists: string[]) => ({
  Records: lists.map(list => ({
    eventName: 'INSERT',
    dynamodb: { Keys: { pk: { S: `pending#${list}` }, sk: { S: '0' } } },
  })),
})

describe('Gold of an exchange', () => {
  test('takes its own trades alone, and hands its minutes to its own candles', async () => {
    await feedAll([at(NOON, 1), ofKraken(NOON, 2)])
    expect(await unify(lake.ports, NEVER, KRAKENS)).toMatchObject({ commits: 1, written: 1, byExchange: { KRAKEN: 1 } })
    expect(await goldRows(lake)).toEqual([goldRow(ofKraken(NOON, 2))])
    const lists = ['gold_binance', 'gold_kraken', 'ohlcv', 'ohlcv_binance', 'ohlcv_kraken']
    const waiting = await Promise.all(lists.map(async list => [list, (await pendingIds(lake, list)).length]))
    expect(waiting).toEqual([
      ['gold_binance', 1],
      ['gold_kraken', 0],
      ['ohlcv', 0],
      ['ohlcv_binance', 0],
      ['ohlcv_kraken', 1],
    ])
  })

  test('that meets another’s at the pointer commits the files that it has, and writes none again', async () => {
    await feedAll([at(NOON, 1), ofKraken(NOON, 2)])
    const paused = pauseOnce(lake, isCommit)
    const slow = unify(lake.ports, NEVER, KRAKENS)
    await paused.reached
    const putsOfBinance = await goldPutsIn(() => unify(lake.ports, NEVER, BINANCES))
    const putsAgain = await goldPutsIn(async () => {
      paused.go()
      expect(await slow).toMatchObject({ commits: 1, written: 1 })
    })
    expect([putsOfBinance, putsAgain]).toEqual([1, 0])
    expect(await goldRows(lake)).toEqual([at(NOON, 1), ofKraken(NOON, 2)].map(goldRow).sort())
  })

  test('that meets a commit of its own trades looks for repeats again', async () => {
    await feedAll([at(NOON, 1)])
    const paused = pauseOnce(lake, isCommit)
    const slow = unify(lake.ports, NEVER, BINANCES)
    await paused.reached
    // The same item is kept back while the same trade gets into Gold by another.
    const [{ key, attributes }] = await lake.ports.state.query('state', 'pending#gold_binance')
    await lake.ports.state.transact([{ kind: 'remove', key }], lake.ports.ids.uuid())
    await feedAll([at(NOON, 1)])
    await unify(lake.ports, NEVER, BINANCES)
    await lake.ports.state.transact([{ kind: 'put', item: { key, attributes } }], lake.ports.ids.uuid())
    paused.go()
    expect(await slow).toMatchObject({ read: 1, written: 0, duplicates: 1 })
    expect(await goldRows(lake)).toEqual([goldRow(at(NOON, 1))])
  })

  test('whatever was begun together goes on apart, and the other way round', async () => {
    await feedAll([at(NOON, 1), ofKraken(NOON, 2)])
    await unifyAll(lake)
    await feedAll([at(NOON, 1), at(NOON, 3), ofKraken(NOON, 2), ofKraken(NOON, 4)])
    for (const share of SHARES) await unify(lake.ports, NEVER, share)
    await feedAll([at(NOON, 3), ofKraken(NOON, 4)])
    expect(await unifyAll(lake)).toMatchObject({ read: 2, written: 0 })
    const all = [at(NOON, 1), ofKraken(NOON, 2), at(NOON, 3), ofKraken(NOON, 4)]
    expect(await goldRows(lake)).toEqual(all.map(goldRow).sort())
    await foldPending(lake.ports, NEVER, 'all', WHOLE)
    expect(await allCandles(lake)).toEqual(naiveCandles(all))
  })
})

describe('an event', () => {
  test('starts Gold for the exchanges whose lists have news, a schedule for all', async () => {
    const handler = goldHandler(TELEMETRY, lake.ports, SHARES)
    await feedAll([at(NOON, 1), ofKraken(NOON, 2)])
    expect(await handler(news('gold_kraken'), CONTEXT)).toMatchObject({ commits: 1, byExchange: { KRAKEN: 1 } })
    await feed(lake, [at(NOON, 3, { exchange: 'COINBASE' })], { exchange: COINBASE })
    expect(await handler({}, CONTEXT)).toMatchObject({ commits: 2, byExchange: { BINANCE: 1, COINBASE: 1 } })
  })

  test('passes over an exchange that another run is at work for', async () => {
    const handler = goldHandler(TELEMETRY, lake.ports, SHARES, () => async (share, work, nothing) => {
      return share.name === 'gold_binance' ? nothing : work()
    })
    await feedAll([at(NOON, 1), ofKraken(NOON, 2)])
    expect(await handler(news('gold_binance', 'gold_kraken'), CONTEXT)).toMatchObject({ byExchange: { KRAKEN: 1 } })
    expect(await pendingIds(lake, 'gold_binance')).toHaveLength(1)
  })

  test('starts the minutes of the exchanges that have news; a schedule makes the rest of all', async () => {
    const handler = ohlcvHandler(TELEMETRY, lake.ports, WHOLE, SHARES)
    const trades = [at(NOON, 1), ofKraken(NOON, 2), ofKraken(NOON + MINUTE, 3)]
    await feedAll(trades)
    for (const share of SHARES) await unify(lake.ports, NEVER, share)
    expect(await handler(news('ohlcv_kraken'), CONTEXT)).toMatchObject({ commits: 1, newByExchange: { KRAKEN: 2 } })
    expect((await storedCandles(lake, '1m')).length).toBe(2)
    expect(await storedCandles(lake, '5m')).toEqual([])
    await handler({}, CONTEXT)
    expect(await allCandles(lake)).toEqual(naiveCandles(trades))
  })
})

describe('candles of an exchange', () => {
  test('stand beside those of others in their span’s file, whatever changes and goes', async () => {
    const first = [at(NOON, 1), ofKraken(NOON, 2)]
    await feedAll(first)
    await unifyAll(lake)
    await foldPending(lake.ports, NEVER, 'all', WHOLE)
    const late = [ofKraken(NOON + 1n, 5), ofKraken(NOON + MINUTE, 6)]
    await feedAll(late)
    await unify(lake.ports, NEVER, KRAKENS)
    expect(await foldPending(lake.ports, NEVER, 'all', KRAKENS)).toMatchObject({ newByExchange: { KRAKEN: 1 + 1 - 1 } })
    expect(await allCandles(lake)).toEqual(naiveCandles([...first, ...late]))
  })

  test('are those of a fold of everything, in any order of runs', async () => {
    const exchanges = ['BINANCE', 'KRAKEN', 'COINBASE'] as const
    const step = fc.record({
      trades: fc.array(fc.record({ exchange: fc.constantFrom(...exchanges), minute: fc.nat(3), number: fc.nat(9) }), {
        maxLength: 4,
      }),
      gold: fc.constantFrom(WHOLE, ...SHARES),
      candles: fc.constantFrom(WHOLE, ...SHARES),
      frames: fc.constantFrom('minutes' as const, 'all' as const),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async steps => {
        lake = memoryLake({ engine })
        const all = new Map<string, Trade>()
        for (const { trades, gold, candles, frames } of steps) {
          const made = trades.map(({ exchange, minute, number }) =>
            at(NOON + BigInt(minute) * MINUTE, 10 * minute + number, { exchange }),
          )
          for (const trade of made) if (!all.has(trade.messageId)) all.set(trade.messageId, trade)
          await feedAll(made)
          await unify(lake.ports, NEVER, gold)
          await foldPending(lake.ports, NEVER, frames, candles)
        }
        await unifyAll(lake)
        await foldPending(lake.ports, NEVER, 'all', WHOLE)
        expect(await goldRows(lake)).toEqual([...all.values()].map(goldRow).sort())
        expect(await allCandles(lake)).toEqual(naiveCandles([...all.values()]))
      }),
      { numRuns: 25 },
    )
  })
})
