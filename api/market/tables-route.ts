/** `GET /v1/tables`: what the lake's tables hold, in how many files and snapshots, and when maintenance was there. */
import type { Context } from 'hono'
import { allTables } from '../../domain/tables.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { sweptAt } from '../../domain/upkeep.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { currentSnapshot, totalRecords } from '../../iceberg/metadata.ts'
import type { Operation } from '../../iceberg/table-metadata.ts'
import { tagsOf } from './as-of.ts'
import type { RowColumn } from './formats.ts'
import { openNamed } from './pins.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'

const PARAMETERS = ['tables', 'format', 'numbers'] as const

interface Row {
  readonly table: LoadedTable
  readonly nowMs: number
  /** Milliseconds since 1970; 0 where its folder never was swept. */
  readonly sweptMs: number
}

const micros = (ms: number | undefined) => (ms ? BigInt(ms) * 1000n : undefined)
/** A figure of the newest snapshot's summary (Iceberg specification, appendix F); who writes it may leave it out. */
const total = (name: string, doc: string, summary: string): RowColumn<Row> => ({
  ...{ name, type: 'count', doc },
  value: ({ table }) => {
    const figure = currentSnapshot(table.metadata)?.summary[summary]
    return figure === undefined ? undefined : BigInt(figure)
  },
})
const commitsSince = ({ metadata }: LoadedTable, sinceMs: number) =>
  metadata.snapshots.filter(snapshot => snapshot['timestamp-ms'] > sinceMs).length
/** A table whose first snapshot is younger had nothing then. */
function grownSince({ metadata }: LoadedTable, sinceMs: number): bigint | undefined {
  const then = metadata.snapshots.findLast(snapshot => snapshot['timestamp-ms'] <= sinceMs)
  if (!then && metadata.snapshots[0]?.['parent-snapshot-id'] !== undefined) return undefined
  return BigInt(totalRecords(currentSnapshot(metadata))) - BigInt(then ? totalRecords(then) : 0)
}
const newestOf = ({ metadata }: LoadedTable, operation: Operation) =>
  metadata.snapshots.findLast(({ summary }) => summary.operation === operation)?.['timestamp-ms']

const COLUMNS: readonly RowColumn<Row>[] = [
  { name: 'table', type: 'text', doc: 'Its name.', value: ({ table }) => table.name },
  {
    ...{ name: 'rows', type: 'count', doc: 'Rows of the newest snapshot.' },
    value: ({ table }) => BigInt(totalRecords(currentSnapshot(table.metadata))),
  },
  total('data_files', 'Its data files.', 'total-data-files'),
  total('delete_files', 'Its delete files.', 'total-delete-files'),
  total('bytes', 'Bytes of all of them.', 'total-files-size'),
  {
    ...{ name: 'snapshots', type: 'count', doc: 'Snapshots that are kept.' },
    value: ({ table }) => BigInt(table.metadata.snapshots.length),
  },
  {
    ...{
      name: 'oldest_snapshot',
      type: 'time',
      doc: 'When the oldest of them was committed: maintenance lets old ones expire.',
    },
    value: ({ table }) => micros(table.metadata.snapshots[0]?.['timestamp-ms']),
  },
  {
    ...{ name: 'committed', type: 'time', doc: 'When the newest was committed.' },
    value: ({ table }) => micros(currentSnapshot(table.metadata)?.['timestamp-ms']),
  },
  {
    ...{ name: 'commits', type: 'count', value: ({ table, nowMs }) => BigInt(commitsSince(table, nowMs - HOUR_MS)) },
    doc: 'Snapshots of the last hour, of which the newest 1,500 are kept: how often it is committed.',
  },
  {
    ...{ name: 'grown', type: 'count', value: ({ table, nowMs }) => grownSince(table, nowMs - HOUR_MS) },
    doc: 'Rows that came in the last hour, less those that went; null where no snapshot of then is kept.',
  },
  {
    ...{ name: 'pins', type: 'count', doc: 'Pins that keep one of its snapshots.' },
    value: ({ table }) => BigInt(tagsOf(table).length),
  },
  {
    ...{
      name: 'joined',
      type: 'time',
      doc: 'When maintenance last joined small files, among the snapshots that are kept.',
    },
    value: ({ table }) => micros(newestOf(table, 'replace')),
  },
  {
    ...{
      name: 'dropped',
      type: 'time',
      doc: 'When rows were last dropped, by retention or a repair, among the snapshots that are kept.',
    },
    value: ({ table }) => micros(newestOf(table, 'delete')),
  },
  {
    ...{
      name: 'swept',
      type: 'time',
      doc: 'When maintenance last looked for objects that nothing names; null where it never did.',
    },
    value: ({ sweptMs }) => micros(sweptMs),
  },
]

export const TABLES: Route = {
  ...{ method: 'get', path: '/tables', parameters: PARAMETERS, columns: COLUMNS },
  summary: 'What the tables hold, in how many files and snapshots, and when maintenance was there.',
  answer,
}

async function answer(context: Context, { ports }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, PARAMETERS)
  const names = read.names(
    'tables',
    allTables().map(({ name }) => name),
  )
  const tables = await openNamed(ports, names)
  const nowMs = ports.clock.now()
  const rows = await Promise.all(tables.map(async table => ({ table, nowMs, sweptMs: await sweptAt(ports, table) })))
  return sendRows(context, { columns: COLUMNS, rows, format, numbers, next: undefined, isFixed: false, about: {} })
}
