/** Which trades of a batch Gold has already, or an earlier row of the batch: for who adds them to Gold, and for who reads them before. */
import type { RowGroup } from 'hyparquet'
import { type Batch, numbersOf } from '../domain/columns.ts'
import type { Ports } from '../domain/ports.ts'
import { rangesAround, type TimeRange } from '../domain/ranges.ts'
import { findRepeats, KEY_COLUMNS } from '../domain/repeats.ts'
import { emptied, newRoom, type Room } from '../domain/room.ts'
import { sparesOf } from '../domain/spares.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { MINUTE_MICROS } from '../domain/time.ts'
import { SAME_TRADE_MICROS } from '../domain/trade.ts'
import { readGroups } from '../iceberg/parquet/batch.ts'
import type { DataFile } from '../iceberg/types.ts'
import { mayHold, openRecentGoldFile, SMALL_BYTES } from './gold.ts'

/** Gold's files that may hold rows of a range. */
export type StoredGold = (range: TimeRange) => Promise<readonly Pick<DataFile, 'key' | 'bytes'>[]>

const PLAIN_COLUMNS = new Set(['message_id'])

/** Where a row group's keys lie while they are looked up. */
const spareRooms = sparesOf<Room>(1)

/** `starts`: where the message ids begin. A byte for each row: 1 where Gold or an earlier row has the trade already. */
export async function findRepeated(
  ports: Pick<Ports, 'store'>,
  stored: StoredGold,
  batch: Batch,
  starts: Int32Array,
  minutes: Float64Array,
): Promise<Uint8Array> {
  const repeats = findRepeats(batch, starts)
  const room = spareRooms.take() ?? newRoom()
  const distinct = new Set<number>()
  for (let row = 0; row < minutes.length; row++) if (minutes[row] !== minutes[row - 1]) distinct.add(minutes[row])
  const windows = [...distinct].map(minute => BigInt(minute) * MINUTE_MICROS)
  for (const range of rangesAround(windows, MINUTE_MICROS, SAME_TRADE_MICROS))
    for (const file of await stored(range)) {
      // A few columns of a large file are asked for alone.
      const source = await openRecentGoldFile(ports, file, SMALL_BYTES)
      const keep = (group: RowGroup) => mayHold(group, range)
      const options = { columns: KEY_COLUMNS, plain: PLAIN_COLUMNS, keep, room: emptied(room) }
      for await (const gold of readGroups(GOLD_TABLE, source, options)) {
        repeats.against(gold)
        emptied(room)
      }
    }
  spareRooms.give(room)
  return repeats.finish()
}

/** Each row's minute since 1970. */
export function minutesOf(timestamps: BigInt64Array): Float64Array {
  const minutes = numbersOf(timestamps)
  for (let row = 0; row < minutes.length; row++)
    minutes[row] =
      minutes[row] < Number.MAX_SAFE_INTEGER
        ? Math.floor(minutes[row] / Number(MINUTE_MICROS))
        : Number(timestamps[row] / MINUTE_MICROS)
  return minutes
}
