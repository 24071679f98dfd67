/** What a feed needs, from a lake: records go to its topics, positions into its state. */
import type { FeedPosition, MissingIds, Positions, RecordSink } from '../domain/feed-ports.ts'
import { statePartition } from '../domain/names.ts'
import { piecesOf } from '../domain/pieces.ts'
import { type Attribute, type LogRecord, MAX_TRANSACTION_WRITES, type Write } from '../domain/ports.ts'
import { recordStreams } from '../domain/streams.ts'
import { partitionOf } from '../feeds/partitioner.ts'
import type { Lake } from './lake.ts'

/** Appends to the lake's topics; `sent` gets each topic and how many records went to it. */
export function lakeSink(lake: Lake, sent: (topic: string, records: number) => void): RecordSink {
  const partitions = new Map(recordStreams(lake.exchanges).map(stream => [stream.topic, stream.partitions]))
  return {
    async send(records) {
      for (const [topic, some] of Map.groupBy(records, record => record.topic)) {
        const count = partitions.get(topic) ?? 1
        await lake.topics.append(
          topic,
          some.map(
            ({ key, value, timestamp }): LogRecord => ({ partition: partitionOf(key, count), key, value, timestamp }),
          ),
        )
        sent(topic, some.length)
      }
    },
  }
}

/** Positions of an exchange's feed among the lake's state. */
export function lakePositions(lake: Pick<Lake, 'ports'>, exchange: string): Positions {
  const { state, ids } = lake.ports
  const partition = statePartition.feed(exchange)
  return {
    async load() {
      const items = await state.query('state', partition)
      return items.map(
        ({ key, attributes }): FeedPosition => ({
          symbol: key.sort,
          id: Number(attributes.id),
          at: Number(attributes.at),
          ...(attributes.missing != null && { missing: idsOf(attributes.missing) }),
          ...(attributes.open != null && { open: idsOf(attributes.open) }),
        }),
      )
    },
    async save(positions) {
      const writes = positions.map(
        ({ symbol, id, at, missing, open }): Write => ({
          kind: 'put',
          item: {
            key: { table: 'state', partition, sort: symbol },
            attributes: {
              ...{ id, at },
              ...(missing && { missing: JSON.stringify(missing) }),
              ...(open && { open: JSON.stringify(open) }),
            },
          },
        }),
      )
      for (const some of piecesOf(writes, MAX_TRANSACTION_WRITES)) await state.transact(some, ids.uuid())
    },
  }
}

function idsOf(text: Attribute): MissingIds[] {
  return JSON.parse(String(text))
}
