import { describe, expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { KAFKA_MODES, settingsOf, type Values } from './support.ts'

describe('context values', () => {
  test('none at all are a development stage on a new serverless cluster', () => {
    expect(settingsOf({})).toMatchObject({
      stage: 'dev',
      kafka: { mode: 'msk-new', cluster: 'serverless' },
      architecture: 'arm64',
      feeds: true,
      local: false,
    })
  })

  test('bring feeds only where nobody else writes, and expect trades only where someone does', () => {
    const all = EXCHANGES.map(({ name }) => name)
    const read = (values: Values) => {
      const { feeds, expected } = settingsOf(values)
      return [feeds, [...expected]]
    }
    expect(read({})).toEqual([true, all])
    expect(read({ feeds: 'off' })).toEqual([false, []])
    expect(read({ stage: 'prod' })).toEqual([false, []])
    expect(read({ stage: 'prod', expect: 'kraken' })).toEqual([false, ['kraken']])
    expect(read(KAFKA_MODES['self-managed'])).toEqual([false, all])
    expect(read({ ...KAFKA_MODES['msk-arn'], expect: 'none' })).toEqual([false, []])
  })

  test('say within how many seconds trades are in Gold, which is ten unless they do', () => {
    expect([{}, { freshness: '5' }, { freshness: 300 }].map(values => settingsOf(values).freshness)).toEqual([
      10, 5, 300,
    ])
    for (const freshness of ['4', '301'])
      expect(() => settingsOf({ freshness })).toThrow(
        `The context value freshness is ${freshness}: give seconds from 5 to 300.`,
      )
  })

  test('are read as text and as JSON alike', () => {
    expect(settingsOf({ bronzeConcurrency: '5', local: 'true' })).toMatchObject({ bronzeConcurrency: 5, local: true })
    expect(settingsOf({ bronzeConcurrency: 5, local: true })).toMatchObject({ bronzeConcurrency: 5, local: true })
  })

  test('of the CDK itself are left to it', () => {
    expect(settingsOf({ '@aws-cdk/core:x': true, 'aws:cdk:y': 'z', 'availability-zones:account=1': '' }).stage).toBe(
      'dev',
    )
  })

  test('say where Kafka is', () => {
    expect(settingsOf(KAFKA_MODES['self-managed']).kafka).toMatchObject({
      bootstrapServers: ['kafka-1.example.com:9096', 'kafka-2.example.com:9096'],
      login: 'scram-512',
    })
    expect(settingsOf(KAFKA_MODES['msk-arn']).kafka).toMatchObject({
      network: { subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] },
    })
  })

  const wrong: readonly (readonly [string, Values, RegExp])[] = [
    ['an unknown choice', { stage: 'production' }, /stage is production: give dev or prod/],
    [
      'an exchange that there is none of',
      { expect: 'binance,bourse' },
      /expect has bourse: give none, or some of binance/,
    ],
    ['a flag that is neither on nor off', { feeds: 'maybe' }, /feeds is maybe: give on or off/],
    ['an MSK cluster without its ARN', { kafka: 'msk-arn' }, /mskArn is missing/],
    ['an ARN of something else', { kafka: 'msk-arn', mskArn: 'arn:aws:s3:::x' }, /mskArn is arn:aws:s3:::x/],
    ['half of a network', { ...KAFKA_MODES['msk-arn'], kafkaSubnets: '' }, /go together/],
    ['no brokers', { kafka: 'self-managed' }, /bootstrapServers is missing/],
    [
      'a broker without a port',
      { kafka: 'self-managed', bootstrapServers: 'a' },
      /bootstrapServers has a: give host:port/,
    ],
    ['no secret', { kafka: 'self-managed', bootstrapServers: 'a:1' }, /kafkaSecretArn is missing/],
    [
      'an alias of a key',
      { ...KAFKA_MODES['self-managed'], kafkaSecretKeyArn: 'arn:aws:kms:eu-central-1:111122223333:alias/kafka' },
      /kafkaSecretKeyArn is arn.*alias\/kafka: give the ARN of a KMS key/,
    ],
    ['a zone without its letter', { zones: 'eu-central-1,eu-central-1b' }, /zones has eu-central-1: give names/],
    ['one zone', { zones: 'eu-central-1a' }, /zones is eu-central-1a: give 2 different/],
    ['one zone twice', { zones: 'eu-central-1a,eu-central-1a' }, /give 2 different/],
    ['no login', { ...KAFKA_MODES['self-managed'], kafkaLogin: 'none' }, /none only with local=true/],
    ['pollers the wrong way round', { pollers: '5-2' }, /pollers is 5-2/],
    ['no concurrency', { bronzeConcurrency: '0' }, /bronzeConcurrency is 0/],
    [
      'a name that is spelt wrong',
      { bronzeConcurency: '5' },
      /^The context value bronzeConcurency is none that a deployment with kafka=msk-new has: .* arch, bronzeConcurrency, /,
    ],
    [
      'a value of another Kafka mode',
      { mskArn: KAFKA_MODES['msk-arn'].mskArn },
      /^The context value mskArn is none that a deployment with kafka=msk-new has: /,
    ],
    ['an address without a host', { pageEmail: 'me' }, /pageEmail is me: give an e-mail address/],
  ]
  test.each(wrong)('%s is refused in one line', (_, values, message) => {
    const read = () => settingsOf(values)
    expect(read).toThrow(BadInput)
    expect(read).toThrow(message)
    expect(read).not.toThrow(/\n/)
  })
})
