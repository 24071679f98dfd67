/** What maintenance notes of a table: when its folder was swept last. */
import { statePartition } from './names.ts'
import type { Key, Ports } from './ports.ts'
import type { TableDefinition } from './tables.ts'

/** When a table's folder was swept last, milliseconds since 1970; 0 where it never was. */
export async function sweptAt(ports: Pick<Ports, 'state'>, table: Pick<TableDefinition, 'name'>): Promise<number> {
  return Number((await ports.state.get(upkeepKey(table)))?.swept_at ?? 0)
}

export function upkeepKey({ name }: Pick<TableDefinition, 'name'>): Key {
  return { table: 'state', partition: statePartition.upkeep, sort: name }
}
