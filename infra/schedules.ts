/** The scheduled functions: commit, Gold, the candles, sweep and maintenance. All are safe when two run at once. */
import { Aws, Duration, Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { type Alias, LayerVersion } from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { VARIABLES } from '../adapters/aws-ports.ts'
import type { Exchange } from '../domain/exchanges.ts'
import { consumers, pascal, stageConsumers, statePartition } from '../domain/names.ts'
import { retentionText } from '../domain/retention.ts'
import { type Share, wholeShare } from '../domain/shares.ts'
import { allTables, candleTable, committedTables, GOLD_TABLE, silverTable } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { type FunctionName, WITH_ENGINE } from './bundles.ts'
import type { Settings } from './context.ts'
import { type Assets, type StageFunctionProps, stageFunction } from './function.ts'
import { grantLake, type LakeAccess } from './grants.ts'
import { acknowledgeKeyUse } from './key.ts'
import type { Lake } from './lake.ts'
import { deadLetterQueue } from './queues.ts'
import { liveAlias, type StageRelease } from './release.ts'

const EVERY_MINUTES: Readonly<Record<Scheduled, number>> = {
  commit: 1,
  gold: 1,
  // The longer candles, and whatever no event came for.
  ohlcv: 1,
  sweep: 1,
  maintain: 15,
}
/** An event older than this is dropped: the next one does its work. */
const MAX_AGE = Duration.minutes(1)
/** DuckDB's limit in maintenance: half of the function's memory, the rest is Node's and the files' own. */
const MAINTAIN_ENGINE_MEMORY = '1500MB'

type Scheduled = 'commit' | 'gold' | 'ohlcv' | 'sweep' | 'maintain'

export interface SchedulesProps {
  readonly settings: Settings
  readonly assets: Assets
  readonly lake: Lake
  readonly exchanges: readonly Exchange[]
  /** How Gold's and the candles' work is shared out. */
  readonly shares: readonly Share[]
  /** Silver's queues, by exchange name: the sweep sends again what stays pending. */
  readonly queues: Readonly<Record<string, Queue>>
}

export class Schedules extends Construct {
  readonly stages: Readonly<Record<Scheduled, StageRelease>>
  /** Events whose function failed, or was not reached. */
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { settings, assets, lake, exchanges, shares, queues }: SchedulesProps) {
    super(scope, id)
    const engine = new LayerVersion(this, 'Engine', {
      code: assets.engineLayer,
      description: `DuckDB for Node, ${settings.architecture}`,
    })
    this.deadLetters = deadLetterQueue(this, 'DeadLetters', settings, lake.key)
    const failures = new SqsDestination(this.deadLetters)
    const group = new CfnScheduleGroup(this, 'Group', { name: Stack.of(this).stackName })
    const scheduler = new Role(this, 'Scheduler', {
      // Only for schedules of this account (EventBridge Scheduler user guide, "Confused deputy prevention").
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    })
    this.deadLetters.grantSendMessages(scheduler)
    acknowledgeKeyUse(scheduler)

    const scheduled = (
      name: Scheduled,
      description: string,
      access: LakeAccess,
      extra: Partial<Pick<StageFunctionProps, 'environment'>> = {},
    ): StageRelease => {
      const made = stageFunction(this, pascal(name), {
        settings,
        assets,
        name: name satisfies FunctionName,
        description,
        ...(WITH_ENGINE.has(name) && { layer: engine }),
        environment: { ...lake.mirrorEnvironment, ...extra.environment },
      })
      grantLake(lake, made, access)
      // The next schedule is the retry.
      const live = liveAlias(made, { retryAttempts: 0, maxEventAge: MAX_AGE, onFailure: failures })
      scheduler.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [live.functionArn] }))
      this.every(name, live, group, scheduler)
      return { function: made, live }
    }

    const tables = allTables(exchanges)
    const silver = exchanges.map(silverTable)
    const candles = TIMEFRAMES.map(candleTable)
    const committed = committedTables(exchanges)
    const lists = stageConsumers(exchanges)
    const whole = wholeShare(exchanges)
    const sharedOut = { environment: { ...(settings.shares === 'exchange' && { [VARIABLES.shares]: 'exchange' }) } }

    const commit = scheduled('commit', 'Files of Bronze, Silver and the DLQ to snapshots', {
      writes: committed,
      consumes: committed.map(table => consumers.table(table.name)),
      catalog: 'commits',
      mirrors: committed,
    })
    const ohlcv = scheduled(
      'ohlcv',
      'Changed minutes of Gold to candles of every timeframe',
      {
        reads: [GOLD_TABLE],
        writes: candles,
        // What one commit cannot take goes back onto the list.
        consumes: whole.candleLists,
        produces: whole.candleLists,
        state: [statePartition.lostTimes],
        catalog: 'commits',
        mirrors: candles,
      },
      sharedOut,
    )
    const gold = scheduled(
      'gold',
      'Silver files of all exchanges to Gold, each trade once',
      {
        reads: silver,
        writes: [GOLD_TABLE],
        consumes: whole.goldLists,
        produces: whole.candleLists,
        // One run of it at a time.
        state: shares.map(({ name }) => statePartition.lease(name)),
        catalog: 'commits',
        mirrors: [GOLD_TABLE],
      },
      sharedOut,
    )
    const sweep = scheduled(
      'sweep',
      'Sends again what stays pending',
      { consumes: lists, catalog: 'none' },
      {
        environment: {
          [VARIABLES.queues]: JSON.stringify(
            Object.fromEntries(Object.entries(queues).map(([name, queue]) => [name, queue.queueUrl])),
          ),
        },
      },
    )
    for (const queue of Object.values(queues)) queue.grantSendMessages(sweep.function)
    const maintain = scheduled(
      'maintain',
      'Joins small files, drops what retention lets go, deletes what nothing names',
      {
        writes: tables,
        produces: [...lists, ...tables.map(table => consumers.unreached(table.name))],
        everyList: true,
        state: [statePartition.upkeep],
        deletes: true,
        catalog: 'commits',
        mirrors: tables,
      },
      {
        environment: {
          [VARIABLES.engineMemory]: MAINTAIN_ENGINE_MEMORY,
          ...(Object.keys(settings.retention).length > 0 && {
            [VARIABLES.retention]: retentionText(settings.retention),
          }),
        },
      },
    )
    this.stages = { commit, gold, ohlcv, sweep, maintain }
  }

  private every(name: Scheduled, target: Alias, group: CfnScheduleGroup, role: Role): void {
    const minutes = EVERY_MINUTES[name]
    new CfnSchedule(this, pascal(name, 'schedule'), {
      groupName: group.ref,
      description: `${name} of tradelake`,
      scheduleExpression: `rate(${minutes} minute${minutes === 1 ? '' : 's'})`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: MAX_AGE.toSeconds() },
        deadLetterConfig: { arn: this.deadLetters.queueArn },
      },
    })
  }
}
