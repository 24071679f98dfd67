import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf } from '../../domain/columns.ts'
import { rowStarts } from '../../domain/take.ts'
import { sortedRows } from '../../functions/gold/order.ts'

test('rows are in the order of time, then trade id, then of the rows', () => {
  const time = fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 40n), fc.bigInt(0n, 253_402_300_799_999_999n))
  const trade = fc.record({ time, id: fc.string({ maxLength: 3 }) })
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 60 }), trades => {
      const ids = bytesOf(trades.map(({ id }) => Buffer.from(id)))
      const times = BigInt64Array.from(trades, ({ time }) => time)
      const order = [...trades.keys()].sort(
        (a, b) =>
          Number(trades[a].time - trades[b].time) ||
          Buffer.compare(Buffer.from(trades[a].id), Buffer.from(trades[b].id)) ||
          a - b,
      )
      expect([...sortedRows(times, ids.plain, rowStarts(ids, trades.length))]).toEqual(order)
    }),
  )
})
