/** Makes Silver's list what it should be: what Bronze holds and neither Silver nor the dead letters have. */
import type { Exchange } from '../../domain/exchanges.ts'
import type { BronzeObject } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { consumePending, listPending, producePending } from '../../domain/pending.ts'
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

/**
 * Takes objects off Silver's list that it has done: a list that was restored from a backup names such. What one of them still
 * lacks is sent by `sendMissing`.
 */
export async function takeDone(ports: Ports, session: QuerySession, exchange: Exchange): Promise<string[]> {
  const consumer = consumers.silver(exchange.name)
  const items = await listPending<BronzeObject>(ports, consumer)
  if (items.length === 0) return []
  await readOutcomes(ports, session, exchange)
  let taken = 0
  for (const item of items) {
    const rows = tableRows(bronzeTable(exchange), [await ports.store.localFile(item.id)])
    const [{ done }] = await session.run(`SELECT count(*) AS done FROM ${rows}
      WHERE (topic_epoch, "partition", "offset") IN (SELECT (${LINEAGE}) FROM outcomes)`)
    await ports.store.releaseLocal([item.id])
    if (Number(done) === 0) continue
    await ports.state.transact([consumePending(item)], ports.ids.uuid())
    taken++
  }
  return taken === 0 ? [] : [`${taken} objects that Silver had done are off the list of ${exchange.name}`]
}

/** Puts on Silver's list what is missing. */
export async function sendMissing(ports: Ports, session: QuerySession, exchange: Exchange): Promise<string[]> {
  // Bronze is read before the list, the list before Silver: a record of Bronze is then on the list, in Silver, or
  // missing.
  const bronze = await readLive(ports, bronzeTable(exchange))
  const consumer = consumers.silver(exchange.name)
  const listed = new Set((await listPending(ports, consumer)).map(item => item.id))
  await readOutcomes(ports, session, exchange)
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

/** Fills the table `outcomes` with the lineage of every record that Silver or the dead letters have. */
async function readOutcomes(ports: Ports, session: QuerySession, exchange: Exchange): Promise<void> {
  const silver = await readLive(ports, silverTable(exchange))
  const dlq = await readLive(ports, DLQ_TABLE)
  const rowsOf = async (files: Iterable<DataFile>, table: typeof DLQ_TABLE) =>
    tableRows(table, [...(await localPaths(ports, files)).values()])
  await session.run(`CREATE OR REPLACE TEMP TABLE outcomes AS
    SELECT ${LINEAGE} FROM ${await rowsOf(silver.files.values(), silver.definition)} UNION ALL
    SELECT ${LINEAGE} FROM ${await rowsOf(dlq.files.values(), DLQ_TABLE)} WHERE exchange = ${sqlText(exchange.code)}`)
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
