/** Puts on Silver's list what Bronze holds and neither Silver nor the dead letters have. */
import type { Exchange } from '../../domain/exchanges.ts'
import type { BronzeObject } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { listPending, producePending } from '../../domain/pending.ts'
import type { Ports, QuerySession } from '../../domain/ports.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import { copyDataFile } from '../../iceberg/data-file.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { readLive } from './live.ts'
import { LINEAGE, localPaths } from './source.ts'

/**
 * Silver reads whole objects, so the missing rows of larger files, and of files with other rows, get their own objects.
 */
const ROWS_PER_OBJECT = 50_000

export async function sendMissing(ports: Ports, session: QuerySession, exchange: Exchange): Promise<string[]> {
  // Bronze is read before the list, the list before Silver: a record of Bronze is then on the list, in Silver, or
  // missing.
  const bronze = await readLive(ports, bronzeTable(exchange))
  const consumer = consumers.silver(exchange.name)
  const listed = new Set((await listPending(ports, consumer)).map(item => item.id))
  const silver = await readLive(ports, silverTable(exchange))
  const dlq = await readLive(ports, DLQ_TABLE)
  const rowsOf = async (files: Iterable<DataFile>, table: typeof DLQ_TABLE) =>
    tableRows(table, [...(await localPaths(ports, files)).values()])
  await session.run(`CREATE OR REPLACE TEMP TABLE outcomes AS
    SELECT ${LINEAGE} FROM ${await rowsOf(silver.files.values(), silver.definition)} UNION ALL
    SELECT ${LINEAGE} FROM ${await rowsOf(dlq.files.values(), DLQ_TABLE)} WHERE exchange = ${sqlText(exchange.code)}`)
  const done: string[] = []
  for (const file of bronze.files.values()) {
    if (listed.has(file.key)) continue
    const path = await ports.store.localFile(file.key)
    const missing = `SELECT * FROM ${tableRows(bronze.definition, [path])}
      WHERE (topic_epoch, "partition", "offset") NOT IN (SELECT (${LINEAGE}) FROM outcomes)`
    const [{ rows }] = await session.run(`SELECT count(*) AS rows FROM (${missing})`)
    if (Number(rows) === 0) continue
    const whole = Number(rows) === file.records && file.records <= ROWS_PER_OBJECT
    const objects = whole ? [file] : await copies(ports, session, exchange, file, missing, Number(rows))
    for (const { key, bytes, records } of objects) {
      const object: BronzeObject = { bytes, records }
      await ports.state.transact([await producePending(ports, consumer, object, key)], ports.ids.uuid())
    }
    done.push(`${rows} records of ${file.key} go through Silver again`)
  }
  return done
}

async function copies(
  ports: Ports,
  session: QuerySession,
  exchange: Exchange,
  { partition }: DataFile,
  missing: string,
  rows: number,
): Promise<DataFile[]> {
  await session.run(`CREATE OR REPLACE TEMP TABLE missing AS ${missing}`)
  const files: DataFile[] = []
  for (let at = 0; at < rows; at += ROWS_PER_OBJECT) {
    const some = `SELECT * FROM missing WHERE rowid >= ${at} AND rowid < ${at + ROWS_PER_OBJECT}`
    files.push(await copyDataFile(ports, session, bronzeTable(exchange), partition, some))
  }
  return files
}
