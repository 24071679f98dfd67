/** Average prices of any range by volume, exactly. */
import { marketKey } from '../../domain/candles.ts'
import { divideHalfEven } from '../../domain/decimal.ts'
import type { Ports } from '../../domain/ports.ts'
import { candleTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import { droppedBefore } from '../../iceberg/dropped.ts'
import { marketOf, readTrades, wantedRows } from '../../tables/gold-columns.ts'
import { inTurns } from '../http/turns.ts'
import { type Average, type AverageQuery, filesOf } from './averages.ts'
import { findCandles } from './candles.ts'
import { tradeSums } from './trade-sums.ts'
import { wantedOf } from './trades.ts'

type ReadPorts = Pick<Ports, 'store' | 'state'>

/** A stretch of the range, and the windows whose candles add up to it; undefined: its trades themselves. */
interface Piece {
  readonly windows: Windows | undefined
  readonly from: bigint
  readonly to: bigint
}

const LENGTHS = TIMEFRAMES.map(({ name, length }) => ({ windows: parseWindows(name) as Windows, length })).reverse()

/**
 * Sums of price times quantity over sums of quantity. Whole days, hours and minutes come from candles, which are sums of the same
 * trades, and what is left at both ends, and since `settled` (microseconds since 1970), from the trades.
 * @throws Problem 410; Corrupt
 */
export async function volumeAverages(ports: ReadPorts, query: AverageQuery, settled: bigint): Promise<Average[]> {
  const sums = new Map(
    [...query.markets.keys()].map(key => [key, { single: tradeSums(), volume: 0n, quoteVolume: 0n, trades: 0n }]),
  )
  const keptFrom = LENGTHS.map(({ windows }) => {
    const table = query.tables.get(candleTable(windows.base).name)
    return table ? droppedBefore(table.metadata) : 0n
  })
  for (const { windows, from, to } of piecesOf(query.from, query.to, settled, keptFrom)) {
    if (!windows) {
      const wanted = wantedOf({ ...query, from, to })
      for (const file of await filesOf(ports, { ...query, from, to }))
        for await (const trades of inTurns(readTrades(ports, file, wanted)))
          for (const row of wantedRows(trades, wanted)) sums.get(marketOf(trades, row))?.single.add(trades, row)
      continue
    }
    const table = query.tables.get(candleTable(windows.base).name)
    const snapshotId = table && query.asOf.snapshotOf(table)?.['snapshot-id']
    if (!table || snapshotId === undefined) continue
    for (const candle of await findCandles(ports, table, { windows, markets: query.markets, from, to, snapshotId })) {
      const sum = sums.get(marketKey(candle.exchange, candle.symbol))
      if (!sum) continue
      sum.volume += candle.volume
      sum.quoteVolume += candle.quoteVolume
      sum.trades += candle.tradeCount
    }
  }
  return [...query.markets].map(([key, market]) => {
    const sum = sums.get(key)
    const single = sum?.single.totals()
    const total = (field: 'volume' | 'quoteVolume' | 'trades') => (sum && single ? sum[field] + single[field] : 0n)
    const [volume, quoteVolume, trades] = [total('volume'), total('quoteVolume'), total('trades')]
    const price = volume === 0n ? undefined : divideHalfEven(quoteVolume, volume)
    return { market, price, volume, quoteVolume, trades }
  })
}

/** The longest windows that fit and, level by level, are kept; and what is left at both ends. */
function piecesOf(from: bigint, to: bigint, settled: bigint, keptFrom: readonly bigint[], level = 0): Piece[] {
  if (from >= to) return []
  if (level === LENGTHS.length) return [{ windows: undefined, from, to }]
  const { windows, length } = LENGTHS[level]
  const most = to < settled ? to : settled
  const least = from > keptFrom[level] ? from : keptFrom[level]
  const [first, last] = [((least + length - 1n) / length) * length, (most / length) * length]
  if (first >= last) return piecesOf(from, to, settled, keptFrom, level + 1)
  return [
    ...piecesOf(from, first, settled, keptFrom, level + 1),
    { windows, from: first, to: last },
    ...piecesOf(last, to, settled, keptFrom, level + 1),
  ]
}
