/** A deployed lake, looked at from here: its stack's outputs name its parts, queries run in this process. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { awsClients, requestLimit } from '../adapters/aws-clients.ts'
import { awsError } from '../adapters/aws-errors.ts'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { bundledRegistry } from '../adapters/bundled-registry.ts'
import { duckDbEngine } from '../adapters/duckdb-engine.ts'
import { dynamoDbState } from '../adapters/dynamodb-state.ts'
import { s3Store } from '../adapters/s3-store.ts'
import { systemClock, systemIds, systemScratch } from '../adapters/system.ts'
import { BadInput } from '../domain/errors.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import type { ReadableLake } from '../domain/lake.ts'
import { parseRetention, type RetentionSettings } from '../domain/retention.ts'
import { allTables } from '../domain/tables.ts'

const REQUEST_MS = 10_000
const ENGINE = { threads: 2, memoryLimit: '1GB' }

type StackOutputs = Readonly<Record<string, string>>

/** The outputs of a stack by name. @throws BadInput where there is no such stack */
async function stackOutputs(stack: string): Promise<StackOutputs> {
  const client = new CloudFormationClient({ requestHandler: requestLimit(REQUEST_MS) })
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack })).catch(error => {
    // CloudFormation's answer for a stack that does not exist is a ValidationError.
    if ((error as Error).name === 'ValidationError')
      throw new BadInput(`There is no stack ${stack} in this account and region: deploy it, or give another --stack.`)
    throw awsError(error, `Reading the stack ${stack}`)
  })
  return Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  )
}

/** A lake and the functions that work on it. */
export interface DeployedLake extends ReadableLake {
  /** The value of an output of the stack. @throws BadInput where the stack has no such output */
  output(name: string): string
  readonly stack: string
  /** Names of all its functions. */
  functions(): string[]
  /** How long its tables keep rows, where it was told. */
  retention(): Promise<RetentionSettings>
}

/** Opens the lake of a stack for reading. Where Kafka's topics end is not known here. @throws BadInput */
export async function openDeployedLake(stack: string): Promise<DeployedLake> {
  const outputs = await stackOutputs(stack)
  const output = (name: string) => {
    const value = outputs[name]
    if (!value) throw new BadInput(`The stack ${stack} has no output ${name}: it is not a lake, or an older one.`)
    return value
  }
  const { s3, dynamo } = awsClients()
  const clock = systemClock()
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
  const client = new LambdaClient({ requestHandler: requestLimit(REQUEST_MS) })
  const { Environment } = await client
    .send(new GetFunctionConfigurationCommand({ FunctionName: functionName }))
    .catch(error => {
      throw awsError(error, `Reading the configuration of ${functionName}`)
    })
  const text = Environment?.Variables?.[VARIABLES.retention]
  return text ? parseRetention(text, allTables()) : {}
}
