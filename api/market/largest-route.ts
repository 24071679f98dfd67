/** `GET /v1/largest`: the largest trade of each market in a range of time, by its quantity. */
import type { Ports } from '../../domain/ports.ts'
import { compareTrades, marketOf, readTrades, type TradeColumns, wantedRows } from '../../tables/gold-columns.ts'
import { inTurns } from '../http/turns.ts'
import { type AverageQuery, filesOf } from './averages.ts'
import { problem } from './problems.ts'
import { MOST_OF_TRADES, RANGE_PARAMETERS, rangeRoute } from './range-route.ts'
import { TRADE_COLUMNS } from './trade-routes.ts'
import { type TradeRow, tradeOf, wantedOf } from './trades.ts'

export const LARGEST = rangeRoute(
  {
    ...{ path: '/largest', parameters: RANGE_PARAMETERS },
    summary:
      'The trade of each market with the largest quantity in a range of time; the first of them, where several are as large.',
  },
  TRADE_COLUMNS,
  ({ ports }, { query }) => {
    if (query.to - query.from > MOST_OF_TRADES)
      throw problem(400, 'The range is longer than 7 days: ask for a shorter one.', 'start')
    return largestTrades(ports, query)
  },
)

/** In the order of the markets; one without trades in the range is left out. @throws Problem 410; Corrupt */
async function largestTrades(ports: Pick<Ports, 'store' | 'state'>, query: AverageQuery): Promise<TradeRow[]> {
  const wanted = wantedOf(query)
  const largest = new Map<string, { readonly trades: TradeColumns; readonly row: number }>()
  for (const file of await filesOf(ports, query))
    for await (const trades of inTurns(readTrades(ports, file, wanted)))
      for (const row of wantedRows(trades, wanted)) {
        const market = marketOf(trades, row)
        const known = largest.get(market)
        if (!known || isBefore(trades, row, known.trades, known.row)) largest.set(market, { trades, row })
      }
  return [...query.markets.keys()].flatMap(market => {
    const found = largest.get(market)
    return found ? [tradeOf(found.trades, found.row)] : []
  })
}

/** By quantity, the largest first, then by time and number. */
function isBefore(a: TradeColumns, rowA: number, b: TradeColumns, rowB: number): boolean {
  const [one, other] = [a.quantity.values[rowA], b.quantity.values[rowB]]
  return one === other ? compareTrades(a, rowA, b, rowB) < 0 : one > other
}
