/** Records of a market as messages for a Kafka producer. */
import type { MarketRecord } from './market.ts'

export function messagesOf(topic: string, records: readonly MarketRecord[]) {
  return records.map(({ partition, key, value, timestamp }) => ({
    topic,
    partition,
    timestamp: BigInt(timestamp),
    ...(key && { key: Buffer.from(key) }),
    ...(value && { value: Buffer.from(value) }),
  }))
}
