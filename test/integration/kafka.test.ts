/** The broker of the local stack is a real one: what it acknowledged is there after a crash. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
})
