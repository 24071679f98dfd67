/** Deployed functions tell of their commits before they stop, where their environment names somebody. */
import { afterEach, expect, test, vi } from 'vitest'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { createMetrics } from '../../embedded/metrics.ts'
import { lineageOfFunction, thenTell, watched } from '../../functions/lineage.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { lineageServer } from '../adapters/openlineage-server.ts'
import { SILENT } from '../silent-log.ts'
import { memoryLake } from './support.ts'

afterEach(() => vi.unstubAllEnvs())
const telemetry = { log: SILENT, metrics: createMetrics() }

test('a function that nobody asked to tell works with the ports and the handler that it has', () => {
  const { ports } = memoryLake()
  vi.stubEnv('OPENLINEAGE_URL', undefined)
  const lineage = lineageOfFunction(ports, telemetry)
  const handler = async () => 1
  expect(lineage).toBeUndefined()
  expect(watched(ports, lineage, 'stages')).toBe(ports)
  expect(thenTell(lineage, handler)).toBe(handler)
})

test('a function has told of its commits when it answers, and when it fails', async () => {
  const server = await lineageServer()
  vi.stubEnv('OPENLINEAGE_URL', server.url)
  vi.stubEnv('OPENLINEAGE_NAMESPACE', 'tradelake-dev')
  const { ports } = memoryLake()
  const lineage = lineageOfFunction(ports, telemetry)
  const telling = watched(ports, lineage, 'stages')
  const handler = thenTell(lineage, async () => {
    await createTable(telling, GOLD_TABLE)
    throw new Error('failed after its commit')
  })
  await expect(handler({}, {})).rejects.toThrow('failed after its commit')
  expect(server.events.map(({ job, eventType }) => [job.namespace, job.name, eventType])).toEqual([
    ['tradelake-dev', 'gold.gold_crypto_trades', 'START'],
    ['tradelake-dev', 'gold.gold_crypto_trades', 'COMPLETE'],
  ])
  await lineage?.close()
  await server.close()
})

test('a function whose environment names no such thing as a server goes on without, and says so', () => {
  vi.stubEnv('OPENLINEAGE_URL', 'kafka://broker:9092')
  const problems: unknown[] = []
  const log = { ...SILENT, error: (_: string, { problem }: Record<string, unknown>) => void problems.push(problem) }
  expect(lineageOfFunction(memoryLake().ports, { ...telemetry, log })).toBeUndefined()
  expect(problems).toEqual([expect.stringContaining('Lineage cannot go to kafka://broker:9092')])
})
