/**
 * The tables as Glue shows them to Athena: an Iceberg table there is its pointer (`metadata_location`) and columns to look at.
 * DynamoDB's pointer stays the truth; Glue follows it, never backwards, and catches up whenever it is asked to.
 */
import {
  type Column,
  CreateTableCommand,
  GetTableCommand,
  type GlueClient,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue'
import type { Ports } from '../domain/ports.ts'
import { NAMESPACE, type TableDefinition } from '../domain/tables.ts'
import { findTable, type LoadedTable } from '../iceberg/catalog.ts'
import { currentSchema } from '../iceberg/manifest-store.ts'
import { type IcebergSchema, primitiveOf, type SchemaType } from '../iceberg/schema.ts'
import { awsError } from './aws-errors.ts'

const ATTEMPTS = 5

export interface TableMirror {
  /** Brings the mirror of these tables up to their pointers. */
  follow(tables: readonly TableDefinition[]): Promise<void>
}

export interface GlueMirrorOptions {
  readonly client: GlueClient
  readonly ports: Pick<Ports, 'state' | 'store'>
  /** The Glue database. */
  readonly database?: string
}

export function glueMirror({ client, ports, database = NAMESPACE }: GlueMirrorOptions): TableMirror {
  async function follow(definition: TableDefinition): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const table = await findTable(ports, definition.name)
      if (!table) return
      const mirrored = await client
        .send(new GetTableCommand({ DatabaseName: database, Name: definition.name }))
        .catch(error => {
          if ((error as Error).name === 'EntityNotFoundException') return undefined
          throw awsError(error, `Reading ${definition.name} of Glue`)
        })
      const location = mirrored?.Table?.Parameters?.metadata_location
      // A mirror that is ahead was brought there by a later commit than the one that was just read.
      if (location !== undefined && versionOf(location) >= versionOf(table.metadataLocation)) return
      const TableInput = tableInput(definition, table, location)
      try {
        if (!mirrored) await client.send(new CreateTableCommand({ DatabaseName: database, TableInput }))
        else
          await client.send(
            new UpdateTableCommand({
              DatabaseName: database,
              TableInput,
              // The version of the table that was read: Glue refuses where another update came in between.
              VersionId: mirrored.Table?.VersionId,
              // Glue would keep every version for ever.
              SkipArchive: true,
            }),
          )
        return
      } catch (error) {
        const again = ['AlreadyExistsException', 'ConcurrentModificationException'].includes((error as Error).name)
        if (!again || attempt === ATTEMPTS) throw awsError(error, `Mirroring ${definition.name} to Glue`)
      }
    }
  }
  return {
    async follow(tables) {
      for (const table of tables) await follow(table)
    },
  }
}

/** The number that a metadata file's name begins with: it grows with each commit. */
function versionOf(location: string): number {
  return Number(/\/(\d+)-[^/]*$/.exec(location)?.[1] ?? -1)
}

/** What Athena and Iceberg's own GlueCatalog go by (Java: org.apache.iceberg.aws.glue.GlueTableOperations). */
function tableInput(
  { name, doc }: TableDefinition,
  { metadata, metadataLocation }: LoadedTable,
  previous: string | undefined,
): TableInput {
  return {
    Name: name,
    Description: doc,
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      table_type: 'ICEBERG',
      metadata_location: metadataLocation,
      ...(previous !== undefined && { previous_metadata_location: previous }),
    },
    StorageDescriptor: { Location: metadata.location, Columns: glueColumns(currentSchema(metadata)) },
  }
}

/** The columns that the pointer's metadata has, which may be older than the definition (Java: IcebergToGlueConverter). */
export function glueColumns({ fields }: IcebergSchema): Column[] {
  return fields.map(({ id, name, type, required, doc }) => ({
    Name: name,
    Type: glueType(type),
    ...(doc !== undefined && { Comment: doc.slice(0, MAX_COMMENT) }),
    Parameters: {
      'iceberg.field.id': String(id),
      'iceberg.field.optional': String(!required),
      'iceberg.field.current': 'true',
    },
  }))
}

/** Characters of a column's comment in Glue (API reference, "Column"). */
const MAX_COMMENT = 255

/** Hive's name of an Iceberg type. */
function glueType(type: SchemaType): string {
  if (typeof type !== 'string')
    return type.type === 'list'
      ? `array<${glueType(type.element)}>`
      : `map<${glueType(type.key)},${glueType(type.value)}>`
  const primitive = primitiveOf(type) ?? type
  return primitive === 'long' ? 'bigint' : primitive === 'timestamptz' ? 'timestamp' : primitive
}
