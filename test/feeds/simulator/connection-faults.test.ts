import { expect, test } from 'vitest'
import { DECODERS } from '../../../feeds/exchanges/decoders.ts'
import { bySymbol, missing, NAMES, scene, tradesIn } from './fault-scene.ts'
import { decode, idOf, START_MS } from './support.ts'

test.each(NAMES)('%s: a drop breaks the connection, a close says goodbye, and a new one works', async name => {
  for (const [fault, end] of [
    [{ kind: 'drop' }, /^closed 1006 /],
    [{ kind: 'close', code: 4000 }, /^closed 4000 /],
  ] as const) {
    const { timers, client, join } = await scene(name, fault)
    await timers.advance(5_000)
    expect(client.log.at(-1)).toMatch(end)
    const again = await join()
    await timers.advance(1_000)
    expect(decode(name, again.frames()).length).toBeGreaterThan(100)
  }
})

test('a shutdown is announced before the end, and a connection made after the notice stays', async () => {
  const notices = {
    binance: '"stream":"!serverShutdown","data":{"e":"serverShutdown"',
    kraken: '"system":"maintenance"',
    coinbase: undefined,
  }
  for (const [name, notice] of Object.entries(notices)) {
    const { timers, client, join } = await scene(name, { kind: 'server-shutdown' })
    await timers.advance(2_500)
    if (notice) expect(client.frames().some(text => text.includes(notice))).toBe(true)
    const next = await join()
    await timers.advance(10_000)
    expect(client.log.at(-1)).toMatch(/^closed 1012 /)
    expect(next.log.some(line => line.startsWith('closed'))).toBe(false)
    expect(missing([...tradesIn(name, client.frames()), ...tradesIn(name, next.frames())])).toEqual(new Map())
  }
})

test.each(NAMES)('%s: a silent exchange sends nothing, and REST knows what was missed', async name => {
  const { timers, client, exchange } = await scene(name, { kind: 'silent', milliseconds: 3_000 })
  await timers.advance(2_100)
  const { length } = client.log
  await timers.advance(2_800)
  expect(client.log).toHaveLength(length)
  await timers.advance(2_000)
  const gone = missing(decode(name, client.frames()))
  expect(gone.size).toBe(3)
  const all = bySymbol(exchange.trades().obtainable)
  for (const [symbol, ids] of gone) for (const id of ids) expect(all.get(symbol)?.[id - 1]).toBeDefined()
})

test('a slow exchange sends later, in the same order, and nothing is lost', async () => {
  const { timers, client } = await scene('binance', { kind: 'slow', delay: 1_500, milliseconds: 1_000 })
  await timers.advance(2_100)
  const { length } = client.log
  await timers.advance(1_300)
  expect(client.log).toHaveLength(length)
  await timers.advance(5_000)
  const trades = decode('binance', client.frames())
  expect(missing(trades)).toEqual(new Map())
  for (const group of Map.groupBy(trades, ({ symbol }) => symbol).values())
    expect(group.map(idOf)).toEqual(group.map(idOf).sort((a, b) => a - b))
})

test('connections are refused for a while, of one host where it is named', async () => {
  const { timers, connect } = await scene('binance', { kind: 'refuse', milliseconds: 5_000, host: 'one.sim' })
  await timers.advance(2_100)
  const clients = [connect('/ws'), connect('/ws', 'two.sim')]
  await timers.advance(10)
  expect(clients.map(({ log }) => log[0].slice(0, 11))).toEqual(['closed 1006', 'open'])
  await timers.advance(5_000)
  const late = connect('/ws')
  await timers.advance(10)
  expect(late.log).toEqual(['open'])
})

test.each(NAMES)('%s: a truncated frame is not JSON, and no other frame has its trades', async name => {
  const { timers, client, exchange } = await scene(name, { kind: 'truncated-frame' })
  await timers.advance(5_000)
  const broken = client.frames().filter(text => {
    try {
      JSON.parse(text)
      return false
    } catch {
      return true
    }
  })
  expect(broken).toHaveLength(1)
  const gone = missing(tradesIn(name, client.frames()))
  expect(gone.size).toBe(1)
  const [[symbol, ids]] = gone
  expect(bySymbol(exchange.trades().obtainable).get(symbol)?.[ids[0] - 1]).toBeDefined()
})

test.each(NAMES)('%s: malformed, error and unknown frames come besides the trades', async name => {
  for (const kind of ['malformed-frame', 'error-frame', 'unknown-frame'] as const) {
    const outcomes = new Set<string>()
    for (let at = 0; at < 6; at++) {
      const { timers, client, simulator } = await scene(name, { kind })
      simulator.addFault({ exchange: name, at: START_MS + 3_000 + at, kind })
      await timers.advance(5_000)
      expect(missing(tradesIn(name, client.frames()))).toEqual(new Map())
      for (const frame of client.frames())
        try {
          if ([...DECODERS[name].map(frame, 0n)].length === 0) outcomes.add(frame)
        } catch {
          outcomes.add(frame)
        }
    }
    const odd = [...outcomes]
    if (kind === 'malformed-frame')
      expect(odd.some(text => text.includes('null')) && odd.some(text => text.startsWith('<'))).toBe(true)
    else expect(odd.some(text => /error|notice|announcement/.test(text))).toBe(true)
  }
})

test.each(NAMES)('%s: REST answers 429 for a while, and says how long', async name => {
  const { timers, get, client } = await scene(name, { kind: 'too-many-requests', milliseconds: 4_000 })
  const path = { binance: '/api/v3/ping', kraken: '/0/public/SystemStatus', coinbase: '/products/BTC-USD' }[name] ?? ''
  await timers.advance(3_100)
  expect(get(path)).toMatchObject({ status: 429, headers: { 'retry-after': '3' } })
  await timers.advance(4_000)
  expect(get(path).status).toBe(200)
  expect(missing(decode(name, client.frames()))).toEqual(new Map())
})

test('a clock that is set back does not make a client hasty', async () => {
  const { timers, client } = await scene('binance', { kind: 'skew', offset: -20_000, milliseconds: 60_000 })
  for (let id = 0; id < 20; id++) {
    client.send({ method: 'LIST_SUBSCRIPTIONS', id })
    await timers.advance(300)
  }
  expect(client.log.some(line => line.startsWith('closed'))).toBe(false)
})
