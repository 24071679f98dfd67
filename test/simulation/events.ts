/** Batches of an event source, cut otherwise. */
import type { KafkaEvent, KafkaEventRecord } from '../../domain/events.ts'

/** The same records in this many events, each with a part of every partition, in order. */
export function splitEvent(event: KafkaEvent, parts: number): KafkaEvent[] {
  return Array.from({ length: parts }, (_, part) => {
    const records: Record<string, readonly KafkaEventRecord[]> = {}
    for (const [partition, all] of Object.entries(event.records)) {
      const size = Math.ceil(all.length / parts)
      const some = all.slice(part * size, (part + 1) * size)
      if (some.length > 0) records[partition] = some
    }
    return { ...event, records }
  }).filter(({ records }) => Object.keys(records).length > 0)
}
