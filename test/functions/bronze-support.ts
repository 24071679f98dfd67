/** What the tests of Bronze share: batches of a partition's records, and what Bronze then holds. */
import { readCheckpoint } from '../../domain/checkpoint.ts'
import { topicName } from '../../domain/names.ts'
import { tradeStream } from '../../domain/streams.ts'
import { bronzeTable } from '../../domain/tables.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { BINANCE, kafkaEvent, type MemoryLake, rowsOf, type TestRecord } from './support.ts'

export const TOPIC = topicName('binance')
export const table = bronzeTable(BINANCE)
export const text = (value: string) => Buffer.from(value)

export const put = (lake: MemoryLake, records: readonly TestRecord[]) =>
  ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
export const run = (partition: number, from: number, to: number, word = 'value'): TestRecord[] =>
  Array.from({ length: to - from }, (_, i) => ({
    partition,
    offset: from + i,
    value: text(`${word} ${partition}/${from + i}`),
  }))
export const checkpoint = (lake: MemoryLake, partition = 0) => readCheckpoint(lake.ports.state, TOPIC, partition)

/** `epoch/partition/offset value` of every row, sorted. */
export async function stored(lake: MemoryLake): Promise<string[]> {
  const rows = await rowsOf(lake, table, ['topic_epoch', 'partition', 'offset', 'raw_bytes'])
  return rows
    .map(row => `${row.topic_epoch}/${row.partition}/${row.offset} ${valueText(row.raw_bytes as Uint8Array | null)}`)
    .sort()
}
export const valueText = (value: Uint8Array | null) => (value === null ? 'null' : Buffer.from(value).toString('hex'))
export const inEpoch = (records: readonly TestRecord[], epoch = 0) =>
  records.map(({ partition, offset, value }) => `${epoch}/${partition}/${offset} ${valueText(value)}`).sort()
