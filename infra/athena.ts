/** Athena for this lake: a workgroup with a limit of what a query may read, and the questions that one asks first. */
import { Stack } from 'aws-cdk-lib'
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena'
import { Construct } from 'constructs'
import { pascal } from '../domain/names.ts'
import { acknowledge } from './acknowledge.ts'

/** A query may read this much: about half a dollar. */
const MAX_QUERY_BYTES = 100 * 1024 ** 3

/** In the SQL that Athena and `tradelake sql` have in common, by name. */
export const QUERIES: Readonly<Record<string, { readonly description: string; readonly sql: string }>> = {
  'latest-candles': {
    description: 'One-minute candles of the last quarter of an hour',
    sql: `SELECT window_start, exchange, symbol, open_price, high_price, low_price, close_price, volume, trade_count
FROM gold_ohlcv_1m
WHERE window_date >= current_date - INTERVAL '1' DAY AND window_start > current_timestamp - INTERVAL '15' MINUTE
ORDER BY window_start DESC, exchange, symbol
LIMIT 100`,
  },
  'trades-by-day': {
    description: 'Trades of each exchange and day of the last week, and how late the newest is',
    sql: `SELECT exchange_date, exchange, count(*) AS trades, max("timestamp") AS newest
FROM gold_crypto_trades
WHERE exchange_date >= current_date - INTERVAL '7' DAY
GROUP BY exchange_date, exchange
ORDER BY exchange_date DESC, exchange`,
  },
  'dead-letters': {
    description: 'What Silver refused since yesterday, by exchange and rule',
    sql: `SELECT exchange, error_type, count(*) AS records, max(error_timestamp) AS newest
FROM silver_dlq_trades
WHERE dlq_date >= current_date - INTERVAL '1' DAY
GROUP BY exchange, error_type
ORDER BY records DESC`,
  },
  gaps: {
    description: 'Trades that the feeds could not get, newest first',
    sql: `SELECT reported_at, exchange, symbol, kind, status, from_id, to_id, from_time, to_time, cause
FROM feed_gaps
WHERE status IN ('open', 'lost', 'unknown', 'unreadable')
ORDER BY reported_at DESC
LIMIT 100`,
  },
  losses: {
    description: 'Rows that no repair could bring back',
    sql: `SELECT *
FROM data_losses
ORDER BY found_at DESC
LIMIT 100`,
  },
}

export class Athena extends Construct {
  readonly workGroup: string

  constructor(scope: Construct, id: string, database: string) {
    super(scope, id)
    const workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: Stack.of(this).stackName,
      description: 'Queries of the tradelake tables',
      // Also with queries in its history.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: MAX_QUERY_BYTES,
        // Athena keeps the results in storage of its own (Athena API reference, "ManagedQueryResultsConfiguration").
        managedQueryResultsConfiguration: { enabled: true },
      },
    })
    acknowledge(
      workGroup,
      ['AwsSolutions-ATH1'],
      'Managed query results are always encrypted, with a key of AWS; the check knows only results in a bucket.',
    )
    this.workGroup = workGroup.ref
    for (const [name, { description, sql }] of Object.entries(QUERIES))
      new CfnNamedQuery(this, pascal(...name.split('-')), {
        name,
        description,
        database,
        workGroup: workGroup.ref,
        queryString: sql,
      })
  }
}
