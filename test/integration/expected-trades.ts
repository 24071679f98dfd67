/**
 * Prints, as CSV, the trades that Gold must hold: `SEED RATE START DATA`. Of the lake it takes how far each symbol's feed was and
 * nothing else; the trades come of the market's seed.
 */
import { formatDecimal } from '../../domain/decimal.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { openLakeReadOnly } from '../../embedded/lake.ts'
import { lakePositions } from '../../embedded/lake-sink.ts'
import { marketSimulator } from '../../embedded/market.ts'
import { numberOf } from '../feeds/support.ts'

const [seed, rate, start, data] = process.argv.slice(2)
const startMicros = BigInt(Date.parse(start)) * 1000n
const market = { number: 0, seed: Number(seed), ratePerSecond: Number(rate), startMicros }
const now = Date.now()
const simulator = marketSimulator(market, EXCHANGES, { now: () => now, steady: () => now, after: () => () => {} })
const lake = await openLakeReadOnly(data)
const lines: string[] = []
for (const exchange of simulator.exchanges) {
  const positions = await lakePositions(lake, exchange.name).load()
  const ends = new Map(positions.map(({ symbol, id }) => [symbol, id]))
  for (const trade of exchange.trades().obtainable) {
    const { messageId, exchange: code, symbol, timestamp, price, quantity, side } = trade
    if ((numberOf(trade) ?? Number.NaN) > (ends.get(symbol) ?? 0)) continue
    lines.push(
      [messageId, code, symbol, timestamp, formatDecimal(price, 10), formatDecimal(quantity, 8), side].join(','),
    )
  }
}
lake.close()
process.stdout.write(['message_id,exchange,symbol,micros,price,quantity,side', ...lines.sort(), ''].join('\n'))
