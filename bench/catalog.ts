/** The catalog's own time: loads and commits over HTTP on this machine, asked one after the other of `tradelake serve` on a lake in a folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXCHANGES } from '../domain/exchanges.ts'
import { GOLD_TABLE, silverTable } from '../domain/tables.ts'
import { openLake } from '../embedded/lake.ts'
import { createTable } from '../iceberg/catalog.ts'
import { stageSnapshot } from '../iceberg/commit.ts'
import { percentile, print, record } from './report.ts'
import { serving } from './serving.ts'

const RUNS = 2_000
const COMMITS = 500
/** What a table with a commit a minute has. */
const OLD = 1_500
const YOUNG_TABLE = silverTable(EXCHANGES[0])

export async function benchCatalog(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-catalog-'))
  const directory = join(folder, 'lake')
  await makeLake(directory)
  const { url, stop } = await serving(directory)
  try {
    const ask = asker(`${url}/iceberg/v1/`)
    await ask('POST', 'namespaces', { namespace: ['research'] })
    await ask('POST', 'namespaces/research/tables', { name: 't', schema: { type: 'struct', fields: [] } })
    const [old, young] = [GOLD_TABLE, YOUNG_TABLE].map(({ name }) => `namespaces/market_data/tables/${name}`)
    const { etag = '' } = await ask('GET', old)
    const rows: string[][] = []
    const measure = async (what: string, runs: number, work: (run: number) => Promise<unknown>) => {
      for (let run = 0; run < runs / 10; run++) await work(-1 - run)
      const times: number[] = []
      for (let run = 0; run < runs; run++) {
        const before = performance.now()
        await work(run)
        times.push(performance.now() - before)
      }
      const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)]
      record({ bench: 'catalog', what, p50_ms: p50, p99_ms: p99 })
      rows.push([what, p50.toFixed(2), p99.toFixed(2)])
    }
    await measure('load, young table', RUNS, () => ask('GET', young))
    await measure(`load, ${OLD} snapshots`, RUNS, () => ask('GET', old))
    await measure(`load, ${OLD} snapshots, refs`, RUNS, () => ask('GET', `${old}?snapshots=refs`))
    await measure(`load, ${OLD} snapshots, 304`, RUNS, () => ask('GET', old, undefined, { 'if-none-match': etag }))
    await measure('commit to a table of a user', COMMITS, run =>
      ask('POST', 'namespaces/research/tables/t', {
        requirements: [],
        updates: [{ action: 'set-properties', updates: { run: String(run) } }],
      }),
    )
    print(`The catalog over HTTP, one client: ${RUNS} loads, ${COMMITS} commits`, ['request', 'p50 ms', 'p99 ms'], rows)
  } finally {
    stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Asks on one connection that is kept, and reads an answer as it comes: unpacking it is the client's time. */
function asker(base: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return (method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
    new Promise<{ readonly etag?: string }>((resolve, reject) => {
      const headers = { 'accept-encoding': 'gzip', ...more }
      const sent = request(new URL(path, base), { method, agent, headers }, answer => {
        answer.resume()
        answer.on('error', reject)
        answer.on('end', () => {
          if ((answer.statusCode ?? 500) < 400) resolve({ etag: answer.headers.etag })
          else reject(new Error(`${method} ${path} was answered ${answer.statusCode}.`))
        })
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
}

async function makeLake(directory: string): Promise<void> {
  const lake = await openLake(directory)
  const { ports } = lake
  await createTable(ports, YOUNG_TABLE)
  let table = await createTable(ports, GOLD_TABLE)
  for (let minute = 0; minute < OLD; minute++) {
    const staged = await stageSnapshot(ports, { table, operation: 'append' })
    await ports.state.transact([staged.write], ports.ids.uuid())
    table = staged.table
  }
  lake.close()
}
