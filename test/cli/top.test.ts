/** `tradelake top` where there is no terminal: plain lines. In one it is tested in test/integration/terminal.test.ts. */
import { expect, test } from 'vitest'
import { smallLake } from './small-lake.ts'
import { output, runCommand, runCommandIn } from './support.ts'

const { data } = smallLake()

test('without a terminal the view is printed as lines, with whole prices, until the time is up', async () => {
  const text = await output('top', '--data', data, '--view', 'markets', '--for', '3s')
  expect(text).toMatch(/ at 20\d\d-/)
  expect(text).toMatch(/^Market +Last price +Quote/m)
  expect(text).toMatch(/^BINANCE:BTCUSDT +0\.00000001 +USDT/m)
  expect(text).not.toContain('\x1b')
  const tables = await output('top', '--data', data, '--view', 'tables', '--for', '3s')
  expect(tables).toMatch(/^gold_crypto_trades +3 +/m)
})

test('where the locale has no more, there is only ASCII', async () => {
  const { status, stdout } = await runCommandIn({ LC_ALL: 'C' }, 'top', '--data', data, '--for', '3s')
  expect(status).toBe(0)
  expect([...stdout].filter(letter => letter > '~')).toEqual([])
})

test('what cannot be looked at is told in one line', async () => {
  const told = async (...args: string[]) => {
    const { status, stderr } = await runCommand('top', ...args)
    return [status, stderr]
  }
  expect(await told('--data', '/nowhere/at/all')).toEqual([
    1,
    expect.stringMatching(/^tradelake: There is no lake in .*\n$/),
  ])
  expect(await told('--url', 'lake.example')).toEqual([
    1,
    'tradelake: --url lake.example is no address: give one as http://127.0.0.1:8080.\n',
  ])
  expect(await told('--url', 'http://127.0.0.1:1', '--stack', 'lake')).toEqual([
    1,
    'tradelake: Give --url or --stack, not both.\n',
  ])
  expect(await told('--view', 'prices')).toEqual([
    1,
    'tradelake: There is no view prices: there are overview, markets, feeds, tables, dlq, gaps, log, corrections.\n',
  ])
})

test('a server that does not answer is told of, and asked again until the time is up, which is a failure', async () => {
  const { status, stdout, stderr } = await runCommand('top', '--url', 'http://127.0.0.1:1', '--for', '3s')
  expect(status).toBe(1)
  expect(stderr).toMatch(/^tradelake: http:\/\/127\.0\.0\.1:1 cannot be watched\. No answer: [^\n]+\n$/)
  expect(stdout).toMatch(/^No connection: No answer: (?:connect ECONNREFUSED 127\.0\.0\.1:1|bad port)\.$/m)
})
