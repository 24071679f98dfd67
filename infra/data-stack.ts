/**
 * What outlives the functions: the lake, and with a new cluster Kafka and its network. Destroying and deploying the functions' stack loses
 * nothing of it; this one changes seldom.
 */
import { type App, Stack, type StackProps } from 'aws-cdk-lib'
import { acknowledgeOwn } from './acknowledge.ts'
import type { Settings } from './context.ts'
import { StoredLake } from './lake.ts'
import { MskCluster } from './msk.ts'
import { protectTables } from './protection.ts'

export interface DataStackProps extends StackProps {
  readonly settings: Settings
}

export class DataStack extends Stack {
  readonly lake: StoredLake
  /** Where one is made. */
  readonly cluster?: MskCluster

  constructor(scope: App, id: string, { settings, ...props }: DataStackProps) {
    super(scope, id, { description: 'tradelake: the lake, and Kafka where it is made here', ...props })
    const { kafka } = settings
    this.lake = new StoredLake(this, 'Lake', settings)
    this.cluster = kafka.mode === 'msk-new' ? new MskCluster(this, 'Msk', { settings, kind: kafka.cluster }) : undefined
    // The emulator's functions have no AWS SDK of the runtime, which the protection's call needs.
    if (settings.stage === 'prod' && !settings.local)
      protectTables(this, this.lake.tables, this.cluster ?? this.lake.bucket)
    acknowledgeOwn(this)
  }
}
