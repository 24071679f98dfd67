/** The CDK app, deployed to an emulator as it would be to AWS. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DeleteBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import { TradelakeError } from '../domain/errors.ts'
import { installCdk } from '../infra/cdk/install.ts'
import type { KafkaMapping } from './bridge.ts'
import { clientOptions, type Emulator } from './ministack.ts'
import type { WakeMapping } from './wakes.ts'

const run = promisify(execFile)
const ROOT = new URL('..', import.meta.url).pathname
const CDK = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk')
const MAX_OUTPUT = 64 * 1024 * 1024

export interface Deployment {
  /** The stack of the functions. */
  readonly stack: string
  readonly outputs: Readonly<Record<string, string>>
  readonly mappings: readonly KafkaMapping[]
  /** The mappings of the state table's stream. */
  readonly wakes: readonly WakeMapping[]
  /** Removes the functions' stack alone; what it worked on stays. */
  destroyFunctions(): Promise<void>
  /** Removes both. */
  destroyAll(): Promise<void>
  /** Takes what stayed of a destroyed data stack into a new one, by the outputs of the functions' stack that was. */
  takeUp(outputs: Readonly<Record<string, string>>): Promise<void>
  /** Deploys both again, as they were synthesized. */
  deployAgain(): Promise<void>
}

/**
 * Synthesizes, bootstraps and deploys. `context` are the app's values (docs/deploy.md); `folder` is for the files that
 * this makes.
 * @throws TradelakeError with the last words of the command that failed
 */
export async function deployTo(
  emulator: Emulator,
  folder: string,
  context: Readonly<Record<string, string>>,
): Promise<Deployment> {
  await installCdk()
  const output = join(folder, 'cdk.out')
  const empty = join(folder, 'empty')
  mkdirSync(empty, { recursive: true })
  const env = {
    ...emulator.clientEnv,
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: folder,
    CI: 'true',
    CDK_DISABLE_VERSION_CHECK: '1',
  }
  const cdk = async (cwd: string, ...args: string[]) => {
    try {
      return await run(process.execPath, [CDK, ...args, '--no-notices', '--no-color'], {
        cwd,
        env,
        maxBuffer: MAX_OUTPUT,
      })
    } catch (error) {
      const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string }
      const words = `${stdout}\n${stderr}`.trim().split('\n').slice(-4).join(' | ')
      throw new TradelakeError(`cdk ${args[0]} failed: ${words}`, { cause: error })
    }
  }
  const values = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  await cdk(ROOT, 'synth', '--quiet', '--output', output, ...values)
  // In a folder with a cdk.json it would synthesize again, over what was just made.
  await cdk(empty, 'bootstrap', `aws://${emulator.account}/${emulator.region}`)
  await allowPlainHttp(emulator)
  const outputsFile = join(folder, 'outputs.json')
  const toOutput = ['--app', output, '--all']
  const deploy = () => cdk(empty, 'deploy', ...toOutput, '--require-approval', 'never', '--outputs-file', outputsFile)
  await deploy()
  const all = JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, Record<string, string>>
  const found = Object.entries(all).find(([, { GlueDatabase }]) => GlueDatabase !== undefined)
  if (!found) throw new TradelakeError('No stack of the deployment has the output GlueDatabase.')
  const [stack, outputs] = found
  const templateOf = (name: string) =>
    JSON.parse(readFileSync(join(output, `${name}.template.json`), 'utf8')) as Template
  return {
    stack,
    outputs,
    mappings: mappingsOf(templateOf(stack), outputs),
    wakes: wakesOf(templateOf(stack), outputs),
    destroyFunctions: async () =>
      void (await cdk(empty, 'destroy', '--app', output, stack, '--exclusively', '--force')),
    destroyAll: async () => void (await cdk(empty, 'destroy', ...toOutput, '--force')),
    async takeUp(kept) {
      // What a person answers when the command asks.
      const names = join(folder, 'names.json')
      const resources = Object.keys(templateOf(`${stack}-data`).Resources)
      const named = (type: string, property: string, name: string) => {
        const id = resources.find(resource => resource.startsWith(`Lake${type}`)) ?? type
        return [id, { [property]: name }]
      }
      const mapping = [
        named('Bucket', 'BucketName', kept.Bucket),
        named('State', 'TableName', kept.StateTable),
        named('Catalog', 'TableName', kept.CatalogTable),
      ]
      writeFileSync(names, JSON.stringify(Object.fromEntries(mapping)))
      await cdk(empty, 'import', '--app', output, `${stack}-data`, '--resource-mapping', names)
    },
    deployAgain: async () => void (await deploy()),
  }
}

/**
 * The policy of the bootstrap bucket denies whatever comes without TLS, and an emulator that enforces IAM applies it.
 */
async function allowPlainHttp(emulator: Emulator): Promise<void> {
  const s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true })
  const Bucket = `cdk-hnb659fds-assets-${emulator.account}-${emulator.region}`
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }))
  s3.destroy()
}

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
  >
  readonly Outputs: Readonly<Record<string, { readonly Value: { readonly Ref?: string } }>>
}

/** Event source mappings of a template that have a property, each with its function's name: that of the output which refers to it. */
function mappingsWith(property: string, template: Template, outputs: Readonly<Record<string, string>>) {
  const nameOf = (properties: Readonly<Record<string, unknown>>) => {
    const [, alias = ''] = /"Ref":"(\w+)"/.exec(JSON.stringify(properties.FunctionName)) ?? []
    const reference = (template.Resources[alias]?.Properties.FunctionName as { Ref: string } | undefined)?.Ref
    const output = Object.entries(template.Outputs).find(([, { Value }]) => Value.Ref === reference)
    const name = output && outputs[output[0]]
    if (!name) throw new TradelakeError(`No output of the stack names the function ${reference}.`)
    return name
  }
  return Object.values(template.Resources)
    .filter(({ Type, Properties }) => Type === 'AWS::Lambda::EventSourceMapping' && Properties[property] !== undefined)
    .map(({ Properties }) => ({
      properties: Properties,
      functionName: nameOf(Properties),
      windowMs: 1000 * Number(Properties.MaximumBatchingWindowInSeconds ?? 0),
    }))
}

function mappingsOf(template: Template, outputs: Readonly<Record<string, string>>): KafkaMapping[] {
  return mappingsWith('Topics', template, outputs).map(({ properties, functionName, windowMs }) => {
    const source = (properties.SelfManagedKafkaEventSourceConfig ?? properties.AmazonManagedKafkaEventSourceConfig) as {
      ConsumerGroupId: string
    }
    return {
      topic: (properties.Topics as string[])[0],
      functionName,
      groupId: source.ConsumerGroupId,
      batchRecords: Number(properties.BatchSize),
      windowMs,
    }
  })
}

function wakesOf(template: Template, outputs: Readonly<Record<string, string>>): WakeMapping[] {
  return mappingsWith('FilterCriteria', template, outputs).map(({ properties, functionName, windowMs }) => {
    const { Filters } = properties.FilterCriteria as { readonly Filters: readonly { readonly Pattern: string }[] }
    const { pk, sk } = JSON.parse(Filters[0].Pattern).dynamodb.Keys
    return { partitions: pk.S, prefix: sk.S[0].prefix, functionName, windowMs }
  })
}
