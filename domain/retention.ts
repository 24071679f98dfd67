/**
 * How long tables keep rows. Each definition has its default; a lake may be told otherwise, table by table. Gold is kept for
 * ever: repeats are known by it, and candles are made from it.
 */
import { BadInput } from './errors.ts'
import { DATA_LOSSES_TABLE, GOLD_TABLE, type TableDefinition } from './tables.ts'

/** Days. */
type Retention = number | 'forever'

/** By table; a table that is not named keeps its default. */
export type RetentionSettings = Readonly<Record<string, Retention>>

const MAX_DAYS = 36_500

/** Reads `gold_ohlcv_1m=90,silver_kraken_trades=forever`. @throws BadInput naming what is wrong, and the tables */
export function parseRetention(text: string, tables: readonly TableDefinition[]): RetentionSettings {
  const settings: Record<string, unknown> = {}
  for (const part of text.split(',')) {
    const [, table, days] = /^\s*([^\s=]+)\s*=\s*([^\s=]+)\s*$/.exec(part) ?? []
    if (table === undefined)
      throw new BadInput(`The retention '${part.trim()}' is not like gold_ohlcv_1m=90 or gold_ohlcv_1m=forever.`)
    if (table in settings) throw new BadInput(`The retention of ${table} is given twice.`)
    settings[table] = /^\d+$/.test(days) ? Number(days) : days
  }
  return checkRetention(settings, tables)
}

/** The text that `parseRetention` reads. */
export function retentionText(settings: RetentionSettings): string {
  return Object.entries(settings)
    .map(([table, days]) => `${table}=${days}`)
    .join(',')
}

/** Settings from outside, with all values as they must be. @throws BadInput */
export function checkRetention(value: unknown, tables: readonly TableDefinition[]): RetentionSettings {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new BadInput('Retention is to be an object like {"gold_ohlcv_1m": 90, "silver_kraken_trades": "forever"}.')
  const settings: Record<string, Retention> = {}
  for (const [table, days] of Object.entries(value as Record<string, unknown>)) {
    if (!tables.some(({ name }) => name === table))
      throw new BadInput(
        `There is no table ${table} to keep for ${days}: retention knows ${tables.map(({ name }) => name).join(', ')}.`,
      )
    if (table === GOLD_TABLE.name && days !== 'forever')
      throw new BadInput(`${table} is kept for ever: candles are made from it, and repeats known by it.`)
    if (table === DATA_LOSSES_TABLE.name && days !== 'forever')
      throw new BadInput(`${table} is kept for ever: it says what the other tables lack.`)
    if (days !== 'forever' && !(typeof days === 'number' && Number.isInteger(days) && days >= 1 && days <= MAX_DAYS))
      throw new BadInput(`The retention of ${table} is ${days}: give whole days from 1 to ${MAX_DAYS}, or forever.`)
    settings[table] = days
  }
  return settings
}

/** The definition with the retention that the settings give it. */
export function withRetention(table: TableDefinition, settings: RetentionSettings): TableDefinition {
  const days = settings[table.name]
  if (days === undefined) return table
  return { ...table, retentionDays: days === 'forever' ? undefined : days }
}
