/** The web application over a lake in memory, asked directly. */
import { gunzipSync } from 'node:zlib'
import { type ApiOptions, createApi } from '../../api/app.ts'
import { parseExact } from '../../domain/exact-json.ts'
import { USER_PREFIX } from '../../domain/names.ts'
import { writeAvroFile } from '../../iceberg/avro-file.ts'
import { filesIn } from '../../iceberg/updates/files.ts'
import { type MemoryLake, memoryLake } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

export interface Answer {
  readonly status: number
  readonly body: Json
  readonly headers: Headers
}

export interface AskedApi extends MemoryLake {
  /** Asks a route below /iceberg/v1; a body is sent as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** A namespace and a table in it: the table's metadata. */
  made(namespace: string, table: string): Promise<Json>
  /** Writes a manifest list of these manifests and gives its URI. */
  manifestList(location: string, snapshot: number | bigint, manifests?: readonly string[]): Promise<string>
}

export const SCHEMA = {
  type: 'struct',
  fields: [
    { id: 7, name: 'symbol', required: true, type: 'string' },
    { id: 3, name: 'price', required: false, type: 'decimal(20, 10)' },
  ],
}

/** `lake`: one that is there, as after a restart. */
export function askedApi(options: Partial<ApiOptions> = {}, lake: MemoryLake = memoryLake()): AskedApi {
  const files = filesIn([{ store: lake.ports.store, prefix: USER_PREFIX }])
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', ...options })
  // The lake itself, whose hooks can then be set.
  const asked: AskedApi = Object.assign(lake, {
    async ask(method, path, body, headers = {}) {
      const answer = await api.request(`http://localhost:8080/iceberg/v1/${path}`, {
        method,
        headers: { host: 'localhost:8080', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const bytes = Buffer.from(await answer.arrayBuffer())
      const text = (answer.headers.get('content-encoding') === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
      return { status: answer.status, body: text === '' ? undefined : parseExact(text), headers: answer.headers }
    },
    async made(namespace, table) {
      await asked.ask('POST', 'namespaces', { namespace: [namespace] })
      const { body } = await asked.ask('POST', `namespaces/${namespace}/tables`, { name: table, schema: SCHEMA })
      return body.metadata
    },
    async manifestList(location, snapshot, manifests = []) {
      const uri = `${location}/metadata/snap-${snapshot}.avro`
      const fields = [
        { name: 'manifest_path', type: 'string' },
        { name: 'added_snapshot_id', type: 'long' },
      ]
      const list = writeAvroFile({
        schema: JSON.stringify({ type: 'record', name: 'manifest_file', fields }),
        metadata: {},
        records: manifests.map(path => ({ manifest_path: path, added_snapshot_id: Number(snapshot) })),
        syncId: '00000000-0000-7000-8000-000000000000',
      })
      await files.put(uri, list)
      return uri
    },
  } satisfies Omit<AskedApi, keyof MemoryLake>)
  return asked
}

/** A commit that appends a snapshot to main. */
export function append(
  snapshot: string,
  list: string,
  { sequence = 1, parent }: { sequence?: number; parent?: string } = {},
): string {
  const added = [
    `"snapshot-id":${snapshot}`,
    ...(parent === undefined ? [] : [`"parent-snapshot-id":${parent}`]),
    `"sequence-number":${sequence},"timestamp-ms":1763640000000,"manifest-list":"${list}","summary":{"operation":"append"}`,
  ]
  return `{"requirements":[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":${parent ?? null}}],"updates":[
    {"action":"add-snapshot","snapshot":{${added.join(',')}}},
    {"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":${snapshot}}]}`
}

/** The API's own description of itself. */
export async function askedDescription(): Promise<{ readonly paths: Record<string, Json> }> {
  const api = createApi({ ports: memoryLake().ports, log: SILENT, auth: 'none' })
  const answer = await api.request('http://localhost/v1/openapi.json', { headers: { host: 'localhost' } })
  return (await answer.json()) as { paths: Record<string, Json> }
}
