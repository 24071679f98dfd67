/** Bronze objects into Silver rows and dead letters: every record becomes exactly one of the two. */
import { numbersOf } from '../../domain/columns.ts'
import { createTradeDecoder } from '../../domain/decode.ts'
import { BadInput } from '../../domain/errors.ts'
import type { TradeLayout } from '../../domain/trade.ts'
import { createValidator, type Rejection } from '../../domain/validation.ts'
import { FRAME_BYTES, MAGIC_BYTE } from '../../domain/wire.ts'
import { readColumns } from '../../iceberg/parquet/read.ts'
import { createSilverColumns, type Lineage, type SilverColumns } from './columns.ts'
import { createDeadLetters, type DeadLetters } from './dead-letters.ts'
import type { KnownSchema, Schemas } from './schemas.ts'

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
}

/** `exchange`: the code that the messages must carry. */
export function createObjectDecoder(exchange: string, schemas: Schemas): ObjectDecoder {
  const decoder = createTradeDecoder()
  const validator = createValidator(decoder, exchange)
  const silver = createSilverColumns(decoder)
  const dead = createDeadLetters()
  const lineage: Lineage = { schemaId: 0, epoch: 0, partition: 0, offset: 0, bronzeIngestion: 0 }

  async function add(key: string, bytes: Uint8Array): Promise<void> {
    const { rows, values } = await readColumns(key, bytes, COLUMNS)
    const raw = values.raw_bytes as (Uint8Array | null)[]
    const epochs = values.topic_epoch as ArrayLike<number>
    const partitions = values.partition as ArrayLike<number>
    const [offsets, kafkaTimes, ingestionTimes] = ['offset', 'kafka_timestamp', 'ingestion_timestamp'].map(name =>
      numbersOf(values[name] as ArrayLike<bigint>),
    )
    const known = await schemas.load(schemaIds(raw))
    for (let row = 0; row < rows; row++) {
      const value = raw[row]
      lineage.epoch = epochs[row]
      lineage.partition = partitions[row]
      lineage.offset = offsets[row]
      lineage.bronzeIngestion = ingestionTimes[row]
      // Kafka time 0 means that there is no time: the ingestion time then decides.
      const kafkaMicros = kafkaTimes[row] || lineage.bronzeIngestion
      const framed = value !== null && value.length >= FRAME_BYTES && value[0] === MAGIC_BYTE
      const schemaId = framed ? readSchemaId(value) : null
      lineage.schemaId = schemaId ?? 0
      const rejection =
        value === null || schemaId === null ? unframed(value) : take(value, known.get(schemaId), schemaId, kafkaMicros)
      if (rejection) dead.add(value, rejection, lineage, schemaId)
    }
  }

  /** Adds the record to Silver, or says why it is not a valid trade. */
  function take(
    value: Uint8Array,
    schema: KnownSchema | undefined,
    schemaId: number,
    kafkaMicros: number,
  ): Rejection | undefined {
    if (schema === undefined || schema.is === 'unknown')
      return { type: 'unknown_schema', reason: `the registry knows no Avro schema ${schemaId}` }
    if (schema.is === 'unreadable') return failed(schema.reason)
    const { resolve, layout } = schema.resolution
    if (resolve === undefined) return takeBody(value, FRAME_BYTES, layout, kafkaMicros)
    try {
      return takeBody(resolve(value.subarray(FRAME_BYTES)), 0, layout, kafkaMicros)
    } catch (error) {
      if (error instanceof BadInput) return failed(error.message)
      throw error
    }
  }

  function takeBody(bytes: Uint8Array, start: number, layout: TradeLayout, kafkaMicros: number): Rejection | undefined {
    const problem = decoder.decode(bytes, start, bytes.length, layout)
    if (problem !== undefined) return failed(problem)
    const rejection = validator.check(bytes, kafkaMicros)
    if (rejection === undefined) silver.add(bytes, lineage)
    return rejection
  }

  return { add, decoded: { silver, dead } }
}

function failed(reason: string): Rejection {
  return { type: 'deserialization_failed_or_null_fields', reason }
}

function unframed(value: Uint8Array | null): Rejection {
  if (value === null) return failed('the record has no value (a tombstone)')
  if (value.length < FRAME_BYTES) return failed(`${value.length} bytes are too few for the wire format's frame`)
  return failed(`the first byte is ${value[0]}, not the wire format's 0`)
}

function readSchemaId(value: Uint8Array): number {
  return (value[1] << 24) | (value[2] << 16) | (value[3] << 8) | value[4]
}

function schemaIds(values: readonly (Uint8Array | null)[]): Set<number> {
  const ids = new Set<number>()
  let last = -1
  for (const value of values) {
    if (value === null || value.length < FRAME_BYTES || value[0] !== MAGIC_BYTE) continue
    const id = readSchemaId(value)
    if (id !== last) ids.add(id)
    last = id
  }
  return ids
}
