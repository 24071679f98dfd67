/** The scenarios by name: how much is published into them, when, and what may happen there. */
import type { RetentionSettings } from '../../domain/retention.ts'
import { ALONE, BESIDE, type HappeningKind, SURROUNDINGS } from './happenings.ts'

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
  /** The product's feeds publish, from simulated exchanges: no waves of made records. */
  readonly feeds?: true
  /** Clients of the catalog who are at work beside the stages. */
  readonly clients?: number
  /** Clients who ask for the newest trades all the while. */
  readonly freshClients?: number
  /** New items on the lists of Gold and the candles start them. */
  readonly wakes?: true
  /** Gold and the candles work for each exchange by itself. */
  readonly sharedOut?: true
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
  maintenance: [130_000, 190_000],
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

/** Feeds of one exchange, or of two, from their connection to Gold: what they miss, they get or record. */
export const FEEDS: ScenarioSize = {
  name: 'feeds',
  exchanges: 1,
  waves: [],
  tradesPerWave: 400,
  maintenance: [],
  happenings: ['clock-jump', 'old-notices', 'throttles'],
  feeds: true,
}

/** Clients who make, fill, rename and drop tables of their own through the catalog, beside the stages of one exchange, whose tables are swept. */
export const CLIENTS: ScenarioSize = {
  name: 'clients',
  exchanges: 1,
  waves: [0, 60_000],
  tradesPerWave: 6,
  maintenance: [130_000, 25 * HOURS, 27 * HOURS],
  clients: 3,
}

/** Clients who ask for trades that Gold has not yet, while it takes them. */
export const FRESH: ScenarioSize = {
  name: 'fresh',
  exchanges: 2,
  waves: [0, 20_000, 45_000, 80_000, 120_000],
  tradesPerWave: 8,
  maintenance: [100_000],
  freshClients: 3,
}

/** Gold and the candles started by what is new on their lists: the smallest, and one whose starts meet schedules, maintenance and each other. */
export const WOKEN_ONCE: ScenarioSize = { ...ONE_BATCH, name: 'woken-once', wakes: true }
export const WOKEN: ScenarioSize = { ...WAVES, name: 'woken', waves: [0, 8_000, 25_000, 70_000], wakes: true }

/** A Gold and candles for each of two exchanges, which meet at the pointers of the tables that they share. */
export const SHARED_OUT: ScenarioSize = { ...TWO, name: 'shared-out', wakes: true, sharedOut: true }

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
  FEEDS,
  CLIENTS,
  FRESH,
  WOKEN_ONCE,
  WOKEN,
  SHARED_OUT,
]
