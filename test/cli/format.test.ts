/** Tables as text. */
import { expect, test } from 'vitest'
import { fittingTable } from '../../cli/format.ts'

test('a table on a terminal that is too narrow is without the columns that are spare', () => {
  const table = (width: number) => fittingTable(['price', 'taker', 'id'], [['1.5', '0.25', 'a-1']], ['taker'], width)
  expect(table(17)).toBe('price  taker  id\n─────  ─────  ───\n  1.5   0.25  a-1')
  expect(table(16)).toBe('price  id\n─────  ───\n  1.5  a-1')
})
