import { expect, test } from 'vitest'
import { bySymbol, missing, NAMES, scene } from './fault-scene.ts'
import { decode, essence, idOf, START_MS } from './support.ts'

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
