/** What Lambda says of an event source mapping. */
import { GetEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { requestLimit } from './aws-clients.ts'
import { awsError } from './aws-errors.ts'

/** In Lambda's words (Lambda API reference, "GetEventSourceMapping"). */
export interface MappingStatus {
  /** `Creating`, `Enabling`, `Enabled`, `Disabling`, `Disabled`, `Updating` or `Deleting`. */
  readonly state: string
  /** Why it is in that state: for Kafka also what is wrong with network, secret or grants. */
  readonly reason: string
  /** `No records processed`, `OK`, or what went wrong. */
  readonly result: string
}

export interface Mappings {
  /** @throws what the client throws where Lambda does not answer */
  status(uuid: string): Promise<MappingStatus>
  close(): void
}

export function lambdaMappings(): Mappings {
  const client = new LambdaClient({ requestHandler: requestLimit() })
  return {
    async status(UUID) {
      const { State, StateTransitionReason, LastProcessingResult } = await client
        .send(new GetEventSourceMappingCommand({ UUID }))
        .catch(error => {
          throw awsError(error, `Reading the event source mapping ${UUID}`)
        })
      return { state: State ?? '', reason: StateTransitionReason ?? '', result: LastProcessingResult ?? '' }
    },
    close: () => client.destroy(),
  }
}
