import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { runCommand, startCommand } from './support.ts'

test('the simulator runs until Ctrl-C and prints its address', async () => {
  const { child, finished } = startCommand('simulator', '--port', '0', '--rate', '500', '--faults', '1')
  let printed = ''
  child.stdout?.on('data', chunk => {
    printed += chunk
  })
  while (!printed.includes('Ctrl-C')) await new Promise(resolve => setTimeout(resolve, 20))
  const [, ws, http] = /binance +(ws:\S+) +(http:\S+)/.exec(printed) ?? []
  const info = await fetch(`${http}/api/v3/historicalTrades?symbol=BTCUSDT&limit=1000`)
  expect(await info.json()).toHaveLength(1_000)
  const frame = await new Promise(resolve => {
    new WebSocket(`${ws}/ws/btcusdt@trade`).addEventListener('message', ({ data }) => resolve(data))
  })
  expect(JSON.parse(String(frame))).toMatchObject({ e: 'trade', s: 'BTCUSDT' })
  child.kill('SIGINT')
  expect(await finished).toMatchObject({ status: 0, stderr: '' })
})

test('a port in use and text that is not a number give one line that says what to change', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const taken = await runCommand('simulator', '--port', String(port))
  server.close()
  expect(taken.status).toBe(1)
  expect(taken.stderr).toMatch(/^tradelake: Port \d+ of 127\.0\.0\.1 is in use: .*\n$/)
  const wrong = await runCommand('simulator', '--rate', 'many')
  expect(wrong.status).toBe(1)
  expect(wrong.stderr).toMatch(/^tradelake: --rate many is not a number.*\n$/)
})
