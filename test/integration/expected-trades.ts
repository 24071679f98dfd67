/**
 * Prints, as CSV, the trades that Gold must hold: `SEED RATE START DATA`. Of the lake it takes the end offsets of its topics and
 * nothing else; the trades come of the market's seed.
 */
import { join } from 'node:path'
import { sqliteTopicLog } from '../../adapters/sqlite-topic-log.ts'
import { formatDecimal } from '../../domain/decimal.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { topicName } from '../../domain/names.ts'
import { expectedTrades } from '../../feeds/market.ts'

const [seed, rate, start, data] = process.argv.slice(2)
const topics = sqliteTopicLog(join(data, 'topics.sqlite'), { readOnly: true })
const lines: string[] = []
for (const exchange of EXCHANGES) {
  const options = {
    seed: Number(seed),
    ratePerSecond: Number(rate),
    startMicros: BigInt(Date.parse(start)) * 1000n,
    exchange,
    partitions: exchange.partitions,
  }
  for (const trade of expectedTrades(options, await topics.ends(topicName(exchange.name))).values()) {
    const { messageId, exchange: code, symbol, timestamp, price, quantity, side } = trade
    lines.push([messageId, code, symbol, timestamp, formatDecimal(price), formatDecimal(quantity), side].join(','))
  }
}
topics.close()
process.stdout.write(['message_id,exchange,symbol,micros,price,quantity,side', ...lines.sort(), ''].join('\n'))
