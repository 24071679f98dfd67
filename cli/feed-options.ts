/** Options of the commands that read an exchange: which one, and the Kafka that its trades go to. */
import { VARIABLES } from '../adapters/aws-ports.ts'
import { KAFKA_VARIABLES, type KafkaAccess, kafkaAccess } from '../adapters/kafka-access.ts'
import { BadInput } from '../domain/errors.ts'
import { EXCHANGES, type KnownExchange } from '../domain/exchanges.ts'
import type { SchemaIds } from '../domain/wire.ts'
import { VENUES, type Venue } from '../feeds/exchanges/venues.ts'
import type { StreamKind } from '../feeds/protocol.ts'
import type { Options, Values } from './command.ts'
import { optional } from './values.ts'

const STREAMS: readonly StreamKind[] = ['trade', 'aggTrade']

export const SOURCE_OPTIONS = {
  exchange: { type: 'string', value: 'X', help: EXCHANGES.map(({ name }) => name).join(', ') },
  stream: { type: 'string', value: 'KIND', help: "binance's trade or aggTrade", default: 'trade' },
  rest: { type: 'string', value: 'LIST', help: 'REST addresses with commas, best first (default: the exchange’s own)' },
} as const satisfies Options

export const KAFKA_OPTIONS = {
  brokers: {
    type: 'string',
    value: 'LIST',
    help: `HOST:PORT,… (default: $${KAFKA_VARIABLES.bootstrap}; login: $${KAFKA_VARIABLES.login})`,
  },
  registry: { type: 'string', value: 'URL', help: `Confluent schema registry (default: $${VARIABLES.registry})` },
  'schema-ids': {
    type: 'string',
    value: 'N,M',
    help: 'ids to write when no registry answers: of TradeV2 and of TradeV2Wide',
  },
} as const satisfies Options

/** @throws BadInput naming the option that is wrong */
export function sourceOf(values: Values<typeof SOURCE_OPTIONS>): {
  readonly exchange: KnownExchange
  readonly venue: Venue
  readonly stream: StreamKind
} {
  const exchange = EXCHANGES.find(({ name }) => name === values.exchange)
  if (!exchange) throw new BadInput(`Say which exchange: --exchange ${EXCHANGES.map(({ name }) => name).join(', ')}.`)
  const stream = streamOf(values.stream)
  if (stream !== 'trade' && exchange.name !== 'binance')
    throw new BadInput(`--stream ${stream} exists only on Binance: leave it out for ${exchange.name}.`)
  const venue = VENUES[exchange.name]
  return {
    exchange,
    venue: { ...venue, restUrls: addresses('rest', values.rest, /^https?:\/\//) ?? venue.restUrls },
    stream,
  }
}

/** @throws BadInput where it is not a kind of stream */
export function streamOf(text: string): StreamKind {
  const stream = STREAMS.find(kind => kind === text)
  if (!stream) throw new BadInput(`--stream ${text} is not one of ${STREAMS.join(', ')}.`)
  return stream
}

export function addresses(name: 'url' | 'rest', text: string | undefined, pattern: RegExp): string[] | undefined {
  const list = text?.split(',').map(url => url.replace(/\/$/, ''))
  for (const url of list ?? [])
    if (!pattern.test(url) || !URL.canParse(url))
      throw new BadInput(
        `--${name} ${url} is not a ${name === 'url' ? 'ws:// or wss://' : 'http:// or https://'} address.`,
      )
  return list
}

/** @throws BadInput where no brokers are named */
export async function kafkaOf(brokers: string | undefined): Promise<KafkaAccess> {
  const bootstrap = brokers ?? process.env[KAFKA_VARIABLES.bootstrap]
  if (!bootstrap) throw new BadInput('Say where Kafka is: --brokers HOST:PORT.')
  for (const broker of bootstrap.split(','))
    if (!/^[^\s:]+:\d{1,5}$/.test(broker)) throw new BadInput(`--brokers ${broker} is not HOST:PORT.`)
  return kafkaAccess({ [KAFKA_VARIABLES.login]: 'none', ...process.env, [KAFKA_VARIABLES.bootstrap]: bootstrap })
}

/** The registry of the schemas that trades are written with, and their ids for use without one. */
export function schemasOf(values: Values<typeof KAFKA_OPTIONS>) {
  return {
    registry: values.registry ?? process.env[VARIABLES.registry],
    schemaIds: optional(values['schema-ids'], parseSchemaIds),
  }
}

/** @throws BadInput where it is not two ids */
function parseSchemaIds(text: string): SchemaIds {
  const [, trade, wide] = /^(\d{1,9}),(\d{1,9})$/.exec(text) ?? []
  if (trade === undefined)
    throw new BadInput(`--schema-ids ${text} is not the ids of TradeV2 and of TradeV2Wide: write 1,2.`)
  return { trade: Number(trade), wide: Number(wide) }
}
