/** Which markets a request is about. */
import { expect, test } from 'vitest'
import { marketLake } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const get = async (query: string): Promise<Json> => (await lake.get(`candles?${query}`)).json()

test('candles and trades are of one exchange where a symbol names it', async () => {
  const query = 'timeframe=1d&start=2026-11-01'
  const both = (await get(`symbols=BTCUSD,BTCUSDT&${query}`)).data
  const of = (...markets: string[]) =>
    both.filter((row: Json) => markets.includes(`${row.exchange}:${row.symbol}`)) as Json[]
  expect(of('KRAKEN:BTCUSD').length * of('COINBASE:BTCUSD').length).toBeGreaterThan(0)
  expect((await get(`symbols=kraken:btcusd,BINANCE:BTCUSDT&${query}`)).data).toEqual(
    of('KRAKEN:BTCUSD', 'BINANCE:BTCUSDT'),
  )
  expect((await get(`symbols=KRAKEN:BTCUSD,BTCUSDT&exchanges=KRAKEN,BINANCE&${query}`)).data).toEqual(
    of('KRAKEN:BTCUSD', 'BINANCE:BTCUSDT'),
  )
  const trades = (path: string) => lake.get(`trades?start=2026-11-01&limit=5000&${path}`).then(each => each.json())
  const all = ((await trades('symbols=BTCUSD')) as Json).data
  expect(((await trades('symbols=COINBASE:BTCUSD')) as Json).data).toEqual(
    all.filter(({ exchange }: Json) => exchange === 'COINBASE'),
  )
})

test.each([
  ['DOGEEUR', /^There is no symbol DOGEEUR: there are BTCUSDT, ETHUSDT, BTCUSD\.$/],
  ['BTC', /^There is no symbol BTC: the nearest is BTCUSD\.$/],
  ['KRAKEN:BTCUSDT', /^There is no symbol KRAKEN:BTCUSDT: the nearest is KRAKEN:BTCUSD\.$/],
])('%s is refused with what there is', async (symbol, words) => {
  expect(await get(`symbols=${symbol}`)).toMatchObject({
    status: 404,
    parameter: 'symbols',
    detail: expect.stringMatching(words),
  })
})
