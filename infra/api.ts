/**
 * The web application as a function with a URL of its own. The URL asks for no AWS signature, which Iceberg's clients do not make;
 * the function asks for a key (docs/catalog.md). It reads the pipeline's tables, and writes nothing but users'.
 */
import { Duration } from 'aws-cdk-lib'
import { Effect, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam'
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { catalogPartition, statePartition, USER_PREFIX } from '../domain/names.ts'
import { NAMESPACE } from '../domain/tables.ts'
import { acknowledge, wildcardArn } from './acknowledge.ts'
import type { Settings } from './context.ts'
import { type Assets, stageFunction } from './function.ts'
import { READ_ITEMS, WRITE_ITEMS } from './grants.ts'
import { KEY_ACTIONS } from './key.ts'
import type { Lake } from './lake.ts'
import { liveAlias, type StageRelease } from './release.ts'

export interface ApiProps {
  readonly settings: Settings
  readonly assets: Assets
  readonly lake: Lake
}

export class Api extends Construct {
  readonly release: StageRelease
  readonly url: string

  constructor(scope: Construct, id: string, { settings, assets, lake }: ApiProps) {
    super(scope, id)
    const made = stageFunction(this, 'Function', {
      settings,
      assets,
      name: 'api',
      description: 'The lake over HTTP: candles and trades, and an Iceberg REST catalog',
      environment: lake.environment,
    })
    const { role } = made
    if (!role) throw new TypeError('A function without a role of its own can be granted nothing.')
    // What clients get is this role's rights, cut down to one table's folder.
    const files = new Role(this, 'Files', {
      assumedBy: role,
      description: "Read the lake's tables and write users' own; the catalog gives it out folder by folder",
      maxSessionDuration: Duration.hours(1),
    })
    made.addEnvironment(VARIABLES.filesRole, files.roleArn)
    const patterns = [`${NAMESPACE}/*`, `${USER_PREFIX}*`].map(pattern => lake.bucket.arnForObjects(pattern))
    const [market, users] = patterns
    const { bucketArn } = lake.bucket
    for (const [to, statements] of [
      [
        role,
        [
          allow(['s3:GetObject'], [market]),
          allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], [users]),
          allow(['s3:ListBucket'], [bucketArn]),
          allow(['sts:AssumeRole'], [files.roleArn]),
          allow(
            [...READ_ITEMS, ...WRITE_ITEMS],
            [lake.stateTable.tableArn],
            leading([statePartition.keys, statePartition.request('*')]),
          ),
          allow([...READ_ITEMS, ...WRITE_ITEMS], [lake.catalogTable.tableArn]),
          // Whether a repair has the lake to itself (domain/lease.ts), of which times Gold lost trades, and what waits for whom.
          allow(
            READ_ITEMS,
            [lake.stateTable.tableArn],
            leading([statePartition.lease('lake'), statePartition.lostTimes, statePartition.pending('*')]),
          ),
          // Whatever the code does: a foreign pointer there would stop the pipeline.
          deny(WRITE_ITEMS, [lake.catalogTable.tableArn], [catalogPartition.table('*')]),
        ],
      ],
      [
        files,
        [
          allow(['s3:GetObject'], [market]),
          allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'], [users]),
          allow(['s3:ListBucket', 's3:GetBucketLocation'], [bucketArn]),
        ],
      ],
    ] as const) {
      for (const statement of statements) to.addToPrincipalPolicy(statement)
      if (lake.key) to.addToPrincipalPolicy(allow(KEY_ACTIONS, [lake.key.keyArn]))
      acknowledge(
        to,
        patterns.map(arn => wildcardArn(to, arn)),
        "Tables' files have names that are made up as they are written; users' tables are made by users.",
      )
    }
    this.release = { function: made, live: liveAlias(made) }
    this.url = this.release.live.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url
  }
}

type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>

function allow(actions: readonly string[], resources: readonly string[], conditions?: Conditions): PolicyStatement {
  return new PolicyStatement({ actions: [...actions], resources: [...resources], conditions })
}

/** Only items with these partition keys (see grants.ts). */
function leading(partitions: readonly string[]): Conditions {
  return { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitions].sort() } }
}

/** No item with one of these partition keys. */
function deny(
  actions: readonly string[],
  resources: readonly string[],
  partitions: readonly string[],
): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.DENY,
    actions: [...actions],
    resources: [...resources],
    conditions: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': [...partitions] } },
  })
}
