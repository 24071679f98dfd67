/** A candle as the JSON that `/v1/candles` has of it. */
import type { CandleRow } from '../market/candle-pages.ts'
import { CANDLE_COLUMNS } from '../market/candle-routes.ts'
import { jsonRows } from '../market/formats.ts'

export function candleJson(row: CandleRow): string {
  return jsonRows(CANDLE_COLUMNS, [row], 'decimal')[0]
}
