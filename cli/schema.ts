/** A table's columns and layout, from its definition: for people, and as JSON. */

import { BadInput } from '../domain/errors.ts'
import { allTables, type TableDefinition } from '../domain/tables.ts'
import { noneText } from '../figures/nearest.ts'
import { bytesText } from '../figures/pipeline.ts'
import { retentionOfPolicy } from '../iceberg/snapshot-retention.ts'
import { formatTable } from './format.ts'

/** @throws BadInput naming the existing tables */
export function definitionOf(name: string): TableDefinition {
  const tables = allTables()
  const found = tables.find(table => table.name === name)
  if (!found)
    throw new BadInput(
      noneText(
        'table',
        name,
        tables.map(table => table.name),
        'there are none',
      ),
    )
  return found
}

export function schemaText(table: TableDefinition): string {
  const { name, doc, columns } = table
  const rows = columns.map(column => [
    [column.id, ...(column.nestedIds ?? [])].join(' '),
    column.name,
    column.type,
    column.required ? 'required' : 'optional',
    column.since === undefined ? column.doc : `${column.doc} Since ${column.since}: null in older rows.`,
  ])
  return [
    name,
    doc,
    '',
    formatTable(['id', 'column', 'type', 'null', 'meaning'], rows),
    '',
    `partitioned by  ${partitionTexts(table).join(', ')}`,
    `sorted by       ${table.sort.join(', ') || 'nothing'}`,
    `rows kept       ${keptText(table)}`,
    `snapshots kept  ${snapshotsText(table)}`,
    `target file     ${bytesText(table.targetFileBytes)}`,
  ].join('\n')
}

export function schemaJson(table: TableDefinition): unknown {
  const { name, doc, columns, sort, retentionDays, snapshots, targetFileBytes } = table
  return {
    table: name,
    doc,
    columns: columns.map(({ id, nestedIds = [], name: column, type, required, since = null, doc: meaning }) => ({
      id,
      nested_ids: nestedIds,
      name: column,
      type,
      required,
      since,
      doc: meaning,
    })),
    partition: partitionTexts(table),
    sort,
    retention_days: retentionDays ?? null,
    snapshot_days: { all: snapshots.allDays, hourly: snapshots.hourlyDays, daily: snapshots.dailyDays },
    target_file_bytes: targetFileBytes,
  }
}

/** `day(exchange_date)`; just the column's name where rows are partitioned by its values. */
export function partitionTexts({ partition }: TableDefinition): string[] {
  return partition.map(({ source, transform }) => (transform === 'identity' ? source : `${transform}(${source})`))
}

export function keptText({ retentionDays, upkeep }: TableDefinition): string {
  return retentionDays === undefined ? 'for ever' : `${retentionDays} days, counted by ${upkeep.ageColumn}`
}

export function snapshotsText({ snapshots }: TableDefinition): string {
  const { allDays, hourlyDays, dailyDays } = snapshots
  return [
    `all for ${days(allDays)} but at most ${retentionOfPolicy(snapshots).maxCount.toLocaleString('en-US')}`,
    `the last of each hour for ${days(hourlyDays)}`,
    ...(dailyDays > 0 ? [`the last of each day for ${days(dailyDays)}`] : []),
  ].join(', ')
}

function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`
}
