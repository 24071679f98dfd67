/** `tradelake fill` fetches what a person names from an exchange's history, here a simulated one. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemTimers } from '../../adapters/system.ts'
import { startServer } from '../../feeds/simulator/server.ts'
import { createSimulator } from '../../feeds/simulator/simulator.ts'
import { SIMULATED } from '../feeds/simulator/support.ts'
import { newFolder, output, queryRows, runCommand } from './support.ts'

const MINUTE = 60_000
const began = Date.now() - 5 * MINUTE
let rest: (name: string) => string
let close: () => Promise<void>
beforeAll(async () => {
  const simulator = createSimulator({
    ...{
      seed: 1,
      startMicros: BigInt(began) * 1000n,
      ratePerSecond: 200,
      timers: systemTimers(),
      exchanges: SIMULATED,
    },
    faults: [{ exchange: 'binance', at: began, kind: 'skipped', trades: 3, lost: true, symbol: 'BTCUSDT' }],
  })
  const server = await startServer({ exchanges: simulator.exchanges, port: 0 })
  rest = name => server.address('http', name)
  close = async () => {
    simulator.stop()
    await server.close()
  }
})
afterAll(() => close())

test.each([
  ['binance', 'ETHUSDT', []],
  ['coinbase', 'BTC-USD', []],
  ['kraken', 'XBT/USD', ['--since', new Date(began).toISOString()]],
])('trades 5 to 1,500 of %s go into the lake once, however often they are asked for', async (name, symbol, more) => {
  const data = newFolder()
  const words = ['fill', '--exchange', name, '--symbol', symbol, '--from', '5', '--to', '1500', '--rest', rest(name)]
  for (let time = 0; time < 2; time++)
    expect(await output(...words, '--data', data, ...more)).toMatch(
      /5-1500: 1,496 of 1,496 trades found and stored\.\n/,
    )
  await output('drain', '--data', data)

  const query = `SELECT count(*)::INT AS trades, min(substr(trade_id, length('${name}') + 2)::INT) AS first,
    max(substr(trade_id, length('${name}') + 2)::INT) AS last FROM gold_crypto_trades`
  expect(await queryRows(data, query)).toEqual([{ trades: 1496, first: 5, last: 1500 }])
})

test.each([
  ['no numbers', ['--symbol', 'BTCUSDT'], /Say which trades: --symbol BTCUSDT --from ID --to ID\./],
  ['numbers the wrong way round', ['--symbol', 'BTCUSDT', '--from', '9', '--to', '3'], /--to 3 is below --from 9\./],
])('%s', async (_, words, message) => {
  const { status, stderr } = await runCommand('fill', '--exchange', 'binance', '--data', newFolder(), ...words)
  expect(stderr).toMatch(message)
  expect(status).toBe(1)
})

test('Kraken needs a time to look from, and says so', async () => {
  const words = ['--symbol', 'BTCUSD', '--from', '1', '--to', '3', '--data', newFolder()]
  const { stderr } = await runCommand('fill', '--exchange', 'kraken', ...words)
  expect(stderr).toBe('tradelake: kraken finds trades by their time: give --since, a time before the first of them.\n')
})
