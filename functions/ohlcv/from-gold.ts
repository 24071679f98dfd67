/** Candles straight from Gold's trades: each file that may hold some is read once, a row group at a time. */
import type { RowGroup } from 'hyparquet'
import { createCandleFold, FOLDED_COLUMNS } from '../../domain/candle-fold.ts'
import type { Candle } from '../../domain/candles.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { Ports } from '../../domain/ports.ts'
import { rangesAround } from '../../domain/ranges.ts'
import type { Share } from '../../domain/shares.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { readGroups } from '../../iceberg/parquet/batch.ts'
import { mayHold, openRecentGoldFile, planGold } from '../../tables/gold.ts'

const PLAIN_COLUMNS = new Set(['trade_id'])
const FETCHES_AT_ONCE = 8

/** A share's candles of these windows (their starts, microseconds since 1970); no candle where Gold has no trade. */
export async function candlesFromGold(
  ports: Pick<Ports, 'store'>,
  gold: LoadedTable,
  windows: ReadonlySet<bigint>,
  length: bigint,
  share: Share,
): Promise<Candle[]> {
  const ranges = rangesAround(windows, length)
  const planned = await Promise.all(ranges.map(range => planGold(ports, gold, range, { exchange: share.only })))
  // Ranges near each other share files.
  const files = new Map(planned.flat().map(file => [file.key, file]))
  const fold = createCandleFold(windows, length)
  const keep = (group: RowGroup) => ranges.some(range => mayHold(group, range))
  for (const some of piecesOf([...files.values()], FETCHES_AT_ONCE))
    for (const source of await Promise.all(some.map(file => openRecentGoldFile(ports, file))))
      for await (const batch of readGroups(GOLD_TABLE, source, { columns: FOLDED_COLUMNS, plain: PLAIN_COLUMNS, keep }))
        fold.add(batch)
  // A file may hold those of other exchanges besides.
  return fold.finish().filter(({ exchange }) => share.has(exchange))
}
