/** Silver and a schema registry over HTTP: what is asked, how often, and whose fault an answer is. */
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { confluentRegistry } from '../../adapters/confluent-registry.ts'
import { consumers } from '../../domain/names.ts'
import { tradeStream } from '../../domain/streams.ts'
import { DLQ_TABLE } from '../../domain/tables.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { cachedSchemas, type Schemas } from '../../functions/silver/schemas.ts'
import { refine } from '../../functions/silver/silver.ts'
import { BINANCE, kafkaEvent, type MemoryLake, memoryLake, pendingIds, rowsOf, tradeOf } from './support.ts'

const KNOWN = JSON.stringify({ schema: JSON.stringify(TRADE_SCHEMA) })
const UNKNOWN = JSON.stringify({ error_code: 40_403, message: 'Schema not found' })

let server: Server
let asked: number[]
let atOnce: number
let most: number
/** The answers by id; any other id is unknown. */
let schemas: Map<number, string>
let lake: MemoryLake
let cached: Schemas
let next: number

beforeEach(async () => {
  asked = []
  ;[atOnce, most, next] = [0, 0, 0]
  schemas = new Map([[1, KNOWN]])
  server = createServer((request, response) => {
    const id = Number(request.url?.split('/').at(-1))
    asked.push(id)
    most = Math.max(most, ++atOnce)
    const answer = schemas.get(id)
    setTimeout(() => {
      atOnce--
      response.writeHead(answer === undefined ? 404 : 200).end(answer ?? UNKNOWN)
    }, 2)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  lake = memoryLake()
  cached = cachedSchemas(confluentRegistry({ url, clock: lake.clock }), lake.clock)
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** A Bronze file of a trade for each schema id, through Silver. */
async function process(ids: readonly number[]) {
  const records = ids.map(id => ({
    partition: 0,
    offset: next++,
    value: encodeTrade(tradeOf(next), { trade: id, wide: 2 }),
  }))
  await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
  return refine(lake.ports, BINANCE, cached, await pendingIds(lake, consumers.silver(BINANCE.name)))
}

test('two thousand unknown ids are each asked once, several at a time, and the known-good one once after them', async () => {
  const ids = Array.from({ length: 2_000 }, (_, i) => 1_000 + i)
  expect(await process([1, ...ids])).toMatchObject({ valid: 1, invalid: 2_000, failures: [] })
  expect(asked).toHaveLength(2_002)
  expect(asked.at(-1)).toBe(1)
  expect(most).toBeGreaterThan(4)
  // Remembered: the next file asks nothing.
  expect(await process([1, ...ids])).toMatchObject({ valid: 1, invalid: 2_000, failures: [] })
  expect(asked).toHaveLength(2_002)
})

test('a schema of Protobuf is its record’s fault, and the exchange’s other trades go on', async () => {
  schemas.set(7, JSON.stringify({ schemaType: 'PROTOBUF', schema: 'syntax = "proto3";' }))
  expect(await process([1, 7])).toMatchObject({ valid: 1, invalid: 1, failures: [] })
  expect(await rowsOf(lake, DLQ_TABLE)).toMatchObject([
    { error_type: 'unknown_schema', error_reason: 'the registry knows no Avro schema 7', schema_id: 7 },
  ])
})

test('a registry that lost its schemas is an outage: nothing is dead, and nothing is remembered', async () => {
  schemas.clear()
  expect((await process([7])).failures).toMatchObject([{ reason: expect.stringContaining('lost its schemas') }])
  schemas.set(1, KNOWN)
  schemas.set(7, KNOWN)
  // The record that waited, and a new one.
  expect(await process([7])).toMatchObject({ valid: 2, failures: [] })
})
