/** The pipeline's figures as tables: its stages, the exchanges, the tables of the lake, and what was refused. */
import { sinceText } from '../../../figures/faults.ts'
import type { TableRow } from '../../../figures/operator-rows.ts'
import {
  bytesText,
  checkVerdict,
  count,
  grouped,
  type Hop,
  LATE_MS,
  type Pipeline,
  pipelineOf,
  signedText,
} from '../../../figures/pipeline.ts'
import { ageText, instantText, lengthText } from '../../../figures/times.ts'
import { verdictText } from '../../../figures/verdict.ts'
import type { Seen } from '../seen.ts'
import type { Cell, Column, Table } from '../table.ts'
import { harmless, type Look, signsOf } from '../text.ts'
import { emptyText, unknownText } from './empty.ts'

/** How old the figures are, milliseconds. */
const sinceOf = ({ nowMs, statsMs }: Seen) => Math.max(0, nowMs - statsMs)

export function pipelineIn({ stats, before }: Seen): Pipeline {
  return stats ? pipelineOf(stats, before) : { hops: [], alarms: [] }
}

/** For how long nothing has been committed, milliseconds; undefined where that is usual, or cannot be known now. */
export function stillMs(seen: Seen): number | undefined {
  const ages = pipelineIn(seen).hops.flatMap(({ committedMs }) => (committedMs === undefined ? [] : [committedMs]))
  if (ages.length === 0 || seen.connection.kind !== 'live') return undefined
  const still = Math.min(...ages) + sinceOf(seen)
  return still > seen.quietMs ? still : undefined
}

export const countCell = (count: number): Cell => ({ text: grouped(count), order: count })
const NONE: Cell = { text: '' }

/** Whether rates are of now: without a connection nobody can know them. */
export const hasRates = ({ connection }: Seen): boolean => connection.kind !== 'broken' && connection.kind !== 'locked'

function rateCell(rate: number | undefined, seen: Seen, look: Look): Cell {
  if (!hasRates(seen)) return { text: signsOf(look).none, tone: 'dim', order: -1 }
  if (rate === undefined) return NONE
  return {
    text: rate >= 100 ? grouped(Math.round(rate)) : rate.toFixed(1),
    order: rate,
    tone: rate > 0 ? 'good' : 'dim',
  }
}

function ageCell(ageMs: number | undefined): Cell {
  if (ageMs === undefined) return NONE
  return { text: ageText(ageMs), order: ageMs, ...(ageMs > LATE_MS && { tone: 'late' as const }) }
}

function lagCell({ waiting, lagMs }: Pick<Hop, 'waiting' | 'lagMs'>): Cell {
  if (waiting === 0) return { text: 'none', order: 0, tone: 'dim' }
  return { text: lengthText(lagMs), order: lagMs, ...(lagMs > LATE_MS && { tone: 'late' as const }) }
}

const STAGES: readonly Column[] = [
  { title: 'Stage', side: 'left' },
  { title: 'Rows/s', side: 'right' },
  { title: 'Lag', side: 'right' },
  { title: 'Waiting', side: 'right', importance: 3 },
  { title: 'Committed', side: 'right', importance: 2 },
  { title: 'Rows', side: 'right', importance: 1 },
]

export function stagesTable(seen: Seen, look: Look): Table {
  const since = sinceOf(seen)
  return {
    columns: STAGES,
    rows: pipelineIn(seen).hops.map(hop => ({
      cells: [
        { text: hop.name === 'Candles' ? '1m candles' : hop.name },
        rateCell(hop.rate, seen, look),
        lagCell(hop),
        countCell(hop.waiting),
        ageCell(hop.committedMs === undefined ? undefined : hop.committedMs + since),
        countCell(hop.rows),
      ],
    })),
    unit: 'stage',
    empty: emptyText(seen, seen.stats !== undefined, 'Nothing has come yet.', 'Asking how the lake is…'),
  }
}

const EXCHANGES: readonly Column[] = [
  { title: 'Exchange', side: 'left' },
  { title: 'Messages/s', side: 'right' },
  { title: 'Last trade', side: 'right' },
  { title: 'Markets', side: 'right', importance: 1 },
  { title: 'Messages', side: 'right', importance: 2 },
  { title: 'Waiting', side: 'right', importance: 4 },
  { title: 'Refused in 24 h', side: 'right', importance: 3 },
]

export function exchangesTable(seen: Seen, look: Look): Table {
  const { stats } = seen
  const since = sinceOf(seen)
  const bronze = pipelineIn(seen).hops.find(({ name }) => name === 'Bronze')?.tables ?? []
  const rows = (stats?.exchanges ?? []).map(({ exchange, markets, age_seconds }) => {
    const name = exchange.toLowerCase()
    const table = bronze.find(({ table }) => table === `bronze_${name}_trades`)
    const stage = stats?.stages.find(({ stage }) => stage === `silver_${name}`)
    const refused = stats?.dead_letters
      ?.filter(letters => letters.exchange === exchange)
      .reduce((sum, { count }) => sum + count, 0)
    return {
      cells: [
        { text: harmless(exchange, look) },
        rateCell(table?.rate, seen, look),
        ageCell(age_seconds * 1000 + since),
        countCell(markets),
        table ? countCell(table.rows) : NONE,
        countCell(stage?.waiting ?? 0),
        refused === undefined ? NONE : countCell(refused),
      ],
    }
  })
  return {
    ...{ columns: EXCHANGES, rows, unit: 'exchange' },
    empty: emptyText(seen, stats !== undefined, 'No exchange has sent a trade yet.', 'Asking how the lake is…'),
  }
}

const TABLES: readonly Column[] = [
  { title: 'Table', side: 'left', mayBeCut: true },
  { title: 'Rows', side: 'right' },
  { title: 'Rows/s', side: 'right', importance: 2 },
  { title: 'Size', side: 'right', importance: 5 },
  { title: 'Committed', side: 'right', importance: 6 },
]
const FILES: readonly Column[] = [
  { title: 'In 1 h', side: 'right', importance: 3 },
  { title: 'Joined', side: 'right', importance: 4 },
  { title: 'Files', side: 'right', importance: 1 },
  { title: 'Snapshots', side: 'right', importance: 0 },
]

/** Whether candles agree with their trades, and what the last audit found. */
export function checkTexts(seen: Seen): readonly string[] {
  const { stats, kept, nowMs } = seen
  const check = stats?.candle_check
  const hour = (time: string) => instantText(Date.parse(time)).slice(11, 16)
  const checked = !check
    ? unknownText(seen, 'Working the candles of the last hour out again…')
    : `Candles of ${hour(check.start)} to ${hour(check.end)} UTC against ${count(check.trades, 'trade')}: ${checkVerdict(check).text}`
  if (!kept) return [checked]
  const { last, running } = kept.audit
  const found = !last
    ? 'No audit was made over HTTP yet: the page makes one, and tradelake audit too.'
    : `Audit ${ageText(Math.max(0, nowMs - Date.parse(last.started)))}: ${last.verdict ? verdictText(last.verdict) : (last.problem ?? 'it gave no verdict.')}`
  return [checked, running ? `An audit is under way, step ${running.done} of ${running.of}. ${found}` : found]
}

/** What only `/v1/tables` tells: growth, when maintenance joined files, files and snapshots. */
function keptCells(row: TableRow | undefined, nowMs: number): Cell[] {
  if (!row) return [NONE, NONE, NONE, NONE]
  const { grown, joined, data_files: files, snapshots } = row
  const joinedMs = joined === null ? undefined : Math.max(0, nowMs - Date.parse(joined))
  return [
    grown === null ? NONE : { text: signedText(grown), order: grown },
    joinedMs === undefined ? { text: 'never', tone: 'dim' } : { text: ageText(joinedMs), order: joinedMs },
    ...[files === null ? NONE : countCell(files), countCell(snapshots)],
  ]
}

export function tablesTable(seen: Seen, look: Look): Table {
  const since = sinceOf(seen)
  const rates = new Map(pipelineIn(seen).hops.flatMap(({ tables }) => tables.map(({ table, rate }) => [table, rate])))
  const files = seen.kept && new Map(seen.kept.tables.map(each => [each.table, each]))
  const rows = (seen.stats?.tables ?? []).map(({ table, rows, bytes, committed }) => ({
    cells: [
      { text: harmless(table, look) },
      countCell(rows),
      rateCell(rates.get(table), seen, look),
      bytes === null ? NONE : { text: bytesText(bytes), order: bytes },
      ageCell(Date.parse(seen.stats?.time ?? '') - Date.parse(committed) + since),
      ...(files ? keptCells(files.get(table), seen.nowMs) : []),
    ],
  }))
  const columns = [...TABLES, ...(files ? FILES : [])]
  return {
    ...{ columns, rows, unit: 'table' },
    empty: emptyText(
      seen,
      seen.stats !== undefined,
      'The lake has no tables yet: nothing has been committed.',
      'Asking what the tables hold…',
    ),
  }
}

/** From when on refused records are counted: a time in milliseconds since 1970, or a day ago. */
export const countedText = (sinceMs: number | undefined): string =>
  sinceMs === undefined ? 'in the last day' : sinceText(sinceMs)

const deadLetterColumns = (sinceMs: number | undefined): readonly Column[] => [
  { title: 'Exchange', side: 'left' },
  { title: 'What was wrong', side: 'left', mayBeCut: true },
  { title: `Records ${sinceMs === undefined ? 'in 24 h' : sinceText(sinceMs)}`, side: 'right' },
  { title: 'Share', side: 'right', importance: 1 },
]

/** `sinceMs`: milliseconds since 1970; undefined: the last day. */
export function deadLettersTable(seen: Seen, sinceMs: number | undefined, look: Look): Table {
  const known =
    sinceMs === undefined
      ? seen.stats?.dead_letters
      : seen.refused?.sinceMs === sinceMs
        ? seen.refused.counts
        : undefined
  const letters = known ?? []
  const all = letters.reduce((sum, { count }) => sum + count, 0)
  return {
    columns: deadLetterColumns(sinceMs),
    rows: letters.map(({ exchange, error_type, count }) => ({
      cells: [
        { text: harmless(exchange, look) },
        { text: harmless(error_type, look) },
        countCell(count),
        { text: `${((100 * count) / all).toFixed(1)} %`, order: count },
      ],
      opens: `${exchange} ${error_type}`,
    })),
    unit: 'kind',
    empty: emptyText(
      seen,
      known !== undefined,
      `Nothing was refused ${countedText(sinceMs)}.`,
      'Counting what was refused…',
    ),
  }
}
