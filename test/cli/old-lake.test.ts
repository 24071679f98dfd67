/** A lake of the time when prices had eight digits after the point. */
import { expect, test } from 'vitest'
import type { Column } from '../../domain/column-types.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { openLake } from '../../embedded/lake.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { newFolder, runCommand } from './support.ts'

test('is refused in one line that says how to make it anew', async () => {
  const folder = newFolder()
  const columns = GOLD_TABLE.columns.map((column): Column => {
    const type = column.name === 'price' || column.name === 'quantity' ? 'decimal(18,8)' : column.type
    return { ...column, type }
  })
  const { ports, close } = await openLake(folder)
  const table = await createTable(ports, { ...GOLD_TABLE, columns })
  const staged = await stageSnapshot(ports, { table, add: [], operation: 'append' })
  await ports.state.transact([staged.write], ports.ids.uuid())
  close()

  for (const command of [['sql', 'SELECT * FROM gold_crypto_trades'], ['tables'], ['audit']]) {
    const { status, stderr } = await runCommand(...command, '--data', folder)
    expect(status, command[0]).toBe(1)
    expect(stderr.replace(/ \(\w+\)/, '')).toContain(
      "Table gold_crypto_trades is not as this version of tradelake defines it: column price is decimal(18,8) there and decimal(20,10) here, and no decimal's scale can change: make a new lake, and give it the records of this one's bronze_* folders with tradelake replay FILE.parquet… --data NEW",
    )
    expect(stderr).not.toContain('    at ')
  }
})
