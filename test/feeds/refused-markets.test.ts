/** A market that the exchange refuses costs nothing but itself, and is read when it is there again. */
import { expect, test } from 'vitest'
import { SILENT } from '../silent-log.ts'
import { decodeTrade } from './decode-trade.ts'
import { createRig, START_MS } from './rig.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const EXCHANGES = [
  { exchange: { name: 'kraken', code: 'KRAKEN' }, problem: 'Currency pair not supported SOL/USD' },
  { exchange: { name: 'coinbase', code: 'COINBASE' }, problem: 'Failed to subscribe: SOL-USD is not a valid product' },
] as const

const symbols = ['BTCUSD', 'SOLUSD', 'ETHUSD']

function open({ exchange }: (typeof EXCHANGES)[number], delisted: readonly string[], milliseconds: number) {
  const errors: unknown[] = []
  const rig = createRig({
    ...{ exchange, symbols, ratePerSecond: 60 },
    faults: delisted.map(symbol => ({ exchange: exchange.name, at: START_MS, kind: 'delisted', symbol, milliseconds })),
    log: { ...SILENT, error: (message, fields) => errors.push({ message, ...fields }) },
  })
  const read = () => new Set(rig.records.map(({ value }) => decodeTrade(value).symbol))
  return { rig, errors, read }
}

test.each(EXCHANGES)('$exchange.name: the others are read, and the refused one is reported once', async which => {
  const { rig, errors, read } = open(which, ['SOLUSD'], 24 * 60 * MINUTE)
  await rig.feed.start()
  await rig.timers.advance(20 * SECOND)

  expect(read()).toEqual(new Set(['BTCUSD', 'ETHUSD']))
  expect(rig.feed.status()).toMatchObject({ ready: true, problems: [`SOLUSD is not read (${which.problem})`] })
  await rig.timers.advance(3 * 60 * MINUTE)
  expect(errors).toEqual([
    { message: 'a market is not read', exchange: which.exchange.name, markets: 'SOLUSD', problem: which.problem },
  ])
})

test.each(EXCHANGES)(
  '$exchange.name: it is read within an hour of being there again, and nothing is lost by that',
  async which => {
    const { rig, read } = open(which, ['SOLUSD'], 30 * MINUTE)
    await rig.feed.start()
    await rig.timers.advance(59 * MINUTE)
    expect(read()).toEqual(new Set(['BTCUSD', 'ETHUSD']))
    await rig.timers.advance(3 * MINUTE)

    expect(read()).toEqual(new Set(symbols))
    expect(rig.feed.status().problems).toEqual([])
    expect(rig.gaps()).toEqual([])
  },
)

test.each(EXCHANGES)(
  '$exchange.name: where none is left it tries again, and says why',
  async ({ exchange, problem }) => {
    const rig = createRig({
      ...{ exchange, symbols: ['SOLUSD'], ratePerSecond: 60 },
      faults: [{ exchange: exchange.name, at: START_MS, kind: 'delisted', symbol: 'SOLUSD', milliseconds: MINUTE }],
    })
    await rig.feed.start()
    await rig.timers.advance(30 * SECOND)
    expect(rig.feed.status().ready).toBe(false)
    expect(rig.feed.status().problems.join()).toContain(`subscribe_refused, ${problem}`)
    await rig.timers.advance(2 * MINUTE)
    expect(rig.feed.status()).toMatchObject({ ready: true, problems: [] })
  },
)
