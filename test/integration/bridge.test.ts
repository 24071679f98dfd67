/** The bridge does what the Kafka event source mapping does, against a real broker. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../adapters/system.ts'
import type { KafkaEvent } from '../../domain/events.ts'
import { type Bridge, type KafkaMapping, startBridge } from '../../localstack/bridge.ts'
import { type Kafka, startKafka } from '../../localstack/kafka.ts'
import { hasJava } from '../../localstack/maven.ts'
import { SILENT } from '../silent-log.ts'

const PARTITIONS = 4
const PATIENCE_MS = 180_000
const clock = systemClock()

describe.skipIf(!hasJava())('the bridge', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-bridge-'))
  let kafka: Kafka
  let topics = 0
  beforeAll(async () => {
    kafka = await startKafka(folder)
  })
  afterAll(async () => {
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function newMapping(more: Partial<KafkaMapping> = {}): Promise<KafkaMapping> {
    const topic = `topic-${topics++}`
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.bootstrap] })
    await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1 })
    await admin.close()
    return { topic, functionName: 'bronze', groupId: `group-${topic}`, batchRecords: 50, windowMs: 200, ...more }
  }

  async function publish({ topic }: KafkaMapping, values: readonly (string | null)[]): Promise<void> {
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: 'test',
      bootstrapBrokers: [kafka.bootstrap],
      // A send that is tried again must not append twice.
      idempotent: true,
    })
    const messages = values.map((value, i) => ({
      topic,
      partition: i % PARTITIONS,
      key: Buffer.from('KEY'),
      ...(value !== null && { value: Buffer.from(value) }),
    }))
    await producer.send({ messages, acks: -1 })
    await producer.close()
  }

  const start = (mapping: KafkaMapping, invoke: (event: KafkaEvent) => Promise<void>): Bridge =>
    startBridge({ mapping, bootstrap: kafka.bootstrap, invoke: (_name, event) => invoke(event), clock, log: SILENT })

  async function until(condition: () => boolean): Promise<void> {
    const end = clock.now() + PATIENCE_MS
    while (!condition()) {
      if (clock.now() > end) throw new Error(`it did not come to pass in ${PATIENCE_MS} ms`)
      await clock.sleep(50)
    }
  }

  const recordsOf = (event: KafkaEvent) => Object.values(event.records).flat()
  const distinct = (events: readonly KafkaEvent[]) => [
    ...new Map(events.flatMap(recordsOf).map(record => [`${record.partition}-${record.offset}`, record])).values(),
  ]
  const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${from + i}`)

  test('fills events by number and by time, as MSK shapes them, and begins at the oldest record', async () => {
    const mapping = await newMapping()
    await publish(mapping, [...numbers(118), null, ''])
    const events: KafkaEvent[] = []
    const bridge = start(mapping, async event => void events.push(event))
    await until(() => bridge.delivered.records >= 120)
    await bridge.stop()
    expect(events.length).toBeGreaterThanOrEqual(3)
    for (const event of events) expect(recordsOf(event).length).toBeLessThanOrEqual(50)
    // A consumer that has just joined may read some records twice.
    const all = distinct(events)
    expect(all.every(record => record.key === Buffer.from('KEY').toString('base64') && record.headers)).toBe(true)
    // A tombstone has no value, an empty value is one.
    expect(all.filter(record => record.value === undefined)).toHaveLength(1)
    expect(all.filter(record => record.value === '')).toHaveLength(1)
    for (let partition = 0; partition < PARTITIONS; partition++)
      expect(all.filter(record => record.partition === partition).map(record => record.offset)).toEqual(
        Array.from({ length: 30 }, (_, i) => i),
      )
  })

  test('sends a failed event again until it succeeds, and only then commits', async () => {
    const mapping = await newMapping()
    await publish(mapping, numbers(20))
    const tried: number[][] = []
    const bridge = start(mapping, async event => {
      tried.push(recordsOf(event).map(record => record.partition * 1000 + record.offset))
      if (tried.length <= 3) throw new Error('not yet')
    })
    await until(() => bridge.delivered.records >= 20)
    await bridge.stop()
    expect(bridge.delivered.failures).toBe(3)
    expect(new Set(tried.flat()).size).toBe(20)
    // The very same event again.
    expect(tried.some((event, i) => JSON.stringify(event) === JSON.stringify(tried[i + 1]))).toBe(true)
    // What was committed does not come again.
    await publish(mapping, ['next'])
    const later: KafkaEvent[] = []
    const again = start(mapping, async event => void later.push(event))
    await until(() => later.length > 0)
    await again.stop()
    expect(distinct(later)).toHaveLength(1)
  })

  test('moves with a rebalance and a broker that comes back, losing nothing', async () => {
    const mapping = await newMapping({ batchRecords: 20, windowMs: 50 })
    const seen = new Set<string>()
    const take = async (event: KafkaEvent) => {
      await clock.sleep(20)
      for (const { value } of recordsOf(event)) seen.add(Buffer.from(String(value), 'base64').toString())
    }
    const first = start(mapping, take)
    await publish(mapping, numbers(200))
    await until(() => seen.size > 50)
    const second = start(mapping, take)
    await publish(mapping, numbers(200, 200))
    await until(() => seen.size > 250)
    await kafka.broker.kill()
    await kafka.restart()
    await publish(mapping, numbers(100, 400))
    await until(() => seen.size === 500)
    await Promise.all([first.stop(), second.stop()])
    expect(seen.size).toBe(500)
  })
})
