/** A deployed lake, looked at from here: its stack's outputs name its parts, queries run in this process. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { awsClients, requestLimit } from '../adapters/aws-clients.ts'
import { awsError } from '../adapters/aws-errors.ts'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { bundledRegistry } from '../adapters/bundled-registry.ts'
import { duckDbEngine } from '../adapters/duckdb-engine.ts'
import { dynamoDbState } from '../adapters/dynamodb-state.ts'
import { liveFunctions } from '../adapters/lambda-live.ts'
import { s3Store } from '../adapters/s3-store.ts'
import { systemClock, systemIds, systemScratch } from '../adapters/system.ts'
import { BadInput } from '../domain/errors.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import type { ReadableLake } from '../domain/lake.ts'
import { parseRetention, type RetentionSettings } from '../domain/retention.ts'
import { allTables } from '../domain/tables.ts'

const ENGINE = { threads: 2, memoryLimit: '1GB' }

type StackOutputs = Readonly<Record<string, string>>

/** The outputs of a stack by name, and how far this machine's clock is ahead of AWS's. @throws BadInput where there is no such stack */
async function describeStack(
  stack: string,
  now: () => number,
): Promise<{ readonly outputs: StackOutputs; readonly clockAheadMs: number }> {
  const client = new CloudFormationClient({ requestHandler: requestLimit() })
  let clockAheadMs = 0
  client.middlewareStack.add(
    next => async args => {
      const sent = now()
      const answer = await next(args)
      const { headers = {} } = answer.response as { readonly headers?: Readonly<Record<string, string>> }
      const theirs = Date.parse(headers.date ?? '')
      // It was written between the two: an answer that took long is no clock that is wrong.
      if (theirs < sent) clockAheadMs = sent - theirs
      else if (theirs > now()) clockAheadMs = now() - theirs
      return answer
    },
    { step: 'deserialize' },
  )
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack })).catch(error => {
    // CloudFormation's answer for a stack that does not exist is a ValidationError.
    if ((error as Error).name === 'ValidationError')
      throw new BadInput(`There is no stack ${stack} in this account and region: deploy it, or give another --stack.`)
    throw awsError(error, `Reading the stack ${stack}`)
  })
  const outputs = Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  )
  return { outputs, clockAheadMs }
}

/** A lake and the functions that work on it. */
export interface DeployedLake extends ReadableLake {
  /** The value of an output of the stack. @throws BadInput where the stack has no such output */
  output(name: string): string
  readonly stack: string
  /** How far this machine's clock is ahead of AWS's, which tells whole seconds. */
  readonly clockAheadMs: number
  /** Names of all its functions. */
  functions(): string[]
  /** How long its tables keep rows, where it was told. */
  retention(): Promise<RetentionSettings>
}

/** Opens the lake of a stack for reading. Where Kafka's topics end is not known here. @throws BadInput */
export async function openDeployedLake(stack: string): Promise<DeployedLake> {
  const clock = systemClock()
  const { outputs, clockAheadMs } = await describeStack(stack, clock.now)
  const output = (name: string) => {
    const value = outputs[name]
    if (!value) throw new BadInput(`The stack ${stack} has no output ${name}: it is not a lake, or an older one.`)
    return value
  }
  const { s3, dynamo } = awsClients()
  const ids = systemIds()
  const scratch = systemScratch()
  const engine = await duckDbEngine({ ...ENGINE, tempDirectory: scratch.path('duckdb') })
  return {
    exchanges: EXCHANGES,
    topics: undefined,
    ports: {
      store: s3Store({ client: s3, bucket: output('Bucket'), ids, scratch }),
      state: dynamoDbState({
        client: dynamo,
        tables: { state: output('StateTable'), catalog: output('CatalogTable') },
      }),
      registry: bundledRegistry(),
      engine,
      clock,
      ids,
      scratch,
    },
    output,
    stack,
    clockAheadMs,
    functions: () =>
      Object.entries(outputs)
        .flatMap(([name, value]) => (name.endsWith('Function') ? [value] : []))
        .sort(),
    retention: () => retentionOf(output('MaintainFunction')),
    close: () => engine.close(),
  }
}

/** What maintenance's function was deployed with. */
async function retentionOf(functionName: string): Promise<RetentionSettings> {
  const { variables } = await liveFunctions()(functionName)
  const text = variables[VARIABLES.retention]
  return text ? parseRetention(text, allTables()) : {}
}
