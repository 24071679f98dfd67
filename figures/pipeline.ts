/** The pipeline as one picture, from an answer of `/v1/stats` and the one before it. */
import type { StatsAnswer, StatsParts } from './rows.ts'
import { instantText, lengthText } from './times.ts'

/** What waits, or is silent, for longer is late. */
export const LATE_MS = 120_000

/** A stage of the pipeline with what waits in front of it, and the tables that it fills. */
export interface Hop {
  readonly name: 'Bronze' | 'Silver' | 'DLQ' | 'Gold' | 'Candles'
  /** Rows of its tables; candles' are those of the shortest timeframe. */
  readonly rows: number
  /** Rows that came each second between the two answers; undefined without a first answer, and where rows were dropped meanwhile. */
  readonly rate: number | undefined
  /** Batches that wait, and how long the oldest of them does, milliseconds. */
  readonly waiting: number
  readonly lagMs: number
  /** How old its newest commit was when the server answered, milliseconds; undefined before there is one. */
  readonly committedMs: number | undefined
  readonly tables: readonly TableFigures[]
}

export interface TableFigures {
  readonly table: string
  readonly rows: number
  /** As of a hop. */
  readonly rate: number | undefined
  /** Bytes of its files; null where the table does not say. */
  readonly bytes: number | null
  /** How old its newest commit was when the server answered, milliseconds. */
  readonly ageMs: number
}

export interface Pipeline {
  readonly hops: readonly Hop[]
  /** What is amiss, the worst first. */
  readonly alarms: readonly Alarm[]
}

/** What is amiss, in words, and the view that tells more of it. */
export interface Alarm {
  readonly text: string
  readonly view: 'pipeline' | 'refused' | 'connections'
}

interface Part {
  readonly name: Hop['name']
  readonly table: RegExp
  readonly stage: RegExp
}

const CANDLES = /^gold_ohlcv_/
/** Which tables and lists of waiting work belong to a hop (`domain/names.ts` names the lists). */
const PARTS: readonly Part[] = [
  { name: 'Bronze', table: /^bronze_/, stage: /^table_bronze_/ },
  { name: 'Silver', table: /^silver_(?!dlq_)/, stage: /^(silver_|table_silver_(?!dlq_))/ },
  { name: 'DLQ', table: /^silver_dlq_/, stage: /^table_silver_dlq_/ },
  { name: 'Gold', table: /^gold_crypto_trades$/, stage: /^gold_/ },
  { name: 'Candles', table: CANDLES, stage: /^ohlcv(_|$)/ },
]

const minutes = (tables: StatsAnswer['tables']) => tables.filter(({ table }) => table === 'gold_ohlcv_1m')
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

function rowsOf({ name, table }: Part, { tables }: StatsParts): number {
  const own = name === 'Candles' ? minutes(tables) : tables.filter(each => table.test(each.table))
  return sum(own.map(({ rows }) => rows))
}

/** `before`: an earlier answer of the same lake. */
export function pipelineOf(stats: StatsParts, before?: StatsParts): Pipeline {
  const time = Date.parse(stats.time)
  const hops = PARTS.map((part): Hop => {
    const tables = stats.tables
      .filter(each => part.table.test(each.table))
      .map(({ table, rows, bytes, committed }) => ({
        ...{ table, rows, bytes, ageMs: time - Date.parse(committed) },
        rate: rateBetween(stats, before, ({ tables }) => tables.find(each => each.table === table)?.rows ?? 0),
      }))
    const stages = stats.stages.filter(({ stage }) => part.stage.test(stage))
    return {
      ...{ name: part.name, rows: rowsOf(part, stats), tables },
      rate: rateBetween(stats, before, answer => rowsOf(part, answer)),
      waiting: sum(stages.map(({ waiting }) => waiting)),
      lagMs: Math.max(0, ...stages.map(({ lag_seconds }) => lag_seconds)) * 1000,
      committedMs: tables.length > 0 ? Math.min(...tables.map(({ ageMs }) => ageMs)) : undefined,
    }
  })
  return { hops, alarms: alarmsOf(stats, hops, before) }
}

function rateBetween(
  stats: StatsParts,
  before: StatsParts | undefined,
  rowsIn: (answer: StatsParts) => number,
): number | undefined {
  const seconds = before ? (Date.parse(stats.time) - Date.parse(before.time)) / 1000 : 0
  const more = before && seconds > 0 ? rowsIn(stats) - rowsIn(before) : -1
  return more >= 0 ? more / seconds : undefined
}

function alarmsOf(
  { candle_check: check, feeds, exchanges }: StatsParts,
  hops: readonly Hop[],
  before: StatsParts | undefined,
): Alarm[] {
  const late = hops.filter(({ lagMs }) => lagMs > LATE_MS).map(({ name }) => name)
  const old = exchanges.filter(({ age_seconds }) => age_seconds * 1000 > LATE_MS)
  // Trades come, and are old: a recording, or a past that is fetched.
  const catching = old.filter(each => goesOn(each, before))
  const silent = old.filter(each => !catching.includes(each)).map(({ exchange }) => exchange)
  return [
    ...(!check || check.holds
      ? []
      : [{ text: `Candles and trades disagree in ${count(check.differing, 'candle')}.`, view: 'pipeline' as const }]),
    ...missedAlarms(feeds, 'lost', 'cannot be had any more'),
    ...missedAlarms(feeds, 'unreadable', 'could not be read'),
    ...(late.length > 0
      ? [{ text: `Work has waited for over two minutes: ${late.join(', ')}.`, view: 'pipeline' as const }]
      : []),
    ...(catching.length > 0
      ? [{ text: `Catching up with the past: ${catching.map(leftText).join(', ')}.`, view: 'pipeline' as const }]
      : []),
    ...(silent.length > 0
      ? [{ text: `No trade for over two minutes: ${silent.join(', ')}.`, view: 'connections' as const }]
      : []),
  ]
}

/** Whether its newest trade is a later one than it was. */
const goesOn = ({ exchange, last_trade }: StatsAnswer['exchanges'][number], before: StatsParts | undefined): boolean =>
  before?.exchanges.some(each => each.exchange === exchange && Date.parse(each.last_trade) < Date.parse(last_trade)) ===
  true

const leftText = ({ exchange, age_seconds }: StatsAnswer['exchanges'][number]) =>
  `${exchange} has ${lengthText(age_seconds * 1000)} left`

/** The markets are named, and from when to when it was. */
function missedAlarms(feeds: StatsAnswer['feeds'] | undefined, status: 'lost' | 'unreadable', words: string): Alarm[] {
  if (!feeds || feeds[status] === 0) return []
  const some = feeds.markets.filter(each => each.status === status)
  const names = some.map(({ exchange, symbol }) => `${exchange} ${symbol ?? '(no market is told)'}`)
  const more = names.length > MOST_NAMES ? ` and ${count(names.length - MOST_NAMES, 'more market')}` : ''
  const [from, to] = [
    some.map(each => each.from).toSorted()[0],
    some
      .map(each => each.to)
      .toSorted()
      .at(-1),
  ]
  const when = from && to ? `, ${spanText(Date.parse(from), Date.parse(to))}` : ''
  const where = names.length > 0 ? `: ${names.slice(0, MOST_NAMES).join(', ')}${more}${when}` : ''
  return [{ text: `${count(feeds[status], 'trade')} ${words}${where}.`, view: 'refused' }]
}

const MOST_NAMES = 3

/** `2026-11-20 10:03 to 10:04 UTC`. */
function spanText(fromMs: number, toMs: number): string {
  const [from, to] = [instantText(fromMs).slice(0, 16), instantText(toMs).slice(0, 16)]
  return `${from}${from === to ? '' : ` to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`} UTC`
}

/** `1 trade`, `12,345 trades`. */
export const count = (number: number, unit: string): string =>
  `${grouped(number)} ${unit}${number === 1 ? '' : unit.endsWith('ch') ? 'es' : 's'}`

/** A whole number with its thousands apart. */
export const grouped = (number: number): string => String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')

/** `+1,234`, `-5`, `0`; nothing where it is not known. */
export const signedText = (number: number | null | undefined): string =>
  number === null || number === undefined ? '' : `${number > 0 ? '+' : ''}${grouped(number)}`

/** `1.2 MB`, of 1,000 each. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return `${step === 0 ? bytes : (bytes / 1000 ** step).toFixed(1)} ${units[step]}`
}

/** Whether the candles of an hour agree with its trades; where there were none, nothing was checked, which is no success. */
export function checkVerdict({ candles, trades, differing, holds }: StatsAnswer['candle_check']): {
  readonly text: string
  readonly kind: 'good' | 'bad' | 'nothing'
} {
  if (!holds) return { text: `${grouped(differing)} differ.`, kind: 'bad' }
  if (candles === 0 && trades === 0) return { text: 'there was nothing to check.', kind: 'nothing' }
  return { text: 'all agree.', kind: 'good' }
}
