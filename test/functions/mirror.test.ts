import { expect, test } from 'vitest'
import type { TableDefinition } from '../../domain/tables.ts'
import { thenMirror } from '../../functions/mirror.ts'
import { tablesOf } from '../../functions/ohlcv/handler.ts'

test('Glue is asked for what an event may have changed: the minutes where a change started the candles, all of them with a schedule', async () => {
  const followed: string[][] = []
  const follow = async (tables: readonly TableDefinition[]) => void followed.push(tables.map(({ name }) => name))
  const handler = thenMirror({ follow }, tablesOf, async (event: unknown) => event)
  await handler({ Records: [{ eventName: 'INSERT' }] }, undefined)
  await handler({}, undefined)
  expect(followed).toEqual([
    ['gold_ohlcv_1m'],
    ['1m', '5m', '15m', '30m', '1h', '1d'].map(name => `gold_ohlcv_${name}`),
  ])
})
