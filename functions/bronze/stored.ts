/** Finds out what Bronze holds at given offsets: the rare path, taken when a batch comes again. */

import type { KafkaEventRecord } from '../../domain/events.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { consumers } from '../../domain/names.ts'
import { listPending } from '../../domain/pending.ts'
import type { Ports } from '../../domain/ports.ts'
import { bronzeTable } from '../../domain/tables.ts'
import { findTable } from '../../iceberg/catalog.ts'
import { readColumns } from '../../iceberg/parquet-read.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { AddedFiles } from '../../iceberg/types.ts'
import type { LookUp, Stored } from './accept.ts'
import { clampedMillis } from './columns.ts'

const COLUMNS = ['raw_bytes', 'topic', 'partition', 'offset', 'topic_epoch', 'kafka_timestamp']
const ALL = 100_000

/** A lookup over the pending files of the exchange's Bronze table and the files of its current snapshot. */
export function bronzeLookUp(ports: Ports, exchange: Exchange): LookUp {
  const table = bronzeTable(exchange)
  return async (topic, partition, epoch, records) => {
    const answers: Stored[] = records.map(() => 'nothing')
    // A batch may hold an offset twice.
    const wanted = Map.groupBy(records.keys(), i => records[i].offset)
    for (const key of await candidateFiles(ports, table.name, partition, records)) {
      const { rows, values } = await readColumns(key, await ports.store.get(key), COLUMNS)
      for (let row = 0; row < rows; row++) {
        if (values.partition[row] !== partition || values.topic_epoch[row] !== epoch || values.topic[row] !== topic)
          continue
        for (const index of wanted.get(Number(values.offset[row])) ?? []) {
          const same =
            BigInt(clampedMillis(records[index].timestamp)) * 1000n === values.kafka_timestamp[row] &&
            sameValue(values.raw_bytes[row] as Uint8Array | null, records[index].value)
          answers[index] = same ? 'same' : 'other'
        }
      }
    }
    return answers
  }
}

/** Pending files are read before the table: a file moves from the one to the other, so none is missed. */
async function candidateFiles(
  ports: Ports,
  table: string,
  partition: number,
  records: readonly KafkaEventRecord[],
): Promise<Set<string>> {
  const offsets = records.map(record => record.offset)
  const range = { lower: BigInt(Math.min(...offsets)), upper: BigInt(Math.max(...offsets)) }
  const pending = await listPending<AddedFiles>(ports, consumers.table(table), ALL)
  const keys = new Set(pending.flatMap(item => item.payload.files.map(file => file.key)))
  const loaded = await findTable(ports, table)
  if (loaded) {
    const where = [
      { column: 'partition', ranges: [{ lower: partition, upper: partition }] },
      { column: 'offset', ranges: [range] },
    ]
    for (const file of await planFiles(ports, loaded, { where })) keys.add(file.key)
  }
  return keys
}

function sameValue(stored: Uint8Array | null, base64: string | null | undefined): boolean {
  if (stored === null || base64 === null || base64 === undefined) return stored === null && (base64 ?? null) === null
  return Buffer.from(base64, 'base64').equals(stored)
}
