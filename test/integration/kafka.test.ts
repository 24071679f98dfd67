/** The broker of the local stack is a real one: what it acknowledged is there after a crash. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kafkaSink } from '../../adapters/kafka-feed.ts'
import { type Kafka, startKafka } from '../../localstack/kafka.ts'
import { hasJava } from '../../localstack/maven.ts'

describe.skipIf(!hasJava())('Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-kafka-'))
  let kafka: Kafka
  beforeAll(async () => {
    kafka = await startKafka(folder)
  })
  afterAll(async () => {
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('keeps what it acknowledged through a crash', async () => {
    const clientId = 'test'
    const bootstrapBrokers = [kafka.bootstrap]
    const admin = new Admin({ clientId, bootstrapBrokers })
    await admin.createTopics({ topics: ['crash'], partitions: 2, replicas: 1 })
    await admin.close()
    const producer = new Producer({ clientId, bootstrapBrokers, idempotent: true })
    const messages = Array.from({ length: 50 }, (_, i) => ({
      topic: 'crash',
      partition: i % 2,
      value: Buffer.from(`${i}`),
    }))
    await producer.send({ messages, acks: -1 })
    await producer.close()

    await kafka.broker.kill()
    await kafka.restart()

    const consumer = new Consumer({ clientId, groupId: 'readers', bootstrapBrokers })
    const stream = await consumer.consume({ topics: ['crash'], mode: MessagesStreamModes.EARLIEST, autocommit: false })
    const found: string[] = []
    for await (const { partition, value } of stream) {
      found.push(`${partition} ${value}`)
      if (found.length === messages.length) break
    }
    await consumer.close(true)
    expect(found.sort()).toEqual(messages.map(({ partition, value }) => `${partition} ${value}`).sort())
  })

  test("keeps a feed's batches compressed, and gives their records back", async () => {
    const access = { bootstrapBrokers: [kafka.bootstrap] }
    const admin = new Admin({ clientId: 'test', ...access })
    await admin.createTopics({ topics: ['compressed'], partitions: 1, replicas: 1 })
    await admin.close()
    const sink = kafkaSink(access)
    const values = Array.from({ length: 200 }, (_, i) => `BTCUSDT at ${86_000 + i}`)
    await sink.send(
      values.map(value => ({
        topic: 'compressed',
        key: Buffer.from('BTCUSDT'),
        value: Buffer.from(value),
        timestamp: 1,
      })),
    )
    await sink.close()

    const consumer = new Consumer({ clientId: 'test', groupId: 'decompressing', ...access })
    const stream = await consumer.consume({
      topics: ['compressed'],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
    })
    const found: string[] = []
    for await (const { value } of stream) if (found.push(String(value)) === values.length) break
    await consumer.close(true)
    expect(found).toEqual(values)
    const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(name =>
      /compressed-0\/0+\.log$/.test(name),
    )
    // The low three bits of a batch's attributes: 4 is zstd (Kafka protocol guide, "Record Batch").
    expect(readFileSync(join(folder, file ?? '')).readInt16BE(21) & 7).toBe(4)
  })
})
