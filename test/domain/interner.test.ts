import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createInterner } from '../../domain/interner.ts'

test('equal bytes get the same number, other bytes another, over any growth', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 4000, minLength: 1500 }), parts => {
      const interner = createInterner((bytes, start, end) => Buffer.from(bytes.subarray(start, end)).toString('hex'))
      const source = Buffer.concat(parts)
      const known = new Map<string, number>()
      let at = 0
      for (const part of parts) {
        const hex = Buffer.from(part).toString('hex')
        const number = interner.intern(source, at, at + part.length)
        if (!known.has(hex)) known.set(hex, known.size)
        expect(number).toBe(known.get(hex))
        expect(interner.entries[number]).toBe(hex)
        at += part.length
      }
      expect(interner.entries).toHaveLength(known.size)
    }),
    { numRuns: 20 },
  )
})

test('bytes that are not a value have no number, and are looked at each time', () => {
  let asked = 0
  const interner = createInterner(() => {
    asked++
    return undefined
  })
  expect([interner.intern(new Uint8Array(2), 0, 2), interner.intern(new Uint8Array(2), 0, 2)]).toEqual([-1, -1])
  expect(asked).toBe(2)
})
