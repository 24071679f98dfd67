/** A route of the read API: what it is asked with and what it answers, for the server and for its description. */
import type { Context } from 'hono'
import type { Reader } from '../../adapters/duckdb-reader.ts'
import type { Log } from '../../domain/ports.ts'
import type { FeedReport } from '../../domain/server-ports.ts'
import type { SchemaIds } from '../../domain/wire.ts'
import type { QueryViews } from '../../tables/views.ts'
import type { FileService } from '../catalog/delegation.ts'
import type { CatalogPorts } from '../catalog/entries.ts'
import type { Variables } from '../catalog/request.ts'
import type { Live } from '../live/live.ts'
import type { AuditDesk } from './audit-desk.ts'
import type { ColumnShape } from './formats.ts'
import type { ParameterName } from './parameter-list.ts'

/** Opens an engine that reads these files alone, for one query. */
export type OpenSql = (views: QueryViews) => Promise<Reader>

export interface MarketOptions {
  /** For reading. */
  readonly ports: CatalogPorts
  /** For what is committed: it has to read what is there now. */
  readonly writing: CatalogPorts
  /** Whether tags may be set on the pipeline's tables. */
  readonly tags: boolean
  /** No key is asked for. */
  readonly isOpen: boolean
  readonly log: Log
  /** Where the files are, for who cannot be let at them otherwise. */
  readonly service: FileService | undefined
  /** Where a file is had from by its key, for who asks on the same machine; by default it is a route. */
  readonly urlOf?: ((key: string) => string) | undefined
  /** Opens an engine for a query in SQL; there is none where the lake's files are not on this machine. */
  readonly sql?: OpenSql | undefined
  /** The schemas that the records of the lake name, where they are known. */
  readonly schemaIds?: SchemaIds | undefined
  /** The feeds that run in this process; undefined where they run elsewhere. */
  readonly feeds?: (() => readonly FeedReport[]) | undefined
  /** Where an audit is asked for; there is none where nobody may. */
  readonly audit?: AuditDesk | undefined
  /** For answers that go on; there are none without. */
  readonly live?: Live
}

export interface Route {
  readonly method: 'get' | 'put' | 'post' | 'delete'
  /** Below `/v1`; a part of it as `:name`. */
  readonly path: string
  /** What it gives, in a line. */
  readonly summary: string
  /** What its query may hold. */
  readonly parameters: readonly ParameterName[]
  /** What its rows hold; undefined where it answers something else. */
  readonly columns?: readonly ColumnShape[]
  /** JSON Schema of another answer. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Its answer goes on, as one of these media types. */
  readonly stream?: readonly string[]
  /** The statuses where all went well, if it is not 200 alone. */
  readonly successes?: readonly number[]
  /** @throws Problem, ApiError; Corrupt */
  answer(context: Context<Variables>, options: MarketOptions): Promise<Response>
}
