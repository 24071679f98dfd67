/**
 * An Iceberg table of one's own in a folder: made, appended to by one transaction, read by any Iceberg reader through the metadata
 * file that is printed. Run it with the folder as its argument.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  commit,
  constantInt32,
  createTable,
  dictionaryOf,
  folderStore,
  planFiles,
  sqliteState,
  stageSnapshot,
  systemClock,
  systemIds,
  type TableDefinition,
  writeDataFile,
} from 'tradelake/iceberg'

const LISTINGS: TableDefinition = {
  name: 'listings',
  doc: 'A market that an exchange has listed.',
  columns: [
    { id: 1, name: 'symbol', type: 'string', required: true, doc: 'Base asset, then quote asset.' },
    { id: 2, name: 'listed_at', type: 'timestamptz', required: true, doc: 'When trading began, UTC.' },
    { id: 3, name: 'listed_on', type: 'date', required: true, doc: 'UTC date of listed_at.' },
  ],
  partition: [{ source: 'listed_on', transform: 'day', name: 'listed_on_day' }],
  sort: [],
  targetFileBytes: 16 * 1024 * 1024,
  snapshots: { allDays: 1, hourlyDays: 7, dailyDays: 0 },
  upkeep: {
    timeColumn: 'listed_at',
    order: ['listed_at'],
    rowGroupRows: 100_000,
    closedAfterMinutes: 10,
    ageColumn: 'listed_at',
  },
}

const [folder = 'listings-lake'] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const clock = systemClock()
const state = sqliteState(join(folder, 'state.sqlite'), { clock })
const ports = { store: folderStore(join(folder, 'objects')), state, clock, ids: systemIds() }

await createTable(ports, LISTINGS)
const day = 20_000
// All rows of a file belong to one partition; a fresh name, so nothing reads it before the commit names it.
const file = await writeDataFile(
  ports,
  LISTINGS,
  { listed_on_day: day },
  {
    rows: 2,
    columns: {
      symbol: dictionaryOf(['BTCUSDT', 'ETHUSDT']),
      listed_at: { kind: 'int64', values: BigInt64Array.of(1_728_000_000_000_000n, 1_728_000_060_000_000n) },
      listed_on: constantInt32(day, 2),
    },
  },
)
// The plan is made from the table as it stands, and again where someone else has committed meanwhile.
const table = await commit(ports, async () => {
  const loaded = await createTable(ports, LISTINGS)
  const staged = await stageSnapshot(ports, { table: loaded, add: [file], operation: 'append' })
  return { writes: [staged.write], result: staged.table }
})
const files = await planFiles(ports, table)
console.log(`${files.reduce((rows, { records }) => rows + records, 0)} rows in ${files.length} file(s)`)
console.log(table.metadataLocation)
state.close()
