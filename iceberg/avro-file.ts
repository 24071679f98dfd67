/**
 * Avro object container files (Avro 1.11 spec, "Object Container Files"). `avsc` codes the records; the container is
 * written here because its header must keep Iceberg's `field-id`, `element-id`, `key-id` and `value-id` attributes,
 * which avsc drops. Longs beyond 2^52 are refused in both directions, never rounded. Pure, no I/O.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import avsc from 'avsc'

const MAGIC = Buffer.from('Obj\u0001', 'latin1')
const SYNC_BYTES = 16
/** Blocks are closed at about this many uncompressed bytes, as readers hold a block in memory. */
const BLOCK_BYTES = 1024 * 1024

export interface AvroFile {
  readonly metadata: ReadonlyMap<string, string>
  readonly records: unknown[]
}

/** A file that is compressed in another way. */
export class UnknownCodec extends Error {}

/** Types by their schema text: building one compiles code, and every manifest of a table has the same schema. */
const types = new Map<string, avsc.Type>()
const MAX_TYPES = 200

/** avsc zigzags in doubles: it accepts longs up to 2^53, but above 2^52 silently loses their last bit. */
const LONG_LIMIT = 2 ** 52

interface LongMethods {
  _read(tap: unknown): number
  _write(tap: unknown, value: number): void
}

function exactLong(): avsc.Type {
  const base = new avsc.types.LongType() as avsc.Type & LongMethods
  const check = (value: number) => {
    if (Math.abs(value) >= LONG_LIMIT) throw new Error(`a long is not below 2^52 (${value})`)
    return value
  }
  const methods: LongMethods = {
    _read: tap => check(base._read(tap)),
    _write: (tap, value) => base._write(tap, check(value)),
  }
  // avsc freezes its types.
  return Object.create(base, Object.getOwnPropertyDescriptors(methods))
}

/** A long may be written as `"long"` or as `{"type": "long"}`. */
function isLong(schema: unknown): boolean {
  return schema === 'long' || (schema as { type?: unknown }).type === 'long'
}

function typeOf(schema: string, long = exactLong): avsc.Type {
  const name = `${long.name} ${schema}`
  let type = types.get(name)
  if (!type) {
    type = avsc.Type.forSchema(JSON.parse(schema), { typeHook: part => (isLong(part) ? long() : undefined) })
    if (types.size >= MAX_TYPES) types.delete(types.keys().next().value!)
    types.set(name, type)
  }
  return type
}

/** For files of other writers, whose ids take all 64 bits: read rounded, never written. */
function roundedLong(): avsc.Type {
  return avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => Number(bytes.readBigInt64LE()),
    toBuffer: () => {
      throw new Error('a rounded long is not written')
    },
    fromJSON: Number,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'number',
    compare: (left: number, right: number) => left - right,
  })
}

/**
 * Writes records as one container file, deflated. `syncId` is a UUID whose bytes are the sync marker, so that the
 * same input gives the same file. @throws Error where a record does not fit the schema
 */
export function writeAvroFile(options: {
  /** The schema as JSON text, with Iceberg's attributes. */
  readonly schema: string
  readonly metadata: Readonly<Record<string, string>>
  readonly records: readonly unknown[]
  readonly syncId: string
}): Uint8Array {
  const type = typeOf(options.schema)
  const sync = Buffer.alloc(SYNC_BYTES)
  sync.write(options.syncId.replaceAll('-', ''), 'hex')
  const parts: Uint8Array[] = [header(options.schema, options.metadata), sync]
  let block: Uint8Array[] = []
  let bytes = 0
  const close = () => {
    if (block.length === 0) return
    // In one piece: by default zlib gives its output in buffers of 16 KB.
    const data = deflateRawSync(Buffer.concat(block), { level: constants.Z_BEST_SPEED, chunkSize: bytes + 1024 })
    parts.push(long(block.length), long(data.length), data, sync)
    block = []
    bytes = 0
  }
  for (const record of options.records) {
    const encoded = type.toBuffer(record)
    block.push(encoded)
    bytes += encoded.length
    if (bytes >= BLOCK_BYTES) close()
  }
  close()
  return Buffer.concat(parts)
}

function header(schema: string, metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries({ 'avro.schema': schema, 'avro.codec': 'deflate', ...metadata })
  const parts = [MAGIC, long(entries.length)]
  for (const [key, value] of entries) parts.push(...text(key), ...text(value))
  return Buffer.concat([...parts, long(0)])
}

function text(value: string): Buffer[] {
  const bytes = Buffer.from(value)
  return [long(bytes.length), bytes]
}

/** A non-negative long below 2^53 as Avro's zigzag varint. */
function long(value: number): Buffer {
  const bytes: number[] = []
  let rest = value * 2
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/**
 * Reads a container file of codec null or deflate; `longs: 'rounded'` where only the other fields are of interest.
 * @throws UnknownCodec; Error where it is not one
 */
export function readAvroFile(file: Uint8Array, { longs = 'exact' }: { longs?: 'exact' | 'rounded' } = {}): AvroFile {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it does not begin like an Avro file')
  const cursor = { bytes, at: MAGIC.length }
  const metadata = new Map<string, string>()
  for (let count = readLong(cursor); count !== 0; count = readLong(cursor)) {
    // A negative count is followed by the size of the block in bytes.
    if (count < 0) readLong(cursor)
    for (let i = Math.abs(count); i > 0; i--) {
      const key = take(cursor, readLong(cursor)).toString('utf8')
      metadata.set(key, take(cursor, readLong(cursor)).toString('utf8'))
    }
  }
  const schema = metadata.get('avro.schema')
  if (schema === undefined) throw new Error('its header has no schema')
  const inflate = codec(metadata.get('avro.codec') ?? 'null')
  const sync = take(cursor, SYNC_BYTES)
  const type = typeOf(schema, longs === 'exact' ? exactLong : roundedLong)
  const records: unknown[] = []
  while (cursor.at < bytes.length) {
    const count = readLong(cursor)
    const block = inflate(take(cursor, readLong(cursor)))
    let at = 0
    for (let i = 0; i < count; i++) {
      const { value, offset } = type.decode(block, at)
      if (offset < 0) throw new Error('a block ends inside a record')
      records.push(value)
      at = offset
    }
    if (at !== block.length) throw new Error('a block has bytes after its last record')
    if (!take(cursor, SYNC_BYTES).equals(sync)) throw new Error('a block does not end in the sync marker')
  }
  return { metadata, records }
}

function codec(name: string): (block: Buffer) => Buffer {
  if (name === 'null') return block => block
  if (name === 'deflate') return block => inflateRawSync(block)
  throw new UnknownCodec(`its codec ${name} is not one of null, deflate`)
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function take(cursor: Cursor, length: number): Buffer {
  const end = cursor.at + length
  if (length < 0 || end > cursor.bytes.length) throw new Error('it ends too soon')
  const part = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return part
}

function readLong(cursor: Cursor): number {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = take(cursor, 1)[0]
    value += (byte & 127) * scale
    if (byte < 128) break
    scale *= 128
    if (scale > Number.MAX_SAFE_INTEGER) throw new Error('a length is too large')
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** A required field of an Avro record schema, with the id that Iceberg readers use. */
export function field(id: number, name: string, type: unknown) {
  return { name, type, 'field-id': id }
}

/** An optional field likewise. */
export function optional(id: number, name: string, type: unknown) {
  return { name, type: ['null', type], default: null, 'field-id': id }
}
