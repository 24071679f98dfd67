/**
 * Where the lake lives: the bucket of all files, the state and catalog tables, and the Glue database that Athena sees; and the same as the
 * functions' stack knows it.
 */
import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  StreamViewType,
  Table,
  TableEncryption,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb'
import { CfnDatabase } from 'aws-cdk-lib/aws-glue'
import type { IKey, Key } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { KEY_NAMES } from '../adapters/dynamodb-state.ts'
import type { StateTable } from '../domain/ports.ts'
import { NAMESPACE } from '../domain/tables.ts'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './context.ts'
import { customerKey, keyByArn } from './key.ts'

export class StoredLake extends Construct {
  readonly bucket: Bucket
  readonly tables: Readonly<Record<StateTable, Table>>
  readonly databaseName: string
  /** undefined: keys of AWS encrypt the data. */
  readonly key?: Key

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id)
    const prod = settings.stage === 'prod'
    // What stays when the stack goes does not stay when its creation is rolled back: the next attempt would find it there
    // (CloudFormation template reference, "DeletionPolicy attribute", RetainExceptOnCreate).
    const removalPolicy = prod ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY
    const key = settings.cmk ? customerKey(this, 'Key', settings.stage) : undefined
    this.key = key
    this.bucket = new Bucket(this, 'Bucket', {
      ...(key
        ? // A bucket's own key asks KMS once for many objects.
          { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      // The emulator speaks plain HTTP.
      ...(!settings.local && { enforceSSL: true, minimumTLSVersion: 1.2 }),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // Keys are written once, and only maintenance drops data: a lifecycle rule would delete what snapshots name.
      versioned: false,
      lifecycleRules: [{ id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy,
      // The emulator's functions have no AWS SDK of the runtime, which the emptying function needs.
      autoDeleteObjects: !prod && !settings.local,
    })
    acknowledge(
      this.bucket,
      ['AwsSolutions-S1'],
      'The functions of this stack alone write here, each key once, and every commit is in the table history; access logs would be more objects than the data. Accounts that need them turn on CloudTrail data events.',
    )

    const table = (name: StateTable, more: Pick<TableProps, 'timeToLiveAttribute' | 'stream'> = {}) =>
      new Table(this, name === 'state' ? 'State' : 'Catalog', {
        partitionKey: { name: KEY_NAMES[name].partition, type: AttributeType.STRING },
        sortKey: { name: KEY_NAMES[name].sort, type: AttributeType.STRING },
        billingMode: BillingMode.PAY_PER_REQUEST,
        ...(key
          ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }
          : { encryption: TableEncryption.AWS_MANAGED }),
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        removalPolicy,
        ...more,
      })
    this.tables = {
      // The stream tells of items on the stages' lists (infra/wakes.ts).
      state: table('state', { timeToLiveAttribute: 'expires_at', stream: StreamViewType.KEYS_ONLY }),
      catalog: table('catalog'),
    }

    // Stages may share an account; production has the plain name that queries use. The database goes with its stack in production too: its
    // tables mirror the catalog, and each commit makes its own again. One that stayed would be in the way of the next.
    this.databaseName = prod ? NAMESPACE : `${NAMESPACE}_${settings.stage}`
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: this.databaseName, description: 'tradelake: Iceberg tables, mirrored after each commit' },
    })
    database.applyRemovalPolicy(RemovalPolicy.DESTROY)
  }
}

interface TableName {
  readonly tableName: string
  readonly tableArn: string
}

export class Lake extends Construct {
  readonly bucket: IBucket
  readonly stateTable: TableName
  /** The changes of the state table. */
  readonly stateStreamArn: string
  readonly catalogTable: TableName
  readonly databaseName: string
  /** undefined: keys of AWS encrypt the data. */
  readonly key?: IKey
  /** What every function needs to find the lake. */
  readonly environment: Readonly<Record<string, string>>

  constructor(scope: Construct, id: string, stored: StoredLake) {
    super(scope, id)
    const known = (value: string) => Stack.of(stored).exportValue(value)
    const table = ({ tableName, tableArn }: Table) => ({ tableName: known(tableName), tableArn: known(tableArn) })
    this.bucket = Bucket.fromBucketName(this, 'Bucket', known(stored.bucket.bucketName))
    this.stateTable = table(stored.tables.state)
    this.catalogTable = table(stored.tables.catalog)
    this.stateStreamArn = known(stored.tables.state.tableStreamArn ?? '')
    this.databaseName = stored.databaseName
    this.key = stored.key && keyByArn(this, 'Key', known(stored.key.keyArn))
    this.environment = {
      [VARIABLES.bucket]: this.bucket.bucketName,
      [VARIABLES.stateTable]: this.stateTable.tableName,
      [VARIABLES.catalogTable]: this.catalogTable.tableName,
    }
  }

  /** For the functions that commit to tables. */
  get mirrorEnvironment(): Readonly<Record<string, string>> {
    return { ...this.environment, [VARIABLES.glueDatabase]: this.databaseName }
  }
}
