/** A Binance WebSocket frame as exact trades, and each trade as the Kafka value that a lake takes. */
import { DECODERS } from 'tradelake/decoders'
import { encodeTrade, formatDecimal, PRICE_SCALE, QUANTITY_SCALE } from 'tradelake/wire'

const frame = `{"e":"trade","E":1700000000123,"s":"BTCUSDT","t":3012345,"p":"36512.34000000","q":"0.01250000",
  "T":1700000000120,"m":true,"M":true}`
const receivedAt = 1_700_000_000_150_000n

for (const trade of DECODERS.binance.map(frame, receivedAt)) {
  console.log(
    `${trade.tradeId} ${trade.symbol} ${trade.side} ${formatDecimal(trade.quantity, QUANTITY_SCALE)} at ${formatDecimal(trade.price, PRICE_SCALE)}`,
  )
  console.log(`message_id ${trade.messageId}`)
  // The registry's ids of TradeV2 and of TradeV2Wide, which few trades need.
  const value = encodeTrade(trade, { trade: 7, wide: 8 })
  console.log(`${value.length} bytes, framed for schema ${Buffer.from(value).readUInt32BE(1)}`)
}
