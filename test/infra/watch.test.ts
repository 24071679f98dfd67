import { readFileSync } from 'node:fs'
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { KAFKA_MODES, templateOf } from './support.ts'

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')
const template = templateOf({ ...KAFKA_MODES['self-managed'], feeds: 'on', pageEmail: 'night@example.com' })

interface AlarmProperties {
  readonly AlarmName: string
  readonly AlarmDescription: string
  readonly AlarmActions: readonly { Ref: string }[]
  readonly Threshold: number
}
const alarmsIn = (of: Template): AlarmProperties[] =>
  Object.values(of.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties)
let alarms: AlarmProperties[]
/** What a provisioned cluster has besides. */
let brokers: AlarmProperties[]
beforeAll(() => {
  alarms = alarmsIn(template)
  const prod = alarmsIn(templateOf({ ...KAFKA_MODES['msk-new, provisioned'], stage: 'prod' }))
  brokers = prod.filter(({ AlarmName }) => AlarmName.split('/')[1].startsWith('broker-'))
})
const kindOf = ({ AlarmName }: AlarmProperties) => AlarmName.split('/')[1]
const find = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `tradelake-dev/${name}`)
const topicOf = (alarm: AlarmProperties | undefined) => alarm?.AlarmActions[0].Ref.replace(/[0-9A-F]{8}$/, '')

describe('the runbook', () => {
  test('has a heading for each alarm, and no other', () => {
    const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(match => match[1])
    expect(headings.sort()).toEqual([...new Set([...alarms, ...brokers].map(kindOf))].sort())
  })

  test('tells of each alarm what it means, where to look and what to do', () => {
    for (const section of runbook.split(/^## /m).slice(1))
      for (const part of ['**Meaning**', '**First look**', '**Repair**']) expect(section).toContain(part)
  })

  test('is what each alarm points at', () => {
    for (const alarm of alarms) expect(alarm.AlarmDescription).toContain(`docs/runbook.md#${kindOf(alarm)}`)
  })
})

describe('alarms', () => {
  test('Binance lag of over 30 s pages; that of others over 120 s notifies', () => {
    expect(find('bronze-lag/binance')).toMatchObject({ Threshold: 30 })
    expect(topicOf(find('bronze-lag/binance'))).toBe('WatchPage')
    for (const { name } of EXCHANGES.filter(({ name }) => name !== 'binance')) {
      expect(find(`bronze-lag/${name}`)).toMatchObject({ Threshold: 120 })
      expect(topicOf(find(`bronze-lag/${name}`))).toBe('WatchNotify')
    }
  })

  test('no Bronze rows for five minutes are an alarm, also without any metric', () => {
    for (const { name } of EXCHANGES)
      expect(find(`bronze-silent/${name}`)).toMatchObject({
        MetricName: `${name}_bronze_records_ingested_total`,
        Namespace: 'tradelake-dev',
        Dimensions: [{ Name: 'service', Value: `bronze_${name}` }],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 5,
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      })
  })

  test('rates are over 10 % invalid and over 1 % repeated, by metric math', () => {
    expect(find('silver-invalid/kraken')).toMatchObject({
      Threshold: 10,
      Metrics: expect.arrayContaining([
        expect.objectContaining({ Expression: expect.stringContaining('100 * invalid_kraken') }),
      ]),
    })
    expect(find('gold-duplicates')).toMatchObject({ Threshold: 1 })
  })

  test('of a provisioned cluster are full disks, copies that are behind, and no controller', () => {
    const names = brokers.map(({ AlarmName }) => AlarmName.replace('tradelake-prod/', ''))
    expect(names.sort()).toEqual([
      ...[1, 2, 3].map(broker => `broker-behind/broker-${broker}`),
      'broker-controller',
      ...[1, 2, 3].map(broker => `broker-disk/broker-${broker}`),
    ])
    const named = (name: string) => brokers.find(({ AlarmName }) => AlarmName.endsWith(name))
    expect(named('broker-disk/broker-3')).toMatchObject({
      ...{ Namespace: 'AWS/Kafka', MetricName: 'KafkaDataLogsDiskUsed', Statistic: 'Maximum', Threshold: 75 },
      Dimensions: [
        { Name: 'Broker ID', Value: '3' },
        { Name: 'Cluster Name', Value: 'tradelake-prod-data-provisioned' },
      ],
    })
    expect(named('broker-behind/broker-1')).toMatchObject({ MetricName: 'UnderReplicatedPartitions', Threshold: 0 })
    expect(named('broker-controller')).toMatchObject({
      ...{ MetricName: 'ActiveControllerCount', Threshold: 1, ComparisonOperator: 'LessThanThreshold' },
    })
    expect(alarms.filter(({ AlarmName }) => AlarmName.includes('broker-'))).toEqual([])
  })

  test('ten minutes on a list page', () => {
    expect(find('oldest-pending')).toMatchObject({ Threshold: 600, MetricName: 'oldest_pending_seconds' })
    expect(topicOf(find('oldest-pending'))).toBe('WatchPage')
  })

  test('the event source tells how many records wait', () => {
    expect(find('kafka-offset-lag/binance')).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'OffsetLag' })
  })

  test('every function has its errors, throttles, time and memory watched, and every queue its dead letters', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.FunctionName as string | undefined)
      .filter(name => name !== undefined && !name.endsWith('-topics'))
    expect(functions).toHaveLength(2 * EXCHANGES.length + 7)
    const count = (kind: string) => alarms.filter(alarm => kindOf(alarm) === kind).length
    expect(count('function-errors')).toBe(functions.length)
    // Bronze and Silver are watched by their lags and errors.
    expect(count('function-slow')).toBe(6)
    expect(find('function-throttles')).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'Throttles' })
    expect(find('function-throttles')).not.toHaveProperty('Dimensions')
    expect(
      alarms
        .filter(alarm => kindOf(alarm) === 'function-memory')
        .map(({ Threshold }) => Threshold)
        .sort(),
    ).toEqual([512, 1_024, 1_769, 3_008].map(mebibytes => 0.9 * mebibytes).sort())
    const filtered = Object.values(template.findResources('AWS::Logs::MetricFilter')).filter(({ Properties }) =>
      String(Properties.FilterPattern).includes('maxMemoryUsedMB'),
    )
    expect(filtered).toHaveLength(functions.length)
    expect(alarms.filter(alarm => kindOf(alarm) === 'dead-letters')).toHaveLength(EXCHANGES.length + 1)
  })

  test('memory is read from the report that Lambda logs as JSON', () => {
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.record.metrics.maxMemoryUsedMB = "*" }',
      MetricTransformations: [Match.objectLike({ MetricValue: '$.record.metrics.maxMemoryUsedMB' })],
    })
    template.hasResourceProperties('AWS::Lambda::Function', { LoggingConfig: Match.objectLike({ LogFormat: 'JSON' }) })
  })

  test("a feed's log is searched for trades that it gave up, and for errors; Binance's errors page", () => {
    const own = { Namespace: 'tradelake-dev', Statistic: 'Sum', Threshold: 0, TreatMissingData: 'notBreaching' }
    for (const { name } of EXCHANGES) {
      expect(find(`feed-lost-trades/${name}`)).toMatchObject({ ...own, MetricName: `${name}_feed_lost_trades_total` })
      expect(find(`feed-errors/${name}`)).toMatchObject({ ...own, MetricName: `${name}_feed_errors_total` })
      expect(topicOf(find(`feed-errors/${name}`))).toBe(name === 'binance' ? 'WatchPage' : 'WatchNotify')
      const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup')).filter(id =>
        id.startsWith(`Feeds${name[0].toUpperCase()}${name.slice(1)}Log`),
      )
      template.hasResourceProperties('AWS::Logs::MetricFilter', {
        LogGroupName: { Ref: logGroup },
        FilterPattern: '{ $.message = "trades are lost" }',
        MetricTransformations: [
          Match.objectLike({ MetricName: `${name}_feed_lost_trades_total`, MetricValue: '$.trades' }),
        ],
      })
      template.hasResourceProperties('AWS::Logs::MetricFilter', {
        LogGroupName: { Ref: logGroup },
        FilterPattern: '{ $.level = "ERROR" }',
        MetricTransformations: [Match.objectLike({ MetricName: `${name}_feed_errors_total`, MetricValue: '1' })],
      })
    }
  })

  test('who gave an address gets an e-mail', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'night@example.com' })
    template.resourceCountIs('AWS::SNS::Subscription', 1)
  })
})
