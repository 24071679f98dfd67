/** Candles. Source: Coinbase Exchange "Get product candles". */
import { PRICE_SCALE, QUANTITY_SCALE, trimmedDecimal } from '../../domain/decimal.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { parseWindows } from '../../domain/windows.ts'
import { firstCandles, lastCandles, type ReadAt } from '../market/market-candles.ts'
import { problem } from '../market/problems.ts'
import { marketOf } from './markets.ts'

const SECOND = 1_000_000n
const MOST = 300n
const GRANULARITIES = [60, 300, 900, 3600, 21_600, 86_400]

/** The newest first; windows without trades are left out. Both ends are part of the range. @throws Problem; Corrupt */
export async function candlesText(at: ReadAt, id: string, query: URLSearchParams): Promise<string> {
  const seconds = Number(query.get('granularity') || 60)
  const windows = GRANULARITIES.includes(seconds)
    ? parseWindows(`${(BigInt(seconds) * SECOND) / MINUTE_MICROS}m`)
    : undefined
  if (!windows) throw problem(400, 'Unsupported granularity')
  const [start, end] = ['start', 'end'].map(name => timeOf(name, query.get(name)))
  const market = await marketOf(at, id)
  const asked = { windows, fill: 'none', from: start ?? 0n, to: (end ?? at.now) + 1n } as const
  // "If either one of the start or end fields are not provided then both fields will be ignored."
  const isRange = start !== undefined && end !== undefined
  if (isRange && start > end) throw problem(400, 'start must be before end')
  if (isRange && (end - start) / (BigInt(seconds) * SECOND) > MOST)
    throw problem(
      400,
      `granularity too small for the requested time range. Count of aggregations requested exceeds ${MOST}`,
    )
  const rows = isRange
    ? await firstCandles(at, market, asked, Number.POSITIVE_INFINITY)
    : await lastCandles(at, market, { ...asked, from: 0n, to: at.now + 1n }, Number(MOST))
  const price = (units: bigint) => trimmedDecimal(units, PRICE_SCALE)
  const lines = rows
    .flatMap(({ candle }) => candle ?? [])
    .map(({ windowStart, low, high, open, close, volume }) => {
      const values = [low, high, open, close].map(price)
      return `[${windowStart / SECOND},${values.join(',')},${trimmedDecimal(volume, QUANTITY_SCALE)}]`
    })
  return `[${lines.reverse().join(',')}]`
}

/** Seconds since 1970, or ISO 8601; as microseconds. */
function timeOf(name: string, text: string | null): bigint | undefined {
  if (text === null || text === '') return undefined
  if (/^\d{1,11}$/.test(text)) return BigInt(text) * SECOND
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(hasZone(text) ? text : `${text}Z`) : Number.NaN
  if (Number.isNaN(milliseconds) || milliseconds < 0)
    throw problem(400, `Invalid ${name}: give ISO 8601 or seconds since 1970`)
  return BigInt(milliseconds) * 1000n
}

/** A date alone is of UTC anyway. */
const hasZone = (text: string) => !text.includes('T') || /(?:Z|[+-]\d\d:?\d\d)$/i.test(text)
