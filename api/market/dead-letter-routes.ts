/** `GET /v1/dead-letters` and `/v1/dead-letters/counts`: what was refused, in words and byte for byte, and how much of it. */
import type { Context } from 'hono'
import type { Ports } from '../../domain/ports.ts'
import { DLQ_TABLE } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { ERROR_TYPES } from '../../domain/validation.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { requireSnapshot } from './as-of.ts'
import { cursorText, readCursor } from './cursors.ts'
import {
  countLetters,
  type DeadLetter,
  decodedTrade,
  type LetterCount,
  type LettersQuery,
  lastLetters,
} from './dead-letters.ts'
import type { RowColumn } from './formats.ts'
import type { Parameters } from './parameters.ts'
import { problem } from './problems.ts'
import { ROWS_PARAMETERS, readRequest, rowsRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'

const MAX_LIMIT = 500
const MOST_BUCKETS = 2_000
/** What is given of a record's bytes; its table has all of them. */
const SHOWN_BYTES = 4_096

type Row = DeadLetter & { readonly decoded: string | undefined }

const COLUMNS: readonly RowColumn<Row>[] = [
  { name: 'exchange', type: 'text', doc: 'Code of the exchange whose topic it came from.', value: row => row.exchange },
  { name: 'time', type: 'time', doc: 'When Silver refused it.', value: ({ time }) => time },
  { name: 'error_type', type: 'text', doc: 'The first rule that it broke.', value: ({ errorType }) => errorType },
  { name: 'error_reason', type: 'text', doc: 'What is wrong, in words.', value: ({ errorReason }) => errorReason },
  { name: 'source', type: 'text', doc: 'The Bronze table that has it.', value: ({ source }) => source },
  { name: 'epoch', type: 'count', doc: 'Life of the Kafka topic, from 0.', value: ({ epoch }) => BigInt(epoch) },
  { name: 'partition', type: 'count', doc: 'Kafka partition.', value: ({ partition }) => BigInt(partition) },
  { name: 'offset', type: 'count', doc: 'Kafka offset.', value: ({ offset }) => offset },
  {
    ...{ name: 'schema_id', type: 'count', doc: 'Id of the schema that it names; null where it names none.' },
    value: ({ schemaId }) => (schemaId === undefined ? undefined : BigInt(schemaId)),
  },
  {
    ...{ name: 'bytes', type: 'count', doc: 'Length of the record; null where it has no value.' },
    value: ({ raw }) => (raw ? BigInt(raw.length) : undefined),
  },
  {
    ...{ name: 'raw', type: 'text', doc: `Its bytes in base64, the first ${SHOWN_BYTES} of them.` },
    value: ({ raw }) => (raw ? Buffer.from(raw.subarray(0, SHOWN_BYTES)).toString('base64') : undefined),
  },
  {
    ...{ name: 'decoded', type: 'text', value: ({ decoded }) => decoded },
    doc: 'The trade that it says, as JSON in the fields of TradeV2, decimals and longs as text; null where it cannot be read as one.',
  },
]

const COUNT_COLUMNS: readonly RowColumn<LetterCount>[] = [
  {
    name: 'exchange',
    type: 'text',
    doc: 'Code of the exchange whose topic they came from.',
    value: row => row.exchange,
  },
  { name: 'error_type', type: 'text', doc: 'The first rule that they broke.', value: ({ errorType }) => errorType },
  { name: 'start', type: 'time', doc: 'Start of the bucket.', value: ({ windowStart }) => windowStart },
  { name: 'end', type: 'time', doc: 'End of the bucket.', value: ({ windowEnd }) => windowEnd },
  { name: 'count', type: 'count', doc: 'Records that were refused in it.', value: ({ count }) => BigInt(count) },
]

const PARAMETERS = ['exchanges', 'error_type', 'start', 'end', ...ROWS_PARAMETERS] as const
const COUNT_PARAMETERS = ['exchanges', 'error_type', 'start', 'end', 'bucket', 'format', 'numbers'] as const

export const DEAD_LETTER_ROUTES: readonly Route[] = [
  {
    ...{ method: 'get', path: '/dead-letters', parameters: PARAMETERS, columns: COLUMNS },
    summary:
      'Records that were refused, the newest first: what is wrong with each, its bytes, and the trade that it says.',
    answer: answerLetters,
  },
  {
    ...{ method: 'get', path: '/dead-letters/counts', parameters: COUNT_PARAMETERS, columns: COUNT_COLUMNS },
    summary: 'How many records were refused, by exchange, what was wrong, and bucket of time.',
    answer: answerCounts,
  },
]

async function answerLetters(context: Context, { ports, schemaIds }: MarketOptions): Promise<Response> {
  const { query, read, format, numbers, limit, isWhole } = rowsRequest(context, PARAMETERS, MAX_LIMIT)
  if (isWhole) throw problem(400, `limit is all: give a whole number from 1 to ${MAX_LIMIT}.`, 'limit')
  const cursor = readCursor(query, ([snapshot, to, time, exchange, epoch, partition, offset]) => ({
    ...{ snapshotId: Number(snapshot), to: BigInt(String(to)) },
    after: {
      ...{ time: BigInt(String(time)), exchange: String(exchange), epoch: Number(epoch) },
      ...{ partition: Number(partition), offset: BigInt(String(offset)) },
    },
  }))
  const wanted = wantedOf(read, ports)
  const table = await openTable(ports, DLQ_TABLE)
  const snapshotId = cursor?.snapshotId ?? (table && currentSnapshot(table.metadata)?.['snapshot-id'])
  const to = cursor?.to ?? wanted.to
  if (table && snapshotId !== undefined) requireSnapshot(table, snapshotId)
  const found =
    table && snapshotId !== undefined
      ? await lastLetters(ports, table, { ...wanted, to, snapshotId }, cursor?.after, limit + 1)
      : []
  const rows = found.slice(0, limit).map((letter): Row => {
    const trade = letter.raw && letter.raw.length <= SHOWN_BYTES ? decodedTrade(letter.raw, schemaIds) : undefined
    return { ...letter, decoded: trade && JSON.stringify(trade) }
  })
  const last = rows.at(-1)
  const next =
    found.length > limit && last
      ? cursorText(query, [
          ...[
            snapshotId,
            String(to),
            String(last.time),
            last.exchange,
            last.epoch,
            last.partition,
            String(last.offset),
          ],
        ])
      : undefined
  const about = { snapshot: snapshotId ?? null }
  return sendRows(context, { columns: COLUMNS, rows, format, numbers, next, isFixed: false, about })
}

async function answerCounts(context: Context, { ports }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, COUNT_PARAMETERS)
  const [windows, ...others] = read.windows('bucket', '1h')
  if (others.length > 0) throw problem(400, 'bucket has several lengths: give one.', 'bucket')
  const wanted = wantedOf(read, ports)
  const begin = windows.startOf(wanted.from)
  const buckets = (wanted.to - begin) / (windows.endOf(begin) - begin)
  if (buckets > MOST_BUCKETS)
    throw problem(
      413,
      `${buckets} buckets are more than ${MOST_BUCKETS}: ask for a shorter range or longer buckets.`,
      'bucket',
    )
  const table = await openTable(ports, DLQ_TABLE)
  const snapshotId = table && currentSnapshot(table.metadata)?.['snapshot-id']
  const rows =
    table && snapshotId !== undefined ? await countLetters(ports, table, { ...wanted, snapshotId }, windows) : []
  const about = { snapshot: snapshotId ?? null }
  return sendRows(context, { columns: COUNT_COLUMNS, rows, format, numbers, next: undefined, isFixed: false, about })
}

/** The last day, where nothing else is asked for. @throws Problem 400 */
function wantedOf(read: Parameters, { clock }: Pick<Ports, 'clock'>): Omit<LettersQuery, 'snapshotId'> {
  const { start, end } = read.range()
  // A record that is refused now was refused before the answer.
  const to = end ?? BigInt(clock.now()) * 1000n + 1n
  const from = start ?? (to > DAY_MICROS ? to - DAY_MICROS : 0n)
  const errorTypes = read.names('error_type', [])
  const wrong = errorTypes.find(name => !(ERROR_TYPES as readonly string[]).includes(name))
  if (wrong !== undefined)
    throw problem(400, `error_type is ${wrong}: give some of ${ERROR_TYPES.join(', ')}.`, 'error_type')
  return { from, to, exchanges: read.codes('exchanges'), errorTypes }
}
