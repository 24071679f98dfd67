/**
 * What one feed process holds: a simulated Binance at a steady rate, the feed as it runs in a container, a real broker. The
 * feed's own CPU time and its heap after collections are what counts; the exchange's own numbers
 * show whether a trade is missing.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, ListOffsetTimestamps } from '@platformatic/kafka'
import { sumOf } from '../domain/counts.ts'
import { topicName } from '../domain/names.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { MARKETS } from '../feeds/simulator/instruments.ts'
import { startKafka } from '../localstack/kafka.ts'
import { freePort } from '../localstack/processes.ts'
import type { Addresses, ExchangeOrder } from './exchange.ts'
import { print, record } from './report.ts'

const EXCHANGE = 'binance'
const SYMBOLS = MARKETS[EXCHANGE].instruments.map(({ symbol }) => symbol)
/** Time for the feed to start before the first trade. */
const BEFORE_MS = 20_000
const SETTLE_MS = 3_000
const SAMPLE_MS = 1_000
const LIMIT_CPU = 0.6

interface Minute {
  cpuShare: number
  /** Lowest, which is after a collection. */
  heapMiB: number
  residentMiB: number
  trades: number
}

export async function benchFeed(ratePerSecond: number, minutes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-bench-feed-'))
  const children: ChildProcess[] = []
  const kafka = await startKafka(join(folder, 'kafka'))
  try {
    const exchange = fork(new URL('exchange.ts', import.meta.url))
    children.push(exchange)
    const startMs = Date.now() + BEFORE_MS
    const share = MARKETS[EXCHANGE].share
    const order: ExchangeOrder = { name: EXCHANGE, ratePerSecond: ratePerSecond / share, startMs }
    const addresses = (await ask(exchange, order)) as Addresses
    const port = await freePort()
    const feed = startFeed(kafka.bootstrap, addresses, port, join(folder, 'spill'))
    children.push(feed)
    const ended = once(feed, 'exit')
    await ready(port, startMs)
    await sleep(startMs - Date.now())

    const measured = await sample(port, minutes)
    await ask(exchange, 'end')
    await sleep(SETTLE_MS)
    const last = await metricsOf(port)
    feed.kill('SIGTERM')
    const [status] = await ended
    const traded = await tradedAt(addresses.http)
    const records = await recordsIn(kafka.bootstrap)
    report(ratePerSecond, measured, traded, records, last)
    if (status !== 0 || records !== traded)
      throw new Error(`The feed ended with ${status}; of ${traded} trades there are ${records} records in Kafka.`)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await kafka.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function startFeed(brokers: string, { ws, http }: Addresses, port: number, spill: string): ChildProcess {
  const options = { exchange: EXCHANGE, symbols: SYMBOLS.join(','), brokers, url: ws, rest: http, port, spill }
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const main = new URL('../cli/main.ts', import.meta.url).pathname
  return spawn(process.execPath, [main, 'feed', ...words, '--schema-ids', '7,8', '--create-topics'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // As in feeds/Dockerfile.
    env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_OPTIONS: '--max-semi-space-size=8' },
  })
}

async function ask(child: ChildProcess, question: ExchangeOrder | 'end'): Promise<unknown> {
  const answer = once(child, 'message')
  child.send(question)
  const [found] = await answer
  return found
}

async function ready(port: number, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    const reply = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    if (reply?.ok) return
    await sleep(200)
  }
  throw new Error('The feed was not ready before the first trade.')
}

/** The feed's metrics by name; histograms and labels by their whole name. */
async function metricsOf(port: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return new Map(
    text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

async function sample(port: number, minutes: number): Promise<Minute[]> {
  const measured: Minute[] = []
  let before = await metricsOf(port)
  let began = Date.now()
  for (let minute = 0; minute < minutes; minute++) {
    const end = began + MINUTE_MS * Math.min(1, minutes - minute)
    let lowest = Number.POSITIVE_INFINITY
    while (Date.now() < end) {
      await sleep(Math.min(SAMPLE_MS, Math.max(0, end - Date.now())))
      lowest = Math.min(lowest, number(await metricsOf(port), `${EXCHANGE}_feed_heap_bytes`))
    }
    const now = Date.now()
    const after = await metricsOf(port)
    const rise = (name: string) => number(after, name) - number(before, name)
    measured.push({
      cpuShare: rise('process_cpu_seconds_total') / ((now - began) / 1000),
      heapMiB: lowest / 2 ** 20,
      residentMiB: number(after, 'process_resident_memory_bytes') / 2 ** 20,
      trades: rise(`${EXCHANGE}_feed_trades_total`),
    })
    console.log(JSON.stringify(measured.at(-1)))
    ;[before, began] = [after, now]
  }
  return measured
}

function number(metrics: ReadonlyMap<string, number>, name: string): number {
  const value = metrics.get(name)
  if (value === undefined) throw new Error(`The feed has no metric ${name}.`)
  return value
}

/** Ids count from 1 in each symbol. */
async function tradedAt(rest: string): Promise<number> {
  let trades = 0
  for (const symbol of SYMBOLS) {
    const reply = await fetch(`${rest}/api/v3/historicalTrades?symbol=${symbol}&limit=1`)
    const [last] = (await reply.json()) as { id: number }[]
    trades += last?.id ?? 0
  }
  return trades
}

async function recordsIn(bootstrap: string): Promise<number> {
  const consumer = new Consumer({ clientId: 'bench', groupId: 'bench', bootstrapBrokers: [bootstrap] })
  try {
    const topics = [topicName(EXCHANGE)]
    const ends = await consumer.listOffsets({ topics, timestamp: ListOffsetTimestamps.LATEST })
    return Number([...ends.values()].flat().reduce((sum, offset) => sum + offset, 0n))
  } finally {
    await consumer.close(true)
  }
}

function report(
  rate: number,
  minutes: readonly Minute[],
  traded: number,
  records: number,
  last: ReadonlyMap<string, number>,
): void {
  const cpu = sumOf(minutes, ({ cpuShare }) => cpuShare) / minutes.length
  const [first, end] = [minutes[Math.min(1, minutes.length - 1)].heapMiB, minutes[minutes.length - 1].heapMiB]
  const count = (name: string) => number(last, `${EXCHANGE}_feed_${name}`)
  record({
    bench: 'feed',
    rate,
    minutes: minutes.length,
    trades: traded,
    records,
    cpu_share: Number(cpu.toFixed(3)),
    cpu_share_most: Number(Math.max(...minutes.map(({ cpuShare }) => cpuShare)).toFixed(3)),
    heap_mib_second_minute: Number(first.toFixed(1)),
    heap_mib_last_minute: Number(end.toFixed(1)),
    resident_mib: Number(minutes[minutes.length - 1].residentMiB.toFixed(0)),
    gaps: count('sequence_gaps_total'),
    repeats: count('repeated_trades_total'),
  })
  print(
    `A feed process at ${rate.toLocaleString('en-US')} trades/s: ${traded.toLocaleString('en-US')} traded, ${records.toLocaleString('en-US')} records in Kafka; wanted: under ${LIMIT_CPU * 100} % of a core and a flat heap`,
    ['minute', 'trades/s', 'CPU of a core', 'lowest heap MiB', 'resident MiB'],
    minutes.map((minute, i) => [
      String(i + 1),
      Math.round(minute.trades / 60).toLocaleString('en-US'),
      `${(minute.cpuShare * 100).toFixed(1)} %`,
      minute.heapMiB.toFixed(1),
      minute.residentMiB.toFixed(0),
    ]),
  )
}
