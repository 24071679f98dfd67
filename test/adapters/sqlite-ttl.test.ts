import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sqliteState } from '../../adapters/sqlite-state.ts'
import type { Write } from '../../domain/ports.ts'

const key = (sort: string) => ({ table: 'state', partition: 'p', sort }) as const
const put = (sort: string, attributes: Record<string, number>): Write => ({
  kind: 'put',
  item: { key: key(sort), attributes },
})

test('items whose time to live has passed are gone when the file is opened again, others stay', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'tradelake-ttl-')), 'state.sqlite')
  const before = sqliteState(path, { clock: { now: () => 1_000_000 } })
  await before.transact(
    [put('past', { expires_at: 1_500 }), put('future', { expires_at: 5_000 }), put('none', { n: 1 })],
    'a',
  )
  before.close()
  const after = sqliteState(path, { clock: { now: () => 2_000_000 } })
  const left = await after.query('state', 'p')
  expect(left.map(item => item.key.sort)).toEqual(['future', 'none'])
  after.close()
})
