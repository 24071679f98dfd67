/** A Binance WebSocket frame as exact trades, and each trade as the Kafka value that a lake takes. */
import { DECODERS } from 'tradelake/decoders'
import { encodeTrade, formatDecimal } from 'tradelake/wire'

const frame = `{"e":"trade","E":1700000000123,"s":"BTCUSDT","t":3012345,"p":"36512.34000000","q":"0.01250000",
  "T":1700000000120,"m":true,"M":true}`
const receivedAt = 1_700_000_000_150_000n

for (const trade of DECODERS.binance.map(frame, receivedAt)) {
  console.log(
    `${trade.tradeId} ${trade.symbol} ${trade.side} ${formatDecimal(trade.quantity)} at ${formatDecimal(trade.price)}`,
  )
  console.log(`message_id ${trade.messageId}`)
  const schemaId = 7
  const value = encodeTrade(trade, schemaId)
  console.log(`${value.length} bytes, framed for schema ${Buffer.from(value).readUInt32BE(1)}`)
}
