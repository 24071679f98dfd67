/** Bronze objects into Silver rows and dead letters: every record becomes exactly one of the two. */
import { type BytesColumn, type Int32Column, type Int64Column, numbersOf, plainLength } from '../../domain/columns.ts'
import { createTradeDecoder } from '../../domain/decode.ts'
import { BadInput } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { emptied, newRoom, type Room } from '../../domain/room.ts'
import { sparesOf } from '../../domain/spares.ts'
import { bronzeTable } from '../../domain/tables.ts'
import type { TradeLayout } from '../../domain/trade.ts'
import { createValidator, type Rejection } from '../../domain/validation.ts'
import { FRAME_BYTES, MAGIC_BYTE } from '../../domain/wire.ts'
import { readBatch, sourceOf } from '../../iceberg/parquet/batch.ts'
import { createSilverColumns, type Lineage, type SilverColumns } from './columns.ts'
import { createDeadLetters, type DeadLetters } from './dead-letters.ts'
import type { KnownSchema, Schemas } from './schemas.ts'

/** All Bronze tables have the same columns. */
const RECORDS = bronzeTable(EXCHANGES[0])
const NO_TEXTS: ReadonlySet<string> = new Set()
const COLUMNS = ['raw_bytes', 'partition', 'offset', 'kafka_timestamp', 'ingestion_timestamp', 'topic_epoch']

export interface Decoded {
  readonly silver: SilverColumns
  readonly dead: DeadLetters
}

export interface ObjectDecoder {
  /**
   * Adds all records of a Bronze file.
   * @throws Corrupt where it is not a Bronze file; Throttled where the registry does not answer
   */
  add(key: string, bytes: Uint8Array): Promise<void>
  readonly decoded: Decoded
  /** Gives back the memory of what was decoded, once nobody reads it any more. */
  release(): void
}

/** Where the records of an object lie while they are decoded: as many as exchanges are decoded at the same time in one process. */
const rooms = sparesOf<Room>(3)

/** `exchange`: the code that the messages must carry; `records`: as many as may come, where that is known. */
export function createObjectDecoder(exchange: string, schemas: Schemas, records = 0): ObjectDecoder {
  const decoder = createTradeDecoder()
  const validator = createValidator(decoder, exchange)
  const silver = createSilverColumns(decoder, records)
  const dead = createDeadLetters()
  const room = rooms.take() ?? newRoom()
  const lineage: Lineage = { schemaId: 0, epoch: 0, partition: 0, offset: 0, bronzeIngestion: 0 }

  async function add(key: string, bytes: Uint8Array): Promise<void> {
    const options = { columns: COLUMNS, plain: NO_TEXTS, room: emptied(room) }
    const { rows, columns } = await readBatch(RECORDS, [sourceOf(key, bytes)], options)
    const { plain, valid } = columns.raw_bytes as BytesColumn
    const [epochs, partitions] = ['topic_epoch', 'partition'].map(name => (columns[name] as Int32Column).values)
    const [offsets, kafkaTimes, ingestionTimes] = ['offset', 'kafka_timestamp', 'ingestion_timestamp'].map(name =>
      numbersOf((columns[name] as Int64Column).values, room),
    )
    const isThere = (row: number) => valid?.[row] !== 0
    const known = await schemas.load(schemaIds(plain, rows, isThere))
    let at = 0
    for (let row = 0; row < rows; row++) {
      lineage.epoch = epochs[row]
      lineage.partition = partitions[row]
      lineage.offset = offsets[row]
      lineage.bronzeIngestion = ingestionTimes[row]
      lineage.schemaId = 0
      if (!isThere(row)) {
        dead.add(null, failed('the record has no value (a tombstone)'), lineage, null)
        continue
      }
      const start = at + 4
      const end = (at = start + plainLength(plain, at))
      // Kafka time 0 means that there is no time: the ingestion time then decides.
      const kafkaMicros = kafkaTimes[row] || lineage.bronzeIngestion
      const schemaId = isFramed(plain, start, end) ? readSchemaId(plain, start) : null
      lineage.schemaId = schemaId ?? 0
      const rejection =
        schemaId === null ? unframed(plain, start, end) : take(start, end, known.get(schemaId), schemaId, kafkaMicros)
      if (rejection) dead.add(plain.slice(start, end), rejection, lineage, schemaId)
    }

    /** Adds the record to Silver, or says why it is not a valid trade. */
    function take(
      start: number,
      end: number,
      schema: KnownSchema | undefined,
      schemaId: number,
      kafkaMicros: number,
    ): Rejection | undefined {
      if (schema === undefined || schema.is === 'unknown')
        return { type: 'unknown_schema', reason: `the registry knows no Avro schema ${schemaId}` }
      if (schema.is === 'unreadable') return failed(schema.reason)
      const { resolve, layout } = schema.resolution
      const body = start + FRAME_BYTES
      if (resolve === undefined) return takeBody(plain, body, end, layout, kafkaMicros)
      try {
        const resolved = resolve(plain.subarray(body, end))
        return takeBody(resolved, 0, resolved.length, layout, kafkaMicros)
      } catch (error) {
        if (error instanceof BadInput) return failed(error.message)
        throw error
      }
    }
  }

  function takeBody(
    bytes: Uint8Array,
    start: number,
    end: number,
    layout: TradeLayout,
    kafkaMicros: number,
  ): Rejection | undefined {
    const problem = decoder.decode(bytes, start, end, layout)
    if (problem !== undefined) return failed(problem)
    const rejection = validator.check(bytes, kafkaMicros)
    if (rejection === undefined) silver.add(bytes, lineage)
    return rejection
  }

  function release(): void {
    silver.release()
    rooms.give(room)
  }

  return { add, decoded: { silver, dead }, release }
}

function failed(reason: string): Rejection {
  return { type: 'deserialization_failed_or_null_fields', reason }
}

function isFramed(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= FRAME_BYTES && bytes[start] === MAGIC_BYTE
}

function unframed(bytes: Uint8Array, start: number, end: number): Rejection {
  if (end - start < FRAME_BYTES) return failed(`${end - start} bytes are too few for the wire format's frame`)
  return failed(`the first byte is ${bytes[start]}, not the wire format's 0`)
}

function readSchemaId(bytes: Uint8Array, start: number): number {
  return (bytes[start + 1] << 24) | (bytes[start + 2] << 16) | (bytes[start + 3] << 8) | bytes[start + 4]
}

/** Those of the values, which lie one behind the other; of a row that has none there is nothing. */
function schemaIds(plain: Uint8Array, rows: number, isThere: (row: number) => boolean): Set<number> {
  const ids = new Set<number>()
  let last = -1
  let at = 0
  for (let row = 0; row < rows; row++) {
    if (!isThere(row)) continue
    const start = at + 4
    at = start + plainLength(plain, at)
    if (!isFramed(plain, start, at)) continue
    const id = readSchemaId(plain, start)
    if (id !== last) ids.add(id)
    last = id
  }
  return ids
}
