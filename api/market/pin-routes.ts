/** `/v1/pins` and `/v1/snapshots`: earlier states of the tables, and how to keep one. */
import type { Context } from 'hono'
import { NAMESPACE } from '../../domain/tables.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import type { Variables } from '../catalog/request.ts'
import { asOfIn, tagsOf } from './as-of.ts'
import type { RowColumn } from './formats.ts'
import { parametersOf } from './parameters.ts'
import { deletePin, listPins, openNamed, PINNED_TABLES, type Pin, putPin } from './pins.ts'
import { problem } from './problems.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'

interface SnapshotRow {
  readonly table: LoadedTable
  readonly snapshot: Snapshot
}

const micros = (milliseconds: number) => BigInt(milliseconds) * 1000n
const counted =
  (name: string) =>
  ({ snapshot }: SnapshotRow) =>
    BigInt(snapshot.summary[name] ?? 0)

const SNAPSHOT_COLUMNS: readonly RowColumn<SnapshotRow>[] = [
  { name: 'table', type: 'text', doc: "The table's name.", value: ({ table }) => table.name },
  {
    name: 'snapshot',
    type: 'count',
    doc: 'Its number, for as_of.',
    value: ({ snapshot }) => BigInt(snapshot['snapshot-id']),
  },
  {
    name: 'time',
    type: 'time',
    doc: 'When it was committed.',
    value: ({ snapshot }) => micros(snapshot['timestamp-ms']),
  },
  {
    name: 'operation',
    type: 'text',
    doc: 'What the commit did: append, overwrite, replace or delete.',
    value: ({ snapshot }) => snapshot.summary.operation,
  },
  { name: 'added_rows', type: 'count', doc: 'Rows of the files that it added.', value: counted('added-records') },
  { name: 'deleted_rows', type: 'count', doc: 'Rows of the files that it removed.', value: counted('deleted-records') },
  { name: 'rows', type: 'count', doc: 'Rows of the table after it.', value: counted('total-records') },
  {
    name: 'pins',
    type: 'text',
    doc: 'Pins that hold it, with commas between them.',
    value: ({ table, snapshot }) =>
      tagsOf(table)
        .filter(name => table.metadata.refs[name]['snapshot-id'] === snapshot['snapshot-id'])
        .join(','),
  },
]

const PIN = {
  type: 'object',
  required: ['name', 'time', 'snapshots'],
  properties: {
    name: { type: 'string' },
    time: { type: 'string', format: 'date-time', description: 'Time of the newest of its snapshots.' },
    snapshots: {
      ...{ type: 'object', additionalProperties: { type: 'integer' } },
      description: "Each table's snapshot.",
    },
  },
}

const SNAPSHOTS: Route = {
  ...{ method: 'get', path: '/snapshots', parameters: ['tables', 'format'], columns: SNAPSHOT_COLUMNS },
  summary: 'The snapshots that are kept, by table, the oldest first.',
  async answer(context, { ports }) {
    const { read, format, numbers } = readRequest(context, this.parameters)
    const tables = await openNamed(ports, read.names('tables', PINNED_TABLES))
    const rows = tables.flatMap(table => table.metadata.snapshots.map(snapshot => ({ table, snapshot })))
    return sendRows(context, {
      ...{ columns: SNAPSHOT_COLUMNS, rows, format, numbers },
      ...{ next: undefined, isFixed: false, about: {} },
    })
  },
}

const LIST: Route = {
  ...{
    method: 'get',
    path: '/pins',
    parameters: [],
    body: { type: 'object', properties: { data: { type: 'array', items: PIN } } },
  },
  summary: 'All pins, with the snapshot of each table that they hold.',
  async answer(context, { ports }) {
    parametersOf(new URL(context.req.url).searchParams, [])
    return context.json({ data: (await listPins(ports)).map(pinBody) }, 200, { 'cache-control': 'no-cache' })
  },
}

const PUT: Route = {
  ...{ method: 'put', path: '/pins/:name', parameters: ['tables', 'as_of'], body: PIN, successes: [200, 201] },
  summary: 'Keeps a state of tables, all as of one instant, under a name, until the pin is deleted.',
  async answer(context, options) {
    const name = pinIn(context, options)
    const read = parametersOf(new URL(context.req.url).searchParams, this.parameters)
    const names = read.names('tables', PINNED_TABLES)
    const asOf = await asOfIn(options.writing, read, await openNamed(options.writing, names))
    const { pin, isNew } = await putPin(options.writing, name, { names, asOf })
    return context.json(pinBody(pin), isNew ? 201 : 200)
  },
}

const DELETE: Route = {
  ...{ method: 'delete', path: '/pins/:name', parameters: [], successes: [204] },
  summary: 'Deletes a pin: what it alone kept expires.',
  async answer(context, options) {
    await deletePin(options.writing, pinIn(context, options))
    return context.body(null, 204)
  },
}

export const PIN_ROUTES: readonly Route[] = [SNAPSHOTS, LIST, PUT, DELETE]

/** @throws ApiError 403 for a key that may not; Problem 403 where nobody may */
function pinIn(context: Context<Variables>, { tags }: MarketOptions): string {
  if (!tags)
    throw problem(403, 'This server may not write to the tables of the pipeline: use tradelake pin --stack NAME.')
  context.get('access').requireWrite([NAMESPACE])
  return context.req.param('name') ?? ''
}

function pinBody({ name, timeMs, snapshots }: Pin) {
  return { name, time: new Date(timeMs).toISOString(), snapshots }
}
