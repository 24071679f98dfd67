/**
 * Metadata files of tables and views that anybody made: gzip or plain, format version 1 or 2. A file never changes, so what was
 * read is kept by its location.
 */
import { gzipSync } from 'node:zlib'
import { Corrupt, NotFound } from '../../domain/errors.ts'
import { parseExact, stringifyExact } from '../../domain/exact-json.ts'
import { cachePerStore } from '../cache.ts'
import { metadataFileName, metadataText } from '../metadata-file.ts'
import { type AnyMetadata, type AnySchema, type AnySpec, MAIN, NO_SNAPSHOT } from './any-metadata.ts'
import type { Files } from './files.ts'
import { Invalid } from './refusals.ts'
import { highestId } from './schemas.ts'

/** The property that puts metadata files elsewhere (Iceberg docs, "Configuration"). */
export const METADATA_PATH = 'write.metadata.path'
/** Metadata of the tables in use. */
const CACHED_FILES = 256
const cacheOf = cachePerStore<object>(CACHED_FILES)

/** The JSON of a metadata file. @throws NotFound; Corrupt where it is none */
export async function readJson(files: Pick<Files, 'get'>, location: string): Promise<object> {
  const cached = cacheOf(files).get(location)
  if (cached !== undefined) return cached
  const bytes = await files.get(location).catch(error => {
    // What Java's own readers say, which users find explained.
    if (error instanceof NotFound) throw new NotFound(`Failed to open input stream for file: ${location}`)
    throw error
  })
  let json: unknown
  try {
    json = parseExact(metadataText(bytes))
  } catch (error) {
    throw new Corrupt(`The metadata file ${location} cannot be read: ${(error as Error).message}.`)
  }
  if (typeof json !== 'object' || json === null) throw new Corrupt(`The metadata file ${location} holds no object.`)
  cacheOf(files).set(location, json, 1)
  return json
}

/** A table's metadata. @throws NotFound; Corrupt; Invalid where its format version is not kept here */
export async function readAnyMetadata(files: Pick<Files, 'get'>, location: string): Promise<AnyMetadata> {
  return withDefaults((await readJson(files, location)) as StoredMetadata, location)
}

/** Writes metadata of a table or view and gives its location; `previous` is that of the file it follows. */
export async function writeJson(
  files: Pick<Files, 'put'>,
  options: {
    readonly folder: string
    readonly previous: string | undefined
    readonly uuid: string
    readonly gzip: boolean
    readonly metadata: object
  },
): Promise<string> {
  const { folder, previous, uuid, gzip, metadata } = options
  const uri = `${folder.replace(/\/+$/, '')}/${metadataFileName(previous, uuid, gzip)}`
  const text = stringifyExact(metadata)
  await files.put(uri, gzip ? gzipSync(text) : Buffer.from(text))
  cacheOf(files).set(uri, metadata, 1)
  return uri
}

/** What a file of format version 1 has in other places. */
interface StoredMetadata extends AnyMetadata {
  readonly schema?: AnySchema
  readonly 'partition-spec'?: AnySpec['fields']
}

/** With what the spec lets a writer leave out (spec, "Table Metadata Fields"; version 1 has a single schema and spec). */
function withDefaults(stored: StoredMetadata, location: string): AnyMetadata {
  const version = stored['format-version']
  if (version !== 1 && version !== 2)
    throw new Invalid(`The table in ${location} has format version ${version}: this catalog keeps version 2.`)
  if (typeof stored['table-uuid'] !== 'string' || typeof stored.location !== 'string')
    throw new Corrupt(`The metadata file ${location} has no table-uuid or no location.`)
  const { schema, 'partition-spec': spec, ...rest } = stored
  const schemas = stored.schemas ?? (schema ? [{ ...schema, 'schema-id': schema['schema-id'] ?? 0 }] : [])
  if (schemas.length === 0) throw new Corrupt(`The metadata file ${location} has no schema.`)
  const currentId = stored['current-snapshot-id'] ?? NO_SNAPSHOT
  const main = currentId === NO_SNAPSHOT ? {} : { [MAIN]: { 'snapshot-id': currentId, type: 'branch' as const } }
  return {
    ...rest,
    schemas,
    'current-schema-id': stored['current-schema-id'] ?? schemas[0]['schema-id'],
    'last-column-id': stored['last-column-id'] ?? Math.max(...schemas.map(highestId)),
    'partition-specs': stored['partition-specs'] ?? [{ 'spec-id': 0, fields: spec ?? [] }],
    'default-spec-id': stored['default-spec-id'] ?? 0,
    'last-partition-id': stored['last-partition-id'] ?? 999,
    'sort-orders': stored['sort-orders'] ?? [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': stored['default-sort-order-id'] ?? 0,
    'last-sequence-number': stored['last-sequence-number'] ?? 0,
    properties: stored.properties ?? {},
    'current-snapshot-id': currentId,
    refs: stored.refs ?? main,
    snapshots: stored.snapshots ?? [],
    'snapshot-log': stored['snapshot-log'] ?? [],
    'metadata-log': stored['metadata-log'] ?? [],
  }
}

/** The metadata as its format version writes it. */
export function toStored(metadata: AnyMetadata): object {
  if (metadata['format-version'] !== 1) return metadata
  const schema = metadata.schemas.find(each => each['schema-id'] === metadata['current-schema-id'])
  const spec = metadata['partition-specs'].find(each => each['spec-id'] === metadata['default-spec-id'])
  return { ...metadata, schema, 'partition-spec': spec?.fields ?? [] }
}
