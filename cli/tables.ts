/** `tradelake tables`: what each table holds now, or what the columns of one mean. */
import { sumOf } from '../domain/counts.ts'
import { bytesText } from '../figures/pipeline.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { openTables } from '../tables/views.ts'
import { command, JSON_OPTION, LAKE_OPTIONS } from './command.ts'
import { formatCount, formatTable } from './format.ts'
import { openToRead } from './open-lake.ts'
import { definitionOf, schemaJson, schemaText } from './schema.ts'

export const tables = command({
  name: 'tables',
  usage: '[--schema NAME] [--data DIR | --stack NAME] [--json]',
  options: {
    schema: {
      type: 'string',
      value: 'NAME',
      help: "show a table's columns, partitioning and retention; needs no lake",
    },
    ...LAKE_OPTIONS,
    json: JSON_OPTION,
  },
  async run(values) {
    if (values.schema !== undefined) {
      const definition = definitionOf(values.schema)
      console.log(values.json ? JSON.stringify(schemaJson(definition), null, 2) : schemaText(definition))
      return 0
    }
    const lake = await openToRead(values)
    try {
      const now = lake.ports.clock.now()
      const rows = (await openTables(lake)).map(({ definition, loaded, files }) => {
        const snapshot = loaded && currentSnapshot(loaded.metadata)
        return {
          table: definition.name,
          rows: sumOf(files, file => file.records),
          files: files.length,
          bytes: sumOf(files, file => file.bytes),
          snapshot_id: snapshot?.['snapshot-id'] ?? null,
          snapshots: loaded?.metadata.snapshots.length ?? 0,
          committed_at: snapshot ? new Date(snapshot['timestamp-ms']).toISOString() : null,
          age_seconds: snapshot ? Math.max(0, (now - snapshot['timestamp-ms']) / 1000) : null,
          metadata_location: loaded?.metadataLocation ?? null,
        }
      })
      if (values.json) console.log(JSON.stringify(rows, null, 2))
      else
        console.log(
          formatTable(
            ['table', 'rows', 'files', 'size', 'snapshots', 'last commit'],
            rows.map(row => [
              row.table,
              formatCount(row.rows),
              formatCount(row.files),
              bytesText(row.bytes),
              formatCount(row.snapshots),
              row.age_seconds === null ? 'never' : `${row.age_seconds.toFixed(0)} s ago`,
            ]),
          ),
        )
      return 0
    } finally {
      lake.close()
    }
  },
})
