/** Data files of the pipeline's tables: which hold the rows of a range, where they are had from, and their bytes. */
import type { Context } from 'hono'
import { isDataFileKey } from '../../domain/names.ts'
import { EVER } from '../../domain/ranges.ts'
import { allTables, type TableDefinition } from '../../domain/tables.ts'
import { noneText } from '../../figures/nearest.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { uriOf } from '../../iceberg/location.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { timesIn } from '../../tables/file-times.ts'
import { asOfIn } from './as-of.ts'
import type { RowColumn } from './formats.ts'
import { problem } from './problems.ts'
import { requireRepaired } from './repairs.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { FOR_EVER, isKnown, sendRows } from './send.ts'

const PARAMETERS = ['table', 'start', 'end', 'as_of', 'format'] as const

interface FileRow {
  readonly definition: TableDefinition
  readonly file: DataFile
  readonly url: string
}

const timeOf =
  (end: 'from' | 'to') =>
  ({ definition, file }: FileRow) =>
    timesIn(definition, file, definition.upkeep.timeColumn)?.[end]

const COLUMNS: readonly RowColumn<FileRow>[] = [
  { name: 'url', type: 'text', isUnique: true, doc: 'Where the file is had from.', value: ({ url }) => url },
  {
    name: 'rows',
    type: 'count',
    doc: 'Its rows, those of other times among them.',
    value: ({ file }) => BigInt(file.records),
  },
  { name: 'bytes', type: 'count', doc: 'Its size.', value: ({ file }) => BigInt(file.bytes) },
  {
    name: 'column',
    type: 'text',
    doc: 'The column that start and end are about.',
    value: ({ definition }) => definition.upkeep.timeColumn,
  },
  { name: 'first', type: 'time', doc: 'The earliest time in that column.', value: timeOf('from') },
  { name: 'last', type: 'time', doc: 'The latest.', value: timeOf('to') },
]

export const EXPORTS: Route = {
  ...{ method: 'get', path: '/exports', parameters: PARAMETERS, columns: COLUMNS },
  summary:
    "The Parquet files that hold a table's rows of a range, of one snapshot: together with a filter by time, exactly those rows.",
  async answer(context, { ports, service, urlOf }) {
    const { read, format, numbers } = readRequest(context, PARAMETERS)
    const definition = definitionOf(read.text('table'))
    const table = await openTable(ports, definition)
    const asOf = await asOfIn(ports, read, table ? [table] : [])
    const snapshotId = table && asOf.snapshotOf(table)?.['snapshot-id']
    const { start, end } = read.range()
    const files =
      table && snapshotId !== undefined ? await filesOf(ports, table, definition, { start, end, snapshotId }) : []
    const base = new URL(context.req.url).origin
    const here = urlOf ?? ((key: string) => `${base}/v1/files/${key}`)
    const rows = await Promise.all(
      files.map(async (file): Promise<FileRow> => {
        const uri = uriOf(ports.store, file.key)
        const url = service && uri.startsWith('s3://') ? await service.presign(uri, LIFETIME_SECONDS) : here(file.key)
        return { definition, file, url }
      }),
    )
    return sendRows(context, {
      ...{ columns: COLUMNS, rows, format, numbers, next: undefined, isFixed: false },
      about: { table: definition.name, snapshot: snapshotId ?? null },
    })
  },
}

/** As long as S3 takes credentials of a role for (S3 user guide, "Presigned URLs"). */
const LIFETIME_SECONDS = 3_600

function definitionOf(name: string | undefined): TableDefinition {
  const all = allTables()
  if (name === undefined)
    throw problem(400, `table is missing: give one of ${all.map(each => each.name).join(', ')}.`, 'table')
  const found = all.find(each => each.name === name)
  if (found) return found
  throw problem(
    404,
    noneText(
      'table',
      name,
      all.map(each => each.name),
      'there are none',
    ),
    'table',
  )
}

async function filesOf(
  ports: Pick<MarketOptions['ports'], 'store' | 'state'>,
  table: LoadedTable,
  { upkeep }: TableDefinition,
  range: { readonly start: bigint | undefined; readonly end: bigint | undefined; readonly snapshotId: number },
): Promise<DataFile[]> {
  const { start, end, snapshotId } = range
  await requireRepaired(ports, table, snapshotId, { from: start ?? EVER.from, to: end ?? EVER.to })
  const bounds = {
    ...(start !== undefined && { lower: start }),
    ...(end !== undefined && { upper: end - 1n }),
  }
  const where = start === undefined && end === undefined ? [] : [{ column: upkeep.timeColumn, ranges: [bounds] }]
  return planFiles(ports, table, { snapshotId, where })
}

/** A part of a file that is read at once. */
const PIECE_BYTES = 1024 * 1024

export const FILE: Route = {
  ...{ method: 'get', path: '/files/:key{.+}', parameters: [], successes: [200, 206, 304] },
  stream: ['application/vnd.apache.parquet'],
  summary: 'A file that exports names, whole or in ranges of bytes.',
  answer,
}

async function answer(context: Context, { ports: { store } }: MarketOptions): Promise<Response> {
  const key = context.req.param('key') ?? ''
  const isData = allTables().some(({ name }) => isDataFileKey(name, key))
  const info = isData ? await store.head(key) : undefined
  if (!info) throw problem(404, `There is no file ${key}: GET /v1/exports names those there are.`)
  // Files never change, so their names are all there is to tell them by.
  const etag = `"${key.split('/').at(-1)}"`
  const kept = { etag, 'cache-control': FOR_EVER }
  if (isKnown(context, etag)) return context.body(null, 304, kept)
  const given = context.req.header('if-range')
  const range = rangeIn(given === undefined || given === etag ? context.req.header('range') : undefined, info.bytes)
  if (range.start >= range.end) {
    context.header('content-range', `bytes */${info.bytes}`)
    throw problem(416, `The file has ${info.bytes} bytes: ask for a range within it.`)
  }
  const headers = {
    ...{ ...kept, 'content-type': 'application/vnd.apache.parquet', 'accept-ranges': 'bytes' },
    'content-length': String(range.end - range.start),
    ...(range.isPart && { 'content-range': `bytes ${range.start}-${range.end - 1}/${info.bytes}` }),
  }
  let at = range.start
  const body = new ReadableStream({
    async pull(controller) {
      if (at >= range.end) return controller.close()
      const until = Math.min(at + PIECE_BYTES, range.end)
      controller.enqueue(await store.getRange(key, at, until))
      at = until
    },
  })
  if (context.req.method === 'HEAD') return context.body(null, range.isPart ? 206 : 200, headers)
  return context.body(body, range.isPart ? 206 : 200, headers)
}

/** One range of bytes (RFC 9110, "Range Requests"); several at once are answered with the whole file. Empty where the file does not reach it. */
function rangeIn(header: string | undefined, bytes: number): { start: number; end: number; isPart: boolean } {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return { start: 0, end: bytes, isPart: false }
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? bytes : Math.min(Number(last) + 1, bytes)
  return { start, end, isPart: true }
}
