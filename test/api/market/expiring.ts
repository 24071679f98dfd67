/** Lets the snapshots of a lake expire that are too old for it. */
import { allTables } from '../../../domain/tables.ts'
import { findTable } from '../../../iceberg/catalog.ts'
import { stageExpiry } from '../../../iceberg/expire.ts'
import type { MemoryLake } from '../../functions/support.ts'

export async function unpinnedSnapshots({ ports }: MemoryLake): Promise<void> {
  for (const { name } of allTables()) {
    const table = await findTable(ports, name)
    const staged = table && (await stageExpiry(ports, table))
    if (staged) await ports.state.transact([staged.write], ports.ids.uuid())
  }
}
