/** Candles and trades of a deployed lake, asked of the function behind its URL with IAM enforced: what its role lets it read. */
import { expect } from 'vitest'
import { addKey, functionCatalog, type Json } from './asked-catalog.ts'
import type { Deployed } from './deployed.ts'

/** Has the function answer what a reader asks, and prints how long it took at first and then. */
export async function marketAnswers(deployed: Deployed): Promise<void> {
  const base = functionCatalog(deployed).replace(/\/iceberg.*$/, '/v1')
  const { key } = await addKey(deployed, 'read')
  const fetched = (path: string, method = 'GET') =>
    fetch(`${base}/${path}`, { method, headers: { authorization: `Bearer ${key}` } })
  const ask = async (path: string): Promise<Json> => {
    const answer = await fetched(path)
    const body = await answer.json()
    expect(answer.status, `${path}: ${JSON.stringify(body)}`).toBe(200)
    return body
  }
  const times: number[] = []
  for (let n = 0; n < 6; n++) {
    const before = performance.now()
    await ask('candles?timeframe=1m&limit=60')
    times.push(Math.round(performance.now() - before))
  }
  console.log(`a page of candles from the function: ${times[0]} ms at first, then ${times.slice(1).join(', ')} ms`)

  const [{ rows }] = await deployed.rows('SELECT count(*) AS rows FROM gold_crypto_trades')
  const { data: trades } = await ask('trades?start=2001-01-01&limit=10000')
  expect(trades.length).toBe(Number(rows))
  const { data: days } = await ask('candles?timeframe=1d&start=2001-01-01&limit=10000')
  expect(days.reduce((sum: number, candle: Json) => sum + candle.trades, 0)).toBe(Number(rows))
  expect((await ask('trades?fresh=true&limit=3')).data.length).toBe(3)
  expect((await ask('coverage?bucket=1d&start=2001-01-01')).data.length).toBeGreaterThan(0)
  const stats = await ask('stats')
  expect(stats.tables.find(({ table }: Json) => table === 'gold_crypto_trades').rows).toBe(Number(rows))
  expect(stats.stages.every(({ waiting }: Json) => waiting >= 0)).toBe(true)

  // Files come from S3 itself, without a key.
  const { data: files } = await ask('exports?table=gold_crypto_trades')
  const file = await (await fetch(files[0].url)).arrayBuffer()
  expect(file.byteLength).toBe(files[0].bytes)
  const pin = await fetched('pins/mine', 'PUT')
  expect([pin.status, ((await pin.json()) as Json).detail]).toEqual([
    403,
    'This server may not write to the tables of the pipeline: use tradelake pin --stack NAME.',
  ])
  expect((await fetch(`${base}/candles`)).status).toBe(401)
}
