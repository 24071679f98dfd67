/** The table `feed_gaps`: what it leaves open, for readers who ask again and again. */
import { EXCHANGES } from '../domain/exchanges.ts'
import type { FeedGap } from '../domain/feed-gaps.ts'
import type { Ports } from '../domain/ports.ts'
import { FEED_GAPS_TABLE } from '../domain/tables.ts'
import { tellsOfTrades, unsettledGaps } from '../domain/unsettled-gaps.ts'
import { cachePerStore } from '../iceberg/cache.ts'
import { type LoadedTable, openTable } from '../iceberg/catalog.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { readColumns } from '../iceberg/parquet/read.ts'
import { planFiles } from '../iceberg/scan.ts'
import type { Snapshot } from '../iceberg/table-metadata.ts'

/** A time of which trades may be missing; both ends, microseconds since 1970, belong to it. */
export interface MissingTime {
  /** The exchange's code. */
  readonly exchange: string
  /** null: every symbol of the exchange. */
  readonly symbol: string | null
  readonly from: bigint
  readonly to: bigint
}

/** What readers need of a report; ids as in a sequence. What could not be read is cut after some hundred letters. */
export type Report = Pick<
  FeedGap,
  'exchange' | 'symbol' | 'kind' | 'status' | 'fromId' | 'toId' | 'fromTime' | 'toTime' | 'cause' | 'raw' | 'reportedAt'
>

const COLUMNS = [
  'exchange',
  'symbol',
  'kind',
  'status',
  'from_id',
  'to_id',
  'from_time',
  'to_time',
  'cause',
  'raw',
  'reported_at',
]
const MOST_LETTERS = 500
const MAX_CACHED_REPORTS = 200_000
const cached = cachePerStore<readonly Report[]>(MAX_CACHED_REPORTS)
/** By snapshot: few are asked for, and a table has a thousand. */
const KEPT_SNAPSHOTS = 32
const answers = cachePerStore<readonly MissingTime[]>(KEPT_SNAPSHOTS)

/** What an earlier state knew: the rows of a snapshot, or of those that there are now the reports up to a time (microseconds since 1970). */
export interface ReportsUpTo {
  readonly snapshotOf: (table: LoadedTable) => Snapshot | undefined
  readonly reportedAt: bigint
}

/** The times of which a feed says that trades of some market are missing, may be, or could not be read. @throws Corrupt */
export async function missingTimes(
  ports: Pick<Ports, 'store' | 'state'>,
  upTo?: ReportsUpTo,
): Promise<readonly MissingTime[]> {
  const opened = await openReports(ports, upTo)
  if (!opened) return []
  const { table, snapshot, isWhole } = opened
  const name = `${table.metadata['table-uuid']} ${snapshot['snapshot-id']}`
  const known = isWhole ? answers(ports.store).get(name) : undefined
  if (known) return known
  const reports = await reportsOf(ports, opened, upTo)
  const unknown = reports.filter(({ kind, status }) => kind === 'disconnect' && status === 'unknown')
  const left = unsettledGaps(reports.filter(({ kind }) => kind !== 'disconnect')).filter(tellsOfTrades)
  const standing = [...left, ...unknown]
  const found = standing.map(({ exchange, symbol, fromTime, toTime, reportedAt }): MissingTime => {
    const to = toTime ?? reportedAt
    return { exchange: codeOf(exchange), symbol, from: fromTime ?? to, to }
  })
  if (isWhole) answers(ports.store).set(name, found, 1)
  return found
}

/** All reports of the feeds, or those that an earlier state knew. @throws Corrupt */
export async function readGapReports(ports: Pick<Ports, 'store' | 'state'>, upTo?: ReportsUpTo): Promise<Report[]> {
  const opened = await openReports(ports, upTo)
  return opened ? reportsOf(ports, opened, upTo) : []
}

/** The table, and the snapshot that is read; `isWhole`: all its reports count. */
interface OpenReports {
  readonly table: LoadedTable
  readonly snapshot: Snapshot
  readonly isWhole: boolean
}

async function openReports(
  ports: Pick<Ports, 'store' | 'state'>,
  upTo: ReportsUpTo | undefined,
): Promise<OpenReports | undefined> {
  const table = await openTable(ports, FEED_GAPS_TABLE)
  const named = table && upTo?.snapshotOf(table)
  const snapshot = named ?? (table && currentSnapshot(table.metadata))
  if (!table || !snapshot) return undefined
  return { table, snapshot, isWhole: named !== undefined || upTo === undefined }
}

async function reportsOf(
  ports: Pick<Ports, 'store'>,
  { table, snapshot, isWhole }: OpenReports,
  upTo: ReportsUpTo | undefined,
): Promise<Report[]> {
  const files = await planFiles(ports, table, { snapshotId: snapshot['snapshot-id'] })
  const read = (await Promise.all(files.map(({ key }) => readReports(ports, key)))).flat()
  return isWhole || upTo === undefined ? read : read.filter(({ reportedAt }) => reportedAt <= upTo.reportedAt)
}

/** The code of an exchange that reports call by its name. */
export function codeOf(name: string): string {
  return EXCHANGES.find(exchange => exchange.name === name)?.code ?? name.toUpperCase()
}

/** Records that are no report have none. */
async function readReports({ store }: Pick<Ports, 'store'>, key: string): Promise<readonly Report[]> {
  const known = cached(store).get(key)
  if (known) return known
  const { rows, values } = await readColumns(key, await store.get(key), COLUMNS, FEED_GAPS_TABLE)
  const time = (column: string, row: number) => (values[column][row] ?? null) as bigint | null
  const id = (column: string, row: number) => (values[column][row] === null ? null : Number(values[column][row]))
  const reports = Array.from({ length: rows }, (_, row) => row).flatMap((row): Report[] => {
    const reportedAt = time('reported_at', row)
    if (reportedAt === null) return []
    return [
      {
        exchange: String(values.exchange[row]),
        symbol: (values.symbol[row] ?? null) as string | null,
        kind: values.kind[row] as Report['kind'],
        status: values.status[row] as Report['status'],
        ...{ fromId: id('from_id', row), toId: id('to_id', row) },
        ...{ fromTime: time('from_time', row), toTime: time('to_time', row) },
        ...{ cause: String(values.cause[row]), raw: textOf(values.raw[row]), reportedAt },
      },
    ]
  })
  cached(store).set(key, reports, rows)
  return reports
}

const textOf = (value: unknown) => (typeof value === 'string' ? value.slice(0, MOST_LETTERS) : null)
