/** Alarms on the brokers of a provisioned cluster (MSK developer guide, "Amazon MSK metrics for monitoring Standard brokers"). */
import { Duration } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Alarms, Watched } from './alarms.ts'
import type { Brokers } from './msk.ts'

const FIVE_MINUTES = Duration.minutes(5)
/** Disks grow from 55 % on, at most every six hours: whoever sees them this full has hours. */
const DISK_PERCENT = 75

export function brokerAlarms({ alarm }: Pick<Alarms, 'alarm'>, { clusterName, count }: Brokers): Watched[] {
  const of = (metricName: string, broker?: number) =>
    new Metric({
      namespace: 'AWS/Kafka',
      metricName,
      dimensionsMap: { 'Cluster Name': clusterName, ...(broker !== undefined && { 'Broker ID': String(broker) }) },
      statistic: 'Maximum',
      period: FIVE_MINUTES,
    })
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  return [
    ...numbers.flatMap(broker => [
      alarm('broker-disk', `broker-${broker}`, of('KafkaDataLogsDiskUsed', broker), DISK_PERCENT, { urgent: true }),
      alarm('broker-behind', `broker-${broker}`, of('UnderReplicatedPartitions', broker), 0, { periods: 6 }),
    ]),
    alarm('broker-controller', undefined, of('ActiveControllerCount'), 1, { urgent: true, below: true, periods: 3 }),
  ]
}
