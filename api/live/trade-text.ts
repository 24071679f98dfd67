/** A trade as the JSON that `/v1/trades` has of it, straight from columns. */
import { PRICE_SCALE, QUANTITY_SCALE } from '../../domain/decimal.ts'
import type { Decimals, TradeColumns } from '../../tables/gold-columns.ts'
import { type Bytes, putBigDecimal, putBytes, putDecimal, timeWriter } from './bytes.ts'

/** What is the same for many trades: `{"exchange":…,"symbol":…,"id":"` of each market, and `","side":…}`. */
interface Pieces {
  readonly heads: readonly (readonly Buffer[])[]
  readonly tails: readonly Buffer[]
}

const [TIME, PRICE, QUANTITY] = ['","time":"', '","price":"', '","quantity":"'].map(text => Buffer.from(text))

/** Writes a trade; there is room for `tradeRoom` bytes. */
export function tradeText(): (out: Bytes, columns: TradeColumns, row: number) => void {
  const pieces = new WeakMap<TradeColumns, Pieces>()
  const putTime = timeWriter()
  return (out, columns, row) => {
    let found = pieces.get(columns)
    if (!found) pieces.set(columns, (found = piecesOf(columns)))
    putBytes(out, found.heads[columns.exchange.indexes[row]][columns.symbol.indexes[row]])
    putId(out, columns, row)
    putBytes(out, TIME)
    putTime(out, columns.times[row])
    putBytes(out, PRICE)
    putUnits(out, columns.price, row, PRICE_SCALE)
    putBytes(out, QUANTITY)
    putUnits(out, columns.quantity, row, QUANTITY_SCALE)
    putBytes(out, found.tails[columns.side.indexes[row]])
  }
}

/** What a trade takes at most, in bytes. */
export function tradeRoom({ ids, exchange, symbol }: TradeColumns, row: number): number {
  const names = exchange.entries[exchange.indexes[row]].length + symbol.entries[symbol.indexes[row]].length
  return 256 + 6 * (ids.starts[row + 1] - ids.starts[row] + names)
}

function piecesOf({ exchange, symbol, side }: TradeColumns): Pieces {
  const json = JSON.stringify
  return {
    heads: exchange.entries.map(code =>
      symbol.entries.map(name => Buffer.from(`{"exchange":${json(code)},"symbol":${json(name)},"id":"`)),
    ),
    tails: side.entries.map(text => Buffer.from(`","side":${json(text)}}`)),
  }
}

/** Ids are an exchange's own: one that JSON has to escape is not expected, but would not break the message. */
function putId(out: Bytes, { ids }: TradeColumns, row: number): void {
  const [start, end] = [ids.starts[row] + 4, ids.starts[row + 1]]
  const { bytes } = out
  let at = out.length
  for (let i = start; i < end; i++) {
    const byte = ids.bytes[i]
    if (byte < 0x20 || byte === 0x22 || byte === 0x5c) {
      out.length += bytes.write(JSON.stringify(ids.text(row)).slice(1, -1), out.length, 'utf8')
      return
    }
    bytes[at++] = byte
  }
  out.length = at
}

function putUnits(out: Bytes, { values, halves }: Decimals, row: number, scale: number): void {
  if (halves) putDecimal(out, halves[2 * row], halves[2 * row + 1], scale)
  else putBigDecimal(out, values[row], scale)
}
