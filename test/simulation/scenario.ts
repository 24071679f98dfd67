/**
 * What is published into a simulated world, and what must become of each record: known by construction, because every
 * record is made to be valid or to break one rule of docs/topics.md.
 */
import type { Exchange } from '../../domain/exchanges.ts'
import type { LogRecord } from '../../domain/ports.ts'
import type { RetentionSettings } from '../../domain/retention.ts'
import type { Trade } from '../../domain/trade.ts'
import type { ErrorType } from '../../domain/validation.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { mix, randomStream } from '../../feeds/random.ts'
import { BINANCE, KRAKEN, tradeOf } from '../functions/support.ts'
import { ALONE, BESIDE, type HappeningKind, SURROUNDINGS } from './happenings.ts'
import { POISON } from './poison.ts'
import { LATE_SCHEMA, START } from './world.ts'

/** What a record must become, by the rules of the first deployment and of the second: a row of Silver, or a dead letter. */
export interface Expected {
  /** What it decodes to. */
  readonly trade: Trade | undefined
  readonly verdicts: readonly ['valid' | ErrorType, 'valid' | ErrorType]
}

export interface Wave {
  /** Milliseconds after the beginning. */
  readonly at: number
  readonly exchange: string
  readonly records: readonly LogRecord[]
}

export interface Scenario {
  readonly name: string
  readonly exchanges: readonly Exchange[]
  readonly redeployed: readonly Exchange[]
  readonly waves: readonly Wave[]
  /** When maintenance runs, milliseconds after the beginning. */
  readonly maintenance: readonly number[]
  /** When the lake becomes one that an older version left, milliseconds after the beginning: faults happen from then on. */
  readonly aged: number | undefined
  /** What may happen in a swarm. */
  readonly happenings: readonly HappeningKind[]
  readonly retentions: readonly RetentionSettings[]
  /** By a record's value, which only copies of a record share. */
  readonly expected: ReadonlyMap<string, Expected>
  readonly trades: number
}

export interface ScenarioSize {
  readonly name: string
  readonly exchanges: number
  readonly waves: readonly number[]
  readonly tradesPerWave: number
  readonly maintenance: readonly number[]
  readonly aged?: number
  readonly happenings?: readonly HappeningKind[]
  /** What the lake may have been told to keep for another time. */
  readonly retentions?: readonly RetentionSettings[]
}

const HOURS = 3_600_000
const DAYS = 24 * HOURS

/** The smallest scenario that crosses every stage: one exchange, one batch, a dead letter and a repeat among its trades. */
export const ONE_BATCH: ScenarioSize = {
  name: 'one-batch',
  exchanges: 1,
  waves: [0],
  tradesPerWave: 6,
  maintenance: [],
}
/** A hundred trades of one exchange in three waves, and maintenance: what every single fault is tried on. */
export const HUNDRED: ScenarioSize = {
  name: 'hundred',
  exchanges: 1,
  waves: [0, 50_000, 110_000],
  tradesPerWave: 27,
  // Joins in the minute of the last commits; a day later notes what nothing reaches, and then deletes it.
  maintenance: [130_000, 25 * HOURS, 27 * HOURS],
}
/** As many of two exchanges, whose invocations meet in Gold and in the tables that they share. */
export const TWO: ScenarioSize = { name: 'two', exchanges: 2, waves: [0, 50_000], tradesPerWave: 19, maintenance: [] }
/** The same in more waves and with more maintenance, which meet schedules, late trades and each other. */
export const WAVES: ScenarioSize = {
  name: 'waves',
  exchanges: 2,
  waves: [0, 25_000, 70_000, 150_000],
  tradesPerWave: 12,
  maintenance: [130_000, 790_000, 25 * HOURS, 26.5 * HOURS, 28 * HOURS],
}

/** A lake of an older version, whose tables all evolve with the commits of the second wave. */
export const AGED: ScenarioSize = {
  name: 'aged',
  exchanges: 1,
  waves: [0, 610_000],
  tradesPerWave: 6,
  maintenance: [],
  aged: 600_000,
}
/** The same, whose old and new files are joined in the minute of those commits. */
export const AGED_UPKEEP: ScenarioSize = { ...AGED, name: 'aged-upkeep', maintenance: [740_000, 820_000] }

/** Two exchanges while whose trades come a person rebuilds and redrives. */
export const REBUILT: ScenarioSize = {
  name: 'rebuilt',
  exchanges: 2,
  waves: [0, 40_000, 100_000],
  tradesPerWave: 6,
  maintenance: [130_000],
  happenings: [...SURROUNDINGS, ...BESIDE],
}
/** A lake that is put back to earlier moments and repaired, that goes on, and is swept in the end. */
export const RESTORED: ScenarioSize = {
  name: 'restored',
  exchanges: 1,
  waves: [0, 60_000, 130_000, 200_000, 2 * HOURS],
  tradesPerWave: 6,
  maintenance: [240_000, 2.1 * HOURS, 27 * HOURS, 29 * HOURS],
  happenings: [...SURROUNDINGS, ...ALONE, 'redrive'],
}

/** A lake of some months, whose tables are kept for days or for ever, and whose trades come again when their rows are gone. */
export const MONTHS: ScenarioSize = {
  name: 'months',
  exchanges: 1,
  waves: [0, 60_000, 30 * HOURS, 9 * DAYS, 34 * DAYS, 100 * DAYS],
  tradesPerWave: 6,
  maintenance: [2 * HOURS, 26 * HOURS, 8.2 * DAYS, 9.1 * DAYS, 33 * DAYS, 34.1 * DAYS, 66 * DAYS, 100.1 * DAYS],
  retentions: [
    {},
    { gold_ohlcv_1m: 1, gold_ohlcv_1h: 30, silver_binance_trades: 1, bronze_binance_trades: 2 },
    { silver_binance_trades: 'forever', silver_dlq_trades: 1, gold_ohlcv_5m: 2, gold_ohlcv_1d: 31 },
  ],
}

export const SIZES: readonly ScenarioSize[] = [
  ONE_BATCH,
  HUNDRED,
  TWO,
  WAVES,
  AGED,
  AGED_UPKEEP,
  REBUILT,
  RESTORED,
  MONTHS,
]

/** The code that the second deployment asks of messages instead of the first's. */
const NEW_CODE = '2'
const SECOND = 1_000_000n
const HOUR = 3_600n * SECOND
const MIDNIGHT = BigInt(Date.UTC(2026, 10, 21)) * 1000n
const PARTITIONS = 2

const twin = (exchange: Exchange) =>
  tradeOf(0, { exchange: exchange.code, symbol: 'ETHUSDT', tradeId: `${exchange.code}-twin` })

/** The scenario of this size and seed. */
export function createScenario(size: ScenarioSize, seed: number): Scenario {
  const exchanges = [BINANCE, KRAKEN].slice(0, size.exchanges).map(
    (exchange): Exchange => ({
      ...exchange,
      partitions: PARTITIONS,
      batchRecords: size.tradesPerWave + 6,
      batchWindowSeconds: 2,
    }),
  )
  const random = randomStream(mix(seed, 7))
  const expected = new Map<string, Expected>()
  for (const [value, error] of POISON) expected.set(valueKey(value), { trade: undefined, verdicts: [error, error] })
  const waves: Wave[] = []
  let number = 0
  let trades = 0
  for (const [index, at] of size.waves.entries())
    for (const exchange of exchanges) {
      const micros = BigInt(START + at) * 1000n
      const records: LogRecord[] = []
      const add = (value: Uint8Array | null, expectation: Expected) => {
        const partition = records.length % PARTITIONS
        const key = records.length % 5 === 4 ? null : Buffer.from('BTCUSDT')
        records.push({ partition, key, value, timestamp: START + at })
        expected.set(valueKey(value), expectation)
        if (expectation.verdicts[0] === 'valid') trades++
      }
      const fresh = Array.from({ length: size.tradesPerWave }, (_, i): Trade => {
        // Two of three within the last minute, the others anywhere in the last two hours: late, across hours and days.
        const back = i % 3 === 2 ? BigInt(Math.floor(random() * 7_200_000)) * 1000n : BigInt(i) * 2n * SECOND
        return {
          ...tradeOf(number++, { exchange: exchange.code, symbol: i % 2 === 0 ? 'BTCUSDT' : 'ETHUSDT' }),
          timestamp: micros - back,
          price: 8_000_000_000_000n + BigInt(Math.floor(random() * 1e9)),
          quantity: 1n + BigInt(Math.floor(random() * 1e8)),
          ingestionTimestamp: micros,
        }
      })
      const addValid = (trade: Trade) => add(encodeTrade(trade), { trade, verdicts: ['valid', 'exchange_validation'] })
      const addBroken = (value: Uint8Array | null, error: ErrorType) =>
        add(value, { trade: undefined, verdicts: [error, error] })
      for (const trade of fresh) addValid(trade)
      // The same trade again: as it was, from a feed that rounds otherwise, and as another trade that shares its id.
      const [first, second, third] = fresh
      addValid(first)
      addValid({ ...second, timestamp: second.timestamp + 700_000n })
      addValid({ ...third, timestamp: third.timestamp - HOUR - 5n * SECOND })
      // One that every wave brings again, now on this side of midnight, now on that.
      addValid({ ...twin(exchange), timestamp: MIDNIGHT + (index % 2 === 0 ? -300_000n : 300_000n) })
      // Two of one moment: their numbers, not their texts, say which of them opens and closes.
      for (const id of [9, 10]) {
        const tradeId = `${exchange.code}-${index}${id}`
        const price = 8_000_000_000_000n + BigInt(id) * 100_000_000n
        addValid({ ...tradeOf(0, { exchange: exchange.code, symbol: 'SOLUSDT', tradeId, price }), timestamp: micros })
      }
      const broken = { ...tradeOf(number++, { exchange: exchange.code }), timestamp: micros }
      addBroken(encodeTrade({ ...broken, price: 0n }), 'price_validation')
      addBroken(encodeTrade(broken).subarray(0, 40 + index), 'deserialization_failed_or_null_fields')
      if (size.happenings) {
        // Wrong as long as the registry does not know its schema.
        const early = { ...tradeOf(number++, { exchange: exchange.code }), timestamp: micros - 3n * SECOND }
        const value = encodeTrade(early, { trade: LATE_SCHEMA, wide: LATE_SCHEMA })
        add(value, { trade: early, verdicts: ['unknown_schema', 'valid'] })
      } else if (size.waves.length > 1) {
        // Right by the rules of one deployment, wrong by the other's.
        const renamed = {
          ...tradeOf(number++, { exchange: exchange.code + NEW_CODE }),
          timestamp: micros - 3n * SECOND,
        }
        add(encodeTrade(renamed), { trade: renamed, verdicts: ['exchange_validation', 'valid'] })
      }
      if (size.waves.length > 1) addBroken(null, 'deserialization_failed_or_null_fields')
      waves.push({ at, exchange: exchange.name, records })
    }
  // Commands look for an exchange's dead letters by its code; and where verdicts are dropped, they must follow from the record alone.
  const code = size.retentions || size.happenings ? '' : NEW_CODE
  const redeployed = exchanges.map(exchange => ({ ...exchange, code: exchange.code + code }))
  return {
    name: size.name,
    exchanges,
    redeployed,
    waves,
    maintenance: size.maintenance,
    aged: size.aged,
    happenings: size.happenings ?? SURROUNDINGS,
    retentions: size.retentions ?? [{}],
    expected,
    trades,
  }
}

/** A value as the key of what is expected of it. */
export function valueKey(value: Uint8Array | null): string {
  return value === null ? 'no value' : Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
}
