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
import { BINANCE, COINBASE, KRAKEN, tradeOf } from '../functions/support.ts'
import { type HappeningKind, SURROUNDINGS } from './happenings.ts'
import { POISON } from './poison.ts'
import type { ScenarioSize } from './scenario-sizes.ts'
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
  /** What the lake may have been told; none where nothing can get old. */
  readonly retentions: readonly RetentionSettings[]
  /** By a record's value, which only copies of a record share. */
  readonly expected: ReadonlyMap<string, Expected>
  readonly trades: number
  /** The product's feeds publish, until everything is right again. */
  readonly hasFeeds: boolean
  /** How many clients the catalog has. */
  readonly clients: number
  /** How many ask for the newest trades. */
  readonly freshClients: number
  /** New items on the lists of Gold and the candles start them. */
  readonly wakes: boolean
  /** Gold and the candles work for each exchange by itself. */
  readonly sharedOut: boolean
}

/** The code that the second deployment asks of messages instead of the first's. */
const NEW_CODE = '2'
const SECOND = 1_000_000n
const HOUR = 3_600n * SECOND
const MIDNIGHT = BigInt(Date.UTC(2026, 10, 21)) * 1000n
const PARTITIONS = 2
/** Feeds publish all the time: their records make a few batches. */
export const FEEDS_WINDOW_S = 120

const twin = (exchange: Exchange) =>
  tradeOf(0, { exchange: exchange.code, symbol: 'ETHUSDT', tradeId: `${exchange.code}-twin` })

/** Each exchange has its turn where feeds read it, and two have one together. */
function exchangesOf({ exchanges, feeds }: ScenarioSize, seed: number): readonly Exchange[] {
  const all = [BINANCE, KRAKEN, COINBASE]
  if (!feeds) return all.slice(0, exchanges)
  return seed < all.length ? all.slice(seed, seed + 1) : [BINANCE, COINBASE]
}

/** The scenario of this size and seed. */
export function createScenario(size: ScenarioSize, seed: number): Scenario {
  const exchanges = exchangesOf(size, seed).map(
    (exchange): Exchange => ({
      ...exchange,
      partitions: PARTITIONS,
      batchRecords: size.tradesPerWave + 6,
      batchWindowSeconds: size.feeds ? FEEDS_WINDOW_S : 2,
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
      // Days late, where candles of its time may be gone.
      if (size.retentions)
        addValid({
          ...tradeOf(number++, { exchange: exchange.code, symbol: 'BTCUSDT' }),
          timestamp: BigInt(START) * 1000n + BigInt(index) * SECOND,
        })
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
    retentions: size.retentions ?? [],
    expected,
    trades,
    hasFeeds: size.feeds ?? false,
    clients: size.clients ?? 0,
    freshClients: size.freshClients ?? 0,
    wakes: size.wakes ?? false,
    sharedOut: size.sharedOut ?? false,
  }
}

/** A value as the key of what is expected of it. */
export function valueKey(value: Uint8Array | null): string {
  return value === null ? 'no value' : Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
}
