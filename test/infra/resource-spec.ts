/** What CloudFormation says of each resource type, as the CDK's command brings it along: whether a property's change replaces the resource. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

interface Specified {
  readonly cloudFormationType: string
  readonly properties: Readonly<Record<string, { readonly causesReplacement?: 'yes' | 'maybe' | 'no' }>>
  readonly tagInformation?: { readonly tagPropertyName: string }
}

interface Database {
  readonly schema: { readonly resource: { readonly entities: Readonly<Record<string, Specified>> } }
}

const file = new URL('../../node_modules/aws-cdk/db.json.gz', import.meta.url)
const { schema } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Database
const byType = new Map(Object.values(schema.resource.entities).map(entity => [entity.cloudFormationType, entity]))

/** The property that holds a type's tags, where changing it replaces the resource. */
export function replacingTags(type: string): string | undefined {
  const specified = byType.get(type)
  const name = specified?.tagInformation?.tagPropertyName
  return name !== undefined && specified?.properties[name]?.causesReplacement === 'yes' ? name : undefined
}
