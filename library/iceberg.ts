/**
 * `tradelake/iceberg`: Iceberg v2 tables over an object store, from columns in memory. A table is made, files are written under
 * fresh names, a snapshot is staged, and one transaction of the state store makes it count.
 */
export { folderStore } from '../adapters/folder-store.ts'
export { sqliteState } from '../adapters/sqlite-state.ts'
export { systemClock, systemIds } from '../adapters/system.ts'
export { type Batch, bytesOf, type ColumnData, constantInt32, constantInt64, dictionaryOf } from '../domain/columns.ts'
export type { ObjectStore, StateStore } from '../domain/ports.ts'
export { commit } from '../domain/protocol.ts'
export type { TableDefinition } from '../domain/tables.ts'
export { createTable, type LoadedTable, openTable } from '../iceberg/catalog.ts'
export { type SnapshotChange, type StagedSnapshot, stageSnapshot } from '../iceberg/commit.ts'
export { writeDataFile } from '../iceberg/data-file.ts'
export { planFiles } from '../iceberg/scan.ts'
export type { DataFile } from '../iceberg/types.ts'
