import { expect, test } from 'vitest'
import { EXCHANGES } from '../../../domain/exchanges.ts'
import type { Trade } from '../../../domain/trade.ts'
import { DECODERS } from '../../../feeds/decoders.ts'
import type { FaultKind } from '../../../feeds/simulator/types.ts'
import { MalformedFrame } from '../../../feeds/types.ts'
import { createScene, decode, essence, idOf, START_MS } from './support.ts'

const NAMES = EXCHANGES.map(({ name }) => name)
const PATHS: Readonly<Record<string, string>> = {
  binance: '/stream?streams=btcusdt@trade/ethusdt@trade/solusdt@trade',
  kraken: '/v2',
  coinbase: '/',
}
const SUBSCRIBE: Readonly<Record<string, object>> = {
  kraken: { method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD', 'ETH/USD', 'SOL/USD'] } },
  coinbase: { type: 'subscribe', product_ids: ['BTC-USD', 'ETH-USD', 'SOL-USD'], channels: ['matches'] },
}
/** The rate that gives each exchange about 300 trades a second. */
const RATES: Readonly<Record<string, number>> = { binance: 375, kraken: 2_500, coinbase: 3_750 }

/** A fault two seconds after a client has subscribed to three symbols. */
async function scene(exchange: string, fault: FaultKind, options = {}) {
  const all = createScene(exchange, { ratePerSecond: RATES[exchange], ...options })
  const connect = async () => {
    const client = all.connect(PATHS[exchange])
    await all.timers.advance(10)
    if (SUBSCRIBE[exchange]) client.send(SUBSCRIBE[exchange])
    await all.timers.advance(10)
    return client
  }
  const client = await connect()
  all.simulator.addFault({ exchange, at: START_MS + 2_000, ...fault })
  return { ...all, client, join: connect }
}

/** Trades of the three symbols, by id. */
function bySymbol(trades: readonly Trade[]) {
  return Map.groupBy(
    essence(trades).filter(({ symbol }) => /^(BTC|ETH|SOL)USDT?$/.test(symbol)),
    ({ symbol }) => symbol,
  )
}

/** The ids between the first and the last of a symbol's trades that are not there. */
function missing(trades: readonly Trade[]): Map<string, number[]> {
  const groups = Map.groupBy(trades, ({ symbol }) => symbol)
  return new Map(
    [...groups].flatMap(([symbol, group]) => {
      const ids = new Set(group.map(idOf))
      const [first, last] = [Math.min(...ids), Math.max(...ids)]
      const gone = Array.from({ length: last - first }, (_, i) => first + i).filter(id => !ids.has(id))
      return gone.length > 0 ? [[symbol, gone]] : []
    }),
  )
}

const tradesIn = (exchange: string, frames: readonly string[]) =>
  frames.flatMap(frame => {
    try {
      return decode(exchange, [frame])
    } catch (error) {
      if (error instanceof MalformedFrame) return []
      throw error
    }
  })

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

test('a shutdown is told before the end, and a connection made after the notice stays', async () => {
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

test.each(NAMES)('%s: a truncated frame is no JSON, and its trades are in no other frame', async name => {
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

test.each(NAMES)('%s: repeats are the same trades again', async name => {
  const { timers, client } = await scene(name, { kind: 'repeat', trades: 60 })
  await timers.advance(5_000)
  const trades = decode(name, client.frames())
  const first = new Map(essence(trades.toReversed()).map(trade => [trade.messageId, trade]))
  expect(trades.length - first.size).toBeGreaterThan(20)
  expect(trades.length - first.size).toBeLessThanOrEqual(60)
  for (const trade of essence(trades)) expect(trade).toEqual(first.get(trade.messageId))
})

test.each(NAMES)('%s: trades out of order are all there', async name => {
  const { timers, client } = await scene(name, { kind: 'out-of-order', trades: 30 })
  await timers.advance(5_000)
  const trades = decode(name, client.frames())
  expect(missing(trades)).toEqual(new Map())
  const groups = [...Map.groupBy(trades, ({ symbol }) => symbol).values()].map(group => group.map(idOf))
  expect(groups.some(ids => ids.some((id, i) => i > 0 && id < ids[i - 1]))).toBe(true)
  expect(new Set(trades.map(({ messageId }) => messageId)).size).toBe(trades.length)
})

test('what is held back goes out where hardly anything is traded', async () => {
  const { timers, client, exchange } = await scene(
    'binance',
    { kind: 'out-of-order', trades: 50 },
    { ratePerSecond: 10 },
  )
  await timers.advance(30_000)
  expect(missing(decode('binance', client.frames()))).toEqual(new Map())
  expect(exchange.trades().obtainable.length).toBeGreaterThan(100)
})

test.each(NAMES)('%s: late trades have a time long past, the same one in stream and list', async name => {
  const { timers, client, exchange } = await scene(name, {
    kind: 'late',
    trades: 12,
    symbol: name === 'binance' ? 'ETHUSDT' : 'ETHUSD',
  })
  await timers.advance(5_000)
  const { obtainable } = exchange.trades()
  const late = obtainable.filter(({ timestamp, ingestionTimestamp }) => ingestionTimestamp - timestamp > 50_000_000n)
  expect(late).toHaveLength(12)
  const listed = new Map(essence(obtainable).map(trade => [trade.messageId, trade]))
  const got = essence(decode(name, client.frames()))
  for (const trade of got) expect(trade).toEqual(listed.get(trade.messageId))
  expect(got.filter(({ messageId }) => late.some(trade => trade.messageId === messageId))).toHaveLength(12)
})

test('REST shows a late trade as the stream did, and pages over it', async () => {
  const { timers, exchange, getJson } = await scene('kraken', { kind: 'late', trades: 12, symbol: 'ETHUSD' })
  await timers.advance(5_000)
  const trades = bySymbol(exchange.trades().obtainable).get('ETHUSD') ?? []
  const { result } = getJson(`/0/public/Trades?pair=ETHUSD&since=${START_MS}000000`)
  const rows: unknown[][] = result.XETHZUSD
  const micros = (time: unknown) => BigInt(Math.round(Number(time) * 1e6))
  const shown = new Map(rows.map(row => [row[6], micros(row[2])]))
  // The first ones happened before the market's begin was over: their times lie before `since`.
  for (const { tradeId, timestamp } of trades.slice(50))
    expect(shown.get(Number(tradeId.split('-')[1]))).toBe(timestamp)
})

test.each(NAMES)('%s: numbers in odd notations are the same numbers', async name => {
  const { timers, client, exchange } = await scene(name, { kind: 'odd-numbers', milliseconds: 2_000 })
  await timers.advance(6_000)
  const listed = new Map(essence(exchange.trades().obtainable).map(trade => [trade.messageId, trade]))
  const got = essence(decode(name, client.frames()))
  expect(got.length).toBeGreaterThan(500)
  for (const trade of got) expect(trade).toEqual(listed.get(trade.messageId))
  const text = client.frames().join('\n')
  for (const odd of [/\de-8\b/, /\d\.\d+E\d/, /\d\.\d*0000000/]) expect(odd.test(text), String(odd)).toBe(true)
})

test('Kraken’s v1 writes its numbers alike even then', async () => {
  const { timers, connect } = await scene('kraken', { kind: 'odd-numbers', milliseconds: 20_000 })
  const client = connect('/')
  await timers.advance(10)
  client.send({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'trade' } })
  await timers.advance(5_000)
  const frames = client.frames().filter(text => text.startsWith('['))
  expect(frames.length).toBeGreaterThan(50)
  expect(/\d[eE]/.test(frames.join('\n'))).toBe(false)
})

test.each(NAMES)('%s: skipped ids are never sent; REST knows them unless they are lost', async name => {
  const symbol = name === 'binance' ? 'SOLUSDT' : 'SOLUSD'
  const lookUp: Readonly<Record<string, (id: number) => string>> = {
    binance: id => `/api/v3/historicalTrades?symbol=SOLUSDT&fromId=${id}&limit=40`,
    kraken: () => '/0/public/Trades?pair=SOLUSD',
    coinbase: id => `/products/SOL-USD/trades?after=${id + 40}&limit=40`,
  }
  for (const lost of [false, true]) {
    const { timers, client, exchange, get } = await scene(name, { kind: 'skipped', trades: 25, lost, symbol })
    await timers.advance(6_000)
    const gone = missing(decode(name, client.frames()))
    expect([...gone.keys()]).toEqual([symbol])
    const ids = gone.get(symbol) ?? []
    expect(ids).toHaveLength(25)
    const lists = exchange.trades()
    expect(lists.lost.map(idOf)).toEqual(lost ? ids : [])
    expect(lists.obtainable.filter(trade => trade.symbol === symbol && ids.includes(idOf(trade)))).toHaveLength(
      lost ? 0 : 25,
    )
    const { body } = get(lookUp[name](ids[0]))
    expect(ids.filter(id => new RegExp(`[:,]${id}[,\\]]`).test(body))).toHaveLength(lost ? 0 : 25)
  }
})

test('a page of REST is full although some of its ids are lost', async () => {
  const { timers, getJson, simulator } = await scene('coinbase', {
    kind: 'skipped',
    trades: 25,
    lost: true,
    symbol: 'BTCUSD',
  })
  await timers.advance(8_000)
  simulator.endTrading()
  const page = getJson('/products/BTC-USD/trades?limit=400')
  expect(page).toHaveLength(400)
  const older = getJson(`/products/BTC-USD/trades?limit=300&after=${page[0].trade_id + 1}`)
  expect(older).toEqual(page.slice(0, 300))
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

test.each(NAMES)('%s: a clock that is off puts the times of its trades wrong for good', async name => {
  const { timers, client, exchange } = await scene(name, { kind: 'skew', offset: 15_000, milliseconds: 1_000 })
  await timers.advance(6_000)
  const { obtainable } = exchange.trades()
  const off = obtainable.filter(({ timestamp, ingestionTimestamp }) => timestamp - ingestionTimestamp > 14_000_000n)
  expect(off.length).toBeGreaterThan(100)
  for (const { ingestionTimestamp } of off) {
    expect(ingestionTimestamp).toBeGreaterThanOrEqual(BigInt(START_MS + 2_000) * 1000n)
    expect(ingestionTimestamp).toBeLessThan(BigInt(START_MS + 3_000) * 1000n)
  }
  const listed = new Map(essence(obtainable).map(trade => [trade.messageId, trade]))
  for (const trade of essence(decode(name, client.frames()))) expect(trade).toEqual(listed.get(trade.messageId))
})

test('invalid trades come like the others and are listed apart', async () => {
  for (const name of NAMES) {
    const { timers, client, exchange } = await scene(name, { kind: 'unknown-frame' }, { invalidShare: 0.05 })
    await timers.advance(8_000)
    const { obtainable, invalid, lost } = exchange.trades()
    expect(lost).toEqual([])
    expect(invalid.length / (obtainable.length + invalid.length)).toBeGreaterThan(0.03)
    expect(invalid.length / (obtainable.length + invalid.length)).toBeLessThan(0.07)
    const flaws = invalid.map(({ price, quantity, timestamp, ingestionTimestamp }) => {
      const flaws = [price === 0n, quantity === 0n, timestamp > ingestionTimestamp + 3_600_000_000n]
      expect(flaws.filter(flaw => flaw)).toHaveLength(1)
      return flaws.indexOf(true)
    })
    expect(new Set(flaws).size).toBe(3)
    const listed = new Map(essence([...obtainable, ...invalid]).map(trade => [trade.messageId, trade]))
    const got = essence(decode(name, client.frames()))
    for (const trade of got) expect(trade).toEqual(listed.get(trade.messageId))
    expect(missing(decode(name, client.frames()))).toEqual(new Map())
    expect(got.some(({ price }) => price === 0n)).toBe(true)
  }
})
