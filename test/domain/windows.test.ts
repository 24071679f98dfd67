import { describe, expect, test } from 'vitest'
import { parseWindows } from '../../domain/windows.ts'

const at = (text: string) => BigInt(Date.parse(text)) * 1000n
const nameOf = (micros: bigint) => new Date(Number(micros / 1000n)).toISOString()

describe('windows', () => {
  test.each([
    ['1m', '1m', '2026-11-20T10:07:00.000Z', '2026-11-20T10:08:00.000Z'],
    ['7m', '1m', '2026-11-20T10:04:00.000Z', '2026-11-20T10:11:00.000Z'],
    ['10m', '5m', '2026-11-20T10:00:00.000Z', '2026-11-20T10:10:00.000Z'],
    ['60m', '1h', '2026-11-20T10:00:00.000Z', '2026-11-20T11:00:00.000Z'],
    ['4h', '1h', '2026-11-20T08:00:00.000Z', '2026-11-20T12:00:00.000Z'],
    ['1d', '1d', '2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
    ['3d', '1d', '2026-11-18T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
    // A Monday.
    ['1w', '1d', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['1M', '1d', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
  ])('of %s are made of %s, and hold 10:07 from %s to %s', (name, base, start, end) => {
    const windows = parseWindows(name)
    expect(windows?.base.name).toBe(base)
    const found = windows?.startOf(at('2026-11-20T10:07:30Z')) ?? 0n
    expect(nameOf(found)).toBe(start)
    expect(nameOf(windows?.endOf(found) ?? 0n)).toBe(end)
  })

  test('a month ends with the year, and with a leap day', () => {
    const months = parseWindows('1M')
    expect(nameOf(months?.endOf(at('2026-12-01T00:00:00Z')) ?? 0n)).toBe('2027-01-01T00:00:00.000Z')
    expect(nameOf(months?.startOf(at('2028-02-29T23:59:59Z')) ?? 0n)).toBe('2028-02-01T00:00:00.000Z')
  })

  test('each begins where the one before ends', () => {
    for (const name of ['7m', '90m', '1w', '1M', '366d']) {
      const windows = parseWindows(name)
      if (!windows) throw new Error(name)
      let start = windows.startOf(at('2026-01-31T12:00:00Z'))
      for (let n = 0; n < 40; n++) {
        const end = windows.endOf(start)
        expect(windows.startOf(end)).toBe(end)
        expect(windows.startOf(end - 1n)).toBe(start)
        start = end
      }
    }
  })

  test.each(['', '0m', '5', 'm', '1.5h', '1s', '2w', '2M', '367d', '01m', '5M', '1 m', '999999999m'])(
    '%j is none',
    name => {
      expect(parseWindows(name)).toBeUndefined()
    },
  )
})
