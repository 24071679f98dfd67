/** `GET /v1/trades`: Gold's trades, each once, page by page; or the last of them. */
import type { Context } from 'hono'
import { PRICE_SCALE, QUANTITY_SCALE } from '../../domain/decimal.ts'
import type { Ports } from '../../domain/ports.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { cursorText, readCursor } from './cursors.ts'
import type { RowColumn } from './formats.ts'
import { chooseMarkets, marketsOf } from './markets.ts'
import { rowsRequest } from './requests.ts'
import { sendRows } from './send.ts'
import { requireSnapshot } from './snapshots.ts'
import { firstTrades, lastTrades, type TradeRow } from './trades.ts'

const PARAMETERS = ['symbols', 'exchanges', 'start', 'end']
const MAX_LIMIT = 50_000

const COLUMNS: readonly RowColumn<TradeRow>[] = [
  { name: 'exchange', type: 'text', value: ({ exchange }) => exchange },
  { name: 'symbol', type: 'text', value: ({ symbol }) => symbol },
  { name: 'id', type: 'text', value: ({ id }) => id },
  { name: 'time', type: 'time', value: ({ time }) => time },
  { name: 'price', type: 'decimal', scale: PRICE_SCALE, value: ({ price }) => price },
  { name: 'quantity', type: 'decimal', scale: QUANTITY_SCALE, value: ({ quantity }) => quantity },
  { name: 'side', type: 'text', value: ({ side }) => side },
]

/** Answers the route. @throws Problem; Corrupt */
export async function answerTrades(
  ports: Pick<Ports, 'store' | 'state' | 'clock'>,
  context: Context,
): Promise<Response> {
  const { query, read, format, numbers, limit } = rowsRequest(context, PARAMETERS, MAX_LIMIT)
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
  const { start: from, end } = read.range()
  const to = cursor?.to ?? end ?? BigInt(ports.clock.now()) * 1000n + FAR_AHEAD
  const markets = chooseMarkets(await marketsOf(ports), read.codes('exchanges'), read.codes('symbols'))
  const gold = await openTable(ports, GOLD_TABLE)
  const snapshotId = cursor?.snapshot ?? (gold && currentSnapshot(gold.metadata)?.['snapshot-id'])
  const send = (rows: readonly TradeRow[], next?: string) =>
    sendRows(context, { columns: COLUMNS, rows, format, numbers, next, about: { snapshot: snapshotId ?? null } })
  if (!gold || snapshotId === undefined) return send([])
  requireSnapshot(gold, snapshotId)
  const range = { markets, from: from ?? 0n, to, snapshotId }
  if (from === undefined) return send(await lastTrades(ports, gold, range, limit))
  // One more tells whether there is another page.
  const found = await firstTrades(ports, gold, range, cursor?.after, limit + 1)
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  if (found.length <= limit || !last) return send(rows)
  return send(rows, cursorText(query, [String(to), snapshotId, String(last.time), last.exchange, last.symbol, last.id]))
}

/** An exchange's clock may be ahead of ours: validation takes trades of up to a minute later. */
const FAR_AHEAD = 60_000_000n
