/** A snapshot as a client of the catalog makes it: a data file, its manifest, a list of that and the manifests before, and what is asked for. */
import type { Ports } from '../../domain/ports.ts'
import { readAvroFile, writeAvroFile } from '../../iceberg/avro-file.ts'
import { START } from './world.ts'

/** Where clients have their tables. */
export const NAMESPACE = 'research'

const MANIFEST = JSON.stringify({
  type: 'record',
  name: 'manifest_entry',
  fields: [
    { name: 'status', type: 'int' },
    {
      name: 'data_file',
      type: {
        type: 'record',
        name: 'r2',
        fields: [
          { name: 'content', type: 'int' },
          { name: 'file_path', type: 'string' },
          { name: 'file_format', type: 'string' },
          { name: 'partition', type: { type: 'record', name: 'r102', fields: [] } },
          { name: 'record_count', type: 'long' },
          { name: 'file_size_in_bytes', type: 'long' },
        ],
      },
    },
  ],
})
const LIST = JSON.stringify({
  type: 'record',
  name: 'manifest_file',
  fields: [
    { name: 'manifest_path', type: 'string' },
    { name: 'content', type: 'int' },
    { name: 'added_snapshot_id', type: 'long' },
  ],
})
const ADDED = 1

interface WrittenSnapshot {
  /** URI of the manifest list. */
  readonly list: string
  /** All that was written, as keys of the store. */
  readonly keys: readonly string[]
}

/** `before`: URI of the manifest list of the snapshot that it follows. @throws whatever the store does */
async function writeSnapshotFiles(
  { store, ids }: Pick<Ports, 'store' | 'ids'>,
  { location, snapshot, before }: { readonly location: string; readonly snapshot: number; readonly before?: string },
): Promise<WrittenSnapshot> {
  const id = ids.uuid()
  const keyOf = (uri: string) => uri.slice(store.root.length + 1)
  const keys: string[] = []
  const put = async (uri: string, bytes: Uint8Array) => {
    keys.push(keyOf(uri))
    await store.put(keyOf(uri), bytes)
    return uri
  }
  const avro = (schema: string, records: readonly object[]) =>
    writeAvroFile({ schema, metadata: {}, records, syncId: id })
  const rows = Buffer.from(`rows of ${snapshot}`)
  const file_path = await put(`${location}/data/${id}.parquet`, rows)
  const data = { content: 0, file_path, file_format: 'PARQUET', partition: {}, record_count: 1 }
  const entries = [{ status: ADDED, data_file: { ...data, file_size_in_bytes: rows.length } }]
  const manifest_path = await put(`${location}/metadata/${id}-m0.avro`, avro(MANIFEST, entries))
  const old = before === undefined ? [] : readAvroFile(await store.get(keyOf(before))).records
  const manifests = [...(old as object[]), { manifest_path, content: 0, added_snapshot_id: snapshot }]
  return { list: await put(`${location}/metadata/snap-${snapshot}-${id}.avro`, avro(LIST, manifests)), keys }
}

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
export type Json = any

/** A snapshot whose files are written, and the commit that adds it. */
export interface Staged {
  readonly snapshot: number
  readonly change: ReturnType<typeof changeOf>
  readonly keys: readonly string[]
}

/** Writes the files of a snapshot on top of the table as it was read. */
export async function stage(ports: Ports, name: string, metadata: Json, snapshot: number): Promise<Staged> {
  const current = metadata.snapshots.find((each: Json) => each['snapshot-id'] === metadata['current-snapshot-id'])
  const { location } = metadata
  const { list, keys } = await writeSnapshotFiles(ports, { location, snapshot, before: current?.['manifest-list'] })
  return { snapshot, keys, change: changeOf(name, metadata, snapshot, list) }
}

/** A commit that appends a snapshot to the table as it was read. */
export function changeOf(name: string, metadata: Json, snapshot: number, list: string) {
  const current = metadata['current-snapshot-id'] ?? -1
  const parent = current === -1 ? undefined : current
  const added = {
    ...{ 'snapshot-id': snapshot, ...(parent !== undefined && { 'parent-snapshot-id': parent }) },
    ...{ 'sequence-number': metadata['last-sequence-number'] + 1, 'timestamp-ms': START },
    ...{ 'manifest-list': list, summary: { operation: 'append' }, 'schema-id': 0 },
  }
  return {
    identifier: { namespace: [NAMESPACE], name },
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': parent ?? null },
    ],
    updates: [
      { action: 'add-snapshot', snapshot: added },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshot },
    ],
  }
}
