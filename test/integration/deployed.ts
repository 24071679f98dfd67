/** A deployed pipeline under test: trades go in at Kafka, and the tables are asked for. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MessageToProduce, Producer } from '@platformatic/kafka'
import { systemClock } from '../../adapters/system.ts'
import { type Checkpoint, listCheckpoints } from '../../domain/checkpoint.ts'
import { EXCHANGES, type Exchange } from '../../domain/exchanges.ts'
import { topicName } from '../../domain/names.ts'
import type { Log } from '../../domain/ports.ts'
import { recordStreams } from '../../domain/streams.ts'
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../localstack/local-stack.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { drainDeployed } from '../../operations/deployed-drain.ts'
import { type DeployedLake, openDeployedLake } from '../../operations/deployed-lake.ts'
import { createView, openTables } from '../../tables/views.ts'
import { createMarket } from '../records/market.ts'
import { messagesOf } from '../records/messages.ts'
import { endOffsets } from './topic-reader.ts'

const clock = systemClock()
const MINUTE_MS = 60_000

export interface Deployed {
  /** For files of the test's own. */
  readonly folder: string
  readonly stack: LocalStack
  readonly lake: DeployedLake
  /** Messages that were published so far. */
  readonly published: () => number
  /** Fifths of a second of a market, at once. */
  publish(market: number, ticks: number, ratePerSecond: number, exchanges?: readonly Exchange[]): Promise<void>
  publishValue(value: Buffer): Promise<void>
  rows(query: string): Promise<Record<string, unknown>[]>
  count(table: string): Promise<number>
  /** Records that Bronze's checkpoints have passed. */
  bronzeRows(): Promise<number>
  /** Waits until Bronze has every record that Kafka has, the feeds' reports too. */
  allInBronze(): Promise<void>
  until(what: string, condition: () => Promise<boolean>, withinMs: number): Promise<void>
  /** Waits until every record is in Bronze, and works off all that is pending behind it. */
  settle(): Promise<void>
  brokenLaws(): Promise<readonly unknown[]>
  stop(): Promise<void>
}

/** Starts a local stack of its own; this process's AWS clients find it from then on. */
export async function startDeployed(log: Log, options: LocalStackOptions = {}): Promise<Deployed> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-deployed-'))
  const clean = () => rmSync(folder, { recursive: true, force: true })
  const stack = await startLocalStack(folder, log, options).catch(error => {
    clean()
    throw error
  })
  Object.assign(process.env, stack.aws.clientEnv)
  const lake = await openDeployedLake(stack.deployment.stack)
  let published = 0

  async function send(batches: readonly MessageToProduce<Buffer, Buffer, Buffer, Buffer>[][]): Promise<void> {
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: 'test',
      bootstrapBrokers: [stack.kafka.bootstrap],
      idempotent: true,
    })
    for (const messages of batches) {
      if (messages.length > 0) await producer.send({ messages, acks: -1 })
      published += messages.length
    }
    await producer.close()
  }

  async function rows(query: string): Promise<Record<string, unknown>[]> {
    const session = await lake.ports.engine.session()
    try {
      for (const table of await openTables(lake))
        if (query.includes(table.definition.name)) await session.run(await createView(lake, table))
      return await session.run(query)
    } finally {
      session.close()
    }
  }

  async function checkpoints(): Promise<Checkpoint[]> {
    return (await Promise.all(recordStreams().map(({ topic }) => listCheckpoints(lake.ports.state, topic)))).flat()
  }

  const bronzeRows = async () => (await checkpoints()).reduce((sum, { nextOffset }) => sum + nextOffset, 0)

  async function allInBronze(): Promise<void> {
    const topics = recordStreams().map(({ topic }) => topic)
    const isTaken = async () => {
      const ends = await endOffsets(stack.kafka.bootstrap, topics)
      const next = new Map(
        (await checkpoints()).map(({ topic, partition, nextOffset }) => [`${topic}-${partition}`, nextOffset] as const),
      )
      return topics.every(topic =>
        ends.get(topic)?.every((end, partition) => (next.get(`${topic}-${partition}`) ?? 0) >= end),
      )
    }
    await until('every record in Bronze', isTaken, 3 * MINUTE_MS)
  }

  async function until(what: string, condition: () => Promise<boolean>, withinMs: number): Promise<void> {
    const end = clock.now() + withinMs
    while (!(await condition())) {
      if (clock.now() > end) throw new Error(`${what} did not come to pass in ${withinMs / 1000} s`)
      await clock.sleep(1_000)
    }
  }

  return {
    folder,
    stack,
    lake,
    published: () => published,
    async publish(market, ticks, ratePerSecond, exchanges = EXCHANGES) {
      const startMicros = BigInt(clock.now() - 10 * MINUTE_MS) * 1000n
      for (const exchange of exchanges) {
        const { partitions } = exchange
        const { tick } = createMarket({ seed: 11, startMicros, ratePerSecond, exchange, partitions, market })
        await send(Array.from({ length: ticks }, (_, k) => messagesOf(topicName(exchange.name), tick(k))))
      }
    },
    publishValue: value => send([[{ topic: topicName('binance'), partition: 0, value }]]),
    rows,
    count: async table => Number((await rows(`SELECT count(*) AS n FROM ${table}`))[0].n),
    bronzeRows,
    allInBronze,
    until,
    async settle() {
      await allInBronze()
      await drainDeployed(lake)
    },
    brokenLaws: async () => (await auditLake(lake)).laws.flatMap(law => law.violations),
    async stop() {
      lake.close()
      await stack.stop()
      clean()
    },
  }
}

/** Kills the processes that a process started, and lets it live. */
export function killChildren(pid: number): void {
  const { stdout } = spawnSync('ps', ['--ppid', String(pid), '-o', 'pid='])
  for (const child of stdout.toString().trim().split(/\s+/).filter(Boolean)) {
    try {
      process.kill(Number(child), 'SIGKILL')
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
