/** What fails here is told without its reason, which is nobody else's: a client has the request's number, and the log has both. */
import { expect, test, vi } from 'vitest'
import { createApi } from '../../api/app.ts'
import { Corrupt, Throttled } from '../../domain/errors.ts'
import { createFakeTimers } from '../feeds/fake-timers.ts'
import { memoryLake } from '../functions/support.ts'

const PLACE = '/srv/lakes/state.sqlite'
const PATHS = [
  ...[
    '/v1/candles',
    '/v1/trades?limit=all&start=0&format=ndjson',
    '/v1/stats',
    '/v1/stream?wait=1',
    '/v1/replay?start=0',
  ],
  ...[
    '/binance/api/v3/klines?symbol=BTCUSDT&interval=1h',
    '/kraken/0/public/Ticker',
    '/coinbase/products',
    '/udf/config',
  ],
  '/replay-normalized?options={"exchange":"binance","symbols":["btcusdt"],"from":"2026-11-20","to":"2026-11-21","dataTypes":["trade"]}',
  ...['/iceberg/v1/namespaces/market_data/tables/gold_crypto_trades', '/readyz'],
]

test.each([
  [new TypeError(`${PLACE} cannot be read`), 'This failed here, and not for anything in the request'],
  [new Corrupt(`${PLACE} is damaged`), 'A file of the lake is missing or damaged'],
  [new Throttled(`${PLACE} is locked`), 'The lake is busy: try again in a while.'],
] as const)('%s', async (error, words) => {
  const { ports } = memoryLake()
  const lines: unknown[] = []
  const note = (...line: unknown[]) => void lines.push(line)
  const log = { info: note, warn: note, error: note, debug: note }
  vi.spyOn(ports.state, 'get').mockRejectedValue(error)
  vi.spyOn(ports.state, 'query').mockRejectedValue(error)
  const live = { timers: createFakeTimers(ports.clock.now()), isStreaming: true }
  const api = createApi({ ports, log: log as never, auth: 'none', live })
  for (const path of PATHS) {
    // The catalog says of its users' files what is wrong with them.
    if (error instanceof Corrupt && /^\/(?:iceberg|readyz)/.test(path)) continue
    lines.length = 0
    const answer = await api.request(`http://localhost${path}`, {
      headers: { host: 'localhost', 'x-request-id': 'mine-7' },
    })
    const body = await answer.text()
    expect([path, answer.status]).toEqual([path, error instanceof Throttled ? 503 : 500])
    expect(body).toContain(words)
    expect(body).not.toContain('/srv')
    if (!(error instanceof Throttled)) expect(body).toContain('mine-7')
    expect(JSON.stringify(lines), path).toContain(error.message)
    expect(JSON.stringify(lines), path).toContain('mine-7')
  }
})
