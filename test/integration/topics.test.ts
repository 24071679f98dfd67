/** The topics' function on a real broker. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, ConfigResourceTypes } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureTopics } from '../../adapters/kafka-topics.ts'
import { systemClock } from '../../adapters/system.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { type TopicDefinition, topicDefinitions } from '../../domain/topics.ts'
import { createMetrics } from '../../embedded/metrics.ts'
import { type TopicsEvent, topicsHandler } from '../../functions/topics/handler.ts'
import { type Kafka, startKafka } from '../../localstack/kafka.ts'
import { SILENT } from '../silent-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelake-topics-'))
const clock = systemClock()
let kafka: Kafka
let admin: Admin
const connect = async () => new Admin({ clientId: 'test', bootstrapBrokers: [kafka.bootstrap] })

beforeAll(async () => {
  kafka = await startKafka(folder)
  admin = await connect()
})
afterAll(async () => {
  await admin?.close()
  await kafka?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function partitionsOf(name: string): Promise<number | undefined> {
  return (await admin.metadata({ topics: [name], forceUpdate: true })).topics.get(name)?.partitionsCount
}

async function settingOf(name: string, setting: string): Promise<string | null | undefined> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name, configurationKeys: [setting] }
  return (await admin.describeConfigs({ resources: [resource] }))[0]?.configs[0]?.value
}

test("the deployment's topics are made, and once more is as good as once", async () => {
  const topics = topicDefinitions(EXCHANGES)
  const first = await ensureTopics(admin, topics, clock)
  const second = await ensureTopics(admin, topics, clock)
  expect(first.created).toEqual(topics.map(({ name }) => name))
  expect(second).toEqual({ created: [], grown: [] })
  for (const { name, partitions, settings } of topics) {
    expect(await partitionsOf(name)).toBe(partitions)
    for (const [setting, value] of Object.entries(settings)) expect(await settingOf(name, setting)).toBe(value)
  }
})

test('a topic grows and takes other settings, and never shrinks', async () => {
  // Prepare
  const small: TopicDefinition = { name: 'grows', partitions: 2, settings: { 'retention.ms': '1000' } }
  await ensureTopics(admin, [small], clock)
  // Act
  const grown = await ensureTopics(admin, [{ ...small, partitions: 5, settings: { 'retention.ms': '2000' } }], clock)
  const again = await ensureTopics(admin, [{ ...small, settings: { 'retention.ms': '2000' } }], clock)
  // Assess
  expect(grown.grown).toEqual(['grows'])
  expect(again.grown).toEqual([])
  expect(await partitionsOf('grows')).toBe(5)
  expect(await settingOf('grows', 'retention.ms')).toBe('2000')
})

test('settings that are as they should be are left alone', async () => {
  const topic: TopicDefinition = { name: 'left', partitions: 1, settings: { 'cleanup.policy': 'compact' } }
  await ensureTopics(admin, [topic], clock)
  const changes: string[] = []
  const watched = new Proxy(admin, {
    get(target, name) {
      if (name === 'incrementalAlterConfigs') changes.push(String(name))
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

  await ensureTopics(watched, [topic], clock)
  expect(changes).toEqual([])
  await ensureTopics(watched, [{ ...topic, settings: { 'retention.ms': '5000' } }], clock)
  expect(changes).toHaveLength(1)
})

/** What the function answers CloudFormation to one request. */
async function answerTo(event: Pick<TopicsEvent, 'RequestType' | 'ResourceProperties'>) {
  let body = ''
  const server = createServer((request, response) => {
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => response.end())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ids = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Topics' }
  const telemetry = { log: SILENT, metrics: createMetrics() }
  const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 20_000 }
  const handler = topicsHandler(telemetry, clock, connect)
  await handler({ ...ids, ...event, ResponseURL: `http://127.0.0.1:${port}/` }, context)
  server.close()
  return JSON.parse(body) as { Status: string; Reason?: string; LogicalResourceId: string }
}

test('CloudFormation is told of success, and of failure in one line', async () => {
  const topic: TopicDefinition = { name: 'told', partitions: 1, settings: {} }
  const of = (topics: readonly TopicDefinition[]) => ({ topics: JSON.stringify(topics) })
  expect(await answerTo({ RequestType: 'Create', ResourceProperties: of([topic]) })).toMatchObject({
    Status: 'SUCCESS',
    LogicalResourceId: 'Topics',
  })
  const failed = await answerTo({ RequestType: 'Update', ResourceProperties: of([{ ...topic, name: 'no such/name' }]) })
  expect(failed.Status).toBe('FAILED')
  expect(failed.Reason).toMatch(/^.+$/)
})

test('topics stay when the stack goes', async () => {
  const topics: TopicDefinition[] = [{ name: 'stays', partitions: 1, settings: {} }]
  await ensureTopics(admin, topics, clock)
  const answer = await answerTo({ RequestType: 'Delete', ResourceProperties: { topics: JSON.stringify(topics) } })
  expect(answer.Status).toBe('SUCCESS')
  expect(await admin.listTopics()).toContain('stays')
})
