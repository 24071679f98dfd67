/** Where a deployment cannot be, said before CloudFormation would say it after twenty minutes. */
import { BadInput } from '../domain/errors.ts'
import type { KafkaSettings, Settings } from './context.ts'

/** Regions with MSK Serverless (MSK developer guide, "What is MSK Serverless?"). */
const SERVERLESS = new Set([
  ...['us-east-1', 'us-east-2', 'us-west-2', 'ca-central-1'],
  ...['ap-south-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-northeast-1', 'ap-northeast-2'],
  ...['eu-central-1', 'eu-north-1', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
])

/** Regions where an account has two zones, whatever the region has (AWS Availability Zones, "Regions"). */
const TWO_ZONES = new Set(['us-west-1'])

/** `region` is the one that is deployed to; undefined: not known yet. @throws BadInput */
export function checkRegion(
  { kafka, zones, zoneCount }: Pick<Settings, 'kafka' | 'zones' | 'zoneCount'>,
  region: string | undefined,
): void {
  if (region === undefined) return
  if (zoneCount === 3 && zones === undefined && TWO_ZONES.has(region))
    throw new BadInput(
      `Accounts have two availability zones in ${region}: deploy with -c mskZones=2, with -c zones=… if yours has three, or elsewhere.`,
    )
  if (kafka.mode === 'msk-new' && kafka.cluster === 'serverless' && !SERVERLESS.has(region))
    throw new BadInput(
      `MSK Serverless is not in ${region}: deploy with -c mskCluster=provisioned, or to one of ${[...SERVERLESS].sort().join(', ')}.`,
    )
  for (const [name, arn] of Object.entries(arnsOf(kafka))) {
    const other = arn?.split(':')[3]
    if (other !== undefined && other !== region)
      throw new BadInput(`The context value ${name} is of ${other}: give one of ${region}, or deploy to ${other}.`)
  }
  const elsewhere = zones?.find(zone => !zone.startsWith(region))
  if (elsewhere !== undefined)
    throw new BadInput(`The context value zones has ${elsewhere}, which is not in ${region}: give zones of ${region}.`)
}

/** What a function's event source takes from its own region alone (AWS Lambda API reference, CreateEventSourceMapping). */
function arnsOf(kafka: KafkaSettings): Readonly<Record<string, string | undefined>> {
  if (kafka.mode === 'msk-arn') return { mskArn: kafka.clusterArn }
  if (kafka.mode === 'self-managed') return { kafkaSecretArn: kafka.secretArn, kafkaSecretKeyArn: kafka.secretKeyArn }
  return {}
}
