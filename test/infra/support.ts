/** Templates of the deployment, with placeholders for the functions' code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { afterAll } from 'vitest'
import cdkJson from '../../cdk.json' with { type: 'json' }
import { readSettings } from '../../infra/context.ts'
import { type Deployment, deploymentOf } from '../../infra/deployment.ts'

export type Values = Readonly<Record<string, unknown>>

/** The context values of each of the three Kafka modes. */
export const KAFKA_MODES = {
  'msk-new': { kafka: 'msk-new' },
  'msk-new, provisioned': { kafka: 'msk-new', mskCluster: 'provisioned' },
  'msk-arn': {
    kafka: 'msk-arn',
    mskArn: 'arn:aws:kafka:eu-central-1:111122223333:cluster/trades/0a1b2c3d-4e5f-6789-abcd-0123456789ab-2',
    kafkaVpc: 'vpc-0123456789abcdef0',
    kafkaSubnets: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
    kafkaSecurityGroup: 'sg-0123456789abcdef0',
  },
  'self-managed': {
    kafka: 'self-managed',
    bootstrapServers: 'kafka-1.example.com:9096,kafka-2.example.com:9096',
    kafkaSecretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:kafka-AbCdEf',
  },
} as const satisfies Record<string, Values>

/** Each Kafka mode in production with a customer's key and a budget, and in development with feeds; and what the emulator gets. */
export const DEPLOYMENTS: Readonly<Record<string, Values>> = {
  ...Object.fromEntries(
    Object.entries(KAFKA_MODES).flatMap(([mode, values]) => [
      [`${mode}, prod`, { ...values, stage: 'prod', cmk: 'on', budget: 500 }],
      [`${mode}, feeds`, { ...values, feeds: 'on' }],
    ]),
  ),
  local: { kafka: 'self-managed', bootstrapServers: '127.0.0.1:9092', local: true, arch: 'x86_64' },
}

// The CDK leaves what it writes.
const outputs = mkdtempSync(join(tmpdir(), 'tradelake-cdk-'))
let made = 0
afterAll(() => rmSync(outputs, { recursive: true, force: true }))

export const settingsOf = (values: Values) => readSettings(name => values[name], Object.keys(values))

/** The stacks in an app with the context of cdk.json, as the CLI gives it. */
export function stacksOf(values: Values): Deployment & { readonly app: App } {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-placeholder-'))
  writeFileSync(join(folder, 'index.mjs'), 'export const handler = undefined\n')
  try {
    const app = new App({
      outdir: join(outputs, String(made++)),
      context: { ...cdkJson.context, 'aws:cdk:disable-stack-trace': true },
    })
    const assets = {
      code: () => Code.fromAsset(folder),
      engineLayer: Code.fromAsset(folder),
      build: '0.0.0+0123456789ab',
    }
    return { app, ...deploymentOf(app, settingsOf(values), assets) }
  } finally {
    // Assets are copied when their construct is made.
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The stack of the functions. */
export function templateOf(values: Values): Template {
  return Template.fromStack(stacksOf(values).stack)
}

/** The stack of what is kept. */
export function dataTemplateOf(values: Values): Template {
  return Template.fromStack(stacksOf(values).data)
}
