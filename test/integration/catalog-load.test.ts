/** A minute of many clients at once on one served lake: nothing fails that is not a lost race, no commit is lost or doubled, memory stays flat. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../adapters/system.ts'
import { writeAvroFile } from '../../iceberg/avro-file.ts'
import { smallLake } from '../cli/small-lake.ts'
import { greetingOf } from './asked-catalog.ts'

const clock = systemClock()
const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const [CLIENTS, RACERS] = [480, 20]
const MINUTE_MS = 60_000
/** What a client waits between two rounds of requests, at most. */
const PAUSE_MS = 3_000

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any
interface Answer {
  readonly status: number
  readonly body: Json
}

describe('a catalog that many use at once', () => {
  const { data } = smallLake()
  /** Connections are kept, and fewer than the clients, as behind a proxy. */
  const agent = new Agent({ keepAlive: true, maxSockets: 100 })
  let server: ChildProcess
  let printed = ''
  let catalog: string

  beforeAll(async () => {
    // It needs a third of this: one that kept what it has served would end.
    const heap = '--max-old-space-size=112'
    server = spawn(process.execPath, [heap, CLI, 'serve', '--port', '0', '--data', data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [server.stdout, server.stderr]) stream?.on('data', text => (printed += text))
    while (!/http:\S+\n/.test(printed)) await clock.sleep(50)
    catalog = /http:\S+/.exec(printed)?.[0] ?? ''
  })
  afterAll(() => {
    agent.destroy()
    server?.kill('SIGKILL')
  })

  const latencies: number[] = []
  const statuses = new Map<string, number>()
  async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const from = clock.steady()
    const sent = request(`${catalog}/v1/${path}`, { method, agent })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    const [answer] = await once(sent, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk)
    latencies.push(clock.steady() - from)
    const status = answer.statusCode as number
    const text = Buffer.concat(chunks).toString('utf8')
    const what = `${method} ${status}`
    statuses.set(what, (statuses.get(what) ?? 0) + 1)
    return { status, body: text === '' ? undefined : JSON.parse(text) }
  }

  /** A table, and an empty manifest list that its snapshots share. */
  async function makeTable(name: string): Promise<void> {
    const schema = { type: 'struct', fields: [{ id: 1, name: 'n', required: false, type: 'long' }] }
    const { body } = await ask('POST', 'namespaces/load/tables', { name, schema })
    const file = fileURLToPath(listOf(body.metadata.location))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, EMPTY_LIST)
  }
  const listOf = (location: string) => `${location}/metadata/none.avro`

  /** Appends a snapshot to what was loaded. */
  function append({ metadata }: Json, id: number): Promise<Answer> {
    const parent = metadata['current-snapshot-id'] === -1 ? undefined : metadata['current-snapshot-id']
    const sequence = metadata['last-sequence-number'] + 1
    return ask('POST', `namespaces/load/tables/${tableOf(id)}`, {
      requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': parent ?? null }],
      updates: [
        {
          action: 'add-snapshot',
          snapshot: {
            ...{ 'snapshot-id': id, 'sequence-number': sequence, 'timestamp-ms': clock.now() },
            ...(parent !== undefined && { 'parent-snapshot-id': parent }),
            ...{ 'manifest-list': listOf(metadata.location), summary: { operation: 'append' } },
          },
        },
        { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id },
      ],
    })
  }
  /** Snapshots are numbered by client; those above the clients with a table of their own race on one. */
  const clientOf = (id: number) => Math.floor(id / 1e6)
  const tableOf = (id: number) => (clientOf(id) > CLIENTS ? 'shared' : `t${clientOf(id)}`)

  const acknowledged = new Map<string, number[]>()
  const failures: unknown[] = []
  async function work(client: number, until: number): Promise<void> {
    // Differs by client, so that they do not ask in step.
    const pause = PAUSE_MS * (0.5 + 0.5 * ((client * 0.618_034) % 1))
    await clock.sleep(pause * ((client * 0.414_214) % 1))
    for (let n = 1; clock.steady() < until; n++) {
      const id = client * 1e6 + n
      const market = await ask('GET', 'namespaces/market_data/tables/gold_crypto_trades')
      if (market.status !== 200) failures.push(market)
      for (;;) {
        const loaded = await ask('GET', `namespaces/load/tables/${tableOf(id)}`)
        if (loaded.status !== 200) {
          failures.push(loaded)
          break
        }
        const { status, body } = await append(loaded.body, id)
        if (status === 200) {
          acknowledged.set(tableOf(id), [...(acknowledged.get(tableOf(id)) ?? []), id])
          break
        }
        // Only who races may lose.
        if (status !== 409 || body.error.type !== 'CommitFailedException' || client <= CLIENTS) {
          failures.push({ id, status, body })
          break
        }
        if (clock.steady() > until) break
      }
      await clock.sleep(pause)
    }
  }

  /** Megabytes of the server's memory. */
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024

  test('loses and doubles no commit, fails nobody but the loser of a race, and keeps its memory', async () => {
    await ask('POST', 'namespaces', { namespace: ['load'] })
    for (let client = 1; client <= CLIENTS; client++) await makeTable(`t${client}`)
    await makeTable('shared')
    latencies.length = 0
    statuses.clear()

    const sizes: number[] = []
    const begun = clock.steady()
    const watching = setInterval(() => sizes.push(memory()), 1_000)
    await Promise.all(Array.from({ length: CLIENTS + RACERS }, (_, i) => work(i + 1, begun + MINUTE_MS)))
    clearInterval(watching)
    const seconds = (clock.steady() - begun) / 1000
    const asked = latencies.toSorted((a, b) => a - b)
    const won = [...acknowledged.values()].reduce((sum, { length }) => sum + length, 0)
    console.log(
      `${(asked.length / seconds).toFixed(0)} requests/s, ${(won / seconds).toFixed(0)} commits/s, of those ${((acknowledged.get('shared')?.length ?? 0) / seconds).toFixed(1)} on one table; ` +
        `${JSON.stringify(Object.fromEntries(statuses))}; answers after ${asked[asked.length >> 1]?.toFixed(0)} ms (p50), ${asked[Math.floor(asked.length * 0.99)]?.toFixed(0)} ms (p99); ` +
        `memory ${sizes.map(size => size.toFixed(0)).join(' ')} MB`,
    )

    expect(failures).toEqual([])
    expect([...statuses.keys()].sort()).toEqual(['GET 200', 'POST 200', 'POST 409'])
    expect(acknowledged.size).toBe(CLIENTS + 1)
    expect(new Set(acknowledged.get('shared')?.map(clientOf)).size, 'winners').toBeGreaterThan(1)
    for (const [table, ids] of acknowledged) {
      const { metadata } = (await ask('GET', `namespaces/load/tables/${table}`)).body
      const kept = metadata.snapshots.map((snapshot: Json) => snapshot['snapshot-id'])
      expect(kept.toSorted(), table).toEqual(ids.toSorted())
      // One after another: no snapshot was built on one that was not the last.
      const parents = metadata.snapshots.slice(1).map((snapshot: Json) => snapshot['parent-snapshot-id'])
      expect(parents, table).toEqual(kept.slice(0, -1))
    }
    expect(printed, 'nothing went wrong in the server').toBe(greetingOf(catalog))
    // What it keeps is bounded (64 MB of answers, the metadata of 256 tables). Seven minutes of this load end at 440 MB, the last two of them
    // without growth: 200 of heap, 80 of buffers, the rest Node's own.
    expect(Math.max(...sizes)).toBeLessThan(550)
  })
})

const EMPTY_LIST = writeAvroFile({
  schema: JSON.stringify({
    ...{ type: 'record', name: 'manifest_file' },
    fields: [
      { name: 'manifest_path', type: 'string' },
      { name: 'added_snapshot_id', type: 'long' },
    ],
  }),
  metadata: {},
  records: [],
  syncId: '00000000-0000-7000-8000-000000000000',
})
