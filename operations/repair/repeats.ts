/**
 * Takes out rows that are in a table more than once: work that was done again after an older backup of the state store was
 * restored. One row of each stays.
 */
import type { Exchange } from '../../domain/exchanges.ts'
import type { Ports, QuerySession, Write } from '../../domain/ports.ts'
import { commit } from '../../domain/protocol.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import type { RecordStream } from '../../domain/streams.ts'
import { DLQ_TABLE, silverTable, type TableDefinition } from '../../domain/tables.ts'
import { copyDataFile } from '../../iceberg/data-file.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { handOver } from './lists.ts'
import { type LiveTable, readLive, replaceFiles } from './live.ts'
import { LINEAGE, localPaths } from './source.ts'

/** Rows that are to be there once in all sources together. */
interface Source {
  readonly table: TableDefinition
  /** Columns that are equal in repeats of one row: as many in each source. */
  readonly identity: string
  /** Which of the table's rows count. */
  readonly condition?: string
}

/** Each record of the stream is in its Bronze table once. */
export function dropRepeatedRecords(ports: Ports, session: QuerySession, { table }: RecordStream): Promise<string[]> {
  return dropRepeats(ports, session, [{ table, identity: 'topic, topic_epoch, "partition", "offset"' }])
}

/** Each record of Bronze has one outcome, in Silver or among the dead letters. */
export function dropRepeatedOutcomes(ports: Ports, session: QuerySession, exchange: Exchange): Promise<string[]> {
  const condition = `exchange = ${sqlText(exchange.code)}`
  return dropRepeats(
    ports,
    session,
    [
      { table: silverTable(exchange), identity: LINEAGE },
      { table: DLQ_TABLE, identity: LINEAGE, condition },
    ],
    exchange,
  )
}

/** `exchange`: whose Silver's files may wait for Gold. */
function dropRepeats(
  ports: Ports,
  session: QuerySession,
  sources: readonly Source[],
  exchange?: Exchange,
): Promise<string[]> {
  return commit(ports, async () => {
    const writes: Write[] = []
    const done: string[] = []
    const lives: { place: number; live: LiveTable; paths: Map<string, string>; rows: string }[] = []
    for (const [place, { table, identity, condition = 'true' }] of sources.entries()) {
      const live = await readLive(ports, table)
      if (live.files.size === 0) continue
      const paths = await localPaths(ports, live.files.values())
      const files = tableRows(table, [...paths.values()], ['filename', 'file_row_number'])
      const rows = `SELECT ${identity}, ${place} AS place, filename, file_row_number FROM ${files} WHERE ${condition}`
      lives.push({ place, live, paths, rows })
    }
    if (lives.length === 0) return { writes, result: done }
    const { identity } = sources[0]
    await session.run(`CREATE OR REPLACE TEMP TABLE repeats AS SELECT place, filename, file_row_number FROM
      (SELECT *, row_number() OVER (PARTITION BY ${identity} ORDER BY place, filename, file_row_number) AS copy
        FROM (${lives.map(({ rows }) => rows).join(' UNION ALL ')})) WHERE copy > 1`)
    for (const { place, live, paths } of lives) {
      const { remove, kept, rows } = await withoutRepeats(ports, session, live, paths, place)
      if (rows === 0) continue
      writes.push(...(await replaceFiles(ports, live, remove, kept)))
      if (exchange) writes.push(...(await handOver(ports, exchange, remove, kept)))
      done.push(`${rows} rows of ${live.definition.name} were there again and are gone`)
    }
    return { writes, result: done }
  })
}

/** Files of the table that hold repeats, and their other rows in files of their own. */
async function withoutRepeats(
  ports: Ports,
  session: QuerySession,
  live: LiveTable,
  paths: ReadonlyMap<string, string>,
  place: number,
): Promise<{ remove: Set<string>; kept: DataFile[]; rows: number }> {
  const touched = await session.run(
    `SELECT filename, count(*) AS rows FROM repeats WHERE place = ${place} GROUP BY filename`,
  )
  const repeats = new Map(touched.map(row => [String(row.filename), Number(row.rows)]))
  const remove = new Set<string>()
  const kept: DataFile[] = []
  let rows = 0
  for (const [key, file] of live.files) {
    const path = paths.get(key) as string
    const gone = repeats.get(path)
    if (gone === undefined) continue
    remove.add(key)
    rows += gone
    if (gone === file.records) continue
    const others = `SELECT * EXCLUDE (file_row_number) FROM ${tableRows(live.definition, [path], ['file_row_number'])}
      WHERE file_row_number NOT IN
        (SELECT file_row_number FROM repeats WHERE place = ${place} AND filename = ${sqlText(path)})`
    kept.push(await copyDataFile(ports, session, live.definition, file.partition, others))
  }
  return { remove, kept, rows }
}
