/** A table's metadata as the body of an answer: gzipped once for each metadata file, which never changes. */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { NotFound } from '../../domain/errors.ts'
import { stringifyExact } from '../../domain/exact-json.ts'
import { type GzipPart, gzipPart, joinGzip, partOf } from '../../iceberg/gzip-parts.ts'
import { keyOf } from '../../iceberg/location.ts'
import { readMetadata } from '../../iceberg/metadata-file.ts'
import { readAnyMetadata, readJson, toStored } from '../../iceberg/updates/any-file.ts'
import type { AnyMetadata } from '../../iceberg/updates/any-metadata.ts'
import type { Delegation } from './delegation.ts'
import type { CatalogPorts } from './entries.ts'
import { MARKET_PREFIX } from './names.ts'

/** Which snapshots an answer has: all, or those that a branch or a tag names. */
export type Snapshots = 'all' | 'refs'

export interface Body {
  readonly gzip: Uint8Array
  /** Names the content (RFC 9110, "ETag"), quotes included; undefined where it holds what ends soon. */
  readonly etag: string | undefined
}

export interface Answers {
  /** The body of LoadTableResult; what is in memory is not looked for again (see `requireThere`). @throws NotFound */
  load(location: string, snapshots: Snapshots, delegation: Delegation): Promise<Body>
}

/** Compressed metadata, with its text; and whole bodies, which are all the same where nothing is delegated. */
const CACHED_PARTS_BYTES = 32 * 1024 * 1024
const CACHED_BODIES_BYTES = 16 * 1024 * 1024

export function createAnswers(ports: Pick<CatalogPorts, 'store' | 'files'>): Answers {
  const parts = new LRUCache<string, GzipPart>({
    maxSize: CACHED_PARTS_BYTES,
    sizeCalculation: ({ plain, deflated }) => plain.length + deflated.length,
  })
  const bodies = new LRUCache<string, Body>({
    maxSize: CACHED_BODIES_BYTES,
    sizeCalculation: ({ gzip }) => gzip.length,
  })
  async function metadataPart(location: string, snapshots: Snapshots): Promise<GzipPart> {
    const name = `${snapshots} ${location}`
    const known = parts.get(name)
    if (known) return known
    const part = await makePart(ports, location, snapshots)
    parts.set(name, part)
    return part
  }
  return {
    async load(location, snapshots, { members, isTemporary }) {
      const name = `${snapshots} ${location} ${members}`
      const known = isTemporary ? undefined : bodies.get(name)
      if (known) return known
      const head = gzipPart(`{"metadata-location":${JSON.stringify(location)},${members}"metadata":`)
      const gzip = joinGzip([head, await metadataPart(location, snapshots), gzipPart('}')])
      const body = { gzip, etag: isTemporary ? undefined : etagOf(location, snapshots) }
      if (!isTemporary) bodies.set(name, body)
      return body
    },
  }
}

/** Names an answer that holds nothing which ends soon: a metadata file never changes. */
export function etagOf(location: string, snapshots: Snapshots): string {
  return `"${createHash('sha256').update(`${snapshots} ${location}`).digest('hex').slice(0, 24)}"`
}

/** The body as text. */
export function plainOf({ gzip }: Body): Uint8Array {
  return gunzipSync(gzip)
}

/** The metadata as JSON, compressed; what the pipeline's own files hold is compressed already. */
async function makePart(
  ports: Pick<CatalogPorts, 'store' | 'files'>,
  location: string,
  snapshots: Snapshots,
): Promise<GzipPart> {
  const { store } = ports
  if (snapshots === 'all' && isMarketLocation(store, location) && location.endsWith('.gz.metadata.json'))
    return partOf(await store.get(keyOf(store, location)))
  const metadata = await metadataAt(ports, location)
  const shown = snapshots === 'refs' ? withRefsOnly(metadata) : metadata
  return gzipPart(stringifyExact(toStored(shown)))
}

/**
 * Users' files are theirs to lose, and what is gone must not be answered from memory; the pipeline's are swept by rules.
 * @throws NotFound where the metadata file is gone
 */
export async function requireThere({ store, files }: Pick<CatalogPorts, 'store' | 'files'>, location: string) {
  if (!isMarketLocation(store, location) && !(await files.exists(location)))
    throw new NotFound(`Failed to open input stream for file: ${location}`)
}

function isMarketLocation({ root }: CatalogPorts['store'], location: string): boolean {
  return location.startsWith(`${root}/${MARKET_PREFIX}`)
}

/** The metadata of a table of the pipeline, or of a user. @throws ApiError 404 where its file is gone */
export async function metadataAt(
  { store, files }: Pick<CatalogPorts, 'store' | 'files'>,
  location: string,
): Promise<AnyMetadata> {
  return isMarketLocation(store, location)
    ? ((await readMetadata(store, location)) as unknown as AnyMetadata)
    : readAnyMetadata(files, location)
}

function withRefsOnly(metadata: AnyMetadata): AnyMetadata {
  const named = new Set(Object.values(metadata.refs).map(ref => ref['snapshot-id']))
  return { ...metadata, snapshots: metadata.snapshots.filter(snapshot => named.has(snapshot['snapshot-id'])) }
}

/** A view's metadata as the body of an answer. */
export async function viewBody({ files }: Pick<CatalogPorts, 'files'>, location: string): Promise<string> {
  const metadata = await readJson(files, location)
  return `{"metadata-location":${JSON.stringify(location)},"config":{},"metadata":${stringifyExact(metadata)}}`
}
