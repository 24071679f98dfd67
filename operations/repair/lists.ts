/** A rebuild's writes to the stages' lists: they take off what it has done itself, and add what it changed. */
import type { Exchange } from '../../domain/exchanges.ts'
import type { BronzeObject, ChangedMinutes, SilverFile, SilverFiles } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { consumePending, listPending, producePending } from '../../domain/pending.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import type { DataFile } from '../../iceberg/types.ts'
import type { GoldChange } from './gold.ts'
import { type LiveTable, mayHold } from './live.ts'

/** Takes the objects of the range off Silver's list: their records are among the rebuilt ones. */
export async function takePendingObjects(
  ports: Ports,
  exchange: Exchange,
  bronze: LiveTable,
  range: TimeRange,
): Promise<Write[]> {
  const consumer = consumers.silver(exchange.name)
  const items = await listPending<BronzeObject>(ports, consumer)
  const inRange = items.filter(({ id }) => {
    const file = bronze.files.get(id)
    return file !== undefined && mayHold(bronze.definition, 'ingestion_timestamp', file, range)
  })
  return inRange.map(consumePending)
}

/** Writes that take removed files of an exchange off Gold's list; if one was on it, the files in their place go on it. */
export async function handOver(
  ports: Pick<Ports, 'state' | 'store' | 'clock' | 'ids'>,
  exchange: Exchange,
  gone: ReadonlySet<string>,
  fresh: readonly DataFile[],
): Promise<Write[]> {
  const consumer = consumers.gold(exchange.name)
  const items = await listPending<SilverFiles>(ports, consumer)
  const touched = items.filter(item => item.payload.files.some(({ key }) => gone.has(key)))
  if (touched.length === 0) return []
  const others = touched.flatMap(item => item.payload.files).filter(({ key }) => !gone.has(key))
  const came = fresh.map(({ key, bytes, records, crc32 }): SilverFile => ({ key, bytes, records, crc32 }))
  const payload: SilverFiles = { files: [...others, ...came] }
  return [...touched.map(consumePending), await producePending(ports, consumer, payload)]
}

/** Gold's new snapshot, and for the candles the minutes that it changed; nothing where no minute changed. */
export async function goldWrites(
  ports: Ports,
  table: LoadedTable,
  { remove, add, minutes }: GoldChange,
): Promise<Write[]> {
  if (minutes.length === 0) return []
  const operation = remove.size > 0 ? 'overwrite' : 'append'
  const staged = await stageSnapshot(ports, { table, add, remove, operation })
  const changed: ChangedMinutes = { minutes }
  return [staged.write, await producePending(ports, consumers.candles(), changed)]
}
