/** Every shape lets in whom the rest of the server lets in, and says otherwise in its own words. */
import { expect, test } from 'vitest'
import { addKey } from '../../domain/access-keys.ts'
import { shapesLake } from './shapes-lake.ts'

const SHAPES = [
  [
    'binance/api/v3/klines?symbol=BTCUSDT&interval=1d',
    (words: string) => ({ code: words.startsWith('A key') ? -2015 : -1003, msg: words }),
  ],
  [
    'kraken/0/public/Ticker?pair=XBTUSD',
    (words: string) => ({
      error: [`${words.startsWith('A key') ? 'EAPI:Invalid key' : 'EAPI:Rate limit exceeded'}: ${words}`],
    }),
  ],
  ['coinbase/products', (words: string) => ({ message: words })],
  ['udf/search?query=BTC', (words: string) => ({ s: 'error', errmsg: words })],
] as const

test.each(SHAPES)('%s is answered to a key, as often as a key may ask', async (path, body) => {
  const lake = await shapesLake({ auth: 'keys', rate: { perSecond: 0.5, burst: 1 } })
  const key = { secret: 'k'.repeat(43), name: 'bot', scopes: ['read'] as const, expiresAt: undefined }
  const { id, text } = await addKey(lake.ports, key)
  const ask = async (headers: Record<string, string>) => {
    const answer = await lake.get(path, headers)
    return [answer.status, await answer.json()]
  }
  const headers = { authorization: `Bearer ${text}` }
  expect(await ask({})).toEqual([
    401,
    body('A key is needed here: send it as Authorization: Bearer KEY (tradelake keys add makes one).'),
  ])
  expect((await ask(headers))[0]).toBe(200)
  expect(await ask(headers)).toEqual([
    429,
    body(`The key ${id} asks more often than 0.5 times a second: wait 2 s, or ask for more rows at once.`),
  ])
})

test.each(SHAPES)('%s is not answered to a page of another site, where there are no keys', async path => {
  const lake = await shapesLake()
  expect((await lake.get(path, { origin: 'https://example.com' })).status).toBe(403)
  expect((await lake.get(path, { origin: 'http://localhost:3000' })).status).toBe(200)
})

test.each([
  ['binance/api/v3/klines?symbol=BTCUSDT&symbol=ETHUSDT&interval=1d', 'Duplicate values for a parameter detected.'],
  ['kraken/0/public/Ticker?pair=XBTUSD&pair=XBTUSD', 'EGeneral:Invalid arguments: pair is given twice: give it once.'],
  ['coinbase/products/BTC-USD/candles?granularity=60&granularity=300', 'granularity is given twice: give it once.'],
  ['udf/history?symbol=BTCUSDT&resolution=1&resolution=5', 'resolution is given twice: give it once.'],
])('%s is refused: nobody knows which is meant', async (path, words) => {
  const lake = await shapesLake()
  const answer = await lake.get(path, {})
  expect(answer.status).toBe(400)
  const { msg, error, message, errmsg } = (await answer.json()) as Record<string, string>
  expect(msg ?? error?.[0] ?? message ?? errmsg).toBe(words)
})
