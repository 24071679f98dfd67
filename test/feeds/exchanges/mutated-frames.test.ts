/** Whatever becomes of a frame on its way, a decoder gives trades that stand in it, or a typed error. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Trade } from '../../../domain/trade.ts'
import { MalformedFrame } from '../../../feeds/decoder.ts'
import { DECODERS } from '../../../feeds/exchanges/decoders.ts'
import { hasFrames, NEEDS_FRAMES, recordedFrames } from '../support.ts'

const FILES = { binance: 'binance-futures-aggtrade.txt', kraken: 'kraken.txt', coinbase: 'coinbase.txt' } as const
type Name = keyof typeof FILES

interface Reading {
  symbol: string
  id: string | undefined
  price: string
  quantity: string
  side: string
}

// A second, naive way to read the same JSON: by the exchanges' documents, with floats and no checks.
const READ: Record<Name, (json: ReturnType<typeof JSON.parse>) => Reading[]> = {
  binance: ({ data, ...raw }) => {
    const { s, p, q, m, a, t, e } = data ?? raw
    return [
      { symbol: s, id: e === 'trade' ? `${t}` : `AGG-${a}`, price: `${p}`, quantity: `${q}`, side: m ? 'SELL' : 'BUY' },
    ]
  },
  kraken: ([, trades, , pair]) =>
    trades.map(([price, quantity, , side]: string[]) => ({
      symbol: pair.replaceAll('XBT', 'BTC').replaceAll('XDG', 'DOGE').replace('/', ''),
      id: undefined,
      price,
      quantity,
      side: side === 'b' ? 'BUY' : 'SELL',
    })),
  coinbase: ({ product_id, trade_id, price, size, side }) => [
    {
      symbol: product_id.replace('-', ''),
      id: `${trade_id}`,
      price: `${price}`,
      quantity: `${size}`,
      side: side === 'buy' ? 'SELL' : 'BUY',
    },
  ],
}

function compare(trade: Trade, reading: Reading): void {
  expect(trade.symbol).toBe(reading.symbol)
  expect(trade.side).toBe(reading.side)
  // A float holds 2^53 only; what is larger is checked by its own test.
  if (reading.id !== undefined && trade.tradeId.length < 28)
    expect(BigInt(trade.tradeId.replace(/^\D+/, ''))).toBe(BigInt(reading.id.replace(/^\D+/, '')))
  for (const [units, text, scale] of [
    [trade.price, reading.price, 10],
    [trade.quantity, reading.quantity, 8],
  ] as const) {
    const plain = new RegExp(`^(-?\\d+)(?:\\.(\\d{0,${scale}}))?$`).exec(text)
    if (plain) expect(units).toBe(BigInt(plain[1] + (plain[2] ?? '').padEnd(scale, '0')))
    // A float is only as exact as it is large.
    else
      expect(Math.abs(Number(units) / 10 ** scale - Number(text))).toBeLessThan(1e-6 + 1e-12 * Math.abs(Number(text)))
  }
}

/** The trades of a frame, checked against the naive reading; nothing where it is malformed. */
function check(name: Name, frame: string): void {
  let trades: Trade[]
  try {
    trades = [...DECODERS[name].map(frame, 0n)]
  } catch (error) {
    if (!(error instanceof MalformedFrame)) throw error
    expect(error.message).not.toContain('\n')
    return
  }
  if (trades.length === 0) return
  const readings = READ[name](JSON.parse(frame))
  expect(trades).toHaveLength(readings.length)
  for (const [index, trade] of trades.entries()) compare(trade, readings[index])
}

describe.skipIf(!hasFrames).each(Object.keys(FILES) as Name[])(`%s${NEEDS_FRAMES}`, name => {
  const recording = hasFrames ? recordedFrames(FILES[name]) : Promise.resolve([])
  const frames = recording.then(all =>
    all.map(frame => frame.json).filter(json => [...DECODERS[name].map(json, 0n)].length > 0),
  )

  test('as recorded', async () => {
    for (const frame of await frames) check(name, frame)
  })

  test('with characters changed, lost and added', async () => {
    const recorded = await frames
    const change = fc.record({
      at: fc.nat(),
      remove: fc.nat(2),
      insert: fc.oneof(
        fc.string({ maxLength: 2 }),
        fc.constantFrom('0', '-', '"', ',', 'e', '.', '\n', '9'.repeat(30)),
      ),
    })
    fc.assert(
      fc.property(fc.constantFrom(...recorded), fc.array(change, { minLength: 1, maxLength: 3 }), (frame, changes) => {
        let text = frame
        for (const { at, remove, insert } of changes) {
          const index = at % (text.length + 1)
          text = text.slice(0, index) + insert + text.slice(index + remove)
        }
        check(name, text)
      }),
      { numRuns: 2000 },
    )
  })

  test('with values of another kind', async () => {
    const recorded = await frames
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('1e-7', '-5', '0', '00.5', 1e300, 2 ** 53, '', null, '𝟙', 'XBT/USD', 'BTC-USD', '__proto__'),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String),
    )
    fc.assert(
      fc.property(fc.constantFrom(...recorded), fc.nat(), value, (frame, which, replacement) => {
        let leaf = 0
        const leaves = [...frame.matchAll(/"(?:[^"\\]|\\.)*"(?!:)|-?\d+(?:\.\d+)?|true|false/g)].length
        const text = JSON.stringify(JSON.parse(frame), (_, value) => {
          if (typeof value === 'object') return value
          return leaf++ === which % leaves ? replacement : value
        })
        check(name, text)
      }),
      { numRuns: 1000 },
    )
  })
})
