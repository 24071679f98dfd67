/** Makes one file of several: the rows of all of them, in the table's order. Memory is the engine's, which spills to disk. */
import type { Exchange } from '../../domain/exchanges.ts'
import { dataFileKey, joinedFileKey } from '../../domain/names.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { Ports, QuerySession } from '../../domain/ports.ts'
import { sqlName, tableRows } from '../../domain/sql.ts'
import { bronzeTable, GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { SAME_TRADE_MICROS } from '../../domain/trade.ts'
import { copyDataFile } from '../../iceberg/data-file.ts'
import type { DataFile } from '../../iceberg/types.ts'
import type { Join } from './plan.ts'

/** Local copies fetched at the same time. */
const FETCHES_AT_ONCE = 32

export interface Rewritten {
  readonly file: DataFile
  /** Gold's trades that have the message_id of another one over a second apart. */
  readonly conflicts: number
}

/** Writes the joined file; it counts for nothing until a commit puts it in the place of the others. */
export async function rewrite(
  ports: Ports,
  table: TableDefinition,
  { partition, files }: Join,
  exchanges: readonly Exchange[],
): Promise<Rewritten> {
  const used: string[] = []
  const session = await ports.engine.session()
  try {
    const paths: string[] = []
    for (const some of piecesOf(files, FETCHES_AT_ONCE)) {
      const keys = some.map(file => file.key)
      const fetched = await Promise.allSettled(keys.map(key => ports.store.localFile(key)))
      used.push(...keys.filter((_, i) => fetched[i].status === 'fulfilled'))
      for (const result of fetched) {
        if (result.status === 'rejected') throw result.reason
        paths.push(result.value)
      }
    }
    const columns = table.columns.map(column => sqlName(column.name)).join(', ')
    const order = table.upkeep.order.map(sqlName).join(', ')
    // Into a table first: a COPY that has to sort writes lists and maps several times slower (docs/adr/0004).
    await session.run(`CREATE TEMP TABLE joined AS SELECT ${columns} FROM ${tableRows(table, paths)} ORDER BY ${order}`)
    const conflicts = table.name === GOLD_TABLE.name ? await countConflicts(session) : 0
    const watched = exchanges.some(exchange => bronzeTable(exchange).name === table.name)
    const keyFor = watched ? joinedFileKey : dataFileKey
    const file = await copyDataFile(ports, session, table, partition.values, 'SELECT * FROM joined', keyFor)
    return { file, conflicts }
  } finally {
    session.close()
    await ports.store.releaseLocal(used)
  }
}

/** A hash of each id first: the ids themselves would take several times the memory. */
async function countConflicts(session: QuerySession): Promise<number> {
  const [{ conflicts }] = await session.run(`SELECT count(*) AS conflicts FROM
    (SELECT epoch_us("timestamp") - lag(epoch_us("timestamp")) OVER (PARTITION BY message_id ORDER BY "timestamp") AS apart
      FROM joined WHERE hash(message_id) IN (SELECT hash(message_id) FROM joined GROUP BY 1 HAVING count(*) > 1))
    WHERE apart > ${SAME_TRADE_MICROS}`)
  return Number(conflicts)
}
