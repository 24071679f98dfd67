/** A lake in a folder in the deployed one's place, and a Lambda that answers as its documentation says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MappingStatus } from '../../adapters/lambda-mappings.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { openLakeReadOnly } from '../../embedded/lake.ts'
import { verifyDeployed } from '../../operations/verify.ts'
import { output } from '../cli/support.ts'

/** Words of the Lambda developer guide, "Troubleshooting Kafka event source mapping errors". */
const UNREACHABLE = 'PROBLEM: Connection error. Please check your event source connection configuration.'
const NOTHING: MappingStatus = { state: 'Enabled', reason: 'USER_INITIATED', result: 'No records processed' }
const WELL: MappingStatus = { ...NOTHING, result: 'OK' }
const [BINANCE, KRAKEN] = EXCHANGES
const MINUTE_MS = 60_000

const folder = mkdtempSync(join(tmpdir(), 'tradelake-verify-'))
const data = join(folder, 'lake')
beforeAll(async () => {
  const file = join(folder, 'frames.txt')
  writeFileSync(
    file,
    '1633998512.5: {"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1.5","q":"2","T":1633998512000,"m":true}',
  )
  await output('frames', file, '--exchange', 'binance', '--data', data)
  await output('drain', '--data', data)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Lambda's answers by mapping at a time; the others read nothing. Gives what was ready when, and how it ended. */
async function verify(
  answers: (mapping: string, now: number) => MappingStatus,
  options: { readonly expected: typeof EXCHANGES; readonly waitMs?: number },
) {
  const lake = await openLakeReadOnly(data)
  let now = 0
  const clock = {
    ...lake.ports.clock,
    steady: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds
    },
  }
  const deployed = { ...lake, ports: { ...lake.ports, clock }, output: (name: string) => name }
  const ready: string[] = []
  try {
    const parts = await verifyDeployed(
      deployed,
      { status: async uuid => answers(uuid, now) },
      { expected: options.expected, waitMs: options.waitMs ?? 15 * MINUTE_MS, onReady: ({ name }) => ready.push(name) },
    )
    return { ready, missing: parts.filter(part => !part.ready), took: now }
  } finally {
    lake.close()
  }
}

describe('a deployment', () => {
  test('works when every topic is read and the expected trades are in every table', async () => {
    const { ready, missing, took } = await verify(name => (name === 'BinanceBronzeMapping' ? WELL : NOTHING), {
      expected: [BINANCE],
    })
    expect(missing).toEqual([])
    expect(took).toBe(0)
    expect(ready).toEqual([
      'event source of market.crypto.trades.binance',
      'event source of market.crypto.trades.kraken',
      'event source of market.crypto.trades.coinbase',
      'event source of market.crypto.feed.gaps',
      ...['bronze_binance_trades', 'silver_binance_trades', 'gold_crypto_trades'].map(name => `table ${name}`),
      ...['1m', '5m', '15m', '30m', '1h', '1d'].map(name => `table gold_ohlcv_${name}`),
    ])
  })

  test('is waited for while a mapping is being made, cannot connect, and has read nothing yet', async () => {
    const answers = (name: string, now: number): MappingStatus => {
      if (name !== 'BinanceBronzeMapping') return NOTHING
      if (now < MINUTE_MS) return { state: 'Creating', reason: '', result: '' }
      if (now < 2 * MINUTE_MS) return { ...NOTHING, result: UNREACHABLE }
      return now < 3 * MINUTE_MS ? NOTHING : WELL
    }
    const { missing, took } = await verify(answers, { expected: [BINANCE] })
    expect(missing).toEqual([])
    expect(took).toBe(3 * MINUTE_MS)
  })

  test('whose mapping is made but cannot read is not ready, and says why in Lambda’s words', async () => {
    const { missing, took } = await verify(
      name => (name === 'FeedGapsBronzeMapping' ? { ...NOTHING, result: UNREACHABLE } : WELL),
      { expected: [BINANCE], waitMs: MINUTE_MS },
    )
    expect(missing).toEqual([
      {
        name: 'event source of market.crypto.feed.gaps',
        ready: false,
        now: `Enabled: ${UNREACHABLE}: USER_INITIATED`,
      },
    ])
    expect(took).toBe(MINUTE_MS)
  })

  test('that was disabled is not ready, however well it read before', async () => {
    const { missing } = await verify(() => ({ ...WELL, state: 'Disabled' }), { expected: [], waitMs: 0 })
    expect(missing).toHaveLength(EXCHANGES.length + 1)
  })

  test('lacks the tables of an exchange that nobody wrote', async () => {
    const { missing } = await verify(() => WELL, { expected: [BINANCE, KRAKEN], waitMs: 0 })
    expect(missing.map(({ name, now }) => `${name}: ${now}`)).toEqual([
      'table bronze_kraken_trades: 0 rows in 0 files',
      'table silver_kraken_trades: 0 rows in 0 files',
    ])
  })
})
