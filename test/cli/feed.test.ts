/** A feed reports a wrong option in one line before it reads anything. No Kafka is needed to see that. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockLake } from '../../adapters/lake-lock.ts'
import { systemTimers } from '../../adapters/system.ts'
import { partOf } from '../../cli/feed.ts'
import { startServer } from '../../feeds/simulator/server.ts'
import { createSimulator } from '../../feeds/simulator/simulator.ts'
import { newFolder, runCommand } from './support.ts'

/** Nobody listens there; port 1 is one that fetch refuses to try. */
const NOBODY = '127.0.0.1:2'

let rest: string
/** Answers as something that is not a registry: `/html` with a page, all else with 404, `/busy` with 503. */
let web: string
let close: () => Promise<void>
beforeAll(async () => {
  const simulator = createSimulator({
    seed: 1,
    startMicros: BigInt(Date.now()) * 1000n,
    ratePerSecond: 1,
    timers: systemTimers(),
    exchanges: [{ name: 'binance', code: 'BINANCE' }],
  })
  const exchange = await startServer({ exchanges: simulator.exchanges, port: 0 })
  rest = exchange.address('http', 'binance')
  const server = createServer(({ url = '' }, response) => {
    const status = url.startsWith('/html') ? 200 : url.startsWith('/busy') ? 503 : 404
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html>\n<body>hello</body>')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  close = async () => {
    simulator.stop()
    await exchange.close()
    server.close()
    server.closeAllConnections()
  }
})
afterAll(() => close())

function feed(options: Readonly<Record<string, string>>) {
  const all = {
    ...{ exchange: 'binance', symbols: 'BTCUSDT', brokers: NOBODY, rest, 'schema-ids': '1,2' },
    ...{ port: '0', spill: join(newFolder(), 'spill') },
    ...options,
  }
  return runCommand('feed', ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]))
}

test('parts of the markets are all of them, each once', () => {
  const symbols = ['A', 'B', 'C', 'D', 'E']
  expect(partOf(symbols, undefined)).toEqual(symbols)
  expect(['1/2', '2/2'].map(part => partOf(symbols, part))).toEqual([
    ['A', 'C', 'E'],
    ['B', 'D'],
  ])
})

test.each([
  ['no exchange of that name', { exchange: 'bourse' }, /--exchange binance, kraken, coinbase/],
  [
    "Binance's stream of another",
    { exchange: 'kraken', stream: 'aggTrade' },
    /--stream aggTrade exists only on Binance/,
  ],
  ['an unknown stream', { stream: 'trades' }, /--stream trades is not one of trade, aggTrade/],
  ['a symbol whose quote is not known', { symbols: 'BTCXYZ' }, /"BTCXYZ" has no known quote asset/],
  ['no symbols', { symbols: ',' }, /--symbols names no market/],
  ['no such part', { part: '3/2' }, /--part is 3\/2: write 1\/2/],
  [
    'more parts than markets',
    { part: '2/2' },
    /--part is 2\/2, which leaves it none of the markets \(BTCUSDT\): take fewer/,
  ],
  [
    'symbols of which the exchange has none',
    { symbols: 'OLD-USDT,NOSUCH-USDT' },
    /no market OLD-USDT, NOSUCH-USDT: .*--symbols/,
  ],
  ['a time to wait that is none', { wait: 'soon' }, /soon is not a duration/],
  ['brokers without a port', { brokers: 'localhost' }, /--brokers localhost is not HOST:PORT/],
  ['brokers that do not answer', {}, new RegExp(`No Kafka broker answers at ${NOBODY} \\(.+\\): check --brokers`)],
  ['an address that is not a WebSocket’s', { url: 'http://localhost' }, /--url http:\/\/localhost is not a ws:\/\//],
  [
    'a schema id that is not a number',
    { 'schema-ids': '1' },
    /--schema-ids 1 is not the ids of TradeV2 and of TradeV2Wide/,
  ],
  [
    'a registry that is not a URL',
    { registry: 'localhost:8081' },
    /localhost:8081 is not the URL of a schema registry: write http/,
  ],
])('%s', async (_, options, message) => {
  const { status, stdout, stderr } = await feed(options)
  expect(stderr).toMatch(/^tradelake: [^\n]+\n$/)
  expect(stderr).toMatch(message)
  expect(stdout).toBe('')
  expect(status).toBe(1)
})

test('a symbol is asked for at the next REST address where the first does not say', async () => {
  for (const silent of [`http://${NOBODY}`, `${web}/busy`]) {
    const { stderr } = await feed({ symbols: 'NOSUCH-USDT', rest: `${silent},${rest}` })
    expect(stderr).toMatch(/no market NOSUCH-USDT: .*--symbols/)
  }
})

test.each([
  ['a page', '/html', /answered 200, not a schema id \(<html> <body>hello.*\): check --registry, with its path/],
  ['404', '/subjects', /answered 404, not a schema id .*: check --registry, with its path/],
])('a registry that answers with %s', async (_, path, message) => {
  const { status, stderr } = await feed({ registry: `${web}${path}` })
  expect(stderr).toMatch(/^tradelake: [^\n]+\n$/)
  expect(stderr).toMatch(message)
  expect(status).toBe(1)
})

test('a registry that does not answer ends it without --schema-ids, and with it does not', async () => {
  const words = ['--exchange', 'binance', '--symbols', 'BTCUSDT', '--brokers', NOBODY, '--rest', rest, '--port', '0']
  for (const [registry, message] of [
    [
      `http://${NOBODY}`,
      /No schema registry answers at http:\/\/127\.0\.0\.1:2 \(.*ECONNREFUSED.*\): check --registry/,
    ],
    [`${web}/busy`, /The schema registry at .*\/busy answered 503/],
  ] as const) {
    const without = await runCommand('feed', ...words, '--spill', newFolder(), '--registry', registry)
    expect(without.stderr).toMatch(/^tradelake: [^\n]+\n$/)
    expect(without.stderr).toMatch(message)
    expect(without.status).toBe(1)
  }

  const { status, stderr } = await feed({ registry: `http://${NOBODY}` })
  const [warning, problem, ...more] = stderr.trimEnd().split('\n')
  expect(JSON.parse(warning)).toMatchObject({ level: 'WARN', schemaIds: { trade: 1, wide: 2 } })
  // What is wrong is the broker now.
  expect(problem).toMatch(/^tradelake: No Kafka broker answers/)
  expect([status, more]).toEqual([1, []])
})

test('neither a registry nor an id', async () => {
  const { status, stderr } = await runCommand(
    ...['feed', '--exchange', 'binance', '--symbols', 'BTCUSDT', '--brokers', NOBODY, '--rest', rest, '--port', '0'],
    ...['--spill', newFolder()],
  )
  expect(stderr).toBe('tradelake: Give --registry URL, or --schema-ids N,M to write without a registry.\n')
  expect(status).toBe(1)
})

test('a folder that another feed has', async () => {
  const spill = newFolder()
  const lock = lockLake(join(spill, 'binance'))
  const { status, stderr } = await feed({ spill })
  lock.release()
  expect(stderr).toMatch(/^tradelake: [^\n]+ is in use by another tradelake process: [^\n]+\n$/)
  expect(status).toBe(1)
})

test('a folder that cannot be made', async () => {
  const { status, stderr } = await feed({ spill: '/dev/null/spill' })
  expect(stderr).toMatch(/^tradelake: [^\n]*\/dev\/null\/spill[^\n]*\n$/)
  expect(status).toBe(1)
})
