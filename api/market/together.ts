/** Tables as they stood at one moment: what was committed together is seen together. */
import type { Ports } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { type LoadedTable, openTable, pointerKey } from '../../iceberg/catalog.ts'

/** Commits come seconds apart, and a look takes milliseconds. */
const LOOKS = 5

/** By name; one that there is not yet is left out. @throws Corrupt */
export async function openTogether(
  ports: Pick<Ports, 'store' | 'state'>,
  definitions: readonly TableDefinition[],
): Promise<ReadonlyMap<string, LoadedTable>> {
  for (let look = 1; ; look++) {
    const tables = await Promise.all(definitions.map(definition => openTable(ports, definition)))
    const isOne = definitions.length < 2 || look === LOOKS
    // Pointers that all stand where they were found stood so together when the last of them was found.
    const now = isOne ? [] : await Promise.all(definitions.map(({ name }) => ports.state.get(pointerKey(name))))
    if (isOne || tables.every((table, i) => table?.version === now[i]?.v))
      return new Map(tables.flatMap(table => (table ? [[table.name, table]] : [])))
  }
}
