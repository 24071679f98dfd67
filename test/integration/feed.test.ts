/**
 * `tradelake feed` on a real broker and a real registry, against a simulated Binance on a real port: killed at any moment,
 * left without its broker, and ended in order. What the exchange traded is in Kafka, and what is not is reported as
 * lost. Over 250 lines: one broker is started for all of it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { confluentRegistry } from '../../adapters/confluent-registry.ts'
import { systemClock } from '../../adapters/system.ts'
import { avroType } from '../../domain/avro.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { decodeGap, type FeedGap } from '../../domain/feed-gaps.ts'
import { FEED_GAPS_TOPIC, topicName } from '../../domain/names.ts'
import { TRADE_SCHEMA, type Trade } from '../../domain/trade.ts'
import { FRAME_BYTES } from '../../domain/wire.ts'
import { randomStream } from '../../feeds/random.ts'
import { type Kafka, kafkaJars, startKafka } from '../../localstack/kafka.ts'
import { hasJava } from '../../localstack/maven.ts'
import { freePort } from '../../localstack/processes.ts'
import { type Registry, startRegistry } from '../../localstack/registry.ts'
import { runCommand } from '../cli/support.ts'
import { numberOf } from '../feeds/support.ts'
import { type Binance, type FeedProcess, feedWords, pause, SYMBOLS, startBinance, startFeed } from './feed-support.ts'
import { type Read, readTopic } from './topic-reader.ts'

const RATE = 600
const KILLS = 8
/** Time to make the topics and start the feed before the first trade. */
const BEFORE_MS = 30_000
const AWAY_MS = 20_000
/** From the last moment up to which a feed must have everything to its end: later trades may still be on their way. */
const ON_ITS_WAY_MS = 2_000
/** From the first try at a gap to the last, requests included. */
const SETTLED_MS = 200_000

describe.skipIf(!hasJava())('a feed process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-feed-'))
  const killed: number[] = []
  let kafka: Kafka
  let registry: Registry
  let binance: Binance
  let port: number
  let startMs: number
  let feed: FeedProcess | undefined

  const options = () => ({
    ...{ brokers: kafka.bootstrap, registry: registry.url, url: binance.ws, rest: binance.http },
    ...{ spill: join(folder, 'spill'), 'memory-limit': 1 },
  })
  const start = () => {
    feed = startFeed(port, options())
    return feed
  }
  const running = () => {
    if (!feed) throw new Error('no feed runs')
    return feed
  }
  const isReady = ({ ready }: { ready: boolean }) => ready

  async function kill(): Promise<void> {
    killed.push(Date.now())
    await running().kill()
  }

  async function refused(message: RegExp, words: readonly string[]): Promise<void> {
    const { status, stderr } = await runCommand(...words)
    expect(stderr).toMatch(/^tradelake: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect(status).toBe(1)
  }

  beforeAll(async () => {
    ;[kafka, registry] = await Promise.all([startKafka(join(folder, 'kafka')), startRegistry(join(folder, 'registry'))])
    startMs = Date.now() + BEFORE_MS
    binance = await startBinance(startMs, RATE)
    binance.addFault(startMs + 5_000, { kind: 'skipped', trades: 7, lost: true, symbol: 'BTCUSDT' })
    binance.addFault(startMs + 6_000, { kind: 'skipped', trades: 30, lost: false, symbol: 'ETHUSDT' })
    port = await freePort()
  })
  afterAll(async () => {
    if (feed && feed.child.exitCode === null && feed.child.signalCode === null) await feed.kill()
    await binance?.close()
    await registry?.stop()
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('does not begin without its topics, and makes them with --create-topics', async () => {
    await refused(/--create-topics/, feedWords({ port, ...options() }))

    feed = startFeed(port, { ...options(), 'create-topics': true })
    await feed.until('ready', isReady)

    expect(Date.now()).toBeLessThan(startMs)
    await pause(startMs - Date.now())
  })

  test('is killed at any moment, and with records on disk that Kafka did not take', async () => {
    const random = randomStream(11)
    for (let round = 0; round < KILLS; round++) {
      if (round > 0) start()
      if (round % 3 === 2) {
        await running().until('ready', isReady)
        await kafka.broker.kill()
        await running().until('spilling', ({ spillBytes }) => spillBytes > 0)
        await kill()
        await kafka.restart()
      } else {
        await pause(random() * 5_000)
        await kill()
      }
    }

    await start().until('ready', isReady)
    expect(killed).toHaveLength(KILLS)
  })

  test('says that it is not ready while its broker is away, goes on reading, and catches up', async () => {
    await kafka.broker.kill()
    const away = await running().until('without Kafka', ({ ready }) => !ready)
    expect(away).toMatchObject({ healthy: true })
    expect(away.problems.join()).toMatch(/^Kafka: /)
    expect((await running().get('/readyz'))?.status).toBe(503)
    expect((await running().get('/healthz'))?.status).toBe(200)
    await pause(AWAY_MS)
    const late = await running().until('spilling', ({ spillBytes }) => spillBytes > 1_000_000)
    expect(late.ready).toBe(false)

    await kafka.restart()

    await running().until('ready again', ({ ready, spillBytes }) => ready && spillBytes === 0)
    expect((await running().get('/readyz'))?.status).toBe(200)
  })

  test('ended while its broker is down, leaves what it has on disk for the next process', async () => {
    await kafka.broker.kill()
    await running().until('without Kafka', ({ ready }) => !ready)

    process.kill(running().child.pid as number, 'SIGTERM')

    const { status, stderr } = await running().finished
    expect(status).toBe(0)
    expect(stderr).toMatch(/they are on disk/)
    await kafka.restart()
    await start().until('ready, with nothing on disk', ({ ready, spillBytes }) => ready && spillBytes === 0)
  })

  test('reports its state in metrics and probes', async () => {
    let values = new Map<string, string>()
    const value = (name: string) => Number(values.get(`binance_feed_${name}`))
    // What the restart cost is looked for after some seconds.
    for (const end = Date.now() + 30_000; !(value('filled_trades_total') > 0) && Date.now() < end; await pause(200)) {
      const text = (await running().get('/metrics'))?.body ?? ''
      values = new Map(text.split('\n').map(line => line.split(' ', 2) as [string, string]))
    }
    const positive = ['messages_total', 'trades_total', 'received_bytes_total', 'kafka_records_total']
    positive.push('kafka_bytes_total', 'filled_trades_total')
    positive.push('connection_age_seconds', 'heap_bytes', 'exchange_latency_seconds_count', 'flush_seconds_count')
    for (const name of positive) expect(value(name), name).toBeGreaterThan(0)
    const zero = ['unreadable_trades_total', 'unknown_messages_total', 'spill_bytes', 'lost_trades_total']
    for (const name of zero) expect(value(name), name).toBe(0)
    expect(value('last_message_seconds')).toBeLessThan(5)
    expect(value('queue_records')).toBeLessThan(RATE * 4)
    expect(value('connected')).toBe(1)
    expect(value('reconnects_total{cause="stale"}')).toBe(0)
    expect(value('exchange_latency_seconds_bucket{le="+Inf"}')).toBe(value('exchange_latency_seconds_count'))
    expect(Number(values.get('process_cpu_seconds_total'))).toBeGreaterThan(0)
  })

  test('a second one on its port or in its folder gets an error that says what to change', async () => {
    await refused(new RegExp(`^tradelake: Port ${port} is in use: choose another with --port`), [
      ...feedWords({ port, ...options(), spill: join(folder, 'other') }),
    ])
    await refused(/is in use by another tradelake/, feedWords({ port: 0, ...options() }))
  })

  describe('ended in order, when what is missing has been looked for', () => {
    let ended: number
    let records: Read[]
    let gaps: FeedGap[]
    let trades: { readonly obtainable: Trade[]; readonly lost: Trade[] }
    const idOf = ({ symbol, tradeId }: Pick<Trade, 'symbol' | 'tradeId'>) => `${symbol} ${numberOf({ tradeId })}`

    beforeAll(async () => {
      await running().until('all settled', ({ missingTrades }) => missingTrades === 0, SETTLED_MS)
      ended = Date.now()
      process.kill(running().child.pid as number, 'SIGTERM')
      expect(await running().finished).toMatchObject({ status: 0 })
      trades = binance.trades()
      records = await readTopic(kafka.bootstrap, topicName('binance'))
      gaps = (await readTopic(kafka.bootstrap, FEED_GAPS_TOPIC)).map(({ value }) => decodeGap(value))
    }, SETTLED_MS + 60_000)

    test('every trade is in Kafka, and absent is what the exchange does not have', async () => {
      const schemaId = records[0].value.readUInt32BE(1)
      const registered = await fetch(`${registry.url}/subjects/market.crypto.trades-value/versions/1`)
      expect(await registered.json()).toMatchObject({ id: schemaId })
      const schema = await confluentRegistry({ url: registry.url, clock: systemClock() }).writerSchema(schemaId)
      expect(schema).toEqual(TRADE_SCHEMA)
      const type = avroType(schema)
      const inKafka = new Map<string, string>()
      for (const { value, key } of records) {
        expect(value.readUInt32BE(1)).toBe(schemaId)
        const row = type.fromBuffer(value.subarray(FRAME_BYTES)) as Record<string, never>
        expect(key).toBe(row.symbol)
        // TradeV2 has prices of eight digits after the point, the tables have two more.
        const amounts = [(decimalFromBytes(row.price) ?? 0n) * 100n, decimalFromBytes(row.quantity)]
        inKafka.set(
          idOf({ symbol: row.symbol, tradeId: row.trade_id }),
          [row.message_id, row.timestamp, ...amounts, row.side].join(' '),
        )
      }
      const due = trades.obtainable.filter(trade => trade.ingestionTimestamp < BigInt(ended - ON_ITS_WAY_MS) * 1000n)
      expect(due.length).toBeGreaterThan(RATE * 60)
      const wrong = due.filter(
        trade =>
          inKafka.get(idOf(trade)) !==
          [trade.messageId, trade.timestamp, trade.price, trade.quantity, trade.side].join(' '),
      )
      expect(wrong.slice(0, 3).map(trade => [idOf(trade), inKafka.get(idOf(trade))])).toEqual([])
      const absent = gaps
        .filter(({ status }) => status === 'absent')
        .flatMap(({ symbol, fromId, toId }) =>
          Array.from({ length: Number(toId) - Number(fromId) + 1 }, (_, i) => `${symbol} ${Number(fromId) + i}`),
        )
      expect(trades.lost).toHaveLength(7)
      // A process that is killed may have reported what the next one reports again.
      expect([...new Set(absent)].sort()).toEqual(trades.lost.map(idOf).sort())
    })

    test('every kill left a record of the time without a feed, and being without a broker left none', () => {
      const restarts = gaps.filter(({ kind, cause }) => kind === 'disconnect' && cause === 'the feed was restarted')
      const covers =
        (at: number) =>
        ({ fromTime, toTime }: FeedGap) =>
          Number(fromTime) / 1000 <= at && Number(toTime) / 1000 >= at
      expect(killed.filter(at => !restarts.some(covers(at)))).toEqual([])
      // The one that was asked to end counts too.
      expect(restarts.length).toBeLessThanOrEqual(KILLS + 1)
      expect(gaps.filter(({ kind }) => kind === 'disconnect').length).toBe(restarts.length)
    })

    test("a symbol's partition is the one that Kafka's own client chooses", async () => {
      const { partitions } = EXCHANGES[0]
      const jars = await kafkaJars()
      const program = fileURLToPath(new URL('PartitionsOf.java', import.meta.url))
      const chosen = execFileSync('java', ['-cp', `${jars}/*`, program, `${partitions}`, ...SYMBOLS], { stdio: 'pipe' })
      const wanted = chosen.toString().trim().split('\n').map(Number)
      for (const [index, symbol] of SYMBOLS.entries()) {
        const used = new Set(records.filter(({ key }) => key === symbol).map(({ partition }) => partition))
        expect([...used], symbol).toEqual([wanted[index]])
      }
    })
  })
})
