/** `GET /v1/stats`: how the lake is: what its tables hold, how fresh they are, what waits, what was refused, and whether candles agree with trades. */
import type { Context } from 'hono'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { stageConsumers } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import type { Ports } from '../../domain/ports.ts'
import { allTables, DLQ_TABLE } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { tellsOfTrades, tradesIn } from '../../domain/unsettled-gaps.ts'
import { findTable, openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot, totalRecords } from '../../iceberg/metadata.ts'
import { readColumns } from '../../iceberg/parquet/read.ts'
import { checkCandles } from './candle-check.ts'
import { lettersFiles } from './dead-letters.ts'
import { STANDING, standingReports } from './feed-gaps-route.ts'
import { timeText } from './formats.ts'
import { marketsOf } from './markets.ts'
import { parametersOf } from './parameters.ts'
import { problem } from './problems.ts'
import type { MarketOptions, Route } from './route.ts'

/** What an answer has besides its time, each read by itself: what is not asked for costs nothing. */
const PARTS = {
  exchanges: freshness,
  stages: waiting,
  tables: tableFigures,
  dead_letters: (ports: ReadPorts, nowMs: number) => refused(ports, BigInt(nowMs) * 1000n),
  feeds: reported,
  candle_check: (ports: ReadPorts, nowMs: number) => checkCandles(ports, BigInt(nowMs) * 1000n),
}
const NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[]

export const STATS: Route = {
  ...{ method: 'get', path: '/stats', parameters: ['parts'], body: { type: 'object' } },
  summary:
    'Rows of all tables, freshness of each exchange, what waits at each stage, refused records of the last day, and whether the candles of the last whole hour agree with its trades.',
  answer,
}

type ReadPorts = Pick<Ports, 'store' | 'state'>

async function answer(context: Context, { ports }: MarketOptions): Promise<Response> {
  const read = parametersOf(new URL(context.req.url).searchParams, STATS.parameters)
  const asked = read.names('parts', NAMES)
  const wrong = asked.find(name => !NAMES.some(known => known === name))
  if (wrong !== undefined) throw problem(400, `parts has ${wrong}: give some of ${NAMES.join(', ')}.`, 'parts')
  const nowMs = ports.clock.now()
  const wanted = NAMES.filter(name => asked.includes(name))
  const found = await Promise.all(wanted.map(async name => [name, await PARTS[name](ports, nowMs)] as const))
  return context.json({ time: iso(nowMs), ...Object.fromEntries(found) }, 200, { 'cache-control': 'no-cache' })
}

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()

async function tableFigures(ports: ReadPorts) {
  const found = await Promise.all(allTables().map(({ name }) => findTable(ports, name)))
  return found.flatMap(table => {
    const snapshot = table && currentSnapshot(table.metadata)
    if (!snapshot) return []
    const bytes = snapshot.summary['total-files-size']
    return [
      {
        ...{ table: table.name, snapshot: snapshot['snapshot-id'], committed: iso(snapshot['timestamp-ms']) },
        ...{ rows: totalRecords(snapshot), bytes: bytes === undefined ? null : Number(bytes) },
      },
    ]
  })
}

/** The newest trade of each exchange that has a candle, and its age. */
async function freshness(ports: ReadPorts, nowMs: number) {
  const byExchange = Map.groupBy((await marketsOf(ports)).values(), ({ exchange }) => exchange)
  return [...byExchange].map(([exchange, markets]) => {
    const last = markets.reduce((latest, { lastTrade }) => (lastTrade > latest ? lastTrade : latest), 0n)
    const milliseconds = Number(last / 1000n)
    return {
      exchange,
      markets: markets.length,
      last_trade: iso(milliseconds),
      age_seconds: (nowMs - milliseconds) / 1000,
    }
  })
}

/** What each stage has still to do, and how long the oldest of it waits. */
function waiting({ state }: Pick<Ports, 'state'>, nowMs: number) {
  return Promise.all(
    stageConsumers(EXCHANGES).map(async stage => {
      const { items, oldest } = await countPending(state, stage)
      return { stage, waiting: items, lag_seconds: oldest === undefined ? 0 : Math.max(0, nowMs - oldest) / 1000 }
    }),
  )
}

/** Records that were refused in the day before a time (microseconds since 1970), by what was wrong with them. */
async function refused(ports: ReadPorts, to: bigint) {
  const table = await openTable(ports, DLQ_TABLE)
  const since = to - DAY_MICROS
  const files = table ? await lettersFiles(ports, table, { from: since, to }) : []
  const counts = new Map<string, { exchange: string; error_type: string; count: number }>()
  for (const { key } of files) {
    const columns = ['exchange', 'error_type', 'error_timestamp']
    const { rows, values } = await readColumns(key, await ports.store.get(key), columns, DLQ_TABLE)
    for (let row = 0; row < rows; row++) {
      if ((values.error_timestamp[row] as bigint) < since) continue
      const [exchange, type] = [String(values.exchange[row]), String(values.error_type[row])]
      const known = counts.get(`${exchange} ${type}`) ?? { exchange, error_type: type, count: 0 }
      known.count++
      counts.set(`${exchange} ${type}`, known)
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}

/** What feeds leave open, of all times: numbers that are looked for or lost, trades that could not be read; and of which markets and times. */
async function reported(ports: ReadPorts) {
  const standing = await standingReports(ports)
  const having = (status: string) => standing.filter(report => report.status === status)
  const groups = Map.groupBy(
    standing.filter(tellsOfTrades),
    ({ exchange, symbol, status }) => `${status} ${exchange} ${symbol}`,
  )
  const markets = [...groups.values()].map(some => {
    const [{ exchange, symbol, status }] = some
    const micros = (times: readonly bigint[], isLater: boolean) =>
      times.reduce((found, time) => (time > found === isLater ? time : found))
    const first = micros(
      some.map(({ from }) => from),
      false,
    )
    const last = micros(
      some.map(({ to }) => to),
      true,
    )
    return { exchange, symbol, status, trades: tradesIn(some), from: timeText(first), to: timeText(last) }
  })
  return { ...Object.fromEntries(STANDING.map(status => [status, tradesIn(having(status))])), markets }
}
