/** A broker of Apache Kafka: one node that is its own controller (KRaft), on loopback ports that were free. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemIds } from '../adapters/system.ts'
import { jarsOf } from './maven.ts'
import { freePort, type Service, startService } from './processes.ts'

const run = promisify(execFile)
/** Little memory and the quick compiler: it starts in seconds. */
const JVM = ['-Xmx256m', '-XX:TieredStopAtLevel=1']

export interface Kafka {
  /** `127.0.0.1:9092` */
  readonly bootstrap: string
  readonly broker: Service
  /** Starts the broker again with the same data, after it was killed or stopped. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** The folder of Kafka's jars. @throws TradelakeError where they cannot be downloaded */
export function kafkaJars(): Promise<string> {
  return jarsOf(join(import.meta.dirname, 'kafka-pom.xml'))
}

/** `folder`: for its data, configuration and log. @throws TradelakeError where it does not start */
export async function startKafka(folder: string): Promise<Kafka> {
  const jars = await kafkaJars()
  mkdirSync(folder, { recursive: true })
  const [port, controllerPort] = [await freePort(), await freePort()]
  const bootstrap = `127.0.0.1:${port}`
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, configuration(folder, bootstrap, controllerPort))
  const classPath = ['-cp', `${jars}/*`]
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' }
  const cluster = Buffer.from(systemIds().uuid().replaceAll('-', ''), 'hex').toString('base64url')
  await run('java', [...JVM, ...classPath, 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', properties], {
    env,
  })
  const start = () =>
    startService({
      name: 'Kafka',
      command: 'java',
      args: [...JVM, ...classPath, 'kafka.Kafka', properties],
      env,
      cwd: folder,
      logFile: join(folder, 'kafka.log'),
      ready: () => accepts(port),
    })
  const kafka = { broker: await start() }
  return {
    bootstrap,
    get broker() {
      return kafka.broker
    },
    async restart() {
      kafka.broker = await start()
    },
    stop: () => kafka.broker.stop(),
  }
}

function configuration(folder: string, bootstrap: string, controllerPort: number): string {
  const controller = `127.0.0.1:${controllerPort}`
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@${controller}`,
    `listeners=PLAINTEXT://${bootstrap},CONTROLLER://${controller}`,
    `advertised.listeners=PLAINTEXT://${bootstrap}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    '',
  ].join('\n')
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
