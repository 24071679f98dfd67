/** Law 3: Gold is the set of valid trades, each exactly once. */
import { lostTimes } from '../../domain/losses.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { DAY_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import { AGGREGATE, SAME_TRADE_MICROS } from '../../domain/trade.ts'
import { allKeptFrom, type Readings } from './readings.ts'
import { count, type Findings, offenders, type Violation } from './report.ts'
import { SAME_FIELDS } from './rows.ts'

const TIME = (column: string) => `make_timestamptz(${column})::VARCHAR`

/** `paths`: local paths by key. */
export async function checkGold(
  session: QuerySession,
  readings: Readings,
  paths: ReadonlyMap<string, string>,
): Promise<Findings> {
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
  const files = [...readings.gold.files.keys()].flatMap(key => paths.get(key) ?? [])
  violations.push(...(await twiceAsAggregates(session, tableRows(GOLD_TABLE, files))))
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

/**
 * Single trades that an aggregate of the same market also tells: by the numbers of its trades, or, where its source did not
 * give them, in the same minute.
 */
function twiceAsAggregates(session: QuerySession, gold: string): Promise<Violation[]> {
  const minute = `epoch_us("timestamp") // ${MINUTE_MICROS}`
  const numbered = (key: string) => `try_cast(vendor_data['${key}'] AS BIGINT)`
  return offenders(
    session,
    'minutes of a market hold trades and aggregates of the same trades: their volume counts twice',
    `WITH aggregates AS MATERIALIZED (SELECT exchange, symbol, ${minute} AS minute, ${numbered('first_trade_id')} AS first,
        ${numbered('last_trade_id')} AS last FROM ${gold} WHERE contains(trade_id, ${sqlText(AGGREGATE)})),
      singles AS (SELECT exchange, symbol, ${minute} AS minute, try_cast(regexp_extract(trade_id, '[0-9]+$') AS BIGINT) AS number
        FROM ${gold} SEMI JOIN (SELECT DISTINCT exchange, symbol FROM aggregates) USING (exchange, symbol)
        WHERE NOT contains(trade_id, ${sqlText(AGGREGATE)}))
      SELECT s.exchange, s.symbol, make_timestamptz(s.minute * ${MINUTE_MICROS})::VARCHAR AS minute, count(*) AS trades
      FROM singles AS s SEMI JOIN aggregates AS a ON s.exchange = a.exchange AND s.symbol = a.symbol
        AND s.minute BETWEEN a.minute - 1 AND a.minute + 1
        AND (CASE WHEN a.first IS NULL THEN s.minute = a.minute ELSE s.number BETWEEN a.first AND a.last END)
      GROUP BY ALL`,
    'minute, exchange, symbol',
  )
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
