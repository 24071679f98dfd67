import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sqliteError } from '../../adapters/sqlite.ts'
import { sqliteState } from '../../adapters/sqlite-state.ts'
import { sqliteTopicLog } from '../../adapters/sqlite-topic-log.ts'
import { systemScratch } from '../../adapters/system.ts'
import { BadInput, Corrupt, TradelakeError } from '../../domain/errors.ts'
import type { Write } from '../../domain/ports.ts'
import { outcomes, stateStoreContract, testClock, transactions } from '../contract/state-store.contract.ts'
import { memoryState } from '../memory/state.ts'

const scratch = systemScratch()
const item: Write = {
  kind: 'put',
  item: { key: { table: 'state', partition: 'p', sort: 's' }, attributes: { v: 1 } },
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

stateStoreContract('memoryState', clock => memoryState(clock))
stateStoreContract('sqliteState', clock => sqliteState(scratch.path('state.sqlite'), { clock }))

test('memory and sqlite make the same of any sequence of transactions', async () => {
  await fc.assert(
    fc.asyncProperty(transactions, async steps => {
      const clocks = [testClock(), testClock()]
      const path = scratch.path('twin.sqlite')
      const sqlite = sqliteState(path, { clock: clocks[1] })
      const memory = await outcomes(memoryState(clocks[0]), clocks[0], steps)
      expect(await outcomes(sqlite, clocks[1], steps)).toEqual(memory)
      sqlite.close()
    }),
    { numRuns: 60 },
  )
})

test('what was committed is there after opening again, and to a reader beside the writer', async () => {
  const path = scratch.path('state.sqlite')
  const writer = sqliteState(path)
  await writer.transact([item], 't1')
  const reader = sqliteState(path, { readOnly: true })
  expect(await reader.query('state', 'p')).toHaveLength(1)
  await writer.transact([{ kind: 'remove', key: { table: 'state', partition: 'p', sort: 's' } }], 't2')
  expect(await reader.query('state', 'p')).toHaveLength(0)
  await expect(reader.transact([item], 't3')).rejects.toThrow(TradelakeError)
  writer.close()
  reader.close()
  const again = sqliteState(path)
  await again.transact([item], 't1')
  expect(await again.query('state', 'p')).toHaveLength(0)
  again.close()
})

test('a reader of no file makes none', () => {
  expect(() => sqliteState(scratch.path('none.sqlite'), { readOnly: true })).toThrow(BadInput)
})

test('damaged and foreign files are Corrupt, in one line that names them', async () => {
  const noDatabase = scratch.path('text.sqlite')
  writeFileSync(noDatabase, 'this is no database, but long enough to be looked at as one '.repeat(20))
  const foreign = scratch.path('foreign.sqlite')
  const other = new DatabaseSync(foreign)
  other.exec('CREATE TABLE t (x)')
  other.close()
  const log = scratch.path('log.sqlite')
  sqliteTopicLog(log).close()
  for (const path of [noDatabase, foreign, log]) {
    const before = readFileSync(path)
    for (const readOnly of [true, false]) {
      const error = thrownBy(() => sqliteState(path, { readOnly }))
      expect(error, path).toBeInstanceOf(Corrupt)
      expect((error as Error).message).toContain(path)
      expect((error as Error).message).not.toContain('\n')
    }
    expect(readFileSync(path)).toEqual(before)
  }
})

test('a damaged page is Corrupt when the file is opened, or by a reader when it is read', async () => {
  const path = scratch.path('page.sqlite')
  const store = sqliteState(path)
  for (let i = 0; i < 50; i++) {
    const key = { table: 'state', partition: 'p', sort: `${i}` } as const
    await store.transact([{ kind: 'put', item: { key, attributes: { text: 'x'.repeat(2000) } } }], `${i}`)
  }
  store.close()
  const bytes = readFileSync(path)
  bytes.fill(0xff, 8192)
  writeFileSync(path, bytes)
  expect(() => sqliteState(path)).toThrow(Corrupt)
  const again = sqliteState(path, { readOnly: true })
  await expect(again.query('state', 'p')).rejects.toThrow(Corrupt)
  again.close()
})

test('a full disk is one line that says what to do', () => {
  const path = scratch.path('full.sqlite')
  const database = new DatabaseSync(path)
  database.exec('PRAGMA max_page_count = 3; CREATE TABLE t (x)')
  const error = sqliteError(
    thrownBy(() => database.exec(`INSERT INTO t VALUES (zeroblob(100000))`)),
    path,
  )
  database.close()
  expect(error).toBeInstanceOf(TradelakeError)
  expect((error as Error).message).toBe(`The disk of ${path} is full: free some space and start again.`)
})
