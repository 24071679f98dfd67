/** Trades in order as the columns of an answer, from those of their files: no object for a row. */
import {
  appendPlain,
  type Batch,
  type DictionaryColumn,
  halvesOf,
  type PlainWriter,
  setLong,
} from '../../domain/columns.ts'
import type { TradeColumns } from '../../tables/gold-columns.ts'
import type { OrderedTrades } from '../../tables/gold-order.ts'

/** The columns that `GET /v1/trades` answers. */
export function tradeBatch(trades: OrderedTrades): Batch {
  const { count, columns, from, rows } = trades
  const id: PlainWriter = { bytes: Buffer.allocUnsafe(count * 24), length: 0 }
  const time = new BigInt64Array(count)
  const halves = halvesOf(time)
  for (let at = 0; at < count; at++) {
    const { ids, times } = columns[from[at]]
    appendPlain(id, ids.bytes, ids.starts[rows[at]] + 4, ids.starts[rows[at] + 1])
    setLong(halves, at, times[rows[at]])
  }
  return {
    rows: count,
    columns: {
      exchange: names(trades, ({ exchange }) => exchange),
      symbol: names(trades, ({ symbol }) => symbol),
      id: { kind: 'bytes', plain: id.bytes.subarray(0, id.length) },
      time: { kind: 'int64', values: time },
      price: units(trades, ({ price }) => price),
      quantity: units(trades, ({ quantity }) => quantity),
      side: names(trades, ({ side }) => side),
    },
  }
}

/** Each file has its own dictionary: one for all of them. */
function names(
  { count, columns, from, rows }: OrderedTrades,
  of: (trades: TradeColumns) => DictionaryColumn<string>,
): DictionaryColumn<string> {
  const places = new Map<string, number>()
  const each = columns.map(trades => {
    const { entries, indexes } = of(trades)
    const own = entries.map(entry => {
      const place = places.get(entry) ?? places.size
      places.set(entry, place)
      return place
    })
    return { own, indexes }
  })
  const indexes = new Int32Array(count)
  for (let at = 0; at < count; at++) {
    const { own, indexes: there } = each[from[at]]
    indexes[at] = own[there[rows[at]]]
  }
  return { kind: 'dictionary', entries: [...places.keys()], indexes }
}

function units({ count, columns, from, rows }: OrderedTrades, of: (trades: TradeColumns) => TradeColumns['price']) {
  const each = columns.map(of)
  if (each.some(({ halves }) => halves === undefined)) {
    const values = Array.from({ length: count }, (_, at) => each[from[at]].values[rows[at]])
    return { kind: 'bigdecimal', values } as const
  }
  const values = new BigInt64Array(count)
  const halves = new Int32Array(values.buffer)
  for (let at = 0; at < count; at++) {
    const there = each[from[at]].halves as Int32Array
    halves[2 * at] = there[2 * rows[at]]
    halves[2 * at + 1] = there[2 * rows[at] + 1]
  }
  return { kind: 'int64', values } as const
}
