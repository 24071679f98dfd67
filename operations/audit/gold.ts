/** Law 3: Gold is the set of valid trades, each exactly once. */
import { lostTimes } from '../../domain/losses.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { sqlText } from '../../domain/sql.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { SAME_TRADE_MICROS } from '../../domain/trade.ts'
import { allKeptFrom, type Readings } from './readings.ts'
import { count, type Findings, offenders } from './report.ts'
import { SAME_FIELDS } from './rows.ts'

const TIME = (column: string) => `make_timestamptz(${column})::VARCHAR`

export async function checkGold(session: QuerySession, readings: Readings): Promise<Findings> {
  const names = readings.exchanges.map(({ exchange }, i) => `WHEN ${i} THEN ${sqlText(exchange.name)}`).join(' ')
  const row = (of: string) =>
    `CASE ${of}.exchange ${names} ELSE 'unknown' END AS exchange, ${of}.id::VARCHAR AS message_id, ${TIME(`${of}.micros`)} AS "timestamp"`
  // Gold is kept for ever, Silver is not, which counts from when a trade was validated: that may be before the trade's own time.
  const silverKept = allKeptFrom(readings.exchanges.map(({ laterSilver }) => laterSilver))
  const surelyKept = silverKept === 0n ? 0n : silverKept + DAY_MICROS
  await session.run(`CREATE TEMP TABLE several AS SELECT id, micros,
    lag(micros) OVER (PARTITION BY id ORDER BY micros) AS earlier FROM gold_rows
    WHERE id IN (SELECT id FROM gold_rows GROUP BY id HAVING count(*) > 1)`)
  // A join by equality first: it leaves few rows over, which can then be compared by a range of time.
  await session.run(`CREATE TEMP TABLE unmatched AS SELECT s.* FROM silver_rows AS s JOIN files ON files.number = s.file
    ANTI JOIN gold_rows AS g ON g.id = s.id AND g.micros = s.micros WHERE files.due`)
  await session.run(`CREATE TEMP TABLE near AS SELECT DISTINCT u.file, u.epoch, u.part, u.off FROM unmatched AS u
    JOIN gold_rows AS g ON g.id = u.id WHERE abs(g.micros - u.micros) <= ${SAME_TRADE_MICROS}`)
  const violations = [
    ...(await offenders(
      session,
      'valid trades of Silver are not in Gold',
      `SELECT ${row('u')}, u.part AS "partition", u.off AS "offset" FROM unmatched AS u ANTI
        JOIN near USING (file, epoch, part, off)`,
      'exchange, "partition", "offset"',
    )),
    ...(await offenders(
      session,
      'rows of Gold come from no Silver row with the same fields',
      `SELECT ${row('g')} FROM gold_rows AS g ANTI JOIN
        (SELECT silver_rows.* FROM silver_rows JOIN files ON files.number = silver_rows.file WHERE files.later) AS s
        ON g.id = s.id AND g.micros = s.micros AND ${SAME_FIELDS} WHERE g.micros >= ${surelyKept} AND NOT (${silverLost(readings)})`,
      '"timestamp", message_id',
    )),
    ...(await offenders(
      session,
      'rows of Gold are the same trade as another',
      `SELECT id::VARCHAR AS message_id, ${TIME('micros')} AS "timestamp", ${TIME('earlier')} AS other_timestamp
        FROM several WHERE micros - earlier <= ${SAME_TRADE_MICROS}`,
      '"timestamp", message_id',
    )),
    ...(await offenders(
      session,
      'rows of Gold have another date or hour than their time',
      `SELECT ${row('g')} FROM gold_rows AS g WHERE NOT coalesce(g.dated, false)`,
      '"timestamp", message_id',
    )),
  ]
  const figures = await figuresOf(session)
  const waiting = readings.forGold.size
  return {
    summary: `${count(figures.rows)} rows of Gold are the ${count(figures.trades)} valid trades of ${count(figures.silver)} Silver rows, each once`,
    figures: { ...figures, files_waiting: waiting },
    notes: [
      ...(waiting > 0 ? [`${count(waiting)} Silver files wait for Gold`] : []),
      ...(figures.conflicts > 0
        ? [
            `${count(figures.conflicts)} trades have the message_id of another one over ${SAME_TRADE_MICROS / 1_000_000n} s apart: a conflict in the source`,
          ]
        : []),
    ],
    violations,
  }
}

/** The condition under which Silver may have lost the row of a trade `g` of Gold, by what is recorded. */
function silverLost({ exchanges, losses }: Readings): string {
  const lost = exchanges.flatMap(({ silver }, i) =>
    lostTimes(losses.rows, silver.definition.name).map(
      ({ from, to }) => `(g.exchange = ${i} AND g.micros BETWEEN ${from} AND ${to})`,
    ),
  )
  return lost.length === 0 ? 'false' : lost.join(' OR ')
}

async function figuresOf(session: QuerySession) {
  const [gold] = await session.run('SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM gold_rows')
  const [silver] = await session.run(
    'SELECT count(*) AS rows FROM silver_rows JOIN files ON files.number = silver_rows.file WHERE files.due',
  )
  const [conflicts] = await session.run(
    `SELECT count(*) AS rows FROM several WHERE micros - earlier > ${SAME_TRADE_MICROS}`,
  )
  return {
    rows: Number(gold.rows),
    trades: Number(gold.ids) + Number(conflicts.rows),
    silver: Number(silver.rows),
    conflicts: Number(conflicts.rows),
  }
}
