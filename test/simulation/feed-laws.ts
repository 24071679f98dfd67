/**
 * What an exchange made is in Gold once, or feed_gaps says truthfully why not. Worked out from the exchange's own record by code
 * that has nothing in common with the feeds.
 */

import { avroType } from '../../domain/avro.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { TRADE_SCHEMA, type Trade } from '../../domain/trade.ts'
import type { LoggedTrade } from '../../feeds/simulator/types.ts'
import type { Expected } from './scenario.ts'
import type { Row } from './tables.ts'

const MINUTE_MICROS = 60_000_000n
const FRAME_BYTES = 5
const PRICE_FACTOR = 100n

export interface MadeTrade {
  readonly exchange: string
  readonly symbol: string
  readonly id: number
  readonly tradeId: string
  /** Units of 10^-10 and 10^-8; microseconds since 1970. */
  readonly price: bigint
  readonly quantity: bigint
  readonly timestamp: bigint
  readonly side: string
  /** It can be got from the exchange, and read, and keeps the rules of validation. */
  readonly isThere: boolean
  readonly isReadable: boolean
  readonly isValid: boolean
}

export function madeTrades(
  { name, code }: Exchange,
  symbols: readonly string[],
  log: readonly LoggedTrade[],
): MadeTrade[] {
  return log
    .filter(({ trade }) => symbols.includes(trade.instrument.symbol))
    .map(({ trade, fate, isReadable, isValid }) => ({
      exchange: name,
      symbol: trade.instrument.symbol,
      id: trade.id,
      tradeId: `${code}-${trade.id}`,
      price: trade.price * PRICE_FACTOR,
      quantity: trade.quantity,
      timestamp: BigInt(trade.timestamp),
      side: trade.side,
      isThere: fate !== 'lost',
      isReadable,
      isValid,
    }))
}

const TRADE_V2 = avroType(TRADE_SCHEMA)

/** What Avro's own library reads, and what must become of it. `timestamp`: Kafka's, milliseconds since 1970. */
export function publishedTrade(value: Uint8Array, timestamp: number): Expected {
  const read = TRADE_V2.fromBuffer(Buffer.from(value).subarray(FRAME_BYTES))
  const trade: Trade = {
    messageId: read.message_id,
    tradeId: read.trade_id,
    symbol: read.symbol,
    exchange: read.exchange,
    assetClass: read.asset_class,
    timestamp: read.timestamp,
    price: units(read.price) * PRICE_FACTOR,
    quantity: units(read.quantity),
    currency: read.currency,
    side: read.side,
    tradeConditions: read.trade_conditions,
    sourceSequence: read.source_sequence,
    ingestionTimestamp: read.ingestion_timestamp,
    platformSequence: null,
    vendorData: read.vendor_data,
  }
  const isAhead = trade.timestamp > BigInt(timestamp) * 1000n + MINUTE_MICROS
  const verdict =
    trade.price <= 0n
      ? 'price_validation'
      : trade.quantity <= 0n
        ? 'quantity_validation'
        : isAhead
          ? 'timestamp_validation'
          : 'valid'
  return { trade, verdicts: [verdict, verdict] }
}

/** Two's complement, the highest byte first. */
function units(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

/** `published`: what the topics got. */
export function checkFeeds(
  made: readonly MadeTrade[],
  published: Iterable<Expected>,
  gold: readonly Row[],
  reports: readonly Row[],
): string[] {
  const problems: string[] = []
  const copies = Map.groupBy(
    [...published].filter(({ trade }) => trade),
    ({ trade }) => `${trade?.symbol} ${trade?.tradeId}`,
  )
  const rows = Map.groupBy(gold, row => `${row.symbol} ${row.trade_id}`)
  const bySymbol = Map.groupBy(reports, row => `${row.exchange} ${row.symbol}`)
  const covering = ({ exchange, symbol, id }: MadeTrade, ...statuses: string[]) =>
    (bySymbol.get(`${exchange} ${symbol}`) ?? []).filter(
      row => statuses.includes(String(row.status)) && Number(row.from_id) <= id && Number(row.to_id) >= id,
    )

  for (const trade of made) {
    const name = `${trade.symbol} ${trade.tradeId}`
    const found = rows.get(name) ?? []
    rows.delete(name)
    const sent = copies.get(name) ?? []
    const canBeHad = trade.isThere && trade.isReadable
    if (found.length > 1) problems.push(`Gold has ${name} ${found.length} times`)
    if (found.length > 0 && !canBeHad) problems.push(`Gold has ${name}, which nobody could get or read`)
    if (found.length > 0 && !isSame(found[0], trade)) problems.push(`Gold has another ${name} than the exchange`)
    if (trade.isThere && covering(trade, 'lost', 'absent').length > 0)
      problems.push(`feed_gaps says that ${name} is lost or absent, and the exchange has it`)
    if (!canBeHad && covering(trade, 'filled').length > 0) problems.push(`feed_gaps says that ${name} was filled`)
    if (found.length > 0) continue
    const isRecorded = !trade.isThere
      ? covering(trade, 'lost', 'absent').length > 0
      : !trade.isReadable
        ? covering(trade, 'unreadable').some(({ raw }) => String(raw).includes('9e99'))
        : // What cannot be valid, by itself or by the wrong clock of the feed, is a dead letter.
          sent.length > 0 && sent.every(({ verdicts }) => verdicts[0] !== 'valid')
    if (!isRecorded)
      problems.push(`${name} is neither in Gold nor in feed_gaps${sent.length > 0 ? ', and was published' : ''}`)
  }
  for (const name of rows.keys()) problems.push(`Gold has ${name}, which no exchange made`)

  const ended = reports.filter(({ status }) => status === 'filled' || status === 'closed')
  for (const row of reports)
    if (row.status === 'open' && !ended.some(end => endsLater(end, row))) problems.push(`${rangeOf(row)} stays open`)
  return problems
}

/** A later report says that the search for this range, or for a larger one, has ended. */
function endsLater(end: Row, open: Row): boolean {
  return (
    end.exchange === open.exchange &&
    end.symbol === open.symbol &&
    Number(end.from_id) <= Number(open.from_id) &&
    Number(end.to_id) >= Number(open.to_id) &&
    Number(end.offset) > Number(open.offset)
  )
}

function rangeOf(row: Row): string {
  return `${row.exchange} ${row.symbol} ${row.from_id} to ${row.to_id}`
}

function isSame(row: Row, trade: MadeTrade): boolean {
  return (
    row.price === trade.price &&
    row.quantity === trade.quantity &&
    row.timestamp === trade.timestamp &&
    row.side === trade.side
  )
}
