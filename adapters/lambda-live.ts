/** What a deployed function is where events go: the version behind its alias, not the one that was uploaded last. */
import { GetAliasCommand, GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { requestLimit } from './aws-clients.ts'
import { awsError } from './aws-errors.ts'

/** The alias that events go to (infra/release.ts). */
export const LIVE = 'live'

export interface LiveFunction {
  readonly variables: Readonly<Record<string, string>>
  /** When this version was made, as Lambda writes it. */
  readonly deployed: string
}

/** Reads live functions by name. While a new version gets a share of the events, the old one is live. */
export function liveFunctions(): (name: string) => Promise<LiveFunction> {
  const lambda = new LambdaClient({ requestHandler: requestLimit() })
  return async FunctionName => {
    try {
      const { FunctionVersion: Qualifier } = await lambda.send(new GetAliasCommand({ FunctionName, Name: LIVE }))
      const { Environment, LastModified = '' } = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName, Qualifier }),
      )
      return { variables: Environment?.Variables ?? {}, deployed: LastModified }
    } catch (error) {
      throw awsError(error, `Reading the configuration of ${FunctionName}`)
    }
  }
}
