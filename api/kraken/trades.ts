/** Trades by time. Source: Kraken "Get Recent Trades". */
import type { ReadAt } from '../market/market-candles.ts'
import { numberOf, tradesOfMarket } from '../market/market-trades.ts'
import type { TradeRow } from '../market/trades.ts'
import { priceText, quantityText } from './amounts.ts'
import { pairsNamed } from './markets.ts'
import { invalidArguments } from './refusals.ts'

const MOST = 1000
const SECONDS_DIGITS = 11
/** Nanoseconds of a microsecond. */
const PLACES = 1000n

/**
 * The first trades from `since` on, or the last. Kraken's times are nanoseconds, the lake's microseconds: the last three digits of
 * `last` say how many trades of its microsecond were given, so that none is left out or given twice.
 * @throws Refusal; Corrupt
 */
export async function tradesText(at: ReadAt, query: URLSearchParams): Promise<string> {
  const [since, count] = [query.get('since') || undefined, Number(query.get('count') || MOST)]
  if (!Number.isInteger(count) || count < 1 || count > MOST) throw invalidArguments('count')
  if (since !== undefined && !/^\d{1,19}$/.test(since)) throw invalidArguments('since')
  if (!query.get('pair')) throw invalidArguments('pair')
  const [{ market, names }] = await pairsNamed(at, query.get('pair') ?? undefined)
  const trades = await tradesOfMarket(at, market)
  // As clients send it: seconds, or the nanoseconds of an answer.
  const nanos = BigInt(since ?? 0) * (since !== undefined && since.length <= SECONDS_DIGITS ? 1_000_000_000n : 1n)
  const [from, given] = [nanos / PLACES, Number(nanos % PLACES)]
  const found = since === undefined ? await trades.last({}, count) : await trades.first({ from }, count + given)
  const known = since === undefined ? 0 : found.filter(({ time }, place) => time === from && place < given).length
  const page = found.slice(known, known + count)
  const end = page.at(-1)
  const until = end && page.filter(({ time }) => time === end.time).length + (end.time === from ? known : 0)
  const last =
    end === undefined ? (since === undefined ? at.now * PLACES : nanos) : end.time * PLACES + BigInt(until ?? 0)
  return `{${JSON.stringify(names.name)}:[${page.map(rowText).join(',')}],"last":"${last}"}`
}

/** Price, volume, seconds, taker's side, order type and miscellany, which the lake does not have, and number. */
function rowText(trade: TradeRow): string {
  const { price, quantity, time, side } = trade
  const seconds = `${time / 1_000_000n}.${String(time % 1_000_000n).padStart(6, '0')}`
  return `["${priceText(price)}","${quantityText(quantity)}",${seconds},"${side === 'BUY' ? 'b' : 's'}","","",${numberOf(trade) ?? 0}]`
}
