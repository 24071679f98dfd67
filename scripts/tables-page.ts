/** `npm run tables-page` writes docs/tables.md from the definitions; a test keeps the page equal to this. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keptText, partitionTexts, snapshotsText } from '../cli/schema.ts'
import type { Column } from '../domain/column-types.ts'
import { allTables, NAMESPACE, type TableDefinition } from '../domain/tables.ts'

/** docs/tables.md: each kind of table once, with all tables of its kind. */
export function tablesPage(): string {
  const kinds = [...Map.groupBy(allTables(), table => table.columns).values()]
  return `# The tables

Made by \`npm run tables-page\` from \`domain/tables.ts\` and \`domain/table-columns.ts\`; \`tradelake tables --schema NAME\` shows one table.

All are Iceberg v2 tables of the namespace \`${NAMESPACE}\`, zstd Parquet. All times are UTC with microseconds (\`timestamptz\`), all prices and
amounts exact decimals. DuckDB: \`SET TimeZone = 'UTC'\`. A \`price\` times a \`quantity\` is exact there, too;
whoever reads files without the table gives \`read_parquet\` the option \`union_by_name = true\`, for a file of prices below 10^8 and quantities below
10^10 stores them in 18 digits.
Ids are Iceberg's field ids: they never change, and no column is ever renamed or dropped ([ADR 13](adr/0013-tables-that-evolve.md)).
A column that was added later is null in older rows.

## What is kept

${markdown(
  ['table', 'rows kept', 'and after that'],
  allTables().map(table => [`\`${table.name}\``, keptText(table), afterwards(table)]),
)}

Another time for a table: \`tradelake start --retention gold_ohlcv_1m=90,silver_kraken_trades=forever\` (\`maintain\` takes it as well), which the lake
remembers in its \`settings.json\` (\`{"retention": {"gold_ohlcv_1m": 90}}\`); on AWS the context value \`retention\`. Whole days from 1, or \`forever\`.
Maintenance drops whole partitions: one goes when its youngest row is older than that. The commit that drops notes in the table's property
\`tradelake.dropped-before\` (microseconds since 1970) up to which age rows may be gone; an audit excuses exactly those. Gold cannot be told to drop: repeats
are known by it, and candles are made from it.

${kinds.map(kindText).join('\n')}`
}

function kindText(tables: readonly TableDefinition[]): string {
  const [first] = tables
  return `## ${tables.map(({ name }) => `\`${name}\``).join(', ')}

${markdown(
  ['table', 'a row is', 'partitioned by', 'rows kept'],
  tables.map(table => [`\`${table.name}\``, table.doc, partitionTexts(table).join(', '), keptText(table)]),
)}

${first.sort.length > 0 ? `Sorted within a file by ${first.sort.join(', ')}.` : 'Not sorted.'} Snapshots kept: ${snapshotsText(first)}.

${markdown(['id', 'column', 'type', 'null', 'meaning'], first.columns.map(columnCells))}
`
}

function afterwards({ name, retentionDays }: TableDefinition): string {
  if (retentionDays === undefined) return ''
  if (name.startsWith('bronze'))
    return 'the trades are in Silver and Gold; what is not valid has its bytes in the dead letters'
  return name.startsWith('silver_dlq')
    ? 'gone'
    : 'the trades are in Gold, without repeats and without the place in Kafka'
}

function columnCells({ id, nestedIds = [], name, type, required, since, doc }: Column): string[] {
  const meaning = since === undefined ? doc : `${doc} Since ${since}.`
  return [[id, ...nestedIds].join(' '), `\`${name}\``, type, required ? 'never' : 'may be', meaning]
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'tables.md'), tablesPage())
