/**
 * Exact deduplication without state: a repeat of a trade has the same time to within a second, so it can only be among
 * Gold's rows of the batch's own minutes. What is found is a table of the Silver rows to leave out.
 */
import type { QuerySession } from '../../domain/ports.ts'
import type { GoldRows } from '../../iceberg/gold-scan.ts'

/** Two rows are one trade when their ids are equal and their times differ by at most this, microseconds. */
export const SAME_TRADE_MICROS = 1_000_000n

/** A Silver row's lineage names it. */
const ROW = ['exchange', 'topic_epoch', 'kafka_partition', 'kafka_offset'].join(', ')

/**
 * Fills the temporary table `repeats` with the rows of `batch` (a `read_parquet`) that are left out, and gives how many.
 * Of the same trade, Gold's row stays; within the batch, the one with the lowest lineage.
 */
export async function findRepeats(session: QuerySession, batch: string, gold: readonly GoldRows[]): Promise<number> {
  const near = (a: string, b: string) =>
    `abs(epoch_us(${a}."timestamp") - epoch_us(${b}."timestamp")) <= ${SAME_TRADE_MICROS}`
  const existing = gold.map(rows => rows.select('message_id, "timestamp"'))
  if (existing.length === 0) await session.run(`CREATE TEMP TABLE repeats AS SELECT ${ROW} FROM ${batch} LIMIT 0`)
  else
    await session.run(`CREATE TEMP TABLE repeats AS SELECT DISTINCT ${ROW} FROM ${batch} AS fresh
      JOIN (${existing.join(' UNION ALL ')}) AS stored ON fresh.message_id = stored.message_id AND ${near('fresh', 'stored')}`)
  await session.run(`CREATE TEMP TABLE twins AS SELECT message_id AS id, "timestamp", ${ROW} FROM ${batch}
    WHERE message_id IN (SELECT message_id FROM ${batch} GROUP BY 1 HAVING count(*) > 1)`)
  await session.run(`DELETE FROM twins WHERE (${ROW}) IN (SELECT (${ROW}) FROM repeats)`)
  // The first of an id stays and what is near it goes; what is left of the id, if anything, is another trade: again.
  for (;;) {
    const [{ left }] = await session.run('SELECT count(*) AS "left" FROM twins')
    if (BigInt(left as bigint) === 0n) break
    await session.run(`CREATE OR REPLACE TEMP TABLE firsts AS
      SELECT DISTINCT ON (id) * FROM twins ORDER BY id, exchange, topic_epoch, kafka_partition, kafka_offset`)
    const columns = ROW.split(', ')
    await session.run(`CREATE OR REPLACE TEMP TABLE near_firsts AS SELECT ${columns.map(name => `twins.${name}`).join(', ')} FROM twins
      JOIN firsts ON twins.id = firsts.id AND ${near('twins', 'firsts')}`)
    await session.run(
      `INSERT INTO repeats SELECT ${ROW} FROM near_firsts WHERE (${ROW}) NOT IN (SELECT (${ROW}) FROM firsts)`,
    )
    await session.run(`DELETE FROM twins WHERE (${ROW}) IN (SELECT (${ROW}) FROM near_firsts)`)
  }
  const [{ repeats }] = await session.run('SELECT count(*) AS repeats FROM repeats')
  return Number(repeats)
}

/** A condition that leaves the repeats out. */
export const WITHOUT_REPEATS = `(${ROW}) NOT IN (SELECT (${ROW}) FROM repeats)`
