/** The topics' Lambda: a custom resource of the deployment, which it tells of its success or failure. */
import type { Admin } from '@platformatic/kafka'
import { ensureTopics } from '../../adapters/kafka-topics.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Clock, Telemetry } from '../../domain/ports.ts'
import type { TopicDefinition } from '../../domain/topics.ts'
import { handlerOf } from '../invocation.ts'

/** CloudFormation's request (CloudFormation user guide, "Custom resource request objects"). */
export interface TopicsEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete'
  readonly ResponseURL: string
  readonly StackId: string
  readonly RequestId: string
  readonly LogicalResourceId: string
  readonly PhysicalResourceId?: string
  /** `topics`: JSON of TopicDefinition[]. */
  readonly ResourceProperties: { readonly topics: string }
}

export function topicsHandler(telemetry: Telemetry, clock: Pick<Clock, 'sleep'>, connect: () => Promise<Admin>) {
  return handlerOf<TopicsEvent, void>(telemetry, {}, async (event, { log }) => {
    let failure: string | undefined
    try {
      // Topics stay when the stack goes: they hold records that no table may have yet.
      if (event.RequestType !== 'Delete') {
        const topics = JSON.parse(event.ResourceProperties.topics) as TopicDefinition[]
        const admin = await connect()
        try {
          log.info('topics', { ...(await ensureTopics(admin, topics, clock)) })
        } finally {
          await admin.close()
        }
      }
    } catch (error) {
      failure = messageOf(error)
      log.error('topics failed', { failure })
    }
    const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = 'topics' } = event
    const Status = failure === undefined ? 'SUCCESS' : 'FAILED'
    const body = { Status, Reason: failure, PhysicalResourceId, StackId, RequestId, LogicalResourceId }
    const answer = await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`CloudFormation did not take the answer: ${answer.status}`)
  })
}
