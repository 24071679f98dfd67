/** A provisioned cluster: as many copies as a zone may fail without, and disks that the rate of trades does not fill. */
import { describe, expect, test } from 'vitest'
import { brokerDisks } from '../../infra/broker-disks.ts'
import { dataTemplateOf, KAFKA_MODES, type Values } from './support.ts'

// biome-ignore lint/suspicious/noExplicitAny: templates are JSON
type Json = any
const resourcesOf = (values: Values, type: string): Json[] =>
  Object.values(dataTemplateOf({ ...KAFKA_MODES['msk-new, provisioned'], ...values }).findResources(type)).map(
    ({ Properties }: Json) => Properties,
  )
const propertiesOf = (values: Values) => {
  const [cluster] = resourcesOf(values, 'AWS::MSK::Cluster')
  const [configuration] = resourcesOf(values, 'AWS::MSK::Configuration')
  const { BrokerNodeGroupInfo: group, NumberOfBrokerNodes: brokers } = cluster
  return {
    brokers,
    subnets: group.ClientSubnets.length,
    gib: group.StorageInfo.EBSStorageInfo.VolumeSize,
    settings: configuration.ServerProperties.split('\n').filter((line: string) => /replica/.test(line)),
  }
}

describe('a provisioned cluster', () => {
  test('has in production three zones and copies, of which two must have a record', () => {
    expect(propertiesOf({ stage: 'prod' })).toMatchObject({
      ...{ brokers: 3, subnets: 3 },
      settings: ['default.replication.factor=3', 'min.insync.replicas=2'],
    })
    expect(propertiesOf({})).toMatchObject({
      ...{ brokers: 2, subnets: 2 },
      settings: ['default.replication.factor=2', 'min.insync.replicas=1'],
    })
    expect(propertiesOf({ stage: 'prod', mskZones: '2' })).toMatchObject({ brokers: 2, subnets: 2 })
    expect(propertiesOf({ stage: 'prod', zones: 'eu-central-1a,eu-central-1b,eu-central-1c' }).subnets).toBe(3)
    expect(() => propertiesOf({ stage: 'prod', zones: 'eu-central-1a,eu-central-1b' })).toThrow('give 3 different')
  })

  test('has disks for four days of the records of its rate, twice over, which grow by themselves', () => {
    // 10,000/s of 105 bytes, half as much again, for 345,600 s are 507 GiB for each copy.
    expect(propertiesOf({ rate: 10_000 }).gib).toBe(1_014)
    expect(propertiesOf({ rate: 10_000, stage: 'prod' }).gib).toBe(1_014)
    const [target] = resourcesOf({ rate: 10_000 }, 'AWS::ApplicationAutoScaling::ScalableTarget')
    expect(target).toMatchObject({
      ...{ ServiceNamespace: 'kafka', ScalableDimension: 'kafka:broker-storage:VolumeSize' },
      ...{ MinCapacity: 1_014, MaxCapacity: 10_140 },
    })
    const [policy] = resourcesOf({}, 'AWS::ApplicationAutoScaling::ScalingPolicy')
    expect(policy.TargetTrackingScalingPolicyConfiguration).toEqual({
      DisableScaleIn: true,
      PredefinedMetricSpecification: { PredefinedMetricType: 'KafkaBrokerStorageUtilization' },
      TargetValue: 55,
    })
    expect(() => propertiesOf({ rate: 'many' })).toThrow('give trades a second, from 1 to 999999')
  })
})

test('a quiet partition keeps no week-long segment: its records would fill the disks', () => {
  const { ServerProperties } = resourcesOf({}, 'AWS::MSK::Configuration')[0]
  const [, rollMs] = /^log\.roll\.ms=(\d+)$/m.exec(ServerProperties) ?? []
  // 138/s of 105 bytes, half as much again, the oldest of them four days and a segment ago, on disks that grow from 55 % on.
  const gib = (138 * 1.5 * 105 * (4 * 86_400 + Number(rollMs) / 1000)) / 2 ** 30
  expect(gib / brokerDisks(138, 2, 2).gib).toBeLessThan(0.55)
})

test('disks grow where MSK lets them, which is known while the stack is deployed', () => {
  const template = dataTemplateOf(KAFKA_MODES['msk-new, provisioned']).toJSON()
  const growing = Object.values<Json>(template.Resources).filter(({ Type }) => /ApplicationAutoScaling/.test(Type))
  expect(growing.map(({ Type }) => Type.split('::')[2])).toEqual(['ScalableTarget', 'ScalingPolicy'])
  const [condition, ...others] = new Set(growing.map(({ Condition }) => Condition))
  expect(others).toEqual([])
  const [{ 'Fn::Or': regions }] = template.Conditions[condition]['Fn::Not']
  expect(regions.map((each: Json) => each['Fn::Equals'])).toEqual(
    ['ap-northeast-3', 'af-south-1', 'ap-southeast-5'].map(region => [{ Ref: 'AWS::Region' }, region]),
  )
})

test('disks are never below 20 GiB, nor beyond what MSK has', () => {
  expect(brokerDisks(1, 2, 2)).toEqual({ gib: 20, mostGib: 200, suffice: true })
  expect(brokerDisks(999_999, 2, 2)).toEqual({ gib: 16_384, mostGib: 16_384, suffice: false })
  expect(() => propertiesOf({ rate: 200_000 })).toThrow('fill more than the 16384 GiB that a disk of MSK has at most')
})
