/**
 * Law 4: candles are a fold of Gold (computed from its trades alone). Every candle is computed again from Gold's rows
 * by SQL that shares nothing with the stage, and must be equal; no candle may be missing or superfluous.
 */
import { sumOf } from '../../domain/counts.ts'
import { lostTimes } from '../../domain/losses.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { QuerySession } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { DAY_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import type { Timeframe } from '../../domain/timeframes.ts'
import { listedKeys, type Readings, type TableReading } from './readings.ts'
import { count, type Findings, offenders, type Violation } from './report.ts'

const MINUTES_PER_QUERY = 5_000

/** `paths`: local paths by key. */
export async function checkCandles(
  session: QuerySession,
  readings: Readings,
  paths: ReadonlyMap<string, string>,
): Promise<Findings> {
  const list = (keys: Iterable<string>) => [...keys].flatMap(key => paths.get(key) ?? [])
  await makeTrades(session, list(listedKeys(readings.gold)))
  await makeMoved(session, readings, list)
  const lost = lostTimes(readings.losses.rows, GOLD_TABLE.name)
  const violations: Violation[] = []
  const counts: Record<string, number> = {}
  for (const { timeframe, table } of readings.candles) {
    await makeStored(session, tableRows(table.definition, list(listedKeys(table))))
    await makeExpected(session, timeframe)
    const [{ candles }] = await session.run('SELECT count(*) AS candles FROM stored')
    counts[timeframe.name] = Number(candles)
    violations.push(
      ...(await invariants(session, timeframe)),
      ...(await differences(session, timeframe, table, lost)),
      ...(await dayCounts(session, table, lost)),
    )
    await session.run('DROP TABLE expected')
    await session.run('DROP TABLE stored')
  }
  const [{ moved }] = await session.run('SELECT count(*) AS moved FROM moved')
  const total = sumOf(Object.values(counts), candles => candles)
  return {
    summary: `${count(total)} candles of ${readings.candles.length} timeframes equal a recomputation from Gold`,
    figures: { candles: counts, minutes_waiting: Number(moved) },
    notes: Number(moved) > 0 ? [`${count(moved)} minutes wait for the candles and were not compared`] : [],
    violations,
  }
}

/**
 * Gold's trades with what orders them inside a window: time, then the number that ends the trade id as a number, then
 * the id.
 */
async function makeTrades(session: QuerySession, gold: readonly string[]): Promise<void> {
  // Digits without leading zeros sort like numbers of any size if they sort first by length.
  const digits = `regexp_extract(trade_id, '[0-9]+$')`
  await session.run(`CREATE TEMP VIEW trades AS
    SELECT symbol, exchange, epoch_us("timestamp") AS micros, price, quantity, side, trade_id,
      CASE WHEN ${digits} = '' THEN -1
        ELSE length(ltrim(${digits}, '0')) END AS length, ltrim(${digits}, '0') AS digits, exchange_date
      FROM ${tableRows(GOLD_TABLE, gold)}`)
}

/** Minutes that were not folded when the candles were read, or whose trades changed while they were. */
async function makeMoved(
  session: QuerySession,
  readings: Readings,
  list: (keys: Iterable<string>) => readonly string[],
): Promise<void> {
  await session.run('CREATE TEMP TABLE moved (start BIGINT PRIMARY KEY)')
  for (const minutes of piecesOf([...new Set(readings.changedMinutes)], MINUTES_PER_QUERY)) {
    const rows = minutes.map(minute => `(${BigInt(minute) * MINUTE_MICROS})`)
    await session.run(`INSERT OR IGNORE INTO moved VALUES ${rows.join(', ')}`)
  }
  const { gold, laterGold } = readings
  const changed = [
    ...[...gold.files.keys()].filter(key => !laterGold.files.has(key)),
    ...[...laterGold.files.keys()].filter(key => !gold.files.has(key)),
  ]
  if (list(changed).length > 0)
    await session.run(`INSERT OR IGNORE INTO moved SELECT DISTINCT epoch_us("timestamp") // ${MINUTE_MICROS} * ${MINUTE_MICROS}
      FROM ${tableRows(GOLD_TABLE, list(changed))}`)
}

const COLUMNS = [
  'symbol',
  'exchange',
  'window_start',
  'window_end',
  'open_price',
  'high_price',
  'low_price',
  'close_price',
  'volume',
  'vwap',
  'trade_count',
  'quote_volume',
  'taker_buy_volume',
  'taker_buy_quote_volume',
  'first_trade_time',
  'last_trade_time',
]
const KEY = 'exchange, symbol, window_start'

async function makeStored(session: QuerySession, rows: string): Promise<void> {
  const times = ['window_start', 'window_end', 'first_trade_time', 'last_trade_time']
  const columns = COLUMNS.map(name => (times.includes(name) ? `epoch_us(${name}) AS ${name}` : name))
  await session.run(`CREATE TEMP TABLE stored AS SELECT ${columns.join(', ')}, window_date FROM ${rows}`)
}

async function makeExpected(session: QuerySession, { length }: Timeframe): Promise<void> {
  const quote = 'price * quantity'
  const order = '(micros, length, digits, trade_id)'
  const units = (column: string) => `replace(${column}::VARCHAR, '.', '')::HUGEINT`
  await session.run(`CREATE TEMP TABLE expected AS WITH folded AS (
      SELECT symbol, exchange, micros // ${length} * ${length} AS window_start,
        arg_min(price, ${order}) AS open_price, max(price) AS high_price, min(price) AS low_price, arg_max(price, ${order}) AS close_price,
        sum(quantity::DECIMAL(38,8)) AS volume, count(*) AS trade_count, sum(${quote}) AS quote_volume,
        coalesce(sum(quantity::DECIMAL(38,8)) FILTER (side = 'BUY'), 0) AS taker_buy_volume,
        coalesce(sum(${quote}) FILTER (side = 'BUY'), 0) AS taker_buy_quote_volume,
        min(micros) AS first_trade_time, max(micros) AS last_trade_time
      FROM trades GROUP BY ALL),
    divided AS (SELECT *, ${units('quote_volume')} AS n, ${units('volume')} AS d FROM folded)
    SELECT * EXCLUDE (n, d), window_start + ${length} AS window_end,
      (n // d + CASE WHEN 2 * (n % d) > d OR (2 * (n % d) = d AND (n // d) % 2 = 1) THEN 1
        ELSE 0 END)::DECIMAL(38,0) AS vwap_units
    FROM divided`)
}

/** Windows none of whose minutes changed meanwhile. */
function still({ length }: Timeframe, start: string): string {
  return `${start} NOT IN (SELECT start // ${length} * ${length} FROM moved)`
}

/** Whether a candle's window has a moment of which Gold lost trades: it may be from before the loss. */
function isLost(of: string, lost: readonly TimeRange[]): string {
  return touches(`${of}.window_start`, `(${of}.window_end - ${of}.window_start)`, lost)
}

function touches(start: string, length: string, lost: readonly TimeRange[]): string {
  const times = lost.map(({ from, to }) => `(${start} + ${length} > ${from} AND ${start} <= ${to})`)
  return times.length === 0 ? 'false' : `(${times.join(' OR ')})`
}

const SHOWN = (of: string) =>
  `${of}.exchange, ${of}.symbol, make_timestamptz(${of}.window_start)::VARCHAR AS window_start`

async function differences(
  session: QuerySession,
  timeframe: Timeframe,
  table: TableReading,
  lost: readonly TimeRange[],
): Promise<Violation[]> {
  const name = table.definition.name
  const stored = (column: string) => (column === 'vwap' ? `replace(s.vwap::VARCHAR, '.', '')::HUGEINT` : `s.${column}`)
  const expected = (column: string) => (column === 'vwap' ? 'e.vwap_units::HUGEINT' : `e.${column}`)
  const compared = COLUMNS.filter(column => !KEY.includes(column))
  const differing = compared.map(
    column =>
      `CASE WHEN ${stored(column)} IS DISTINCT FROM ${expected(column)}
        THEN '${column} is ' || ${stored(column)}::VARCHAR || ', Gold gives ' || ${expected(column)}::VARCHAR END`,
  )
  return [
    ...(await offenders(
      session,
      `candles of ${name} differ from Gold`,
      `SELECT * FROM (SELECT ${SHOWN('s')}, concat_ws('; ', ${differing.join(', ')}) AS difference
        FROM stored AS s JOIN expected AS e USING (${KEY})
        WHERE ${still(timeframe, 's.window_start')} AND NOT (${isLost('s', lost)} AND s.trade_count > e.trade_count))
        WHERE difference <> ''`,
      'window_start, exchange, symbol',
    )),
    ...(await offenders(
      session,
      `candles of ${name} are missing`,
      `SELECT ${SHOWN('e')}, e.trade_count FROM expected AS e ANTI JOIN stored AS s USING (${KEY})
        WHERE ${still(timeframe, 'e.window_start')} AND e.window_start >= ${table.keptFrom}`,
      'window_start, exchange, symbol',
    )),
    ...(await offenders(
      session,
      `candles of ${name} have no trade in Gold`,
      `SELECT ${SHOWN('s')}, s.trade_count FROM stored AS s ANTI JOIN expected AS e USING (${KEY})
        WHERE ${still(timeframe, 's.window_start')} AND NOT ${isLost('s', lost)}`,
      'window_start, exchange, symbol',
    )),
    ...(await offenders(
      session,
      `windows of ${name} have several candles`,
      `SELECT ${SHOWN('s')}, count(*) AS candles FROM stored AS s GROUP BY ALL HAVING count(*) > 1`,
      'window_start, exchange, symbol',
    )),
  ]
}

/**
 * The invariants that any candle must meet, whatever Gold says: prices in order, sums above zero, times inside the
 * window.
 */
async function invariants(session: QuerySession, { name, length }: Timeframe): Promise<Violation[]> {
  const rules = [
    'high_price >= open_price AND high_price >= close_price AND high_price >= low_price',
    'low_price <= open_price AND low_price <= close_price',
    'low_price <= vwap AND vwap <= high_price',
    'volume > 0',
    'trade_count > 0',
    'window_end > window_start',
    `window_start % ${length} = 0 AND window_end - window_start = ${length}`,
    'first_trade_time >= window_start AND last_trade_time < window_end AND first_trade_time <= last_trade_time',
    `epoch_us(window_date::TIMESTAMP) <= window_start AND window_start < epoch_us(window_date::TIMESTAMP) + ${DAY_MICROS}`,
  ]
  const broken = rules.map(rule => `CASE WHEN NOT coalesce(${rule}, false) THEN ${sqlText(rule)} END`)
  return offenders(
    session,
    `candles of ${name} break an invariant`,
    `SELECT * FROM (SELECT ${SHOWN('s')}, concat_ws('; ', ${broken.join(', ')}) AS broken FROM stored AS s)
      WHERE broken <> ''`,
    'window_start, exchange, symbol',
  )
}

/** A day's trade counts add up to Gold's rows of that date. */
async function dayCounts(session: QuerySession, table: TableReading, lost: readonly TimeRange[]): Promise<Violation[]> {
  return offenders(
    session,
    `days of ${table.definition.name} do not add up to Gold's rows`,
    `SELECT day::VARCHAR AS day, coalesce(candles, 0) AS trades_in_candles, coalesce(gold, 0) AS rows_in_gold FROM
      (SELECT window_date AS day, sum(trade_count) AS candles FROM stored GROUP BY ALL) FULL JOIN
      (SELECT exchange_date AS day, count(*) AS gold FROM trades GROUP BY ALL) USING (day)
      WHERE coalesce(candles, 0) <> coalesce(gold, 0)
        AND epoch_us(day::TIMESTAMP) NOT IN (SELECT start // ${DAY_MICROS} * ${DAY_MICROS} FROM moved)
      AND epoch_us(day::TIMESTAMP) >= ${table.keptFrom} AND NOT ${touches('epoch_us(day::TIMESTAMP)', `${DAY_MICROS}`, lost)}`,
    'day',
  )
}
