/**
 * What the read API should answer, in SQL: DuckDB over the Parquet files of Gold, which a reader of Iceberg's own spec finds. Candles are
 * worked out from trades here; nothing is shared with the product's reading, folding, rounding or calendar.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { ObjectStore, StateStore } from '../../../domain/ports.ts'
import { listedFiles } from '../../simulation/iceberg-reader.ts'
import { text, time } from './naive-candles.ts'

export interface Oracle {
  /** Notes Gold as it is now under a name. */
  note(state: string): Promise<void>
  rows<Row>(sql: string): Promise<Row[]>
  close(): void
}

/** Exchange, symbol or all, and times of which trades are missing. */
export type Missing = readonly (readonly [exchange: string, symbol: string | undefined, from: bigint, to: bigint])[]

/** Exchange, symbol and number of trades that were refused. */
export type Refused = readonly (readonly [exchange: string, symbol: string, number: number])[]

export async function openOracle(
  lake: { readonly state: StateStore; readonly store: ObjectStore },
  folder: string,
  missing: Missing,
  refused: Refused,
): Promise<Oracle> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const duck = await instance.connect()
  // None of what follows may depend on where the machine stands.
  await duck.run("SET TimeZone = 'America/St_Johns'")
  await duck.run(
    `CREATE MACRO half_even(a, b) AS a // b + CASE WHEN 2 * (a % b) > b OR (2 * (a % b) = b AND (a // b) % 2 = 1) THEN 1 ELSE 0 END`,
  )
  await duck.run('CREATE TABLE missing (exchange TEXT, symbol TEXT, first BIGINT, last BIGINT)')
  for (const [exchange, symbol, from, to] of missing)
    await duck.run(`INSERT INTO missing VALUES ('${exchange}', ${symbol ? `'${symbol}'` : 'NULL'}, ${from}, ${to})`)
  await duck.run('CREATE TABLE refused (exchange TEXT, symbol TEXT, num HUGEINT)')
  for (const [exchange, symbol, number] of refused)
    await duck.run(`INSERT INTO refused VALUES ('${exchange}', '${symbol}', ${number})`)
  return {
    async note(state) {
      mkdirSync(join(folder, state))
      const files = await listedFiles(lake, 'gold_crypto_trades')
      for (const [n, { key }] of files.entries())
        writeFileSync(join(folder, state, `${n}.parquet`), await lake.store.get(key))
      // Units of the last digit, as text has them: no arithmetic of decimals rounds here.
      await duck.run(
        `CREATE TABLE ${state} AS SELECT exchange, symbol, trade_id, side, epoch_us("timestamp") AS t,
           regexp_extract(trade_id, '\\d+$')::HUGEINT AS num, t * 10000000000::HUGEINT + num AS place,
           replace(price::DECIMAL(20, 10)::TEXT, '.', '')::HUGEINT AS price, replace(quantity::DECIMAL(22, 8)::TEXT, '.', '')::HUGEINT AS quantity
         FROM read_parquet('${join(folder, state)}/*.parquet')`,
      )
    },
    rows: sql => rowsOf(duck, sql),
    close() {
      duck.closeSync()
      instance.closeSync()
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: rows are whatever was selected
async function rowsOf(duck: DuckDBConnection, sql: string): Promise<any[]> {
  return (await duck.runAndReadAll(sql)).getRowObjectsJS()
}

export interface Asked {
  readonly state: string
  /** All without. */
  readonly symbols: readonly string[]
  readonly exchanges: readonly string[]
  readonly from: bigint
  readonly to: bigint
  readonly now: bigint
}

const named = (column: string, names: readonly string[]) =>
  names.length === 0 ? '' : ` AND ${column} IN (${names.map(name => `'${name}'`).join(', ')})`
const ofMarkets = ({ symbols, exchanges }: Asked) => `true${named('symbol', symbols)}${named('exchange', exchanges)}`
const inRange = ({ from, to }: Asked) => `t >= ${from} AND t < ${to}`

/** Microseconds of a minute, an hour and a day. */
const UNITS: Readonly<Record<string, bigint>> = { m: 60_000_000n, h: 3_600_000_000n, d: 86_400_000_000n }

/** Start of the window with a time in it, and its end by its start, in microseconds since 1970. */
function windowsOf(frame: string): { start: (t: string) => string; end: (w: string) => string; step: bigint } {
  const unit = UNITS[frame.slice(-1)]
  if (unit === undefined) {
    const part = frame === '1w' ? 'week' : 'month'
    return {
      start: t => `epoch_us(date_trunc('${part}', make_timestamp(${t})))`,
      end: w => `epoch_us(make_timestamp(${w}) + INTERVAL 1 ${part})`,
      step: UNITS.d,
    }
  }
  const length = BigInt(frame.slice(0, -1)) * unit
  return { start: t => `(${t} - ${t} % ${length})`, end: w => `(${w} + ${length})`, step: unit }
}

/** `fill`, `open`: the route's `fill` and `include_open`. */
export async function sqlCandles(
  oracle: Oracle,
  asked: Asked & { readonly frame: string; readonly fill: string; readonly open: boolean },
) {
  const { state, frame, fill, open, from, to, now } = asked
  const { start, end, step } = windowsOf(frame)
  // biome-ignore lint/suspicious/noExplicitAny: rows are whatever was selected
  const rows: any[] = await oracle.rows(`
    WITH trades AS (SELECT *, ${start('t')} AS w FROM ${state} WHERE ${ofMarkets(asked)}),
      candles AS (SELECT exchange, symbol, w, first(price ORDER BY place) AS open, max(price) AS high, min(price) AS low,
        last(price ORDER BY place) AS close, sum(quantity) AS volume, sum(price * quantity) AS quote,
        coalesce(sum(quantity) FILTER (side = 'BUY'), 0) AS buys, coalesce(sum(price * quantity) FILTER (side = 'BUY'), 0) AS buy_quote,
        half_even(sum(price * quantity), sum(quantity)) AS vwap, count(*) AS trades, first(t ORDER BY place) AS first_t, last(t ORDER BY place) AS last_t
        FROM trades GROUP BY ALL),
      starts AS (SELECT DISTINCT ${start('x')} AS w FROM (SELECT unnest(range(${from - step}, ${to + step}, ${step})) AS x)),
      begun AS (SELECT exchange, symbol, min(w) AS first_w FROM trades GROUP BY ALL),
      newest AS (SELECT exchange, max(t) AS newest FROM ${state} GROUP BY ALL),
      grid AS (SELECT exchange, symbol, w FROM begun, starts WHERE w >= first_w AND w >= ${from} AND w < ${to} AND w <= ${now})
    SELECT g.exchange, g.symbol, g.w, ${end('g.w')} AS e, c.* EXCLUDE (exchange, symbol, w),
      (SELECT arg_max(t.price, t.place) FROM trades t WHERE t.exchange = g.exchange AND t.symbol = g.symbol AND t.t < g.w) AS before,
      EXISTS (SELECT 1 FROM missing m WHERE m.exchange = g.exchange AND coalesce(m.symbol, g.symbol) = g.symbol
        AND m.first < ${end('g.w')} AND m.last >= g.w) AS is_gap,
      e <= greatest(least(newest, ${now}), ${now} - 600000000) AS is_closed
    FROM grid g LEFT JOIN candles c USING (exchange, symbol, w) JOIN newest USING (exchange)
    WHERE ${open} OR is_closed
    ORDER BY g.w, g.exchange || '|' || g.symbol`)
  return rows
    .filter(({ trades }) => trades !== null || fill !== 'none')
    .map(row => {
      const price = fill === 'previous' ? row.before : null
      const none = price === null ? null : '0'
      return {
        ...{ timeframe: frame, exchange: row.exchange, symbol: row.symbol, start: time(row.w), end: time(row.e) },
        open: units(row.open ?? price, 10),
        high: units(row.high ?? price, 10),
        low: units(row.low ?? price, 10),
        close: units(row.close ?? price, 10),
        volume: row.trades === null ? none : units(row.volume, 8),
        quote_volume: row.trades === null ? none : units(row.quote, 18),
        taker_buy_volume: row.trades === null ? none : units(row.buys, 8),
        taker_buy_quote_volume: row.trades === null ? none : units(row.buy_quote, 18),
        vwap: units(row.vwap, 10),
        trades: row.trades === null ? (price === null ? null : 0) : Number(row.trades),
        first_trade: row.first_t === null ? null : time(row.first_t),
        last_trade: row.last_t === null ? null : time(row.last_t),
        status: !row.is_closed ? 'open' : row.is_gap ? 'gap' : 'closed',
      }
    })
}

const units = (value: bigint | null | undefined, scale: number) => (value == null ? null : text(value, scale))

export async function sqlTrades(oracle: Oracle, asked: Asked, last?: number) {
  // biome-ignore lint/suspicious/noExplicitAny: rows are whatever was selected
  const rows: any[] = await oracle.rows(
    `SELECT * FROM ${asked.state} WHERE ${ofMarkets(asked)} AND ${inRange(asked)} ORDER BY t, exchange || '|' || symbol, num`,
  )
  return rows.slice(last === undefined ? 0 : -last).map(row => ({
    ...{ exchange: row.exchange, symbol: row.symbol, id: row.trade_id, time: time(row.t) },
    ...{ price: units(row.price, 10), quantity: units(row.quantity, 8), side: row.side },
  }))
}

/** Prices by market: of all trades' volume, of how long each price was the last, or of each minute's last price. */
export async function sqlAverages(oracle: Oracle, method: 'volume' | 'time' | 'minutes', asked: Asked) {
  const { state, from, to } = asked
  const { start } = windowsOf('1m')
  const before = `SELECT exchange, symbol, ${from} AS t, -1 AS place, arg_max(price, place) AS price FROM ${state} WHERE t < ${from} AND ${ofMarkets(asked)} GROUP BY ALL`
  const within = `SELECT exchange, symbol, t, place, price FROM ${state} WHERE ${inRange(asked)} AND ${ofMarkets(asked)}`
  const average = {
    volume: `SELECT exchange, symbol, half_even(sum(price * quantity), sum(quantity)) AS average FROM ${state} WHERE ${inRange(asked)} AND ${ofMarkets(asked)} GROUP BY ALL`,
    time: `SELECT exchange, symbol, CASE WHEN sum(length) = 0 THEN last(price ORDER BY place) ELSE half_even(sum(price * length), sum(length)) END AS average
      FROM (SELECT *, lead(t, 1, ${to}::BIGINT) OVER (PARTITION BY exchange, symbol ORDER BY place) - t AS length FROM (${before} UNION ALL ${within})) GROUP BY ALL`,
    minutes: `WITH prices AS (SELECT exchange, symbol, ${start('t')} AS w, arg_max(price, place) AS price FROM ${state} WHERE ${ofMarkets(asked)} GROUP BY ALL)
      SELECT exchange, symbol, half_even(sum(price), count(*)) AS average
      FROM (SELECT unnest(range(${from}, ${to}, ${UNITS.m})) AS w, exchange, symbol FROM (SELECT DISTINCT exchange, symbol FROM prices)) ASOF JOIN prices USING (exchange, symbol, w) GROUP BY ALL`,
  }[method]
  // biome-ignore lint/suspicious/noExplicitAny: rows are whatever was selected
  const rows: any[] = await oracle.rows(
    `SELECT m.exchange, m.symbol, average FROM (SELECT DISTINCT exchange, symbol FROM ${state} WHERE ${ofMarkets(asked)}) m LEFT JOIN (${average}) USING (exchange, symbol)`,
  )
  return Object.fromEntries(rows.map(row => [`${row.exchange} ${row.symbol}`, units(row.average, 10)]))
}

/** The markets' last prices at the end of each interval that has begun, the lowest and the highest of them. */
export async function sqlSpread(oracle: Oracle, asked: Asked & { readonly frame: string }) {
  const { state, frame, from, to, now } = asked
  const { start, end, step } = windowsOf(frame)
  // biome-ignore lint/suspicious/noExplicitAny: rows are whatever was selected
  const rows: any[] = await oracle.rows(`
    WITH trades AS (SELECT * FROM ${state} WHERE ${ofMarkets(asked)}),
      starts AS (SELECT DISTINCT ${start('x')} AS w FROM (SELECT unnest(range(${from - step}, ${to + step}, ${step})) AS x)),
      prices AS (SELECT w, exchange, symbol, arg_max(price, place) AS price, max(t) >= w AS is_traded
        FROM starts JOIN trades ON t < ${end('w')} WHERE w >= ${from} AND w < ${to} AND w <= ${now} GROUP BY w, exchange, symbol)
    SELECT w, ${end('w')} AS e, min(price) AS lowest, max(price) AS highest, arg_min(exchange || ' ' || symbol, price) AS low_market,
      arg_max(exchange || ' ' || symbol, price) AS high_market, half_even((max(price) - min(price)) * 10000000000, min(price)) AS basis,
      count(*) AS markets, count(*) FILTER (is_traded) AS traded FROM prices GROUP BY w ORDER BY w`)
  return rows.map(row => ({
    ...{ start: time(row.w), end: time(row.e), lowest: units(row.lowest, 10), highest: units(row.highest, 10) },
    ...{ lowest_market: row.low_market, highest_market: row.high_market },
    ...{ spread: units((row.highest as bigint) - row.lowest, 10), basis: units(row.basis, 10) },
    ...{ markets: Number(row.markets), traded: Number(row.traded) },
  }))
}

/** Trades and numbers of each bucket that has any; the first and the last one are counted whole. */
export async function sqlCoverage(oracle: Oracle, asked: Asked & { readonly frame: string }) {
  const { start, end } = windowsOf(asked.frame)
  const whole = `t >= ${start(`${asked.from}`)} AND t < ${end(start(`${asked.to - 1n}`))}`
  // biome-ignore lint/suspicious/noExplicitAny: rows are whatever was selected
  const rows: any[] = await oracle.rows(`
    WITH buckets AS (SELECT exchange, symbol, ${start('t')} AS w, count(*) AS trades, min(num) AS least, max(num) AS most
      FROM ${asked.state} WHERE ${ofMarkets(asked)} AND ${whole} GROUP BY ALL)
    , numbered AS (SELECT *, CASE WHEN before < most THEN before + 1 ELSE least END AS since FROM (SELECT *,
        max(most) OVER (PARTITION BY exchange, symbol ORDER BY w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM buckets))
    SELECT *, (SELECT count(*) FROM refused r ANTI JOIN (SELECT * FROM ${asked.state} WHERE ${whole}) USING (exchange, symbol, num)
        WHERE r.exchange = n.exchange AND r.symbol = n.symbol AND r.num BETWEEN n.since AND n.most) AS refused
    FROM numbered n ORDER BY w, exchange || '|' || symbol`)
  return rows.map(({ exchange, symbol, w, trades, least, most, since, refused: never }) => {
    const numbered = Math.max(Number(most - since) + 1, Number(trades))
    const some = { exchange, symbol, start: time(w), trades: Number(trades) }
    const refused = Math.min(Number(never), numbered - Number(trades))
    return { ...some, first_number: Number(least), last_number: Number(most), numbered, refused }
  })
}
