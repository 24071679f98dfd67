/** `GET /v1/vwap` and `GET /v1/twap`: one average price for each market. */
import { SETTLED_AFTER } from '../../domain/closed-windows.ts'
import { PRICE_SCALE, QUANTITY_SCALE, QUOTE_SCALE } from '../../domain/decimal.ts'
import { DAY_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import { type Average, minuteAverages, timeAverages } from './averages.ts'
import type { RowColumn } from './formats.ts'
import { problem } from './problems.ts'
import { MOST_OF_TRADES, RANGE_PARAMETERS, rangeRoute } from './range-route.ts'
import type { Route } from './route.ts'
import { volumeAverages } from './volume-averages.ts'

const TWAP_PARAMETERS = [...RANGE_PARAMETERS, 'method'] as const
const MOST_OF_MINUTES = 366n * DAY_MICROS

const COLUMNS: readonly RowColumn<Average>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ market }) => market.exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ market }) => market.symbol },
  {
    ...{ name: 'price', type: 'decimal', scale: PRICE_SCALE, value: ({ price }) => price },
    doc: 'The average, rounded half to even; null where no price is known.',
  },
  {
    ...{ name: 'volume', type: 'decimal', scale: QUANTITY_SCALE, value: ({ volume }) => volume },
    doc: 'Traded amount of the base asset within the range.',
  },
  {
    ...{ name: 'quote_volume', type: 'decimal', scale: QUOTE_SCALE, value: ({ quoteVolume }) => quoteVolume },
    doc: 'Sum of price times quantity within the range.',
  },
  { name: 'trades', type: 'count', doc: 'Number of trades within the range.', value: ({ trades }) => trades },
]

const VWAP = rangeRoute(
  { path: '/vwap', summary: 'The average price of a range by volume, exactly.', parameters: RANGE_PARAMETERS },
  COLUMNS,
  ({ ports }, { query, now }) => volumeAverages(ports, query, now - SETTLED_AFTER),
)

const TWAP = rangeRoute(
  { path: '/twap', summary: 'The average price of a range by time, exactly.', parameters: TWAP_PARAMETERS },
  COLUMNS,
  ({ ports }, { read, query, now }) => {
    const length = query.to - query.from
    if (read.choice('method', ['trades', '1m'], 'trades') === 'trades') {
      if (length > MOST_OF_TRADES)
        throw problem(400, 'The range is longer than 7 days: ask for method=1m, or for a shorter one.', 'method')
      return timeAverages(ports, query)
    }
    if (length > MOST_OF_MINUTES)
      throw problem(400, 'The range is longer than 366 days: ask for a shorter one.', 'start')
    // The minute that goes on now is not whole yet.
    const to = (query.to / MINUTE_MICROS) * MINUTE_MICROS
    const isWhole = query.from % MINUTE_MICROS === 0n && (to === query.to || query.to === now)
    if (!isWhole)
      throw problem(400, 'method is 1m: give a start and an end at whole minutes, or method=trades.', 'method')
    if (query.from >= to)
      throw problem(
        400,
        'method is 1m, and no minute of the range has ended yet: ask again then, or give method=trades.',
        'method',
      )
    return minuteAverages(ports, { ...query, to })
  },
)

export const AVERAGE_ROUTES: readonly Route[] = [VWAP, TWAP]
