/** What Silver hands to Gold in a minute, for the benchmarks of Gold's table. */
import { createTradeDecoder } from '../domain/decode.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import type { SilverFiles } from '../domain/handover.ts'
import { consumers } from '../domain/names.ts'
import { producePending } from '../domain/pending.ts'
import type { Ports } from '../domain/ports.ts'
import { silverTable } from '../domain/tables.ts'
import { MINUTE_MICROS } from '../domain/time.ts'
import { messageId } from '../domain/trade.ts'
import { encodeTrade, FRAME_BYTES } from '../domain/wire.ts'
import { openLake } from '../embedded/lake.ts'
import { unify } from '../functions/gold/gold.ts'
import { foldPending } from '../functions/ohlcv/ohlcv.ts'
import { createSilverColumns } from '../functions/silver/columns.ts'
import { writeDataFile } from '../iceberg/data-file.ts'

/**
 * Makes Silver files of one minute's trades (minutes are counted from `startMicros`, microseconds since 1970), pending for Gold. The
 * last trades are late, by these minutes.
 */
export async function pendingMinute(
  ports: Ports,
  startMicros: bigint,
  minute: number,
  trades: number,
  late: readonly number[] = [],
): Promise<void> {
  const exchange = EXCHANGES[0]
  const decoder = createTradeDecoder()
  const columns = createSilverColumns(decoder)
  const start = startMicros + BigInt(minute) * MINUTE_MICROS
  for (let i = 0; i < trades; i++) {
    const tradeId = `BINANCE-${minute * 1_000_000 + i}`
    const behind = BigInt(late[trades - 1 - i] ?? 0) * MINUTE_MICROS
    const timestamp = start + (BigInt(i) * MINUTE_MICROS) / BigInt(trades) - behind
    const bytes = encodeTrade({
      messageId: messageId('BINANCE', 'BTCUSDT', tradeId),
      tradeId,
      symbol: 'BTCUSDT',
      exchange: exchange.code,
      assetClass: 'crypto',
      timestamp,
      price: (9_725_000_000_000n + BigInt(i)) * 100n,
      quantity: 1_000_000n,
      currency: 'USDT',
      side: i % 2 === 0 ? 'BUY' : 'SELL',
      tradeConditions: [],
      sourceSequence: BigInt(i),
      ingestionTimestamp: timestamp,
      platformSequence: null,
      vendorData: { event_type: 'trade' },
    })
    decoder.decode(bytes, FRAME_BYTES, bytes.length)
    columns.add(bytes, {
      schemaId: 1,
      epoch: 0,
      partition: 0,
      offset: minute * 1_000_000 + i,
      bronzeIngestion: Number(timestamp),
    })
  }
  const files: SilverFiles['files'][number][] = []
  for (const { day, batch } of columns.finish(start)) {
    const file = await writeDataFile(ports, silverTable(exchange), { exchange_date_day: day }, batch)
    files.push({ key: file.key, bytes: file.bytes, records: file.records, crc32: file.crc32 })
  }
  const payload: SilverFiles = { files }
  await ports.state.transact(
    [await producePending(ports, consumers.gold(EXCHANGES[0].name), payload)],
    ports.ids.uuid(),
  )
}

/** A lake in a folder with so many minutes of so many trades each, through Gold and the candles. */
export async function makeMinutes(
  directory: string,
  startMicros: bigint,
  minutes: number,
  trades: number,
): Promise<void> {
  const lake = await openLake(directory)
  try {
    for (let minute = 0; minute < minutes; minute++) {
      await pendingMinute(lake.ports, startMicros, minute, trades)
      await unify(lake.ports, Number.POSITIVE_INFINITY)
    }
    await foldPending(lake.ports, Number.POSITIVE_INFINITY)
  } finally {
    lake.close()
  }
}
