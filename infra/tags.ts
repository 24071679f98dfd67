/** The tags of all that is deployed. */
import { type App, Tags } from 'aws-cdk-lib'
import type { Settings } from './context.ts'

/**
 * A serverless cluster takes its tags when it is made, and any later change would replace it (CloudFormation template
 * reference, "AWS::MSK::ServerlessCluster": each property's update requires replacement). So it has none, and the stack itself has none
 * either (`@aws-cdk/core:explicitStackTags` in cdk.json): CloudFormation would hand them on.
 */
const UNTAGGED = ['AWS::MSK::ServerlessCluster']

export function tagAll(app: App, { stage }: Pick<Settings, 'stage'>): void {
  const tags = Tags.of(app)
  for (const [key, value] of Object.entries({ application: 'tradelake', stage }))
    tags.add(key, value, { excludeResourceTypes: UNTAGGED })
}
