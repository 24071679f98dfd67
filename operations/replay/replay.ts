/**
 * Replay: records of Parquet files with Bronze's columns go back into their topics, at their own offsets and times.
 * All are checked before the first is written; then a crash in the middle is harmless, because a second run finds equal
 * records in place and leaves them.
 */
import { topicName } from '../../domain/names.ts'
import type { PlacedRecord, QuerySession } from '../../domain/ports.ts'
import { type Progress, UNTOLD } from '../../domain/progress.ts'
import type { Lake } from '../../embedded/lake.ts'
import { checkRecords } from './check.ts'
import { openInput, placedRecord, RECORD_COLUMNS, requireRecords, rowsOf, selectRecords } from './input.ts'

/** One step of the topic log takes at most this many records, or slightly more than this many bytes. */
const RECORDS_PER_STEP = 20_000
const BYTES_PER_STEP = 16_000_000

export interface ReplayResult {
  readonly records: number
  /** Those that were new. */
  readonly placed: number
}

/**
 * Publishes the files' records. Records that Bronze already has, or that already wait, are left as they are.
 * @throws BadInput where a file is not what it should be or a record's offset is taken by another; nothing is written
 * then
 */
export async function replayFiles(
  lake: Lake,
  names: readonly string[],
  progress: Progress = UNTOLD,
): Promise<ReplayResult> {
  const session = await lake.ports.engine.session()
  try {
    progress.begin('Checking the records', 'record')
    const files = await openInput(session, names)
    const partitions = await requireRecords(lake, session, files)
    const records = await checkRecords(lake, session, files)
    for (const [topic, count] of partitions) await lake.topics.createTopic(topic, count)
    const before = await waitingRecords(lake)
    progress.begin('Placing the records', 'record', records)
    await placeAll(lake, session, selectRecords(rowsOf(files), RECORD_COLUMNS), progress)
    return { records, placed: (await waitingRecords(lake)) - before }
  } finally {
    session.close()
  }
}

async function placeAll(lake: Lake, session: QuerySession, select: string, progress: Progress): Promise<void> {
  const topics = lake.exchanges.map(exchange => topicName(exchange.name))
  let step = new Map<number, PlacedRecord[]>()
  let records = 0
  let bytes = 0
  const flush = async () => {
    for (const [number, some] of step) await lake.topics.place(topics[number], some)
    progress.add(records)
    step = new Map()
    records = 0
    bytes = 0
  }
  for await (const rows of session.stream(`${select} ANTI JOIN held USING (topic_number, part, off)`)) {
    for (const row of rows) {
      const record = placedRecord(row)
      const number = Number(row.topic_number)
      const some = step.get(number)
      if (some) some.push(record)
      else step.set(number, [record])
      records++
      bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0)
    }
    if (records >= RECORDS_PER_STEP || bytes >= BYTES_PER_STEP) await flush()
  }
  await flush()
}

async function waitingRecords(lake: Lake): Promise<number> {
  let waiting = 0
  for (const { name } of lake.exchanges)
    for (const end of await lake.topics.ends(topicName(name))) waiting += end.waiting
  return waiting
}
