import { describe, expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import { checkRegion } from '../../infra/regions.ts'
import { KAFKA_MODES, settingsOf, type Values } from './support.ts'

const check = (values: Values, region: string | undefined) => () => checkRegion(settingsOf(values), region)

describe('a region', () => {
  test.each(['eu-central-1', 'us-east-1', 'ap-northeast-2'])('%s has MSK Serverless', region => {
    expect(check({}, region)).not.toThrow()
  })

  test.each(['eu-south-1', 'sa-east-1', 'us-west-1'])('%s has none, which is said before anything is made', region => {
    expect(check({}, region)).toThrow(BadInput)
    expect(check({}, region)).toThrow(
      /^MSK Serverless is not in \S+: deploy with -c mskCluster=provisioned, or to one of /,
    )
    expect(check(KAFKA_MODES['msk-new, provisioned'], region)).not.toThrow()
  })

  test.each([
    ['mskArn', KAFKA_MODES['msk-arn']],
    ['kafkaSecretArn', KAFKA_MODES['self-managed']],
  ])('is that of %s', (name, values) => {
    expect(check(values, 'eu-central-1')).not.toThrow()
    expect(check(values, 'eu-west-1')).toThrow(BadInput)
    expect(check(values, 'eu-west-1')).toThrow(
      `The context value ${name} is of eu-central-1: give one of eu-west-1, or deploy to eu-central-1.`,
    )
  })

  test('that the CLI does not know yet is not checked', () => {
    expect(check({}, undefined)).not.toThrow()
  })

  test('has the zones that are asked for', () => {
    const zones = 'eu-central-1a,eu-central-1b'
    expect(check({ zones }, 'eu-central-1')).not.toThrow()
    expect(check({ zones }, 'eu-west-1')).toThrow(/zones has eu-central-1a, which is not in eu-west-1/)
  })
})
