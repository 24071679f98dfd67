/** What the web application's function may do: read everything, write what is users'. */
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { allTables } from '../../domain/tables.ts'
import { allowsItem, statementsOf } from './policies.ts'
import { DEPLOYMENTS, stacksOf, templateOf } from './support.ts'

const WRITES = ['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem']

describe.each(Object.entries(DEPLOYMENTS))('deployed with %s', (_, values) => {
  const template = templateOf(values)
  const [[, { Properties }]] = Object.entries(template.findResources('AWS::Lambda::Function')).filter(([, found]) =>
    String(found.Properties.FunctionName).endsWith('-api'),
  )
  const statements = statementsOf(template, Properties.FunctionName)
  const mayOnCatalog = (action: string, partition: string) => allowsItem(statements, action, 'LakeCatalog', partition)
  const mayOnState = (action: string, partition: string) => allowsItem(statements, action, 'LakeState', partition)

  test('it reads every pointer, and moves none of the pipeline’s', () => {
    for (const { name } of allTables()) {
      expect(mayOnCatalog('dynamodb:GetItem', `market_data.${name}`)).toBe(true)
      for (const action of WRITES) expect(mayOnCatalog(action, `market_data.${name}`)).toBe(false)
    }
    for (const partition of ['research.t', 'market_data_of_mine.t', 'NAMESPACE', 'TABLES research', 'FOLDERS'])
      for (const action of ['dynamodb:GetItem', 'dynamodb:Query', ...WRITES])
        expect(mayOnCatalog(action, partition), `${action} ${partition}`).toBe(true)
  })

  test('of the state it writes keys and requests alone, and reads what waits, but no checkpoint', () => {
    for (const partition of ['keys', 'request#0b1c'])
      for (const action of ['dynamodb:GetItem', ...WRITES]) expect(mayOnState(action, partition)).toBe(true)
    for (const partition of ['lost_times', 'pending#gold_binance', 'pending#ohlcv', 'pending#silver_binance']) {
      for (const action of ['dynamodb:GetItem', 'dynamodb:Query'])
        expect(mayOnState(action, partition), partition).toBe(true)
      for (const action of WRITES) expect(mayOnState(action, partition), partition).toBe(false)
    }
    for (const partition of ['checkpoint#market.crypto.trades.binance', 'upkeep', 'keys2'])
      for (const action of ['dynamodb:GetItem', 'dynamodb:Query', ...WRITES])
        expect(mayOnState(action, partition), partition).toBe(false)
  })

  test('neither it nor the role that it gives to clients writes or deletes files of the pipeline', () => {
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties: policy }) =>
      policy.Roles.some(({ Ref }: { Ref: string }) => /^Api(?:Function|Files)/.test(Ref)),
    )
    expect(policies).toHaveLength(2)
    for (const { Properties: policy } of policies) {
      const objects = (policy.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[]).filter(
        ({ Action }) => [Action].flat().some(action => /^s3:(?:Put|Delete|Abort)/.test(action)),
      )
      expect(objects).toHaveLength(1)
      expect(JSON.stringify(objects[0].Resource)).toMatch(/\/user_tables\/\*"[^"]*$/)
      expect(JSON.stringify(objects[0].Resource)).not.toMatch(/market_data/)
    }
  })

  test('it may take on the role that it gives to clients, which trusts it alone', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties: policy }) =>
      (policy.PolicyDocument.Statement as { Action: string; Resource: { 'Fn::GetAtt': string[] } }[]).filter(
        ({ Action }) => Action === 'sts:AssumeRole',
      ),
    )
    const roles = template.findResources('AWS::IAM::Role')
    const [[name, files]] = Object.entries(roles).filter(([id]) => id.startsWith('ApiFiles'))
    const [own] = Object.keys(roles).filter(id => id.startsWith('ApiFunctionRole'))
    expect(statements).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: { 'Fn::GetAtt': [name, 'Arn'] } },
    ])
    expect(files.Properties.AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: { 'Fn::GetAtt': [own, 'Arn'] } } },
    ])
  })

  test('its URL leads to the version that is live, and asks for no signature of AWS', () => {
    const [url] = Object.values(template.findResources('AWS::Lambda::Url'))
    expect(url.Properties).toMatchObject({ AuthType: 'NONE', Qualifier: 'live' })
  })
})

test('a deployment without it has neither function nor URL', () => {
  const template = Template.fromStack(stacksOf({ api: 'off' }).stack)
  expect(template.findResources('AWS::Lambda::Url')).toEqual({})
  expect(template.toJSON().Outputs.ApiUrl).toBeUndefined()
})
