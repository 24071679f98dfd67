/** Why records were refused, in words, and how many for each reason. */
import type { DeadLetterCount } from './operator-rows.ts'
import { instantText } from './times.ts'

/** What each fault means. */
const FAULTS: Readonly<Record<string, string>> = {
  deserialization_failed_or_null_fields: 'the bytes are no trade, or a field that must be there is not',
  unknown_schema: 'the schema registry does not know the schema that it names',
  price_validation: 'the price is not above zero',
  quantity_validation: 'the quantity is not above zero',
  timestamp_validation: 'its time is impossible, or too far from when it was sent',
  symbol_validation: 'the symbol is no name of a market',
  notional_validation: 'price times quantity is more than any market trades',
  text_validation: 'a text is too long, or has signs that none may have',
  side_validation: 'the side is neither BUY nor SELL',
  message_id_validation: 'the message id is no UUID',
  asset_class_validation: 'it is not of crypto',
  exchange_validation: 'it came through the topic of another exchange',
}
export const faultText = (errorType: string): string => FAULTS[errorType] ?? 'something else is wrong'

/** `since 2026-11-20 10:00 UTC`: from when on they are counted, milliseconds since 1970. */
export const sinceText = (sinceMs: number): string => `since ${instantText(sinceMs).slice(0, 16)} UTC`

export type FaultCount = Omit<DeadLetterCount, 'start'>

/** All buckets together, by exchange and what was wrong; the most frequent first. */
export function faultCounts(counts: readonly DeadLetterCount[]): FaultCount[] {
  return [...Map.groupBy(counts, ({ exchange, error_type }) => `${exchange} ${error_type}`).values()]
    .map(some => ({
      ...{ exchange: some[0].exchange, error_type: some[0].error_type },
      count: some.reduce((sum, { count }) => sum + count, 0),
    }))
    .sort((a, b) => b.count - a.count)
}

/** A bucket of so much holds all of any time that is counted. */
export const ONE_BUCKET = '366d'
