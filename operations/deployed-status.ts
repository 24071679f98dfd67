/** What only a deployment has: which build its functions are, and the alarms that ring. */
import { CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch'
import { requestLimit } from '../adapters/aws-clients.ts'
import { awsError } from '../adapters/aws-errors.ts'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { liveFunctions } from '../adapters/lambda-live.ts'
import type { DeployedLake } from './deployed-lake.ts'

export interface DeploymentStatus {
  readonly functions: readonly {
    readonly name: string
    readonly build: string | undefined
    readonly deployed: string
  }[]
  readonly alarms: readonly { readonly name: string; readonly since: string; readonly reason: string }[]
}

export async function deploymentStatus(lake: Pick<DeployedLake, 'functions' | 'stack'>): Promise<DeploymentStatus> {
  const live = liveFunctions()
  const functions: DeploymentStatus['functions'][number][] = []
  for (const name of lake.functions()) {
    const { variables, deployed } = await live(name)
    functions.push({ name, build: variables[VARIABLES.build], deployed })
  }
  return {
    functions,
    alarms: await ringing(new CloudWatchClient({ requestHandler: requestLimit() }), lake.stack),
  }
}

/** The stack's alarms have its name before theirs (infra/alarms.ts). */
async function ringing(client: CloudWatchClient, stack: string): Promise<DeploymentStatus['alarms']> {
  const query = { AlarmNamePrefix: `${stack}/`, StateValue: 'ALARM' as const }
  const alarms: DeploymentStatus['alarms'][number][] = []
  try {
    for await (const { MetricAlarms = [], CompositeAlarms = [] } of paginateDescribeAlarms({ client }, query))
      for (const { AlarmName = '', StateUpdatedTimestamp, StateReason = '' } of [...MetricAlarms, ...CompositeAlarms])
        alarms.push({ name: AlarmName, since: StateUpdatedTimestamp?.toISOString() ?? '', reason: StateReason })
  } catch (error) {
    throw awsError(error, `Reading the alarms of ${stack}`)
  }
  return alarms.sort((a, b) => (a.name < b.name ? -1 : 1))
}
