/**
 * Law 5: every file that a current snapshot names exists, has every byte that it was written with, is as large and as long as the
 * manifest says, and holds rows of its partition only.
 */
import { sumOf } from '../../domain/counts.ts'
import { messageOf } from '../../domain/errors.ts'
import type { ReadableLake } from '../../domain/lake.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { QuerySession, SqlRow } from '../../domain/ports.ts'
import type { Progress } from '../../domain/progress.ts'
import { sqlName, tableRows } from '../../domain/sql.ts'
import type { PartitionField } from '../../domain/tables.ts'
import { DAY_MS } from '../../domain/time.ts'
import { setBack } from '../../iceberg/lineage.ts'
import { damageOf } from '../../iceberg/parquet/whole.ts'
import type { DataFile } from '../../iceberg/types.ts'
import type { Readings, TableReading } from './readings.ts'
import { count, type Findings, violation } from './report.ts'

/** Files of one query. */
const FILES_PER_QUERY = 1_000
const STATS_AT_ONCE = 64

export interface CheckedFiles {
  /** Local paths by key of the files that can be read. */
  readonly paths: Map<string, string>
  readonly files: number
  readonly bytes: number
  readonly problems: Problem[]
}

type Problem = Record<string, unknown>

/** The findings of law 5; `unreadable`: why files turned out unreadable later, by key. */
export function fileFindings(
  { files, bytes, problems }: CheckedFiles,
  unreadable: ReadonlyMap<string, string>,
): Findings {
  const all = [...problems, ...[...unreadable].map(([file, why]) => ({ file, problem: `cannot be read: ${why}` }))]
  return {
    summary: `${count(files)} files of ${count(bytes)} bytes are there, byte for byte as written, with the manifests' rows and partitions`,
    figures: { files, bytes },
    notes: [],
    violations: violation('files are not as the manifests say', all),
  }
}

/** Checks the files of every table's current snapshot; files that wait for a snapshot only have to be readable. */
export async function checkFiles(
  lake: ReadableLake,
  session: QuerySession,
  readings: Readings,
  progress: Progress,
): Promise<CheckedFiles> {
  const paths = new Map<string, string>()
  const problems: Problem[] = []
  let files = 0
  let bytes = 0
  const tables = tablesOf(readings)
  progress.begin(
    'Looking at every byte',
    'file',
    sumOf(tables, table => table.files.size),
  )
  for (const table of tables) {
    const why = await setBack(lake.ports, table.definition.name)
    if (why !== undefined)
      problems.push({ table: table.definition.name, problem: `${why}: what was committed since is not in it` })
    for (const file of table.committed.values()) bytes += file.bytes
    files += table.committed.size
    for (const [key, times] of table.repeated)
      problems.push({
        table: table.definition.name,
        file: key,
        problem: `is listed ${times} times: readers count its rows as often`,
      })
    const there = await present(lake, table, problems, progress)
    const wrong = await checkRows(session, table, there, problems)
    for (const [key, path] of there) if (!wrong.has(key)) paths.set(key, path)
  }
  return { paths, files, bytes, problems }
}

/** Every table once, with the files of both readings. */
function tablesOf(readings: Readings): TableReading[] {
  return [
    ...readings.exchanges.flatMap(reading => [
      both(reading.bronze, reading.laterBronze),
      both(reading.silver, reading.laterSilver),
    ]),
    readings.gaps.bronze,
    readings.dlq,
    readings.losses.table,
    both(readings.gold, readings.laterGold),
    ...readings.candles.map(({ table }) => table),
  ]
}

function both(first: TableReading, later: TableReading): TableReading {
  return {
    ...later,
    committed: new Map([...first.committed, ...later.committed]),
    files: new Map([...first.files, ...later.files]),
    repeated: new Map([...first.repeated, ...later.repeated]),
  }
}

/** Local paths of the files that exist with the right size and bytes. */
async function present(
  lake: ReadableLake,
  table: TableReading,
  problems: Problem[],
  progress: Progress,
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const some of piecesOf([...table.files.values()], STATS_AT_ONCE))
    await Promise.all(
      some.map(async ({ key, bytes }) => {
        const info = await lake.ports.store.head(key)
        if (info === undefined) problems.push({ table: table.definition.name, file: key, problem: 'is missing' })
        else if (info.bytes !== bytes)
          problems.push({
            table: table.definition.name,
            file: key,
            problem: `has ${info.bytes} bytes, the manifest says ${bytes}`,
          })
        else {
          const path = await lake.ports.store.localFile(key)
          const damage = damageOf(path)
          if (damage !== undefined) problems.push({ table: table.definition.name, file: key, problem: damage })
          else found.set(key, path)
        }
        progress.add(1)
      }),
    )
  return found
}

/** Counts each file's rows and looks at its partition columns; gives the keys of files that cannot be read. */
async function checkRows(
  session: QuerySession,
  table: TableReading,
  paths: ReadonlyMap<string, string>,
  problems: Problem[],
): Promise<Set<string>> {
  const { definition } = table
  const unreadable = new Set<string>()
  for (const some of piecesOf([...paths], FILES_PER_QUERY)) {
    for (const [key, row] of await fileRows(session, table, some)) {
      if (typeof row === 'string') {
        problems.push({ table: definition.name, file: key, problem: `cannot be read: ${row}` })
        unreadable.add(key)
        continue
      }
      const file = table.files.get(key) as DataFile
      for (const problem of rowProblems(file, row, definition.partition))
        problems.push({ table: definition.name, file: key, problem })
    }
  }
  return unreadable
}

/** Each file's rows, and its least, greatest and number of partition values; or why it cannot be read. */
async function fileRows(
  session: QuerySession,
  table: TableReading,
  files: readonly (readonly [key: string, path: string])[],
): Promise<[key: string, row: SqlRow | string][]> {
  if (files.length === 0) return []
  const values = table.definition.partition.map(({ source }, i) => {
    const column = sqlName(source)
    return `, min(${column})::VARCHAR AS low_${i}, max(${column})::VARCHAR AS high_${i}, count(${column}) AS values_${i}`
  })
  const paths = files.map(([, path]) => path)
  try {
    const rows = await session.run(`SELECT filename, count(*) AS rows ${values.join('')}
      FROM ${tableRows(table.definition, paths, ['filename'])} GROUP BY filename`)
    const byPath = new Map(rows.map(row => [String(row.filename), row]))
    return files.map(([key, path]) => [key, byPath.get(path) ?? { rows: 0 }])
  } catch (error) {
    // One damaged file fails the query: reading them one by one shows which.
    if (files.length === 1) return [[files[0][0], messageOf(error)]]
    const results: [string, SqlRow | string][] = []
    for (const file of files) results.push(...(await fileRows(session, table, [file])))
    return results
  }
}

function rowProblems(file: DataFile, row: SqlRow, partition: readonly PartitionField[]): string[] {
  const rows = Number(row.rows)
  const problems = rows === file.records ? [] : [`holds ${rows} rows, the manifest says ${file.records}`]
  if (rows === 0) return problems
  for (const [i, field] of partition.entries()) {
    const expected = file.partition[field.name]
    const found = [row[`low_${i}`], row[`high_${i}`]].map(value => transformed(field, value))
    if (Number(row[`values_${i}`]) !== rows || found.some(value => value !== Number(expected)))
      problems.push(`belongs to partition ${field.name} = ${expected}, its rows have ${found.join(' to ')}`)
  }
  return problems
}

/**
 * The partition value of a source value that the engine wrote as text: days or months since 1970, or the number
 * itself.
 */
function transformed(field: PartitionField, value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined
  const text = String(value)
  if (/^\d+$/.test(text)) return Number(text)
  const [year, month] = text.split('-').map(Number)
  return field.transform === 'month' ? (year - 1970) * 12 + month - 1 : Date.parse(text) / DAY_MS
}
