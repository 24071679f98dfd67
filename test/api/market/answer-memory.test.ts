/** Kept answers are given for as long as their tables stand, and are held no longer. */
import { type Context, Hono } from 'hono'
import { expect, test } from 'vitest'
import { recall, remember } from '../../../api/market/answer-memory.ts'
import { candleTable, GOLD_TABLE, type TableDefinition } from '../../../domain/tables.ts'
import { TIMEFRAMES } from '../../../domain/timeframes.ts'

type Ports = Parameters<typeof recall>[0]

/** Tables whose pointers stand where the test says; versions of a real one only go up. */
function standing() {
  const at = { version: 1 }
  const state = { query: async () => [], get: async () => ({ v: at.version, attributes: {} }) }
  return { at, ports: { state, store: {} } as unknown as Ports }
}

async function contextOf(path: string): Promise<Context> {
  const { promise, resolve } = Promise.withResolvers<Context>()
  const app = new Hono().all('*', context => {
    resolve(context)
    return context.body(null)
  })
  await app.request(path)
  return promise
}

async function keep(ports: Ports, path: string, body: string | Buffer<ArrayBuffer>, tables: TableDefinition[]) {
  const memory = await remember(ports, await contextOf(path), tables)
  memory.keep({ body, headers: {} }, 100n)
}

const textAt = async (ports: Ports, path: string, now = 0n) => {
  const kept = await recall(ports, await contextOf(path), now)
  return kept && Buffer.from(kept.body as Uint8Array).toString()
}

test('an answer is given until its time is over or a table has moved', async () => {
  const { at, ports } = standing()
  await keep(ports, '/a', 'first', [GOLD_TABLE])
  expect([await textAt(ports, '/a'), await textAt(ports, '/b'), await textAt(ports, '/a', 100n)]).toEqual([
    'first',
    undefined,
    undefined,
  ])
  at.version = 2
  expect(await textAt(ports, '/a')).toBe(undefined)
})

test('the next answer from tables that have moved drives out those from before, and no others', async () => {
  const { at, ports } = standing()
  await keep(ports, '/old', 'old', [GOLD_TABLE])
  await keep(ports, '/candles', 'candles', [candleTable(TIMEFRAMES[0])])
  at.version = 2
  await keep(ports, '/new', 'new', [GOLD_TABLE])
  at.version = 1
  expect([await textAt(ports, '/old'), await textAt(ports, '/candles')]).toEqual([undefined, 'candles'])
  at.version = 2
  expect(await textAt(ports, '/new')).toBe('new')
})

test('a short body does not keep the memory that it lies in', async () => {
  const { ports } = standing()
  const pool = new Uint8Array(65_536)
  const body = Buffer.from(pool.buffer, 100, 4)
  body.write('kept')
  await keep(ports, '/a', body, [GOLD_TABLE])
  const kept = await recall(ports, await contextOf('/a'), 0n)
  expect((kept as { body: Uint8Array }).body.buffer.byteLength).toBe(4)
  expect(await textAt(ports, '/a')).toBe('kept')
})
