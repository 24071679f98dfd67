/** Rules that hold of every resource of a kind, in every deployment that the context values describe. */
import type { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { DEPLOYMENTS, templateOf } from './support.ts'

interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  readonly Properties?: any
  readonly DependsOn?: readonly string[]
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

interface Statement {
  readonly Effect: string
  readonly Principal?: { readonly Service?: string }
  readonly Action: string | readonly string[]
  readonly Condition?: Readonly<Record<string, unknown>>
}

const resourcesOf = (template: Template): Record<string, Resource> => template.toJSON().Resources
const ofType = (template: Template, type: string) =>
  Object.entries(resourcesOf(template)).filter(([, resource]) => resource.Type === type)

describe.each(Object.entries(DEPLOYMENTS))('deployed with %s', (_, values) => {
  const template = templateOf(values)

  test('every topic that an alarm notifies lets the alarms of this stack and account publish, and no other', () => {
    const alarms = ofType(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties)
    const notified = new Set(
      alarms.flatMap(({ AlarmActions, OKActions }) => [...AlarmActions, ...OKActions].map(action => action.Ref)),
    )
    expect(notified.size).toBe(2)
    const stackName = alarms[0].AlarmName.split('/')[0]
    for (const topic of notified) {
      const policies = ofType(template, 'AWS::SNS::TopicPolicy').filter(([, { Properties }]) =>
        Properties.Topics.some(({ Ref }: { Ref: string }) => Ref === topic),
      )
      const statements: Statement[] = policies.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      const allowed = statements.filter(
        ({ Effect, Principal }) => Effect === 'Allow' && Principal?.Service === 'cloudwatch.amazonaws.com',
      )
      expect(allowed, topic).toHaveLength(1)
      expect(allowed[0]).toMatchObject({
        Action: 'sns:Publish',
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      })
      const source = JSON.stringify(allowed[0].Condition?.ArnLike)
      expect(source).toContain(`:alarm:${stackName}/*"`)
      // The alarms' own names are under what the condition allows.
      for (const { AlarmName } of alarms) expect(AlarmName.startsWith(`${stackName}/`)).toBe(true)
    }
  })

  test('nothing that reads or writes a topic is made before the topics', () => {
    const [[topics]] = ofType(template, 'Custom::KafkaTopics')
    const services = ofType(template, 'AWS::ECS::Service')
    const mappings = ofType(template, 'AWS::Lambda::EventSourceMapping').filter(
      ([, { Properties }]) => Properties.Topics,
    )
    expect(services).toHaveLength(values.feeds === 'on' ? EXCHANGES.length : 0)
    expect(mappings).toHaveLength(EXCHANGES.length + 1)
    for (const [id, { DependsOn }] of [...services, ...mappings]) expect(DependsOn, id).toContain(topics)
  })

  test('a feed has given up waiting for Kafka before its failed health checks count', () => {
    for (const [, { Properties }] of ofType(template, 'AWS::ECS::TaskDefinition')) {
      const [{ Command, HealthCheck }] = Properties.ContainerDefinitions
      const wait = Command[Command.indexOf('--wait') + 1]
      expect(wait).toBe('4m')
      expect(HealthCheck.StartPeriod).toBe(300)
    }
  })
})
