/**
 * Public on-demand prices in US dollars, region us-east-1, without free tiers and discounts. Entered by hand on 2026-11-21 from
 * the pages named: prices change, so look before relying on them.
 */
export interface Price {
  readonly dollars: number
  readonly per: string
  readonly source: string
}

export const PRICES_ENTERED = '2026-11-21'
export const PRICES_REGION = 'us-east-1'

const page = (service: string) => `https://aws.amazon.com/${service}/pricing/`

export const PRICES = {
  lambdaGbSecond: { dollars: 0.0000133334, per: 'GB-second, arm64', source: page('lambda') },
  lambdaRequest: { dollars: 0.2e-6, per: 'invocation', source: page('lambda') },
  s3Put: { dollars: 0.005e-3, per: 'PUT or LIST', source: page('s3') },
  s3Get: { dollars: 0.0004e-3, per: 'GET', source: page('s3') },
  s3GbMonth: { dollars: 0.023, per: 'GB-month, standard', source: page('s3') },
  dynamoWrite: { dollars: 0.625e-6, per: 'write request unit', source: page('dynamodb') },
  dynamoRead: { dollars: 0.125e-6, per: 'read request unit', source: page('dynamodb') },
  sqsRequest: { dollars: 0.4e-6, per: 'request', source: page('sqs') },
  schedulerInvocation: { dollars: 1e-6, per: 'invocation', source: page('eventbridge') },
  glueRequest: { dollars: 1e-6, per: 'catalog request', source: page('glue') },
  logGb: { dollars: 0.5, per: 'GB of logs taken in', source: page('cloudwatch') },
  alarmMetric: { dollars: 0.1, per: 'metric of an alarm, month', source: page('cloudwatch') },
  customMetric: { dollars: 0.3, per: 'custom metric, month', source: page('cloudwatch') },
  dashboard: { dollars: 3, per: 'dashboard, month', source: page('cloudwatch') },
  trace: { dollars: 5e-6, per: 'trace recorded', source: page('xray') },
  fargateCoreHour: { dollars: 0.03238, per: 'vCPU-hour, arm64', source: page('fargate') },
  fargateGbHour: { dollars: 0.00356, per: 'GB-hour, arm64', source: page('fargate') },
  publicAddressHour: { dollars: 0.005, per: 'public IPv4 address and hour', source: page('vpc') },
  mskServerlessHour: { dollars: 0.75, per: 'cluster-hour', source: page('msk') },
  mskPartitionHour: { dollars: 0.0015, per: 'partition-hour', source: page('msk') },
  mskInGb: { dollars: 0.1, per: 'GB written', source: page('msk') },
  mskOutGb: { dollars: 0.05, per: 'GB read', source: page('msk') },
  mskGbMonth: { dollars: 0.1, per: 'GB-month', source: page('msk') },
  mskBrokerHour: { dollars: 0.204, per: 'kafka.m7g.large broker-hour', source: page('msk') },
  pollerUnitHour: { dollars: 0.185, per: 'event poller unit and hour', source: page('lambda') },
  zoneGb: { dollars: 0.01, per: 'GB to another zone, at each end', source: page('ec2') },
  endpointGb: { dollars: 0.01, per: 'GB through an interface endpoint', source: page('privatelink') },
  endpointHour: { dollars: 0.01, per: 'interface endpoint, zone and hour', source: page('privatelink') },
} as const satisfies Record<string, Price>

/** US dollars. */
export function price(name: keyof typeof PRICES): number {
  return PRICES[name].dollars
}
