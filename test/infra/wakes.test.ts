/** What starts Gold and the candles between their schedules. */
import type { Template } from 'aws-cdk-lib/assertions'
import { expect, test } from 'vitest'
import { dataTemplateOf, KAFKA_MODES, templateOf, type Values } from './support.ts'

const SELF_MANAGED = KAFKA_MODES['self-managed']
const template = templateOf(SELF_MANAGED)
const data = dataTemplateOf(SELF_MANAGED)

type Resource = readonly [id: string, resource: { readonly Properties: Readonly<Record<string, unknown>> }]
const resources = (of: Template, type: string) => Object.entries(of.findResources(type)) as unknown as Resource[]

test('new items on the lists of Gold and the candles start them, those of Gold after what freshness leaves', () => {
  const mappingsOf = (values: Values) =>
    resources(templateOf({ ...SELF_MANAGED, ...values }), 'AWS::Lambda::EventSourceMapping')
      .map(([, { Properties }]) => Properties)
      .filter(({ FilterCriteria }) => FilterCriteria !== undefined)
  const items = (...lists: string[]) => ({
    eventName: ['INSERT'],
    dynamodb: { Keys: { pk: { S: lists }, sk: { S: [{ prefix: '0' }] } } },
  })
  const golds = ['pending#gold_binance', 'pending#gold_kraken', 'pending#gold_coinbase']
  const common = { StartingPosition: 'LATEST', MaximumRetryAttempts: 0, BatchSize: 10_000, Enabled: true }
  const found = mappingsOf({}).map(({ FilterCriteria, ...rest }) => ({
    ...rest,
    pattern: JSON.parse((FilterCriteria as { Filters: { Pattern: string }[] }).Filters[0].Pattern),
  }))
  expect(found).toEqual([
    expect.objectContaining({ ...common, MaximumBatchingWindowInSeconds: 6, pattern: items(...golds) }),
    expect.objectContaining({ ...common, MaximumBatchingWindowInSeconds: 0, pattern: items('pending#ohlcv') }),
  ])
  data.hasResourceProperties('AWS::DynamoDB::Table', { StreamSpecification: { StreamViewType: 'KEYS_ONLY' } })
  const windows = (freshness: string) =>
    mappingsOf({ freshness }).map(({ MaximumBatchingWindowInSeconds: seconds }) => seconds)
  expect([windows('5'), windows('60')]).toEqual([
    [2, 0],
    [46, 0],
  ])
  const bronze = resources(templateOf({ ...SELF_MANAGED, freshness: '60' }), 'AWS::Lambda::EventSourceMapping')
    .map(([, { Properties }]) => Properties)
    .filter(({ Topics }) => Topics !== undefined)
  expect(bronze.map(({ MaximumBatchingWindowInSeconds: seconds }) => seconds)).toEqual([12, 12, 12, 5])
})

test('with shares=exchange they start as often at once as there are exchanges, each with a list and a lease of its own', () => {
  const shared = templateOf({ ...SELF_MANAGED, shares: 'exchange' })
  const mappings = resources(shared, 'AWS::Lambda::EventSourceMapping')
    .map(([, { Properties }]) => Properties)
    .filter(({ FilterCriteria }) => FilterCriteria !== undefined)
  const lists = mappings.map(({ FilterCriteria }) => {
    const [{ Pattern }] = (FilterCriteria as { Filters: { Pattern: string }[] }).Filters
    return JSON.parse(Pattern).dynamodb.Keys.pk.S
  })
  expect(lists).toEqual([
    ['pending#gold_binance', 'pending#gold_kraken', 'pending#gold_coinbase'],
    ['pending#ohlcv_binance', 'pending#ohlcv_kraken', 'pending#ohlcv_coinbase'],
  ])
  // A stream is to have two readers, not one for each list.
  expect(mappings.map(({ ParallelizationFactor: factor }) => factor)).toEqual([3, 3])
  const told = (of: Template) =>
    resources(of, 'AWS::Lambda::Function')
      .map(([, { Properties }]) => Properties as { FunctionName: string; Environment?: { Variables: object } })
      .filter(({ Environment }) => Environment && 'TRADELAKE_SHARES' in Environment.Variables)
      .map(({ FunctionName, Environment }) => [FunctionName, Environment?.Variables])
  expect(told(template)).toEqual([])
  const shares = expect.objectContaining({ TRADELAKE_SHARES: 'exchange' })
  expect(told(shared)).toEqual([
    ['tradelake-dev-ohlcv', shares],
    ['tradelake-dev-gold', shares],
  ])
  for (const [of, leases] of [
    [template, ['lease#gold']],
    [shared, ['lease#gold_binance', 'lease#gold_coinbase', 'lease#gold_kraken']],
  ] as const)
    expect(JSON.stringify(of.toJSON()).match(/lease#gold\w*/g)).toEqual(leases)
})
