/** `GET /v1/trades`: Gold's trades, each once, page by page; or the last of them. */
import type { Context } from 'hono'
import { PRICE_SCALE, QUANTITY_SCALE } from '../../domain/decimal.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { recall, remember } from './answer-memory.ts'
import { asOfIn, nowOf, requireSnapshot } from './as-of.ts'
import { cursorText, readCursor } from './cursors.ts'
import type { RowColumn } from './formats.ts'
import { readFresh, withMarkets } from './fresh.ts'
import { chooseMarkets, MARKET_TABLES, marketNames, marketsOf, named } from './markets.ts'
import { problem } from './problems.ts'
import { ROWS_PARAMETERS, rowsRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { batchOf } from './row-batch.ts'
import { sendKept, sendRows, streamRows } from './send.ts'
import { tradeBatch } from './trade-batch.ts'
import { allTrades, FAR_AHEAD, firstTrades, lastTrades, rowsOf, type TradeRow } from './trades.ts'

const PARAMETERS = ['symbols', 'exchanges', 'start', 'end', 'as_of', 'fresh', ...ROWS_PARAMETERS] as const
const MAX_LIMIT = 50_000

export const TRADE_COLUMNS: readonly RowColumn<TradeRow>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ exchange }) => exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ symbol }) => symbol },
  {
    name: 'id',
    type: 'text',
    isUnique: true,
    doc: "The exchange's name and its number of the trade.",
    value: ({ id }) => id,
  },
  { name: 'time', type: 'time', doc: "When the trade took place, by the exchange's clock.", value: ({ time }) => time },
  {
    name: 'price',
    type: 'decimal',
    scale: PRICE_SCALE,
    doc: 'Price of one unit of the base asset, in the quote asset.',
    value: ({ price }) => price,
  },
  {
    name: 'quantity',
    type: 'decimal',
    scale: QUANTITY_SCALE,
    doc: 'Traded amount of the base asset.',
    value: ({ quantity }) => quantity,
  },
  { name: 'side', type: 'text', doc: "BUY or SELL: the taker's side.", value: ({ side }) => side },
]

export const TRADES: Route = {
  ...{ method: 'get', path: '/trades', parameters: PARAMETERS, columns: TRADE_COLUMNS },
  summary: "Gold's trades, each once, in the order of time; without start the last ones, the oldest first.",
  answer,
}

async function answer(context: Context, { ports, writing }: MarketOptions): Promise<Response> {
  const kept = await recall(ports, context, 0n)
  if (kept) return sendKept(context, kept)
  const { query, read, format, numbers, limit, isWhole } = rowsRequest(context, PARAMETERS, MAX_LIMIT)
  const cursor = readCursor(query, ([to, snapshot, time, exchange, symbol, id]) => {
    const after = {
      ...{ exchange: String(exchange), symbol: String(symbol), id: String(id) },
      time: BigInt(String(time)),
    }
    return {
      to: BigInt(String(to)),
      snapshot: Number(snapshot),
      after: { ...after, price: 0n, quantity: 0n, side: '' },
    }
  })
  const { start: from, end } = isWhole ? read.wholeRange() : read.range()
  const memory = await remember(ports, context, [GOLD_TABLE, ...MARKET_TABLES])
  const isFresh = read.flag('fresh', false)
  if (isFresh && (read.text('as_of') ?? read.text('cursor')) !== undefined)
    throw problem(400, 'fresh is true: it is of this moment, so leave as_of and cursor out.', 'fresh')
  const fresh = isFresh ? await readFresh(writing) : undefined
  const gold = fresh ? fresh.gold : await openTable(ports, GOLD_TABLE)
  const asOf = await asOfIn(ports, read, gold ? [gold] : [])
  const to = cursor?.to ?? end ?? nowOf(asOf, ports) + FAR_AHEAD
  const known = await marketsOf(ports, asOf)
  const [exchanges, symbols] = [read.codes('exchanges'), read.codes('symbols')]
  // It refuses names that there are not.
  const chosen = chooseMarkets(fresh?.trades ? withMarkets(known, fresh.trades) : known, exchanges, symbols)
  const markets = { has: named(exchanges, symbols) }
  const snapshotId = cursor?.snapshot ?? (fresh ? fresh.snapshotId : gold && asOf.snapshotOf(gold)?.['snapshot-id'])
  const answer = { columns: TRADE_COLUMNS, format, numbers, isFixed: asOf.isFixed }
  const send = (rows: readonly TradeRow[], next?: string) =>
    sendRows(context, {
      ...answer,
      rows,
      next,
      about: { snapshot: snapshotId ?? null },
      ...(!isFresh && { kept: { memory, until: FOR_EVER } }),
    })
  if (gold && snapshotId !== undefined) requireSnapshot(gold, snapshotId)
  const range = { markets, from: from ?? 0n, to, snapshotId, more: fresh?.trades }
  if (isWhole)
    return streamRows(context, answer, allTrades(ports, gold, range), {
      count: ({ count }) => count,
      rows: rowsOf,
      names: { ...marketNames(chosen.values()), side: ['BUY', 'SELL'] },
      batch: part => (numbers === 'float' ? batchOf(TRADE_COLUMNS, rowsOf(part), numbers) : tradeBatch(part)),
    })
  if (from === undefined) return send(await lastTrades(ports, gold, range, limit))
  // One more tells whether there is another page.
  const found = await firstTrades(ports, gold, range, cursor?.after, limit + 1)
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  if (found.length <= limit || !last) return send(rows)
  if (isFresh)
    throw problem(
      413,
      `There are more than ${limit} trades, and fresh ones have no pages: ask for a shorter range, a larger limit, or limit=all.`,
      'fresh',
    )
  return send(rows, cursorText(query, [String(to), snapshotId, String(last.time), last.exchange, last.symbol, last.id]))
}

/** No trade ends by itself. */
const FOR_EVER = 2n ** 63n
