import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  appendPlain,
  bytesOf,
  dictionaryOf,
  halvesOf,
  numbersOf,
  type PlainWriter,
  setLong,
} from '../../domain/columns.ts'

test('whole numbers below 2^53 go into halves and come back, of either sign', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger(), { maxLength: 20 }), numbers => {
      const values = new BigInt64Array(numbers.length)
      const halves = halvesOf(values)
      numbers.forEach((number, row) => {
        setLong(halves, row, number)
      })
      expect([...values]).toEqual(numbers.map(BigInt))
      expect([...numbersOf(values)]).toEqual(numbers.map(number => number + 0))
      expect([...numbersOf([...values])]).toEqual([...numbersOf(values)])
    }),
  )
})

test('byte strings are laid out with their length before them, whether copied one by one or together', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.uint8Array({ maxLength: 200 })), { maxLength: 20 }), values => {
      const { plain, valid } = bytesOf(values)
      const writer: PlainWriter = { bytes: Buffer.alloc(4), length: 0 }
      for (const value of values) if (value) appendPlain(writer, value, 0, value.length)
      expect(Buffer.from(plain)).toEqual(writer.bytes.subarray(0, writer.length))
      expect([...(valid ?? [])]).toEqual(values.map(value => (value === null ? 0 : 1)))
    }),
  )
})

test('a dictionary numbers its values in order of appearance, nulls as -1', () => {
  const { entries, indexes } = dictionaryOf(['b', null, 'a', 'b'])
  expect(entries).toEqual(['b', 'a'])
  expect([...indexes]).toEqual([0, -1, 1, 0])
})
