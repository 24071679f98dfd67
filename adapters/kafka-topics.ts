/**
 * The topics as the deployment wants them: missing ones are made, too few partitions become more, settings are
 * corrected, and all is checked. Nothing is ever deleted or shrunk: a topic is data.
 */
import { type Admin, ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka'
import { TradelakeError } from '../domain/errors.ts'
import type { Clock } from '../domain/ports.ts'
import type { TopicDefinition } from '../domain/topics.ts'

export interface TopicsResult {
  readonly created: readonly string[]
  readonly grown: readonly string[]
}

/** Brokers learn of a new topic one after another: look this often. */
const LOOKS = 20
const PAUSE_MS = 500

/** @throws TradelakeError naming what a topic still lacks */
export async function ensureTopics(
  admin: Admin,
  wanted: readonly TopicDefinition[],
  clock: Pick<Clock, 'sleep'>,
): Promise<TopicsResult> {
  const existing = new Set(await admin.listTopics())
  const created: string[] = []
  for (const { name, partitions, settings } of wanted) {
    if (existing.has(name)) continue
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
    // Replicas: as many as the cluster makes by default.
    await admin.createTopics({ topics: [name], partitions, replicas: -1, configs })
    created.push(name)
  }
  const kept = wanted.filter(({ name }) => existing.has(name))
  const counts = await partitionCounts(admin, kept)
  const grown = kept.filter(({ name, partitions }) => (counts.get(name) ?? 0) < partitions)
  if (grown.length > 0)
    await admin.createPartitions({ topics: grown.map(({ name, partitions }) => ({ name, count: partitions })) })
  await changeSettings(admin, kept)
  await check(admin, wanted, clock)
  return { created, grown: grown.map(({ name }) => name) }
}

async function check(admin: Admin, wanted: readonly TopicDefinition[], clock: Pick<Clock, 'sleep'>): Promise<void> {
  let lacking: string[] = []
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await clock.sleep(PAUSE_MS)
    lacking = await lacks(admin, wanted)
    if (lacking.length === 0) return
  }
  throw new TradelakeError(
    `Kafka did not take all topics: ${lacking.join(', ')}. Look at the brokers, then deploy again.`,
  )
}

async function lacks(admin: Admin, wanted: readonly TopicDefinition[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics())
  const missing = wanted.filter(({ name }) => !existing.has(name))
  if (missing.length > 0) return missing.map(({ name }) => `${name} is not there`)
  const counts = await partitionCounts(admin, wanted)
  const stand = await settingsOf(admin, wanted)
  return wanted.flatMap(({ name, partitions, settings }) => {
    const count = counts.get(name) ?? 0
    return [
      ...(count < partitions ? [`${name} has ${count} partitions, not ${partitions}`] : []),
      ...Object.entries(settings).flatMap(([setting, value]) => {
        const stands = stand.get(name)?.get(setting)
        return stands === value ? [] : [`${name} has ${setting}=${stands}, not ${value}`]
      }),
    ]
  })
}

/** Correct settings are left alone: MSK Serverless takes some only when a topic is created. */
async function changeSettings(admin: Admin, topics: readonly TopicDefinition[]): Promise<void> {
  const stand = await settingsOf(admin, topics)
  const resources = topics.map(({ name, settings }) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: name,
    configs: Object.entries(settings)
      .filter(([setting, value]) => stand.get(name)?.get(setting) !== value)
      .map(([setting, value]) => ({
        name: setting,
        value,
        configOperation: IncrementalAlterConfigOperationTypes.SET,
      })),
  }))
  const changed = resources.filter(({ configs }) => configs.length > 0)
  if (changed.length > 0) await admin.incrementalAlterConfigs({ resources: changed })
}

/** By topic, by setting. */
async function settingsOf(
  admin: Admin,
  topics: readonly TopicDefinition[],
): Promise<Map<string, Map<string, string | null | undefined>>> {
  if (topics.length === 0) return new Map()
  const described = await admin.describeConfigs({
    resources: topics.map(({ name, settings }) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: name,
      configurationKeys: Object.keys(settings),
    })),
  })
  return new Map(
    described.map(({ resourceName, configs }) => [
      resourceName,
      new Map(configs.map(({ name, value }) => [name, value])),
    ]),
  )
}

async function partitionCounts(admin: Admin, topics: readonly TopicDefinition[]): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map()
  const { topics: found } = await admin.metadata({ topics: topics.map(({ name }) => name), forceUpdate: true })
  return new Map([...found].map(([name, { partitionsCount }]) => [name, partitionsCount]))
}
