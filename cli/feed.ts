/** `tradelake feed`: reads one exchange's WebSocket and writes its trades to Kafka, until it is asked to stop. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Admin } from '@platformatic/kafka'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { KAFKA_VARIABLES, type KafkaAccess, kafkaAccess } from '../adapters/kafka-access.ts'
import { ensureTopics } from '../adapters/kafka-topics.ts'
import { askedToEnd, systemClock, systemTimers } from '../adapters/system.ts'
import { BadInput, messageOf } from '../domain/errors.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { topicDefinitions } from '../domain/topics.ts'
import { VENUES, type Venue } from '../feeds/exchanges/venues.ts'
import type { StreamKind } from '../feeds/protocol.ts'
import { type ServiceOptions, startService } from '../feeds/service.ts'
import { command, type Options, type Values } from './command.ts'
import { optional, parseDuration, parseNumber } from './values.ts'

const MIB = 1024 * 1024
/** A container gets a minute after SIGTERM. */
const STOP_MS = 30_000
const TOPIC_TIMEOUTS = { timeout: 10_000, connectTimeout: 5_000, retries: 2, retryDelay: 250 }
const STREAMS: readonly StreamKind[] = ['trade', 'aggTrade']

const OPTIONS = {
  exchange: { type: 'string', value: 'X', help: EXCHANGES.map(({ name }) => name).join(', ') },
  symbols: { type: 'string', value: 'A,B', help: 'markets, like BTCUSDT or BTC-USD (a few large ones)' },
  stream: { type: 'string', value: 'KIND', help: "binance's trade or aggTrade", default: 'trade' },
  brokers: {
    type: 'string',
    value: 'LIST',
    help: `HOST:PORT,… (default: $${KAFKA_VARIABLES.bootstrap}; login: $${KAFKA_VARIABLES.login})`,
  },
  registry: { type: 'string', value: 'URL', help: `Confluent schema registry (default: $${VARIABLES.registry})` },
  'schema-id': { type: 'string', value: 'N', help: 'schema id to write when no registry answers' },
  'create-topics': { type: 'boolean', help: 'make missing topics first' },
  url: {
    type: 'string',
    value: 'LIST',
    help: 'WebSocket addresses with commas, best first (default: the exchange’s own)',
  },
  rest: { type: 'string', value: 'LIST', help: 'REST addresses, likewise' },
  host: {
    type: 'string',
    value: 'ADDRESS',
    help: 'address that serves /healthz, /readyz and /metrics',
    default: '127.0.0.1',
  },
  port: { type: 'string', value: 'N', help: 'port that serves them; 0 takes a free one', default: '9100' },
  spill: {
    type: 'string',
    value: 'DIR',
    help: 'folder for records while Kafka is down and memory is full',
    default: './.tradelake-feed',
  },
  'memory-limit': { type: 'string', value: 'MIB', help: 'most MiB of records that wait in memory', default: '64' },
  'spill-limit': { type: 'string', value: 'MIB', help: 'most MiB of records that wait on disk', default: '1024' },
  for: { type: 'string', value: 'TIME', help: 'stop after 60s, 5m, 1h; without it, on SIGTERM or Ctrl-C' },
} as const satisfies Options

export const feed = command({
  name: 'feed',
  usage: '--exchange X [--symbols A,B] --brokers HOST:PORT,… --registry URL',
  options: OPTIONS,
  async run(values) {
    const milliseconds = optional(values.for, parseDuration)
    const options = await optionsOf(values)
    if (values['create-topics']) await createTopics(options.kafka)
    const service = await startService(options)
    const over = Promise.withResolvers<void>()
    const cancel = milliseconds === undefined ? undefined : systemTimers().after(milliseconds, over.resolve)
    const reason = await Promise.race([service.exits, askedToEnd(), over.promise])
    cancel?.()
    options.log.info('stopping', { reason: reason ?? 'asked to' })
    await service.stop(STOP_MS)
    return reason === undefined ? 0 : 1
  },
})

async function optionsOf(values: Values<typeof OPTIONS>): Promise<ServiceOptions> {
  const exchange = EXCHANGES.find(({ name }) => name === values.exchange)
  if (!exchange) throw new BadInput(`Say which exchange: --exchange ${EXCHANGES.map(({ name }) => name).join(', ')}.`)
  const stream = STREAMS.find(kind => kind === values.stream)
  if (!stream) throw new BadInput(`--stream ${values.stream} is not one of ${STREAMS.join(', ')}.`)
  if (stream !== 'trade' && exchange.name !== 'binance')
    throw new BadInput(`--stream ${stream} exists only on Binance: leave it out for ${exchange.name}.`)
  const venue = VENUES[exchange.name]
  return {
    exchange,
    venue: {
      ...venue,
      urls: addresses('url', values.url, /^wss?:\/\//) ?? venue.urls,
      restUrls: addresses('rest', values.rest, /^https?:\/\//) ?? venue.restUrls,
    },
    symbols: symbolsOf(values.symbols, venue),
    stream,
    kafka: await kafkaOf(values.brokers),
    registry: values.registry ?? process.env[VARIABLES.registry],
    schemaId: optional(values['schema-id'], text => parseNumber('schema-id', text, 0, true)),
    endpoint: { host: values.host, port: parseNumber('port', values.port, 0, true) },
    spill: values.spill,
    memoryBytes: parseNumber('memory-limit', values['memory-limit'], 1) * MIB,
    spillBytes: parseNumber('spill-limit', values['spill-limit'], 0) * MIB,
    log: new Logger({ serviceName: `feed_${exchange.name}` }),
  }
}

function symbolsOf(text: string | undefined, venue: Venue): readonly string[] {
  const symbols = text === undefined ? venue.symbols : text.split(',').filter(symbol => symbol.trim() !== '')
  if (symbols.length === 0) throw new BadInput('--symbols names no market: write BTCUSDT,ETHUSDT.')
  return symbols
}

function addresses(name: 'url' | 'rest', text: string | undefined, pattern: RegExp): string[] | undefined {
  const list = text?.split(',').map(url => url.replace(/\/$/, ''))
  for (const url of list ?? [])
    if (!pattern.test(url) || !URL.canParse(url))
      throw new BadInput(
        `--${name} ${url} is not a ${name === 'url' ? 'ws:// or wss://' : 'http:// or https://'} address.`,
      )
  return list
}

/** @throws BadInput where no brokers are named */
async function kafkaOf(brokers: string | undefined): Promise<KafkaAccess> {
  const bootstrap = brokers ?? process.env[KAFKA_VARIABLES.bootstrap]
  if (!bootstrap) throw new BadInput('Say where Kafka is: --brokers HOST:PORT.')
  for (const broker of bootstrap.split(','))
    if (!/^[^\s:]+:\d{1,5}$/.test(broker)) throw new BadInput(`--brokers ${broker} is not HOST:PORT.`)
  return kafkaAccess({ [KAFKA_VARIABLES.login]: 'none', ...process.env, [KAFKA_VARIABLES.bootstrap]: bootstrap })
}

/** @throws BadInput where they cannot be made */
async function createTopics(kafka: KafkaAccess): Promise<void> {
  const admin = new Admin({ clientId: 'tradelake-feed', ...kafka, ...TOPIC_TIMEOUTS })
  try {
    await ensureTopics(admin, topicDefinitions(EXCHANGES), systemClock())
  } catch (error) {
    throw new BadInput(`The topics cannot be made at ${kafka.bootstrapBrokers.join(',')}: ${messageOf(error)}`)
  } finally {
    await admin.close()
  }
}
