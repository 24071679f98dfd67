/**
 * Takes rows through Silver's own code again: new files of valid trades and of dead letters, which no reader sees yet.
 */
import { readFileSync } from 'node:fs'
import type { Exchange } from '../../domain/exchanges.ts'
import type { Ports, QuerySession } from '../../domain/ports.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import { dayOfMs } from '../../domain/time.ts'
import { createObjectDecoder } from '../../functions/silver/decode.ts'
import { cachedSchemas } from '../../functions/silver/schemas.ts'
import { copyDataFile, writeDataFile } from '../../iceberg/data-file.ts'
import type { DataFile } from '../../iceberg/types.ts'
import type { LiveTable } from './live.ts'
import { LINEAGE, localPaths, type Source } from './source.ts'

export interface Outcomes {
  readonly silver: readonly DataFile[]
  readonly dead: readonly DataFile[]
}

/** Decodes and validates all pieces as of `nowMs`. */
export async function decodeAgain(
  ports: Ports,
  session: QuerySession,
  exchange: Exchange,
  { pieces }: Source,
  nowMs: number,
): Promise<Outcomes> {
  const schemas = cachedSchemas(ports.registry, ports.clock)
  const nowMicros = BigInt(nowMs) * 1000n
  const silver: DataFile[] = []
  const dead: DataFile[] = []
  for (const piece of pieces) {
    const path = ports.scratch.path(`${ports.ids.uuid()}.parquet`)
    try {
      await session.run(`COPY (${piece}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION uncompressed)`)
      const decoder = createObjectDecoder(exchange.code, schemas)
      await decoder.add(path, readFileSync(path))
      const { decoded } = decoder
      for (const { day, batch } of decoded.silver.finish(nowMicros))
        silver.push(await writeDataFile(ports, silverTable(exchange), { exchange_date_day: day }, batch))
      if (decoded.dead.rows > 0) {
        const batch = decoded.dead.finish(bronzeTable(exchange).name, exchange.code, nowMicros)
        dead.push(await writeDataFile(ports, DLQ_TABLE, { dlq_date_day: dayOfMs(nowMs) }, batch))
      }
      decoder.release()
    } finally {
      ports.scratch.remove(path)
    }
  }
  return { silver, dead }
}

/**
 * Leaves out of `source` and of the new dead letters every record whose verdict did not change, so that redriving
 * twice changes nothing. Gives the new files of dead letters whose reason changed.
 */
export async function withoutUnchanged(
  ports: Ports,
  session: QuerySession,
  { silver, dead }: Outcomes,
): Promise<Outcomes> {
  if (dead.length === 0) return { silver, dead }
  const paths = [...(await localPaths(ports, dead)).values()]
  await session.run(`CREATE OR REPLACE TEMP TABLE unchanged AS SELECT ${LINEAGE} FROM source
    SEMI JOIN ${tableRows(DLQ_TABLE, paths)} AS again USING (${LINEAGE}, error_type, error_reason)`)
  await session.run(`DELETE FROM source WHERE (${LINEAGE}) IN (SELECT (${LINEAGE}) FROM unchanged)`)
  const changed = `SELECT * FROM ${tableRows(DLQ_TABLE, paths)} ANTI JOIN unchanged USING (${LINEAGE})`
  const [{ rows }] = await session.run(`SELECT count(*) AS rows FROM (${changed})`)
  if (Number(rows) === 0) return { silver, dead: [] }
  return { silver, dead: [await copyDataFile(ports, session, DLQ_TABLE, dead[0].partition, changed)] }
}

export interface Replaced {
  /** Keys of files that hold rows of `source`. */
  readonly remove: ReadonlySet<string>
  /** Their other rows, in files of their own. */
  readonly kept: readonly DataFile[]
}

/** Which of the files hold rows of `source` (that meet `condition`), and what else they hold. */
export async function withoutSource(
  ports: Ports,
  session: QuerySession,
  live: LiveTable,
  files: readonly DataFile[],
  condition = 'true',
): Promise<Replaced> {
  if (files.length === 0) return { remove: new Set(), kept: [] }
  const paths = await localPaths(ports, files)
  const touched = await session.run(`SELECT filename, count(*) AS rows
    FROM ${tableRows(live.definition, [...paths.values()], ['filename'])} AS old
    SEMI JOIN source USING (${LINEAGE}) WHERE ${condition} GROUP BY filename`)
  const rowsOf = new Map(touched.map(row => [String(row.filename), Number(row.rows)]))
  const remove = new Set<string>()
  const kept: DataFile[] = []
  for (const file of files) {
    const path = paths.get(file.key) as string
    const rows = rowsOf.get(path)
    if (rows === undefined) continue
    remove.add(file.key)
    if (rows === file.records) continue
    const others = `SELECT * FROM ${tableRows(live.definition, [path])} AS old
      WHERE NOT (${condition} AND (${LINEAGE}) IN (SELECT (${LINEAGE}) FROM source))`
    kept.push(await copyDataFile(ports, session, live.definition, file.partition, others))
  }
  return { remove, kept }
}
