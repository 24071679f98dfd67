import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BytesColumn } from '../../domain/columns.ts'
import { rowStarts, takeRows } from '../../domain/take.ts'
import { ALL, batchOf, rowsArbitrary, rowsOf } from '../iceberg/batches.ts'

test('picked rows are the rows, in any order and any number of times', () => {
  fc.assert(
    fc.property(rowsArbitrary(ALL, 12), fc.boolean(), fc.array(fc.nat(), { maxLength: 20 }), (rows, plain, numbers) => {
      const batch = batchOf(ALL, rows, plain)
      const picked = numbers.map(number => number % rows.length)
      const starts = Object.fromEntries(
        Object.entries(batch.columns)
          .filter(([, data]) => data.kind === 'bytes')
          .map(([name, data]) => [name, rowStarts(data as BytesColumn, rows.length)]),
      )
      expect(rowsOf(ALL, takeRows(batch, Uint32Array.from(picked), starts))).toEqual(picked.map(row => rows[row]))
    }),
  )
})
