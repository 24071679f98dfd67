/** What Kafka costs in a month, for each kind of cluster that can be made here. */
import type { KnownExchange } from '../../domain/exchanges.ts'
import { DAY_MS } from '../../domain/time.ts'
import { TOPIC_RETENTION_DAYS } from '../../domain/topics.ts'
import { brokerDisks } from '../broker-disks.ts'
import { PROVISIONED, partitionsFor } from '../sizes.ts'
import { BYTES, ENDPOINT_BYTES } from './figures.ts'
import { type CostLine, GB, HOURS, SECONDS } from './months.ts'
import { price } from './prices.ts'

const DAY_SECONDS = DAY_MS / 1000
/** Zones of a serverless cluster's network; a provisioned one has a broker in each of two, or in production of three. */
const ZONES = 2
const ENDPOINTS = 2

/** One of these applies. `rate`: trades a second of all exchanges together. */
export function kafkaLines(rate: number, exchanges: readonly KnownExchange[]): CostLine[] {
  const gbMonth = (rate * SECONDS * BYTES.record) / GB
  const kept = (gbMonth / SECONDS) * TOPIC_RETENTION_DAYS * DAY_SECONDS
  // With the feeds' reports and their positions.
  const partitions = exchanges.length * partitionsFor(rate) + 2
  const throughEndpoints = ((rate * SECONDS * ENDPOINT_BYTES) / GB) * price('endpointGb')
  const endpoints = (zones: number) => ENDPOINTS * zones * HOURS * price('endpointHour')
  // In once and out once, each half or more from another zone, which both ends pay for; copies between brokers are free.
  const betweenZones = (zones: number) => 2 * gbMonth * ((zones - 1) / zones) * 2 * price('zoneGb')
  return [
    {
      component: 'MSK Serverless, with endpoints',
      dollars:
        endpoints(ZONES) +
        betweenZones(ZONES) +
        HOURS * price('mskServerlessHour') +
        partitions * HOURS * price('mskPartitionHour') +
        throughEndpoints +
        gbMonth * (price('mskInGb') + price('mskOutGb')) +
        kept * price('mskGbMonth'),
    },
    ...[2, 3].map(zones => ({
      component: `MSK provisioned (${zones} × ${PROVISIONED.brokerType}), with disks and endpoints`,
      dollars:
        endpoints(zones) +
        betweenZones(zones) +
        throughEndpoints +
        (2 * zones + 1) * price('alarmMetric') +
        zones * (HOURS * price('mskBrokerHour') + brokerDisks(rate, zones, zones).gib * price('mskGbMonth')),
    })),
  ]
}
