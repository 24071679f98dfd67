/**
 * The read API for an hour: `tradelake serve` on a lake with an hour of trades that `tradelake start` goes on filling, asked by charts,
 * streams, replays, downloads and people who leave. Prints, for each minute, how long a chart's request takes, what failed, and the server's memory.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOUR_MICROS, MINUTE_MICROS } from '../domain/time.ts'
import { makeMinutes } from './minute.ts'
import { percentile, print, record } from './report.ts'
import { serving } from './serving.ts'

const CLI = new URL('../cli/main.ts', import.meta.url).pathname
const RATE = 500
const MINUTE_MS = 60_000
const MEBIBYTE = 1024 * 1024
/** What is asked after so many milliseconds again and again, by so many clients; `leaves`: they read so long and go. */
const CLIENTS: readonly { what: string; count: number; pauseMs: number; path: () => string; leaves?: number }[] = [
  { what: 'chart', count: 40, pauseMs: 1_000, path: () => `candles?symbols=BTCUSDT&timeframe=5m&start=${ago(60)}` },
  { what: 'list', count: 5, pauseMs: 2_000, path: () => `candles?timeframe=1m,1h&fill=previous&start=${ago(30)}` },
  { what: 'trades', count: 5, pauseMs: 2_000, path: () => 'trades?limit=500&fresh=true' },
  { what: 'averages', count: 2, pauseMs: 3_000, path: () => `twap?start=${ago(20)}` },
  { what: 'coverage', count: 2, pauseMs: 10_000, path: () => `coverage?start=${ago(120)}&bucket=5m` },
  { what: 'stats', count: 1, pauseMs: 10_000, path: () => 'stats' },
  { what: 'download', count: 1, pauseMs: 60_000, path: () => `trades?start=${ago(60)}&limit=all&format=arrow` },
  { what: 'text', count: 1, pauseMs: 60_000, path: () => `trades?start=${ago(15)}&limit=all&format=csv` },
  { what: 'replay', count: 1, pauseMs: 60_000, path: () => `replay?start=${ago(15)}&speed=max&timeframe=1m` },
  { what: 'stream', count: 30, pauseMs: 1_000, path: () => 'stream?channels=trades,candles', leaves: 300_000 },
  { what: 'left', count: 4, pauseMs: 2_000, path: () => `replay?start=${ago(10)}&speed=max`, leaves: 30 },
  { what: 'left page', count: 2, pauseMs: 2_000, path: () => `trades?start=${ago(10)}&limit=50000`, leaves: 5 },
]

const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString()

export async function benchSoakApi(minutes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-soak-'))
  const directory = join(folder, 'lake')
  // Requests have from the first minute what they read in the last.
  const now = ((BigInt(Date.now()) * 1000n) / MINUTE_MICROS) * MINUTE_MICROS
  await makeMinutes(directory, now - HOUR_MICROS, 60, RATE * 60)
  const args = ['start', '--data', directory, '--rate', `${RATE}`, '--no-serve', '--json', '--for', `${minutes + 2}m`]
  const writer = spawn(process.execPath, [CLI, ...args], { stdio: 'ignore' })
  await new Promise(resolve => setTimeout(resolve, MINUTE_MS))
  const { url, stop } = await serving(directory)
  const until = performance.now() + minutes * MINUTE_MS
  const seen = { times: [] as number[], asked: 0, failed: 0, bytes: 0 }
  const clients = CLIENTS.flatMap(client => Array.from({ length: client.count }, () => ask(url, client, until, seen)))
  const rows: string[][] = []
  for (let minute = 1; minute <= minutes; minute++) {
    await new Promise(resolve => setTimeout(resolve, MINUTE_MS))
    const { resident, heap, external } = await memoryOf(url)
    const { times, asked, failed, bytes } = seen
    const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)]
    const figures = [resident, heap, external, asked, failed, bytes / MEBIBYTE, p50, p99].map(each => each.toFixed(1))
    const memory = { memory_mb: resident, heap_mb: heap, external_mb: external }
    record({ bench: 'soak-api', minute, ...memory, asked, failed, chart_p50_ms: p50, chart_p99_ms: p99 })
    rows.push([`${minute}`, ...figures])
    Object.assign(seen, { times: [], asked: 0, failed: 0, bytes: 0 })
  }
  await Promise.all(clients)
  stop()
  writer.kill('SIGINT')
  await new Promise(resolve => writer.once('close', resolve))
  rmSync(folder, { recursive: true, force: true })
  const header = [
    'minute',
    'memory MiB',
    'heap',
    'buffers',
    'requests',
    'failed',
    'MiB sent',
    'chart p50 ms',
    'chart p99 ms',
  ]
  print(`The read API for ${minutes} minutes beside ${RATE} trades a second`, header, rows)
}

type Client = (typeof CLIENTS)[number]
type Seen = { times: number[]; asked: number; failed: number; bytes: number }

async function ask(url: string, { what, pauseMs, path, leaves }: Client, until: number, seen: Seen): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (performance.now() < until) {
    await new Promise(resolve => setTimeout(resolve, pauseMs * (0.5 + Math.random())))
    const before = performance.now()
    await new Promise<void>(resolve => {
      const sent = request(`${url}/v1/${path()}`, { agent }, answer => {
        if (answer.statusCode !== 200) seen.failed++
        answer.on('data', chunk => {
          seen.bytes += chunk.length
        })
        answer.on('error', () => {})
        answer.on('end', () => {
          if (what === 'chart') seen.times.push(performance.now() - before)
        })
      })
      sent.on('error', () => {
        if (leaves === undefined) seen.failed++
      })
      sent.on('close', resolve)
      if (leaves !== undefined) setTimeout(() => sent.destroy(), Math.min(leaves, until - before))
      sent.end()
    })
    seen.asked++
  }
  agent.destroy()
}

/** The server's memory, MiB: what it has of the machine, JavaScript's heap, and what lies beside that heap (buffers). */
async function memoryOf(url: string): Promise<{ resident: number; heap: number; external: number }> {
  const text = await new Promise<string>((resolve, reject) =>
    get(`${url}/metrics`, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', part => {
        body += part
      })
      answer.on('end', () => resolve(body)).on('error', reject)
    }).on('error', reject),
  )
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]) / MEBIBYTE
  return {
    resident: figure('process_resident_memory_bytes'),
    heap: figure('nodejs_heap_size_total_bytes'),
    external: figure('nodejs_external_memory_bytes'),
  }
}
