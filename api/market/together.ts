/** Tables as they stood at one moment: what was committed together is seen together. */
import type { Attributes, Ports } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { type LoadedTable, openTableAt, pointerKey } from '../../iceberg/catalog.ts'
import { problem } from './problems.ts'

/** A look takes milliseconds, and commits of a table come further apart: two looks nearly always see the same. */
const LOOKS = 100

/**
 * By name; one that there is not yet is left out.
 * @throws Corrupt; Problem 503 where they change with every look
 */
export async function openTogether(
  ports: Pick<Ports, 'store' | 'state'>,
  definitions: readonly TableDefinition[],
): Promise<ReadonlyMap<string, LoadedTable>> {
  const pointers = await pointersTogether(ports, definitions)
  const tables = await Promise.all(
    definitions.map((definition, i) => {
      const pointer = pointers[i]
      return pointer && openTableAt(ports, definition, pointer)
    }),
  )
  return new Map(tables.flatMap(table => (table ? [[table.name, table]] : [])))
}

/** Pointers that two looks found the same stood so together when the second of them began. */
async function pointersTogether(
  { state }: Pick<Ports, 'state'>,
  definitions: readonly TableDefinition[],
): Promise<(Attributes | undefined)[]> {
  const look = () => Promise.all(definitions.map(({ name }) => state.get(pointerKey(name))))
  let last = await look()
  if (definitions.length < 2) return last
  for (let looks = 1; looks < LOOKS; looks++) {
    const next = await look()
    if (next.every((pointer, i) => pointer?.v === last[i]?.v)) return next
    last = next
  }
  const names = definitions.map(({ name }) => name).join(', ')
  throw problem(503, `${names} change faster than they can be looked at together: ask again in a while.`)
}
