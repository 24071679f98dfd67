/** `tradelake feed`: reads one exchange's WebSocket and writes its trades to Kafka, until it is asked to stop. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Admin } from '@platformatic/kafka'
import type { KafkaAccess } from '../adapters/kafka-access.ts'
import { ensureTopics } from '../adapters/kafka-topics.ts'
import { askedToEnd, systemClock, systemTimers } from '../adapters/system.ts'
import { BadInput, messageOf } from '../domain/errors.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { topicDefinitions } from '../domain/topics.ts'
import type { Venue } from '../feeds/exchanges/venues.ts'
import { type ServiceOptions, startService } from '../feeds/service.ts'
import { command, type Options, type Values } from './command.ts'
import { addresses, KAFKA_OPTIONS, kafkaOf, SOURCE_OPTIONS, schemasOf, sourceOf } from './feed-options.ts'
import { optional, parseDuration, parseNumber } from './values.ts'

const MIB = 1024 * 1024
/** A container gets a minute after SIGTERM. */
const STOP_MS = 30_000
const TOPIC_TIMEOUTS = { timeout: 10_000, connectTimeout: 5_000, retries: 2, retryDelay: 250 }

const OPTIONS = {
  exchange: SOURCE_OPTIONS.exchange,
  symbols: { type: 'string', value: 'A,B', help: 'markets, like BTCUSDT or BTC-USD (a few large ones)' },
  part: { type: 'string', value: 'N/M', help: 'the Nth of M shares of the markets, for a feed beside others' },
  stream: SOURCE_OPTIONS.stream,
  ...KAFKA_OPTIONS,
  'create-topics': { type: 'boolean', help: 'make missing topics first' },
  wait: { type: 'string', value: 'TIME', help: 'how long brokers and topics may take to be there', default: '0s' },
  url: {
    type: 'string',
    value: 'LIST',
    help: 'WebSocket addresses with commas, best first (default: the exchange’s own)',
  },
  rest: SOURCE_OPTIONS.rest,
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
  const { exchange, venue, stream } = sourceOf(values)
  return {
    exchange,
    venue: {
      ...venue,
      urls: addresses('url', values.url, /^wss?:\/\//) ?? venue.urls,
    },
    symbols: partOf(symbolsOf(values.symbols, venue), values.part),
    stream,
    kafka: await kafkaOf(values.brokers),
    waitMs: parseDuration(values.wait),
    ...schemasOf(values),
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

/** Every Mth from the Nth on. */
export function partOf(symbols: readonly string[], part: string | undefined): readonly string[] {
  if (part === undefined) return symbols
  const [number, parts] = /^[1-9]\d{0,2}\/[1-9]\d{0,2}$/.test(part) ? part.split('/').map(Number) : []
  if (!number || !parts || number > parts) throw new BadInput(`--part is ${part}: write 1/2, 2/2.`)
  const own = symbols.filter((_, index) => index % parts === number - 1)
  if (own.length === 0)
    throw new BadInput(
      `--part is ${part}, which leaves it none of the markets (${symbols.join(', ')}): take fewer parts.`,
    )
  return own
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
