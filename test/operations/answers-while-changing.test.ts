/**
 * A lake in a folder is asked by many clients while another process writes, folds, joins, drops, expires, sweeps, loses files, repairs and
 * rebuilds: each answer is of one state of the lake, or says in words why there is none.
 * Over 250 lines: one lake, and everything that is asked of it.
 */
import { tableFromIPC } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Trade } from '../../domain/trade.ts'
import type { MaintainResult } from '../../functions/maintain/maintain.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { rebuildCandles, rebuildGold, rebuildSilver } from '../../operations/repair/rebuild.ts'
import { naiveRows, text, time } from '../api/market/naive-candles.ts'
import { listedFiles } from '../simulation/iceberg-reader.ts'
import { type Answered, type Clients, createClients, type Server, startServer } from './changing-clients.ts'
import { BEGIN, type ChangingLake, changingLake, END, HOUR, HOUR_MS } from './changing-lake.ts'
import { type Asked, askAll, FROM, jsonOf, PINNED, QUESTIONS, TO, WHOLE } from './changing-questions.ts'
import { digestOf, digestOfBytes, type GoldState, lineOf, lineOfTrade } from './changing-states.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

let changing: ChangingLake
let server: Server
let clients: Clients
let asked: Asked
/** What a pin was answered at first. */
const pinned: [path: string, body: string][] = []
/** Trades of a live stream, one by one, and those of a file that was lost meanwhile. */
const streamed: { lines: string[]; begun: number; ended: number; again: ReadonlySet<string> } = {
  ...{ lines: [], begun: 0, ended: 0, again: new Set() },
}
let expired: { status: number; detail: string }

/** On two free cores it takes half a minute. */
const MOST_MS = 300_000

/** Who opened a snapshot has an hour for its files: what is being asked is answered before that has passed. */
async function pass(milliseconds: number): Promise<void> {
  await clients.between(async () => {
    changing.advance(milliseconds)
    await server.advance(milliseconds)
  })
}

beforeAll(async () => {
  changing = await changingLake()
  const { lake, moment, write, keepUp, destroy, worked } = changing
  const { ports, exchanges, directory } = lake
  await write(900, 'first')
  server = await startServer(directory)
  clients = createClients(server.url, moment)
  expect((await fetch(`${server.url}/v1/pins/kept`, { method: 'PUT' })).status).toBe(201)
  for (const path of PINNED) pinned.push([path, String((await clients.ask(path))?.body)])
  const tables = ['gold_crypto_trades', 'gold_ohlcv_1h']
  const kept = (await Promise.all(tables.map(table => listedFiles(ports, table)))).flat().map(({ key }) => key)

  const stream = await clients.follow('/v1/stream?format=ndjson')
  streamed.begun = moment.committed
  asked = askAll(clients)
  await write(150, 'first')
  await write(150)
  const lost = await destroy(tables[0], kept)
  streamed.again = new Set(changing.states.tradesIn(lost).map(lineOfTrade))
  await write(100)
  for (const exchange of exchanges) await worked(() => rebuildSilver(ports, exchange, { from: 0n, to: END }))
  for (const exchange of exchanges) await worked(() => rebuildGold(ports, exchange, { from: BEGIN, to: END }))
  await worked(() => rebuildCandles(ports, { from: BEGIN, to: END }))
  await write(100)
  await keepUp()
  streamed.ended = moment.committed
  const tradesOf = () => stream.lines.map(line => JSON.parse(line)).filter(({ type }) => type === 'trade')
  const due = changing.published.slice(streamed.begun).flat().length
  for (let n = 0; n < 50 && tradesOf().length < due; n++) await new Promise(resolve => setTimeout(resolve, 100))
  await stream.stop()
  streamed.lines = tradesOf().map(({ data }) => lineOf(data))
  const { next } = jsonOf((await clients.ask(QUESTIONS.trades)) as Answered)
  for (const hours of [26, 1.2, 24 * 8, 1.2]) {
    await pass(hours * HOUR_MS)
    await write(80)
    await keepUp()
  }
  const late = await fetch(`${server.url}${QUESTIONS.trades}&cursor=${next}`)
  expired = { status: late.status, detail: ((await late.json()) as Json).detail }
  await destroy(tables[1], kept)
  await write(80)
  await pass(1.2 * HOUR_MS)
  await keepUp()
  await clients.stop()
  for (const name of ['vwap', 'twap'] as const) asked.note(name, [(await clients.ask(WHOLE[name])) as Answered])
}, MOST_MS)
afterAll(async () => {
  await server?.close()
  changing?.lake.remove()
})

const maintained = () => changing.maintained
const linesIn = ({ body }: Answered): Json[] =>
  body
    .toString()
    .split('\n')
    .flatMap(line => (line === '' ? [] : [JSON.parse(line)]))

/** By digest of what they hold. */
const byDigest = () => new Map([...changing.states.gold.values()].map(state => [state.digest, state]))
/** Batches from the first on that are all in a state. */
const holds = new Map<GoldState, number>()
function batchesIn(state: GoldState): number {
  const known = holds.get(state)
  if (known !== undefined) return known
  const lines = new Set(state.trades.map(lineOfTrade))
  const first = changing.published.findIndex(batch => !batch.every(trade => lines.has(lineOfTrade(trade))))
  holds.set(state, first < 0 ? changing.published.length : first)
  return holds.get(state) as number
}

/** What is wrong with an answer that holds these trades; nothing where they are those of a state that had all that was committed. */
function wrongOf({ path, committed, isCalm }: Answered, lines: readonly string[]): string[] {
  const state = byDigest().get(digestOf(lines))
  if (!state) return [`${path}: ${lines.length} trades, ${new Set(lines).size} of them different, are no state's`]
  if (isCalm && batchesIn(state) < committed) return [`${path}: has ${batchesIn(state)} of ${committed} batches`]
  return []
}

describe('what was asked while the lake changed', () => {
  test('was answered, or refused in the words that the documents have for it', () => {
    expect(clients.problems.slice(0, 5)).toEqual([])
    expect(clients.statuses.get(200)).toBeGreaterThan(300)
  })

  test('happened while all this was done', () => {
    const sum = (of: (table: MaintainResult['tables'][number]) => number) =>
      maintained()
        .flatMap(({ tables }) => tables)
        .reduce((total, table) => total + of(table), 0)
    expect(maintained().flatMap(({ failures }) => failures)).toEqual([])
    expect(sum(({ joins }) => joins.length)).toBeGreaterThan(10)
    expect(sum(({ droppedRows }) => droppedRows)).toBeGreaterThan(100)
    expect(sum(({ deletedObjects }) => deletedObjects)).toBeGreaterThan(100)
    expect(changing.repaired.length).toBeGreaterThan(1)
    expect(expired.status).toBe(410)
    expect(expired.detail).toMatch(/^Snapshot \d+ of gold_crypto_trades has expired: begin again without the cursor\.$/)
    for (const name of [...Object.keys(QUESTIONS), ...Object.keys(WHOLE), 'exports', ...PINNED])
      expect(asked.counts.get(name), name).toBeGreaterThan(3)
  })

  test('every state of Gold is of the trades that were put in, each once', () => {
    const all = new Set(changing.published.flat().map(lineOfTrade))
    for (const { id, trades } of changing.states.gold.values()) {
      const lines = trades.map(lineOfTrade)
      expect([id, new Set(lines).size, lines.filter(line => !all.has(line))]).toEqual([id, lines.length, []])
    }
  })

  test('pages of trades are of the snapshot that they name, in order, and hold what was committed', () => {
    const wrong = asked.of('trades').flatMap(pages => {
      const bodies = pages.map(jsonOf)
      const rows = bodies.flatMap(({ data }) => data)
      const state = changing.states.gold.get(bodies[0].snapshot)
      if (new Set(bodies.map(({ snapshot }) => snapshot)).size > 1) return ['pages are of several snapshots']
      if (state?.digest !== digestOf(rows.map(lineOf))) return [`pages are not snapshot ${bodies[0].snapshot}'s`]
      const times = rows.map(({ time: at }) => Date.parse(at))
      if (times.some((at, n) => n > 0 && at < times[n - 1])) return ['pages are not in order']
      return wrongOf({ ...pages[0], isCalm: pages.every(({ isCalm }) => isCalm) }, rows.map(lineOf))
    })
    expect(wrong.slice(0, 3)).toEqual([])
    expect(Math.max(...asked.of('trades').map(pages => pages.length))).toBeGreaterThan(2)
  })

  test('streams of all trades are each one state', () => {
    const wrong = [
      ...asked.of('ndjson').flatMap(([answer]) => wrongOf(answer, linesIn(answer).map(lineOf))),
      ...asked.of('arrow').flatMap(([answer]) => wrongOf(answer, arrowLines(answer))),
      ...asked.of('replay').flatMap(([answer]) => {
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

  test('a live stream has all that was committed, each once but for what had been lost', () => {
    const due = changing.published.slice(streamed.begun, streamed.ended).flat().map(lineOfTrade)
    const counts = new Map(streamed.lines.map(line => [line, 0]))
    for (const line of streamed.lines) counts.set(line, (counts.get(line) ?? 0) + 1)
    expect(due.filter(line => !counts.has(line))).toEqual([])
    expect([...counts].filter(([line, count]) => count > 1 && !streamed.again.has(line))).toEqual([])
    const others = new Set(due)
    expect([...counts.keys()].filter(line => !others.has(line) && !streamed.again.has(line))).toEqual([])
  })

  test('fresh trades are at least what was committed, at most what was put in, and each once', () => {
    const all = new Set(changing.published.flat().map(lineOfTrade))
    const wrong = asked.of('fresh').flatMap(([answer]) => {
      const lines = jsonOf(answer).data.map(lineOf) as string[]
      const here = new Set(lines)
      const missing = changing.published
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
      const wrong = asked.of(name).flatMap(pages => {
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
    const [twaps, vwaps] = [asked.of('twap'), asked.of('vwap')].map(all => all.map(([answer]) => answer))
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
    const most = sumsOf(changing.published.flat())
    const wrong = vwaps.flatMap(answer => {
      const least = sumsOf(changing.published.slice(0, answer.committed).flat())
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
    const wrong = asked.of('coverage').flatMap(([answer]) => {
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
    const wrong = asked.of('exports').flatMap(([named, ...files]) => {
      const state = changing.states.gold.get(jsonOf(named).snapshot)
      const held = files.map(({ path, body }) => `${path.replace('/v1/files/', '')} ${digestOfBytes(body)}`)
      const expected = [...(state?.files ?? [])].map(([key, digest]) => `${key} ${digest}`)
      return digestOf(held.map(decodeURIComponent)) === digestOf(expected) ? [] : [`${held[0]} of ${expected[0]}`]
    })
    expect(wrong.slice(0, 3)).toEqual([])
  })

  test("a pin's answers stay the same to the byte", () => {
    for (const [path, first] of pinned) {
      const others = asked.of(path).filter(([{ body }]) => body.toString() !== first)
      expect(others.map(([{ body }]) => body.toString().slice(0, 300)).slice(0, 1), path).toEqual([])
    }
  })

  test('the lake keeps its laws', async () => {
    expect((await auditLake(changing.lake)).laws.flatMap(({ violations }) => violations)).toEqual([])
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
