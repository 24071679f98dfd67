/**
 * A lake in a folder is asked by many clients while another process writes, folds, joins, drops, expires, sweeps, loses files, repairs and
 * rebuilds: each answer is of one state of the lake, or says in words why there is none.
 * Over 250 lines: one lake, and everything that is asked of it.
 */
import { rmSync } from 'node:fs'
import { tableFromIPC } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import type { Ports } from '../../domain/ports.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { wireFunctions } from '../../embedded/functions.ts'
import type { Lake } from '../../embedded/lake.ts'
import { createTotals } from '../../embedded/totals.ts'
import { type MaintainResult, maintain } from '../../functions/maintain/maintain.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { rebuildCandles, rebuildGold, rebuildSilver } from '../../operations/repair/rebuild.ts'
import { repairLake } from '../../operations/repair/repair.ts'
import { naiveRows, text, time } from '../api/market/naive-candles.ts'
import { drainLake, newLake, type TestLake } from '../embedded/support.ts'
import { tradeOf } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'
import { listedFiles } from '../simulation/iceberg-reader.ts'
import {
  type Answered,
  type Clients,
  createClients,
  type Moment,
  type Server,
  startServer,
} from './changing-clients.ts'
import {
  digestOf,
  digestOfBytes,
  type GoldState,
  lineOf,
  lineOfTrade,
  recordStates,
  type States,
} from './changing-states.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000]
const SECOND = 1_000_000n
const HOUR = 3_600n * SECOND
/** Seven whole hours that have ended: what is traded, and what is asked for. */
const BEGIN = ((BigInt(Date.now()) * 1000n) / HOUR) * HOUR - 8n * HOUR
const END = BEGIN + 7n * HOUR
const [FROM, TO] = [BEGIN + HOUR + 17n * 60n * SECOND, END - 13n * 60n * SECOND - 7n]
const RANGE = `start=${FROM}&end=${TO}`
const MARKETS = ['BINANCE BTCUSDT', 'BINANCE ETHUSDT', 'KRAKEN BTCUSD', 'COINBASE BTCUSD']
/** One whose trades come later than those of others. */
const LATECOMER = 'KRAKEN DOGEUSD'

let lake: TestLake
let server: Server
let clients: Clients
let states: States
const moment: Moment = { committed: 0, isDamaged: false, repairs: 0 }
/** By batch: what was published. */
const published: Trade[][] = []
const seen = {
  answers: new Map<string, number>(),
  expired: { status: 200, detail: '' },
  maintained: [] as MaintainResult[],
  repaired: [] as string[],
  pinned: [] as [string, string][],
}
const asked = new Map<string, (readonly Answered[])[]>()

let aheadMs = 0
let number = 0
let random = 7
const draw = (below: number) => {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
  return (random >>> 8) % below
}

function someTrades(markets: readonly string[], count: number): Trade[] {
  return Array.from({ length: count }, () => {
    const [exchange, symbol] = markets[draw(markets.length)].split(' ')
    const tradeId = `${exchange}-${++number}`
    return tradeOf(number, {
      ...{ exchange, symbol, tradeId, messageId: messageId(exchange, symbol, tradeId) },
      ...{ currency: symbol.slice(3), side: draw(2) === 0 ? ('BUY' as const) : ('SELL' as const) },
      timestamp: BEGIN + (BigInt(draw(2 ** 24)) * 7n * HOUR) / BigInt(2 ** 24),
      price: BigInt(1 + draw(2 ** 20)) * 1_234_500n,
      quantity: BigInt(1 + draw(2 ** 20)) * 7n,
    })
  })
}

/** Publishes trades of all seven hours, late ones all but the first, and some that came before; then works them off. */
async function write(count: number, markets = MARKETS): Promise<void> {
  const trades = someTrades(markets, count)
  const again = published.at(-1)?.slice(0, 20) ?? []
  published.push(trades)
  for (const { code, name } of lake.exchanges) {
    const records = [...trades, ...again]
      .filter(({ exchange }) => exchange === code)
      .map(trade => ({ partition: 0, key: null, value: encodeTrade(trade), timestamp: lake.ports.clock.now() }))
    if (records.length > 0) await lake.topics.append(topicName(name), records)
  }
  await worked(() => drainLake(lake))
  moment.committed = published.length
}

async function worked<T>(work: () => Promise<T>): Promise<T> {
  const result = await work()
  await states.record()
  return result
}

/** All partitions count as closed. */
const CLOSED_MS = -2 * 24 * HOUR_MS
const RETENTION = { gold_ohlcv_1m: 1, silver_kraken_trades: 1, bronze_kraken_trades: 1 }

async function keepUp(): Promise<void> {
  const options = { closedAfterMs: CLOSED_MS, sweepEveryMs: 0, retention: RETENTION }
  seen.maintained.push(await worked(() => maintain(lake.ports, lake.exchanges, Number.POSITIVE_INFINITY, options)))
}

/** Who opened a snapshot has an hour for its files: what is being asked is answered before that has passed. */
async function pass(milliseconds: number): Promise<void> {
  await clients.between(async () => {
    aheadMs += milliseconds
    await server.advance(milliseconds)
  })
}

/** A file of a table is lost, and found to be so after a while. */
async function destroy(table: string): Promise<void> {
  const kept = new Set(pinnedFiles)
  const file = (await listedFiles(lake.ports, table)).filter(({ key }) => !kept.has(key)).at(-1)
  if (!file) throw new Error(`${table} has no file`)
  moment.isDamaged = true
  rmSync(await lake.ports.store.localFile(file.key))
  await new Promise(resolve => setTimeout(resolve, 200))
  seen.repaired.push(
    ...(await worked(() => repairLake(lake, wireFunctions(lake, SILENT), createTotals(lake.exchanges)))),
  )
  moment.repairs++
  moment.isDamaged = false
}
let pinnedFiles: readonly string[] = []

const QUESTIONS = {
  trades: `/v1/trades?start=${BEGIN}&limit=700`,
  previous: `/v1/candles?timeframe=5m,1h&start=${BEGIN}&end=${END}&fill=previous&limit=130`,
  null: `/v1/candles?timeframe=10m&start=${BEGIN + HOUR}&end=${END}&fill=null&limit=70`,
  none: `/v1/candles?timeframe=15m,1d&start=${BEGIN}&end=${END}&limit=90`,
} as const
const WHOLE = {
  ndjson: `/v1/trades?start=${BEGIN}&limit=all&format=ndjson`,
  arrow: `/v1/trades?start=${BEGIN}&limit=all&format=arrow`,
  fresh: `/v1/trades?start=${BEGIN}&fresh=true&limit=50000`,
  replay: `/v1/replay?start=${BEGIN}&end=${END}&speed=max&channels=trades,candles&timeframe=1h&format=ndjson`,
  vwap: `/v1/vwap?${RANGE}`,
  twap: `/v1/twap?${RANGE}`,
  coverage: `/v1/coverage?start=${BEGIN}&end=${END}&bucket=1h`,
} as const
const ALSO = [
  ...[
    '/v1/stats',
    '/v1/symbols',
    '/v1/snapshots',
    '/v1/pins',
    `/v1/spread?base=BTC&start=${BEGIN}&end=${END}&timeframe=1h`,
  ],
  ...['/binance/api/v3/klines?symbol=BTCUSDT&interval=1h', '/binance/api/v3/aggTrades?symbol=BTCUSDT&limit=100'],
  ...['/binance/api/v3/ticker/24hr', '/binance/api/v3/exchangeInfo', '/v1/trades?limit=50', '/v1/candles?limit=20'],
  `/udf/history?symbol=BINANCE:BTCUSDT&resolution=60&from=${BEGIN / SECOND}&to=${END / SECOND}`,
]
const PINNED = [
  `/v1/trades?start=${BEGIN}&limit=5000`,
  `/v1/candles?timeframe=1m,1h,1d&start=${BEGIN}&end=${END}&fill=previous&limit=3000`,
  `/v1/vwap?${RANGE}`,
  `/v1/twap?${RANGE}`,
  `/v1/coverage?start=${BEGIN}&end=${END}&bucket=1h`,
].map(path => `${path}&as_of=kept`)

/** An answer that is the same as the one before is not looked at again. */
const noted = (name: string, answers: readonly Answered[]) => {
  const some = asked.get(name) ?? []
  const isSame = some
    .at(-1)
    ?.every(
      ({ body, committed, isCalm }, n) =>
        committed === answers[n]?.committed && isCalm === answers[n]?.isCalm && body.equals(answers[n].body),
    )
  seen.answers.set(name, (seen.answers.get(name) ?? 0) + 1)
  if (!isSame) asked.set(name, [...some, answers])
}

function askAll(): void {
  for (const [name, path] of Object.entries(QUESTIONS))
    clients.start(async () => {
      const pages = await clients.walk(path)
      if (pages) noted(name, pages)
    })
  for (const [name, path] of Object.entries(WHOLE))
    clients.start(async () => {
      const answer = await clients.ask(path)
      if (answer) noted(name, [answer])
    })
  for (const path of PINNED)
    clients.start(async () => {
      const answer = await clients.ask(path)
      if (answer) noted(path, [answer])
    })
  clients.start(async () => {
    for (const path of ALSO) await clients.ask(path)
  })
  clients.start(() =>
    clients.within(async ask => {
      const named = await ask(`/v1/exports?table=gold_crypto_trades`)
      if (!named) return
      const files: Answered[] = []
      for (const { url } of jsonOf(named).data as Json[]) {
        const file = await ask(new URL(url).pathname)
        if (!file) return
        files.push(file)
      }
      noted('exports', [named, ...files])
    }),
  )
}

const jsonOf = ({ body }: Answered): Json => JSON.parse(body.toString())
const linesIn = ({ body }: Answered): Json[] =>
  body
    .toString()
    .split('\n')
    .flatMap(line => (line === '' ? [] : [JSON.parse(line)]))

beforeAll(async () => {
  const made = await newLake()
  const clock = { ...made.ports.clock, now: () => made.ports.clock.now() + aheadMs }
  lake = { ...made, ports: { ...made.ports, clock } as Ports & Lake['ports'] }
  states = recordStates(lake)
  await write(900)
  server = await startServer(lake.directory)
  clients = createClients(server.url, moment)
  const pin = await fetch(`${server.url}/v1/pins/kept`, { method: 'PUT' })
  expect(pin.status).toBe(201)
  for (const path of PINNED) {
    const answer = await clients.ask(path)
    expect(clients.problems).toEqual([])
    seen.pinned.push([path, answer?.body.toString() ?? ''])
  }
  pinnedFiles = [...(states.gold.values().next().value as GoldState).files.keys()]
  for (const table of ['gold_ohlcv_5m', 'gold_ohlcv_1h'])
    pinnedFiles = [...pinnedFiles, ...(await listedFiles(lake.ports, table)).map(({ key }) => key)]

  askAll()
  for (let round = 0; round < 2; round++) await write(150, round < 1 ? MARKETS : [...MARKETS, LATECOMER])
  await destroy('gold_crypto_trades')
  await write(100)
  for (const exchange of lake.exchanges) await worked(() => rebuildSilver(lake.ports, exchange, { from: 0n, to: END }))
  for (const exchange of lake.exchanges) await worked(() => rebuildGold(lake.ports, exchange, { from: BEGIN, to: END }))
  await worked(() => rebuildCandles(lake.ports, { from: BEGIN, to: END }))
  await write(100)
  await keepUp()
  const { next } = jsonOf((await clients.ask(QUESTIONS.trades)) as Answered)
  for (const hours of [26, 1.2, 24 * 8, 1.2]) {
    await pass(hours * HOUR_MS)
    await write(80, [...MARKETS, LATECOMER])
    await keepUp()
  }
  const expired = await fetch(`${server.url}${QUESTIONS.trades}&cursor=${next}`)
  seen.expired = { status: expired.status, detail: ((await expired.json()) as Json).detail }
  await destroy('gold_ohlcv_1h')
  await write(80)
  await pass(70 * MINUTE_MS)
  await keepUp()
  await clients.stop()
  for (const name of ['vwap', 'twap'] as const) noted(name, [(await clients.ask(WHOLE[name])) as Answered])
})
afterAll(async () => {
  await server?.close()
  lake?.remove()
})

/** By digest of what they hold. */
const byDigest = () => new Map([...states.gold.values()].map(state => [state.digest, state]))
/** Batches from the first on that are all in a state. */
const holds = new Map<GoldState, number>()
function batchesIn(state: GoldState): number {
  const known = holds.get(state)
  if (known !== undefined) return known
  const lines = new Set(state.trades.map(lineOfTrade))
  const first = published.findIndex(batch => !batch.every(trade => lines.has(lineOfTrade(trade))))
  holds.set(state, first < 0 ? published.length : first)
  return holds.get(state) as number
}

/** What is wrong with an answer that holds these trades; nothing where they are those of a state that had all that was committed. */
function wrongOf({ path, committed, isCalm }: Answered, lines: readonly string[]): string[] {
  const state = byDigest().get(digestOf(lines))
  if (!state) return [`${path}: ${lines.length} trades, ${new Set(lines).size} of them different, are no state's`]
  if (isCalm && batchesIn(state) < committed) return [`${path}: has ${batchesIn(state)} of ${committed} batches`]
  return []
}

const answersOf = (name: string) => asked.get(name) ?? []

describe('what was asked while the lake changed', () => {
  test('was answered, or refused in the words that the documents have for it', () => {
    expect(clients.problems.slice(0, 5)).toEqual([])
    expect(clients.statuses.get(200)).toBeGreaterThan(300)
  })

  test('happened while all this was done', () => {
    const sum = (of: (table: MaintainResult['tables'][number]) => number) =>
      seen.maintained.flatMap(({ tables }) => tables).reduce((total, table) => total + of(table), 0)
    expect(seen.maintained.flatMap(({ failures }) => failures)).toEqual([])
    expect(sum(({ joins }) => joins.length)).toBeGreaterThan(10)
    expect(sum(({ droppedRows }) => droppedRows)).toBeGreaterThan(100)
    expect(sum(({ deletedObjects }) => deletedObjects)).toBeGreaterThan(100)
    expect(seen.repaired.length).toBeGreaterThan(1)
    expect(seen.expired.status).toBe(410)
    expect(seen.expired.detail).toMatch(
      /^Snapshot \d+ of gold_crypto_trades has expired: begin again without the cursor\.$/,
    )
    for (const name of [...Object.keys(QUESTIONS), ...Object.keys(WHOLE), 'exports', ...PINNED])
      expect(seen.answers.get(name), name).toBeGreaterThan(3)
  })

  test('every state of Gold is of the trades that were put in, each once', () => {
    const all = new Set(published.flat().map(lineOfTrade))
    for (const { id, trades } of states.gold.values()) {
      const lines = trades.map(lineOfTrade)
      expect([id, new Set(lines).size, lines.filter(line => !all.has(line))]).toEqual([id, lines.length, []])
    }
  })

  test('pages of trades are of the snapshot that they name, in order, and hold what was committed', () => {
    const wrong = answersOf('trades').flatMap(pages => {
      const bodies = pages.map(jsonOf)
      const rows = bodies.flatMap(({ data }) => data)
      const state = states.gold.get(bodies[0].snapshot)
      if (new Set(bodies.map(({ snapshot }) => snapshot)).size > 1) return ['pages are of several snapshots']
      if (state?.digest !== digestOf(rows.map(lineOf))) return [`pages are not snapshot ${bodies[0].snapshot}'s`]
      const times = rows.map(({ time: at }) => Date.parse(at))
      if (times.some((at, n) => n > 0 && at < times[n - 1])) return ['pages are not in order']
      return wrongOf({ ...pages[0], isCalm: pages.every(({ isCalm }) => isCalm) }, rows.map(lineOf))
    })
    expect(wrong.slice(0, 3)).toEqual([])
    expect(Math.max(...answersOf('trades').map(pages => pages.length))).toBeGreaterThan(2)
  })

  test('streams of all trades are each one state', () => {
    const wrong = [
      ...answersOf('ndjson').flatMap(([answer]) => wrongOf(answer, linesIn(answer).map(lineOf))),
      ...answersOf('arrow').flatMap(([answer]) => wrongOf(answer, arrowLines(answer))),
      ...answersOf('replay').flatMap(([answer]) => {
        const messages = linesIn(answer)
        const last = messages.at(-1)
        if (last.type === 'error' && !answer.isCalm && typeof last.data.detail === 'string') return []
        if (last.type !== 'end') return [`a replay ends with ${JSON.stringify(last)}`]
        return wrongOf(
          answer,
          messages.flatMap(({ type, data }) => (type === 'trade' ? lineOf(data) : [])),
        )
      }),
    ]
    expect(wrong.slice(0, 3)).toEqual([])
  })

  test('fresh trades are at least what was committed, at most what was put in, and each once', () => {
    const all = new Set(published.flat().map(lineOfTrade))
    const wrong = answersOf('fresh').flatMap(([answer]) => {
      const lines = jsonOf(answer).data.map(lineOf) as string[]
      const here = new Set(lines)
      const missing = published
        .slice(0, answer.committed)
        .flat()
        .filter(trade => !here.has(lineOfTrade(trade)))
      return [
        ...(here.size < lines.length ? ['some are there twice'] : []),
        ...(answer.isCalm && missing.length > 0 ? [`${missing.length} are missing`] : []),
        ...lines.filter(line => !all.has(line)),
      ]
    })
    expect(wrong.slice(0, 3)).toEqual([])
  })

  test('pages of candles are a fold of the trades of one state', () => {
    const asks = [
      ['previous', { frames: ['5m', '1h'], from: BEGIN, fill: 'previous' }],
      ['null', { frames: ['10m'], from: BEGIN + HOUR, fill: 'null' }],
      ['none', { frames: ['15m', '1d'], from: BEGIN, fill: 'none' }],
    ] as const
    // A repair says that Gold was damaged: whether a closed window has a gap is not asked here.
    const plain = (row: Json) => JSON.stringify({ ...row, status: undefined }, Object.keys(row).sort())
    for (const [name, { frames, from, fill }] of asks) {
      const folds = new Map<GoldState, string>()
      const foldOf = (state: GoldState) => {
        const asked = { frames, from, to: END, fill, open: true, now: END + 10n ** 15n, missing: [] }
        const known = folds.get(state) ?? digestOf(naiveRows(state.trades, asked).map(plain))
        folds.set(state, known)
        return known
      }
      const wrong = answersOf(name).flatMap(pages => {
        const rows = pages.map(jsonOf).flatMap(({ data }) => data as Json[])
        const count = rows.reduce((sum, { timeframe, trades }) => sum + (timeframe === frames[0] ? trades : 0), 0)
        const state = [...byDigest().values()].find(
          ({ trades }) => trades.filter(({ timestamp }) => timestamp >= from && timestamp < END).length === count,
        )
        if (!state || foldOf(state) !== digestOf(rows.map(plain)))
          return [`${pages.length} pages of ${name} are no fold`]
        if (pages.every(({ isCalm }) => isCalm) && batchesIn(state) < pages[0].committed) return ['some are missing']
        return []
      })
      expect(wrong.slice(0, 3)).toEqual([])
    }
  })

  test('averages by time are of what one state traded, those by volume have all that was committed, and in the end they are the same', () => {
    const sums = [...byDigest().values()].map(state => sumsOf(state.trades))
    const [twaps, vwaps] = [answersOf('twap'), answersOf('vwap')].map(all => all.map(([answer]) => answer))
    const isSome = (answer: Answered) => {
      const rows = averagesIn(answer)
      return sums.some(of => rows.every(([market, ...row]) => of.get(market)?.join(' ') === row.join(' ')))
    }
    expect(
      twaps
        .filter(answer => !isSome(answer))
        .map(averagesIn)
        .slice(0, 2),
    ).toEqual([])
    const most = sumsOf(published.flat())
    const wrong = vwaps.flatMap(answer => {
      const least = sumsOf(published.slice(0, answer.committed).flat())
      const isRight = ([market, , , trades]: readonly string[]) =>
        Number(trades) <= Number(most.get(market)?.[2]) &&
        (!answer.isCalm || Number(trades) >= Number(least.get(market)?.[2] ?? 0))
      return averagesIn(answer).filter(row => !isRight(row))
    })
    expect(wrong.slice(0, 2)).toEqual([])
    const last = vwaps.at(-1)
    expect(new Map(last && averagesIn(last).map(([market, ...row]) => [market, row]))).toEqual(most)
  })

  test('coverage counts the trades of one state, of the markets that candles know', () => {
    const counts = [...byDigest().values()].map(state => ({
      has: batchesIn(state),
      of: Map.groupBy(state.trades, ({ exchange, symbol }) => `${exchange} ${symbol}`),
    }))
    const wrong = answersOf('coverage').flatMap(([answer]) => {
      const rows = Map.groupBy(jsonOf(answer).data as Json[], ({ exchange, symbol }) => `${exchange} ${symbol}`)
      const found = [...rows].map(
        ([market, some]) => [market, some.reduce((sum, { trades }) => sum + trades, 0)] as const,
      )
      const isOf = ({ has, of }: (typeof counts)[number]) =>
        (!answer.isCalm || has >= answer.committed) && found.every(([market, n]) => of.get(market)?.length === n)
      return counts.some(isOf) ? [] : [found]
    })
    expect(wrong.slice(0, 3)).toEqual([])
  })

  test('exports name the files of one snapshot, which are there whole', () => {
    const wrong = answersOf('exports').flatMap(([named, ...files]) => {
      const state = states.gold.get(jsonOf(named).snapshot)
      const held = files.map(({ path, body }) => `${path.replace('/v1/files/', '')} ${digestOfBytes(body)}`)
      const expected = [...(state?.files ?? [])].map(([key, digest]) => `${key} ${digest}`)
      return digestOf(held.map(decodeURIComponent)) === digestOf(expected) ? [] : [`${held[0]} of ${expected[0]}`]
    })
    expect(wrong.slice(0, 3)).toEqual([])
  })

  test("a pin's answers stay the same to the byte", () => {
    for (const [path, first] of seen.pinned) {
      const others = answersOf(path).filter(([{ body }]) => body.toString() !== first)
      expect(others.map(([{ body }]) => body.toString().slice(0, 300)).slice(0, 1), path).toEqual([])
    }
  })

  test('the lake keeps its laws', async () => {
    expect((await auditLake(lake)).laws.flatMap(({ violations }) => violations)).toEqual([])
  })
})

/** By market: volume, quote volume and number of trades within the range that averages are asked for. */
function sumsOf(trades: readonly Trade[]): Map<string, string[]> {
  const within = trades.filter(({ timestamp }) => timestamp >= FROM && timestamp < TO)
  return new Map(
    [...Map.groupBy(within, ({ exchange, symbol }) => `${exchange} ${symbol}`)].map(([market, some]) => {
      const volume = some.reduce((sum, { quantity }) => sum + quantity, 0n)
      const quote = some.reduce((sum, { quantity, price }) => sum + quantity * price, 0n)
      return [market, [text(volume, 8), text(quote, 18), String(some.length)]]
    }),
  )
}

function averagesIn(answer: Answered): string[][] {
  return (jsonOf(answer).data as Json[]).map(({ exchange, symbol, volume, quote_volume, trades }) => [
    ...[`${exchange} ${symbol}`, volume, quote_volume, String(trades)],
  ])
}

function arrowLines({ body }: Answered): string[] {
  return tableFromIPC(body)
    .toArray()
    .map((row: Json) =>
      lineOf({
        ...{ exchange: row.exchange, symbol: row.symbol, id: row.id, side: row.side },
        ...{
          time: time(BigInt(Math.round(row.time * 1000))),
          price: text(BigInt(row.price), 10),
          quantity: text(BigInt(row.quantity), 8),
        },
      }),
    )
}
