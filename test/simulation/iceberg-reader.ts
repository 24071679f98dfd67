/**
 * An Iceberg reader of its own, from the spec and from avsc: what the laws are checked on must not pass through the product's
 * catalog, manifests and scan. Like any reader it takes every listing of a file, also one that comes twice.
 */
import { gunzipSync, inflateRawSync } from 'node:zlib'
import avro from 'avsc'
import type { ObjectStore, StateStore } from '../../domain/ports.ts'
import { byContent } from './by-content.ts'

/** A data file as a manifest lists it. */
export interface ListedFile {
  readonly key: string
  readonly bytes: number
  readonly records: number
  readonly partition: Readonly<Record<string, unknown>>
}

type Get = (key: string) => Promise<Uint8Array>

/** Every listing of a live data file in the table's current snapshot; none where the table does not exist. */
export async function listedFiles(
  { state, store }: { readonly state: StateStore; readonly store: ObjectStore },
  name: string,
): Promise<ListedFile[]> {
  const item = await state.get({ table: 'catalog', partition: `market_data.${name}`, sort: 'market_data' })
  if (!item) return []
  const metadata = await metadataAt(store, String(item['p.metadata_location']))
  const snapshot = metadata.snapshots?.find(
    (candidate: Record<string, unknown>) => candidate['snapshot-id'] === metadata['current-snapshot-id'],
  )
  return snapshot ? filesOf(store, snapshot['manifest-list']) : []
}

/** Every listing of a live data file below a manifest list. */
export async function filesOf(store: ObjectStore, manifestList: string): Promise<ListedFile[]> {
  const get: Get = key => store.get(key)
  const keyOf = (uri: string) => keyIn(store, uri)
  const files: ListedFile[] = []
  for (const { manifest_path, content } of await recordsAt(get, keyOf(manifestList))) {
    if (content !== 0) throw new Error(`${manifest_path} is a manifest of deletes`)
    for (const { status, data_file: file } of await recordsAt(get, keyOf(String(manifest_path)))) {
      const DELETED = 2
      if (status === DELETED) continue
      const { file_path, file_size_in_bytes, record_count, partition } = file as Record<string, unknown>
      files.push({
        key: keyOf(String(file_path)),
        bytes: Number(file_size_in_bytes),
        records: Number(record_count),
        partition: partition as Record<string, unknown>,
      })
    }
  }
  return files
}

/** A URI as a key of the store. */
export function keyIn({ root }: ObjectStore, uri: string): string {
  return uri.slice(root.length).replace(/^\//, '')
}

/** The JSON of a metadata file. */
export function metadataAt(store: ObjectStore, uri: string): Promise<Json> {
  return jsonAt(key => store.get(key), keyIn(store, uri))
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of a metadata file
type Json = any
const metadataByContent = byContent<Json>(500)

async function jsonAt(get: Get, key: string): Promise<Json> {
  const bytes = await get(key)
  return metadataByContent('json', bytes, () =>
    JSON.parse((bytes[0] === 0x1f ? gunzipSync(bytes) : Buffer.from(bytes)).toString()),
  )
}

type Records = readonly Record<string, unknown>[]

const LONG = avro.Type.forSchema('long')
const HEADER = avro.Type.forSchema({ type: 'map', values: 'bytes' })
const MAGIC_BYTES = 4
const SYNC_BYTES = 16
const recordsByContent = byContent<Records>(2_000)
/** By schema: building a type compiles code. */
const types = new Map<string, avro.Type>()

/** The records of an Avro file (Avro specification, "Object Container Files"). */
async function recordsAt(get: Get, key: string): Promise<Records> {
  const bytes = await get(key)
  return recordsByContent('avro', bytes, () => recordsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)))
}

function typeOf(schema: string): avro.Type {
  let type = types.get(schema)
  if (!type) types.set(schema, (type = avro.Type.forSchema(JSON.parse(schema), { registry: {} })))
  return type
}

function recordsOf(file: Buffer): Records {
  const header = HEADER.decode(file, MAGIC_BYTES)
  const meta = header.value as Record<string, Buffer>
  const type = typeOf(meta['avro.schema'].toString())
  const codec = meta['avro.codec']?.toString() ?? 'null'
  const records: Record<string, unknown>[] = []
  for (let at = header.offset + SYNC_BYTES; at < file.length; at += SYNC_BYTES) {
    const count = LONG.decode(file, at)
    const size = LONG.decode(file, count.offset)
    at = size.offset + Number(size.value)
    const block = file.subarray(size.offset, at)
    const data = codec === 'deflate' ? inflateRawSync(block) : block
    for (let i = 0, offset = 0; i < Number(count.value); i++) {
      const record = type.decode(data, offset)
      records.push(record.value as Record<string, unknown>)
      offset = record.offset
    }
  }
  return records
}
