/**
 * What makes a row of Gold and a row of Silver equal, as SQL. Both sides are compared by the columns that both have by
 * definition, hashed with Gold's types, so that the same value hashes alike from both.
 */
import { sqlName, sqlType } from '../../domain/sql.ts'
import type { TableDefinition } from '../../domain/tables.ts'

export interface Prints {
  /** Selects the hashes of a row: `print`, and `later_…` for each column that was added when Gold already had rows. */
  readonly select: string
  /** Those as columns of a table. */
  readonly columns: string
  /** The condition under which a row of Gold (`g`) has the fields of a Silver row (`s`). */
  readonly same: string
}

/** A column that came later is null in Gold's older rows: there Silver may hold any value. */
export function printsOf(gold: TableDefinition, silver: TableDefinition): Prints {
  const ofSilver = new Set(silver.columns.map(({ name }) => name))
  const shared = gold.columns.filter(({ name }) => ofSilver.has(name))
  const value = ({ name, type }: (typeof shared)[number]) => `${sqlName(name)}::${sqlType(type)}`
  const first = shared.filter(({ since }) => since === undefined).map(value)
  const later = shared
    .filter(({ since }) => since !== undefined)
    .map((column, i) => ({ name: `later_${i}`, value: value(column) }))
  return {
    select: [
      `hash(${first.join(', ')}) AS print`,
      ...later.map(({ name, value }) => `CASE WHEN ${value} IS NOT NULL THEN hash(${value}) END AS ${name}`),
    ].join(', '),
    columns: ['print', ...later.map(({ name }) => name)].map(name => `${name} UBIGINT`).join(', '),
    same: ['g.print = s.print', ...later.map(({ name }) => `(g.${name} IS NULL OR g.${name} = s.${name})`)].join(
      ' AND ',
    ),
  }
}
