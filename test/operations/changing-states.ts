/**
 * What a lake held at each of its snapshots of Gold, found by a reader that shares no code with the product: manifests by
 * test/simulation/iceberg-reader.ts, rows by DuckDB. An answer is compared with these states after all is over.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Trade } from '../../domain/trade.ts'
import type { Lake } from '../../embedded/lake.ts'
import { text, time } from '../api/market/naive-candles.ts'
import { tradeOf } from '../functions/support.ts'
import { filesOf, metadataAt } from '../simulation/iceberg-reader.ts'

/** A trade as answers have it, in one line. */
export const lineOf = (trade: Readonly<Record<string, unknown>>) =>
  ['exchange', 'symbol', 'id', 'time', 'price', 'quantity', 'side'].map(name => trade[name]).join(' ')

export const lineOfTrade = ({ exchange, symbol, tradeId, timestamp, price, quantity, side }: Trade) =>
  [exchange, symbol, tradeId, time(timestamp), text(price, 10), text(quantity, 8), side].join(' ')

export interface GoldState {
  readonly id: number
  readonly trades: readonly Trade[]
  readonly digest: string
  /** By key: what each file that the snapshot lists held. */
  readonly files: ReadonlyMap<string, string>
}

export const digestOf = (lines: readonly string[]) =>
  createHash('sha256')
    .update([...lines].sort().join('\n'))
    .digest('base64')
export const digestOfBytes = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64')

/** A decimal with all digits after its point. */
const units = (decimal: unknown) => BigInt(String(decimal).replace('.', ''))

export interface States {
  /** Takes down every snapshot that Gold's metadata has by now. */
  record(): Promise<void>
  readonly gold: ReadonlyMap<number, GoldState>
  /** The trades of a file that was in one of them. */
  tradesIn(key: string): readonly Trade[]
}

export function recordStates(lake: Lake): States {
  const gold = new Map<number, GoldState>()
  const files = new Map<string, { readonly trades: readonly Trade[]; readonly digest: string }>()

  async function fileAt(key: string) {
    const known = files.get(key)
    if (known) return known
    const path = join(lake.directory, 'objects', key)
    const rows = await lake.ports.engine.run([
      `SELECT exchange, symbol, trade_id, epoch_us("timestamp") AS micros, price::VARCHAR AS price,
              quantity::VARCHAR AS quantity, side
       FROM read_parquet('${path}', hive_partitioning = false)`,
    ])
    const trades = rows.map(row =>
      tradeOf(0, {
        ...{ exchange: String(row.exchange), symbol: String(row.symbol), tradeId: String(row.trade_id) },
        ...{ timestamp: BigInt(String(row.micros)), price: units(row.price) },
        ...{ quantity: units(row.quantity), side: row.side as Trade['side'] },
      }),
    )
    const file = { trades, digest: digestOfBytes(readFileSync(path)) }
    files.set(key, file)
    return file
  }

  return {
    gold,
    tradesIn: key => files.get(key)?.trades ?? [],
    async record() {
      const { state, store } = lake.ports
      const item = await state.get({
        table: 'catalog',
        partition: 'market_data.gold_crypto_trades',
        sort: 'market_data',
      })
      if (!item) return
      const metadata = await metadataAt(store, String(item['p.metadata_location']))
      for (const snapshot of metadata.snapshots) {
        const id = Number(snapshot['snapshot-id'])
        if (gold.has(id)) continue
        const trades: Trade[] = []
        const held = new Map<string, string>()
        for (const { key } of await filesOf(store, snapshot['manifest-list'])) {
          const file = await fileAt(key)
          trades.push(...file.trades)
          held.set(key, file.digest)
        }
        gold.set(id, { id, trades, digest: digestOf(trades.map(lineOfTrade)), files: held })
      }
    },
  }
}
