/** Law 2: every Bronze row is in exactly one of Silver and the dead-letter table, which has its bytes. */
import { sumOf } from '../../domain/counts.ts'
import { lostTimes } from '../../domain/losses.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { DLQ_TABLE } from '../../domain/tables.ts'
import { allKeptFrom, type Readings } from './readings.ts'
import { count, type Findings, offenders } from './report.ts'

const KEY = 'exchange, epoch, part, off'

/** `paths`: local paths by key. */
export async function checkSilver(
  session: QuerySession,
  readings: Readings,
  paths: ReadonlyMap<string, string>,
): Promise<Findings> {
  await session.run(`CREATE TEMP TABLE outcomes AS
    SELECT silver_rows.${KEY.replaceAll(', ', ', silver_rows.')}, silver_rows.ingested, silver_rows.file, false AS dead
    FROM silver_rows JOIN files ON files.number = silver_rows.file WHERE files.first
    UNION ALL SELECT ${KEY}, found, file, true FROM dlq_rows`)
  const exchange = exchangeNames(readings)
  const row = (of: string) =>
    `${exchange(`${of}.exchange`)} AS exchange, ${of}.epoch, ${of}.part AS "partition", ${of}.off AS "offset"`
  const silverKept = allKeptFrom([readings.dlq, ...readings.exchanges.map(({ silver }) => silver)])
  const bronzeKept = allKeptFrom(readings.exchanges.map(({ laterBronze }) => laterBronze))
  await session.run(`CREATE TEMP TABLE by_file AS
    SELECT files."key" AS file, count(*) AS rows, count(*) FILTER (o.dead = false) AS silver,
    count(*) FILTER (o.dead) AS dlq, count(*) FILTER (o.dead IS NULL) AS missing
    FROM bronze_rows AS b JOIN files ON files.number = b.file
    LEFT JOIN (SELECT ${KEY}, bool_and(dead) AS dead FROM outcomes GROUP BY ALL) AS o USING (${KEY})
    WHERE files.due AND b.ingested >= ${silverKept} GROUP BY ALL`)
  const violations = [
    ...(await offenders(
      session,
      'Bronze files do not add up',
      'SELECT * FROM by_file WHERE rows <> silver + dlq',
      'file',
    )),
    ...(await offenders(
      session,
      'Bronze rows are neither in Silver nor in the DLQ',
      `SELECT ${row('b')}, files."key" AS bronze_file FROM bronze_rows AS b JOIN files ON files.number = b.file
        ANTI JOIN outcomes USING (${KEY}) WHERE files.due AND b.ingested >= ${silverKept}`,
      'exchange, epoch, "partition", "offset"',
    )),
    ...(await offenders(
      session,
      'Bronze rows are more than once in Silver and the DLQ together',
      `SELECT ${row('outcomes')}, count(*) FILTER (NOT dead) AS silver, count(*) FILTER (dead) AS dlq
        FROM outcomes GROUP BY ${KEY} HAVING count(*) > 1`,
      'exchange, epoch, "partition", "offset"',
    )),
    // A dead letter has the time of its refusal, which may be long after Bronze took its record in: one before the first record
    // that Bronze still has may be of those that it dropped.
    ...(await offenders(
      session,
      'rows of Silver and the DLQ come from no Bronze row',
      `SELECT ${row('o')}, CASE WHEN o.dead THEN 'DLQ' ELSE 'Silver' END AS "table", f."key" AS file FROM outcomes AS o
        JOIN files AS f ON f.number = o.file
        ANTI JOIN (SELECT ${KEY} FROM bronze_rows JOIN files AS s ON s.number = bronze_rows.file
          WHERE s.later) USING (${KEY})
        LEFT JOIN (SELECT exchange, epoch, part, min(off) AS least FROM bronze_rows GROUP BY ALL) USING (exchange, epoch, part)
        WHERE o.ingested >= ${bronzeKept} AND (NOT o.dead OR ${bronzeKept} = 0 OR o.off >= least) AND NOT (${bronzeLost(readings)})`,
      'exchange, epoch, "partition", "offset"',
    )),
    ...(await deadBytes(session, readings, paths)),
  ]
  const [totals] = await session.run(
    'SELECT count(*) AS files, coalesce(sum(rows), 0) AS rows, coalesce(sum(silver), 0) AS silver, coalesce(sum(dlq), 0) AS dlq FROM by_file',
  )
  const waiting = sumOf(readings.exchanges, reading => reading.forSilver.size)
  const figures = {
    files: Number(totals.files),
    rows: Number(totals.rows),
    silver: Number(totals.silver),
    dlq: Number(totals.dlq),
  }
  return {
    summary: `${count(figures.rows)} rows of ${count(figures.files)} Bronze files are ${count(figures.silver)} in Silver and ${count(figures.dlq)} in the DLQ, file by file`,
    figures: { ...figures, files_waiting: waiting },
    notes: waiting > 0 ? [`${count(waiting)} Bronze files wait for Silver`] : [],
    violations,
  }
}

/** The condition under which Bronze may have lost the record of an outcome `o`, by what is recorded. */
function bronzeLost({ exchanges, losses }: Readings): string {
  const lost = exchanges.flatMap(({ bronze }, i) =>
    lostTimes(losses.rows, bronze.definition.name).map(
      // A record may have been refused long after it came.
      ({ from, to }) => `(o.exchange = ${i} AND o.ingested >= ${from} AND (o.dead OR o.ingested <= ${to}))`,
    ),
  )
  return lost.length === 0 ? 'false' : lost.join(' OR ')
}

function exchangeNames(readings: Readings): (column: string) => string {
  const names = readings.exchanges.map(({ exchange }, i) => `WHEN ${i} THEN ${sqlText(exchange.name)}`).join(' ')
  return column => `CASE ${column} ${names} ELSE 'unknown' END`
}

/** Rows of the dead-letter table whose bytes are not Bronze's. */
async function deadBytes(session: QuerySession, readings: Readings, paths: ReadonlyMap<string, string>) {
  const list = (keys: Iterable<string>) => [...keys].flatMap(key => paths.get(key) ?? [])
  const dead = list(readings.dlq.files.keys())
  if (dead.length === 0) return []
  const violations = []
  for (const { exchange, laterBronze } of readings.exchanges) {
    const bronze = list(laterBronze.files.keys())
    if (bronze.length === 0) continue
    violations.push(
      ...(await offenders(
        session,
        `DLQ rows of ${exchange.name} have other bytes than Bronze`,
        `SELECT d.topic_epoch AS epoch, d.kafka_partition AS "partition", d.kafka_offset AS "offset", d.error_type,
          octet_length(d.raw_record) AS dlq_bytes, octet_length(b.raw_bytes) AS bronze_bytes
          FROM ${tableRows(laterBronze.definition, bronze)} AS b
          JOIN ${tableRows(DLQ_TABLE, dead)} AS d
          ON b.topic_epoch = d.topic_epoch AND b."partition" = d.kafka_partition AND b."offset" = d.kafka_offset
          WHERE d.exchange = ${sqlText(exchange.code)} AND d.raw_record IS DISTINCT FROM b.raw_bytes`,
        'epoch, "partition", "offset"',
      )),
    )
  }
  return violations
}
