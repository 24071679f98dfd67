/**
 * Folds trades in columns into the candles of given windows, exactly and without an object for a row. Sums are kept in limbs (limbs.ts);
 * a trade whose price or quantity takes more than 64 bits goes through bigints.
 */
import { type Candle, candleKey, compareTradeIds, windowOf } from './candles.ts'
import {
  type Batch,
  type BigDecimalColumn,
  type BytesColumn,
  type DictionaryColumn,
  halvesOf,
  type Int64Column,
  numbersOf,
} from './columns.ts'
import { addProduct, CARRY_MASK, carryLimbs, LIMBS, limbsTotal } from './limbs.ts'
import { tradeIdsOf } from './trade-ids.ts'

/** The columns that candles are made of; `trade_id` in PLAIN layout. */
export const FOLDED_COLUMNS = ['symbol', 'exchange', 'timestamp', 'trade_id', 'price', 'quantity', 'side']

export interface CandleFold {
  /** Adds the trades of a batch that has these columns; those outside the windows are left out. */
  add(batch: Batch): void
  /** A candle for each market and window that has trades, in no order. */
  finish(): Candle[]
}

/** A sum: the limbs of the quote volume, the halves of the volume, the number of trades. */
const [VOLUME_LOW, VOLUME_HIGH, COUNT, SUM] = [LIMBS, LIMBS + 1, LIMBS + 2, LIMBS + 3]
/** A candle's numbers: the sum of trades whose aggressor bought, that of the others, then these, as halves. */
const [FIRST_LOW, FIRST_HIGH, LAST_LOW, LAST_HIGH] = [2 * SUM, 2 * SUM + 1, 2 * SUM + 2, 2 * SUM + 3]
const [HIGH_LOW, HIGH_HIGH, LOW_LOW, LOW_HIGH, NUMBERS] = [...[0, 1, 2, 3, 4].map(field => LAST_HIGH + 1 + field)]

/** A candle's first or last trade. */
interface Edge {
  /** Its row in the batch at hand; -1 where it came in an earlier one. */
  row: number
  id: string
  price: bigint
}

interface Folded {
  readonly symbol: string
  readonly exchange: string
  readonly windowStart: bigint
  readonly first: Edge
  readonly last: Edge
  /** What the limbs do not hold. */
  readonly wide: { quote: bigint; volume: bigint; buyQuote: bigint; buyVolume: bigint; high?: bigint; low?: bigint }
}

/** `windows`: their starts, microseconds since 1970; `length` in microseconds. */
export function createCandleFold(windows: ReadonlySet<bigint>, length: bigint): CandleFold {
  const candles: Folded[] = []
  const byKey = new Map<string, number>()
  let numbers = new Float64Array(64 * NUMBERS)

  function candleOf(symbol: string, exchange: string, windowStart: bigint): number {
    const key = candleKey({ symbol, exchange, windowStart })
    const known = byKey.get(key)
    if (known !== undefined) return known
    const number = candles.length
    byKey.set(key, number)
    const edge = (): Edge => ({ row: -1, id: '', price: 0n })
    const wide = { quote: 0n, volume: 0n, buyQuote: 0n, buyVolume: 0n }
    candles.push({ symbol, exchange, windowStart, first: edge(), last: edge(), wide })
    if (candles.length * NUMBERS > numbers.length) {
      const larger = new Float64Array(numbers.length * 2)
      larger.set(numbers)
      numbers = larger
    }
    numbers[number * NUMBERS + FIRST_HIGH] = Number.POSITIVE_INFINITY
    numbers[number * NUMBERS + LAST_HIGH] = Number.NEGATIVE_INFINITY
    numbers[number * NUMBERS + HIGH_HIGH] = Number.NEGATIVE_INFINITY
    numbers[number * NUMBERS + LOW_HIGH] = Number.POSITIVE_INFINITY
    return number
  }

  function add({ rows, columns }: Batch): void {
    const symbol = columns.symbol as DictionaryColumn<string>
    const exchange = columns.exchange as DictionaryColumn<string>
    const side = columns.side as DictionaryColumn<string>
    const price = columns.price as Int64Column | BigDecimalColumn
    const quantity = columns.quantity as Int64Column | BigDecimalColumn
    const timestamps = (columns.timestamp as Int64Column).values
    const times = numbersOf(timestamps)
    const timeHalves = halvesOf(timestamps)
    const ids = tradeIdsOf(columns.trade_id as BytesColumn, rows)
    const compare = (row: number, edge: Edge) =>
      edge.row < 0 ? compareTradeIds(ids.text(row), edge.id) : ids.compare(row, edge.row)
    const isBuy = Uint8Array.from(side.entries, entry => (entry === 'BUY' ? 1 : 0))
    const [prices, quantities] = [price, quantity].map(column =>
      column.kind === 'int64' ? halvesOf(column.values) : undefined,
    )
    const touched = new Set<number>()
    // The candle of each market in the window at hand, plus 1.
    const slots = new Int32Array(symbol.entries.length * exchange.entries.length)
    let [from, to] = [0, 0]
    let window: bigint | undefined

    function enter(row: number): void {
      const start = windowOf(timestamps[row], length)
      window = windows.has(start) ? start : undefined
      slots.fill(0)
      // Beyond 2^53 numbers are not exact: there each row is looked at by itself.
      ;[from, to] = times[row] < Number.MAX_SAFE_INTEGER ? [Number(start), Number(start + length)] : [0, 0]
    }

    for (let row = 0; row < rows; row++) {
      if (!(times[row] >= from && times[row] < to)) enter(row)
      if (window === undefined) continue
      const slot = symbol.indexes[row] * exchange.entries.length + exchange.indexes[row]
      let candle = slots[slot] - 1
      if (candle < 0) {
        candle = candleOf(symbol.entries[symbol.indexes[row]], exchange.entries[exchange.indexes[row]], window)
        slots[slot] = candle + 1
        touched.add(candle)
      }
      const at = candle * NUMBERS
      const sum = isBuy[side.indexes[row]] === 1 ? at : at + SUM
      if (prices && quantities && (prices[row * 2 + 1] | quantities[row * 2 + 1]) >= 0)
        addNarrow(at, sum, prices[row * 2], prices[row * 2 + 1], quantities[row * 2], quantities[row * 2 + 1])
      else addWide(candles[candle], sum === at, price.values[row], quantity.values[row])
      if ((++numbers[sum + COUNT] & CARRY_MASK) === 0) carry(sum)
      const [low, high] = [timeHalves[row * 2] >>> 0, timeHalves[row * 2 + 1]]
      const beforeFirst = numbers[at + FIRST_HIGH] - high || numbers[at + FIRST_LOW] - low
      if (beforeFirst > 0 || (beforeFirst === 0 && compare(row, candles[candle].first) < 0)) {
        candles[candle].first.row = row
        numbers[at + FIRST_LOW] = low
        numbers[at + FIRST_HIGH] = high
      }
      const behindLast = high - numbers[at + LAST_HIGH] || low - numbers[at + LAST_LOW]
      if (behindLast > 0 || (behindLast === 0 && compare(row, candles[candle].last) > 0)) {
        candles[candle].last.row = row
        numbers[at + LAST_LOW] = low
        numbers[at + LAST_HIGH] = high
      }
    }
    for (const candle of touched)
      for (const edge of [candles[candle].first, candles[candle].last]) {
        if (edge.row < 0) continue
        edge.id = ids.text(edge.row)
        edge.price = price.values[edge.row]
        edge.row = -1
      }
  }

  /** Price and quantity by their halves, neither below zero. */
  function addNarrow(at: number, sum: number, pl: number, ph: number, ql: number, qh: number): void {
    addProduct(numbers, sum, pl, ph, ql, qh)
    numbers[sum + VOLUME_LOW] += ql >>> 0
    numbers[sum + VOLUME_HIGH] += qh
    const low = pl >>> 0
    if (ph > numbers[at + HIGH_HIGH] || (ph === numbers[at + HIGH_HIGH] && low > numbers[at + HIGH_LOW])) {
      numbers[at + HIGH_LOW] = low
      numbers[at + HIGH_HIGH] = ph
    }
    if (ph < numbers[at + LOW_HIGH] || (ph === numbers[at + LOW_HIGH] && low < numbers[at + LOW_LOW])) {
      numbers[at + LOW_LOW] = low
      numbers[at + LOW_HIGH] = ph
    }
  }

  function addWide({ wide }: Folded, isBuy: boolean, price: bigint, quantity: bigint): void {
    wide.volume += quantity
    wide.quote += price * quantity
    if (isBuy) wide.buyVolume += quantity
    if (isBuy) wide.buyQuote += price * quantity
    if (wide.high === undefined || price > wide.high) wide.high = price
    if (wide.low === undefined || price < wide.low) wide.low = price
  }

  /** Brings all but the highest parts of a sum below the limit of each. */
  function carry(sum: number): void {
    carryLimbs(numbers, sum)
    const above = Math.floor(numbers[sum + VOLUME_LOW] / 2 ** 32)
    numbers[sum + VOLUME_LOW] -= above * 2 ** 32
    numbers[sum + VOLUME_HIGH] += above
  }

  function long(low: number): bigint {
    return (BigInt(numbers[low + 1]) << 32n) + BigInt(numbers[low])
  }

  function finish(): Candle[] {
    return candles.map(({ symbol, exchange, windowStart, first, last, wide }, candle) => {
      const at = candle * NUMBERS
      const [buyQuote, otherQuote] = [limbsTotal(numbers, at), limbsTotal(numbers, at + SUM)]
      const [buyVolume, otherVolume] = [long(at + VOLUME_LOW), long(at + SUM + VOLUME_LOW)]
      const found = Number.isFinite(numbers[at + HIGH_HIGH]) ? [long(at + HIGH_LOW), long(at + LOW_LOW)] : []
      const prices = [...found, ...(wide.high === undefined ? [] : [wide.high, wide.low as bigint])]
      return {
        symbol,
        exchange,
        windowStart,
        windowEnd: windowStart + length,
        open: first.price,
        high: prices.reduce((a, b) => (a > b ? a : b)),
        low: prices.reduce((a, b) => (a < b ? a : b)),
        close: last.price,
        volume: buyVolume + otherVolume + wide.volume,
        tradeCount: BigInt(numbers[at + COUNT] + numbers[at + SUM + COUNT]),
        quoteVolume: buyQuote + otherQuote + wide.quote,
        takerBuyVolume: buyVolume + wide.buyVolume,
        takerBuyQuoteVolume: buyQuote + wide.buyQuote,
        firstTradeTime: long(at + FIRST_LOW),
        lastTradeTime: long(at + LAST_LOW),
      }
    })
  }

  return { add, finish }
}
