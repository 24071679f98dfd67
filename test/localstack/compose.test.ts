/** docker-compose.yml, as far as it can be held to something without Docker. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseOptions } from '../../cli/command.ts'
import { feed } from '../../cli/feed.ts'
import { simulator } from '../../cli/simulator.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { pairOf } from '../../domain/pairs.ts'
import { isSimulated } from '../../feeds/simulator/instruments.ts'
import { COMPOSE } from '../../localstack/compose.ts'

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly name: string }>>
  readonly volumes: Readonly<Record<string, null>>
}

const text = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8')
const { services, networks, volumes }: ComposeFile = parse(text, { merge: true })
const feeds = EXCHANGES.map(exchange => ({ exchange, service: services[`feed-${exchange.name}`] }))

describe('docker-compose.yml', () => {
  test('has Kafka with a registry, the last free LocalStack, the simulator and a feed for each exchange', () => {
    expect(Object.keys(services).sort()).toEqual(
      ['redpanda', 'localstack', 'simulator', ...EXCHANGES.map(({ name }) => `feed-${name}`)].sort(),
    )
    expect(services.localstack.image).toBe('localstack/localstack:4.14.0')
  })

  test('takes images of one version each, and builds the feeds’ own', () => {
    for (const [name, { image, build }] of Object.entries(services)) {
      if (build) expect(build, name).toEqual({ context: '.', dockerfile: 'feeds/Dockerfile' })
      else expect(image, name).toMatch(/^[\w/-]+:v?\d+\.\d+\.\d+$/)
    }
  })

  test('is reached from this machine alone', () => {
    const ports = Object.values(services).flatMap(service => service.ports ?? [])
    expect(ports.length).toBeGreaterThan(3)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  test('answers where deploy:local looks', () => {
    const published = (service: string) =>
      (services[service].ports ?? []).map(port => port.split(':').slice(1).map(Number))
    const inside = (url: string) => Number(new URL(url).port)
    expect(published('localstack')).toContainEqual([inside(COMPOSE.endpoint), 4566])
    expect(published('redpanda')).toContainEqual([inside(COMPOSE.registry), inside(COMPOSE['inside-registry'])])
    const kafka = (services.redpanda.command ?? []).join(' ')
    expect(kafka).toContain(
      `--advertise-kafka-addr=internal://${COMPOSE['inside-brokers']},external://${COMPOSE.brokers}`,
    )
    expect(kafka).toContain(`--schema-registry-addr=0.0.0.0:${inside(COMPOSE['inside-registry'])}`)
    // Its functions are containers of their own: they find the brokers in this network.
    expect(networks.default.name).toBe(services.localstack.environment?.LAMBDA_DOCKER_NETWORK)
  })

  test.each(feeds)('starts the feed of $exchange.name with what the command understands', ({ exchange, service }) => {
    const [name, ...options] = service.command ?? []
    expect(name).toBe('feed')
    const { values } = parseOptions(feed, options)
    expect(values.exchange).toBe(exchange.name)
    expect(values.brokers).toBe(COMPOSE['inside-brokers'])
    expect(values.registry).toBe(COMPOSE['inside-registry'])
    expect(values['create-topics']).toBe(true)
    for (const symbol of String(values.symbols).split(',')) expect(pairOf(symbol).symbol).not.toBe('')
    expect(service.volumes).toEqual([`spill-${exchange.name}:${values.spill}`])
    expect(volumes).toHaveProperty(`spill-${exchange.name}`)
    // An exchange that is not simulated is read itself.
    if (!isSimulated(exchange.name)) return
    const port = Number(parseOptions(simulator, (services.simulator.command ?? []).slice(1)).values.port)
    expect(values.url).toBe(`ws://simulator:${port}/${exchange.name}`)
    expect(values.rest).toBe(`http://simulator:${port}/${exchange.name}`)
    expect(Object.keys(service.depends_on ?? {}).sort()).toEqual(['redpanda', 'simulator'])
  })
})
