/** A lake in a folder that a test changes in every way that there is, while its clock may be moved on. */
import { rmSync } from 'node:fs'
import { topicName } from '../../domain/names.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { wireFunctions } from '../../embedded/functions.ts'
import { createTotals } from '../../embedded/totals.ts'
import { type MaintainResult, maintain } from '../../functions/maintain/maintain.ts'
import { repairLake } from '../../operations/repair/repair.ts'
import { drainLake, newLake, type TestLake } from '../embedded/support.ts'
import { tradeOf } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'
import { listedFiles } from '../simulation/iceberg-reader.ts'
import type { Moment } from './changing-clients.ts'
import { recordStates, type States } from './changing-states.ts'

export const HOUR_MS = 3_600_000
export const SECOND = 1_000_000n
export const HOUR = 3_600n * SECOND
/** Seven whole hours that have ended: what is traded, and what is asked for. */
export const BEGIN = ((BigInt(Date.now()) * 1000n) / HOUR) * HOUR - 8n * HOUR
export const END = BEGIN + 7n * HOUR
const MARKETS = ['BINANCE BTCUSDT', 'BINANCE ETHUSDT', 'KRAKEN BTCUSD', 'COINBASE BTCUSD']
/** With one whose trades come later than those of others. */
const MORE_MARKETS = [...MARKETS, 'KRAKEN DOGEUSD']

/** All partitions count as closed. */
const CLOSED_MS = -2 * 24 * HOUR_MS
const RETENTION = { gold_ohlcv_1m: 1, silver_kraken_trades: 1, bronze_kraken_trades: 1 }

export interface ChangingLake {
  readonly lake: TestLake
  readonly states: States
  readonly moment: Moment
  /** By batch: what was published. */
  readonly published: readonly (readonly Trade[])[]
  readonly maintained: readonly MaintainResult[]
  readonly repaired: readonly string[]
  /** Publishes trades of all seven hours, late ones all but the first, and some that came before; then works them off. */
  write(count: number, markets?: 'first' | 'all'): Promise<void>
  /** Joins, drops, lets expire and sweeps. */
  keepUp(): Promise<void>
  /** A file of a table is lost, none of these, and found to be so and made again after a while; its key. */
  destroy(table: string, but: readonly string[]): Promise<string>
  /** Does some work, and takes down what Gold holds then. */
  worked<T>(work: () => Promise<T>): Promise<T>
  /** Moves the clock on. */
  advance(milliseconds: number): void
}

export async function changingLake(): Promise<ChangingLake> {
  let aheadMs = 0
  let number = 0
  let random = 7
  const made = await newLake()
  const clock = { ...made.ports.clock, now: () => made.ports.clock.now() + aheadMs }
  const lake: TestLake = { ...made, ports: { ...made.ports, clock } }
  const states = recordStates(lake)
  const moment: Moment = { committed: 0, isDamaged: false, repairs: 0 }
  const published: Trade[][] = []
  const maintained: MaintainResult[] = []
  const repaired: string[] = []

  const draw = (below: number) => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
    return (random >>> 8) % below
  }

  function someTrades(markets: readonly string[], count: number): Trade[] {
    return Array.from({ length: count }, () => {
      const [exchange, symbol] = markets[draw(markets.length)].split(' ')
      const tradeId = `${exchange}-${++number}`
      return tradeOf(number, {
        ...{ exchange, symbol, tradeId, messageId: messageId(exchange, symbol, tradeId) },
        ...{ currency: symbol.slice(3), side: draw(2) === 0 ? ('BUY' as const) : ('SELL' as const) },
        timestamp: BEGIN + (BigInt(draw(2 ** 24)) * 7n * HOUR) / BigInt(2 ** 24),
        price: BigInt(1 + draw(2 ** 20)) * 1_234_500n,
        quantity: BigInt(1 + draw(2 ** 20)) * 7n,
      })
    })
  }

  async function worked<T>(work: () => Promise<T>): Promise<T> {
    const result = await work()
    await states.record()
    return result
  }

  return {
    ...{ lake, states, moment, published, maintained, repaired, worked },
    async write(count, markets = 'all') {
      const trades = someTrades(markets === 'first' ? MARKETS : MORE_MARKETS, count)
      const again = published.at(-1)?.slice(0, 20) ?? []
      published.push(trades)
      for (const { code, name } of lake.exchanges) {
        const records = [...trades, ...again]
          .filter(({ exchange }) => exchange === code)
          .map(trade => ({ partition: 0, key: null, value: encodeTrade(trade), timestamp: clock.now() }))
        if (records.length > 0) await lake.topics.append(topicName(name), records)
      }
      await worked(() => drainLake(lake))
      moment.committed = published.length
    },
    async keepUp() {
      const options = { closedAfterMs: CLOSED_MS, sweepEveryMs: 0, retention: RETENTION }
      maintained.push(await worked(() => maintain(lake.ports, lake.exchanges, Number.POSITIVE_INFINITY, options)))
    },
    async destroy(table, but) {
      const file = (await listedFiles(lake.ports, table)).filter(({ key }) => !but.includes(key)).at(-1)
      if (!file) throw new Error(`${table} has no other file`)
      moment.isDamaged = true
      rmSync(await lake.ports.store.localFile(file.key))
      await new Promise(resolve => setTimeout(resolve, 200))
      const repair = () => repairLake(lake, wireFunctions(lake, SILENT), createTotals(lake.exchanges))
      repaired.push(...(await worked(repair)))
      moment.repairs++
      moment.isDamaged = false
      return file.key
    },
    advance(milliseconds) {
      aheadMs += milliseconds
    },
  }
}
