/**
 * What starts Gold and the candles between their schedules: the lists of the state table, through its stream. A transaction that puts an
 * item on a list is in the stream if and only if it took effect, so no commit goes unnoticed; and a stream that stands still costs time
 * only, as the schedules find everything. A stream is to have two readers at most (Amazon DynamoDB developer guide, "DynamoDB Streams and
 * AWS Lambda triggers"), so shares of the work have no mappings of their own: as many runs start at once as there are shares, each with
 * some of the changes, and each takes the shares that no other has. Lambda's own reads of a stream are free (Amazon DynamoDB pricing, "DynamoDB Streams").
 */
import { Duration } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { KEY_NAMES } from '../adapters/dynamodb-state.ts'
import { statePartition } from '../domain/names.ts'
import type { Share } from '../domain/shares.ts'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './context.ts'
import { goldWindowSeconds } from './freshness.ts'
import type { Lake } from './lake.ts'
import type { StageRelease } from './release.ts'

/** Items of a list's own: begins of their times (domain/uuid: version 7), which the rest of the candles' work has not (domain/handover). */
const IS_NEW = '0'
/** As many as a stream's batch takes; a window's few never come near. */
const BATCH = 10_000

export interface WakesProps {
  readonly settings: Settings
  readonly lake: Lake
  /** How the work is shared out. */
  readonly shares: readonly Share[]
  readonly gold: StageRelease
  readonly ohlcv: StageRelease
}

export class Wakes extends Construct {
  constructor(scope: Construct, id: string, { settings, lake, shares, gold, ohlcv }: WakesProps) {
    super(scope, id)
    const { freshness, local } = settings
    const wake = (
      name: string,
      { function: made, live }: StageRelease,
      lists: readonly string[],
      windowSeconds: number,
    ) => {
      const reads = new PolicyStatement({
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [lake.stateStreamArn],
      })
      made.addToRolePolicy(reads)
      // Lambda asks for it when a mapping is made (AWS managed policy AWSLambdaDynamoDBExecutionRole); it has no resource.
      made.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] }))
      if (made.role)
        acknowledge(
          made.role,
          ['AwsSolutions-IAM5[Resource::*]'],
          'dynamodb:ListStreams can be granted on all streams only.',
        )
      const mapping = new EventSourceMapping(this, name, {
        target: live,
        eventSourceArn: lake.stateStreamArn,
        startingPosition: StartingPosition.LATEST,
        batchSize: BATCH,
        parallelizationFactor: shares.length,
        maxBatchingWindow: Duration.seconds(windowSeconds),
        filters: [
          FilterCriteria.filter({
            eventName: FilterRule.isEqual('INSERT'),
            dynamodb: {
              Keys: {
                [KEY_NAMES.state.partition]: { S: lists.map(list => statePartition.pending(list)) },
                [KEY_NAMES.state.sort]: { S: FilterRule.beginsWith(IS_NEW) },
              },
            },
          }),
        ],
        // What a failed run left stays on its list: the next change or schedule is the retry.
        retryAttempts: 0,
        // The emulator knows no window: a stand-in starts the functions by the same settings (localstack/wakes.ts).
        enabled: !local,
      })
      if (made.role) mapping.node.addDependency(made.role)
    }
    const goldLists = shares.flatMap(share => share.goldLists)
    wake('Gold', gold, goldLists, goldWindowSeconds(freshness))
    const candleLists = shares.map(share => share.candleList)
    wake('Ohlcv', ohlcv, candleLists, 0)
  }
}
