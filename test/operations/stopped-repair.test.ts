/** A repair whose engine fails in the middle: it takes no good file for a damaged one, and the next one does what it has begun. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TradelakeError } from '../../domain/errors.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { mendedLake } from './repair-support.ts'

const it = mendedLake()

/** Repairs with an engine that lacks memory for the first statement with this text. */
async function repairFailing(text: string): Promise<void> {
  const whole = it.lake
  let hasFailed = false
  const engine: typeof whole.ports.engine = {
    ...whole.ports.engine,
    async session() {
      const session = await whole.ports.engine.session()
      return {
        ...session,
        async run(sql) {
          if (hasFailed || !sql.includes(text)) return session.run(sql)
          hasFailed = true
          throw new TradelakeError('DuckDB: Out of Memory Error')
        },
      }
    },
  }
  it.lake = { ...whole, ports: { ...whole.ports, engine } }
  await expect(it.repair()).rejects.toThrow('Out of Memory')
  it.lake = whole
}

test('a file that is as it was written stays in its table when the engine fails to read it', async () => {
  await repairFailing('max(hash(file))')
  expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [] })
  expect(await it.goldRows()).toEqual(it.good)
  await it.repair()
  expect(await it.repair()).toEqual([])
})

test('the candles of a file that a stopped repair took out are folded by the next one', async () => {
  const [file] = await planFiles(it.lake.ports, await loadTable(it.lake.ports, 'gold_ohlcv_1m'))
  await it.reopen(() => rmSync(join(it.lake.directory, 'objects', file.key)))
  // After the tables were mended, before anything else was.
  await repairFailing('TEMP TABLE registered')
  expect((await it.repair()).join('\n')).toMatch(/the candles of \d+ minutes were folded again/)
  expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [] })
  expect(await it.repair()).toEqual([])
})
