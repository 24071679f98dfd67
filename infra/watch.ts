/** Who gets which alarm: two SNS topics, the alarms, and a dashboard of the same metrics. */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib'
import { Dashboard, GraphWidget, TextWidget } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'
import type { Exchange } from '../domain/exchanges.ts'
import { piecesOf } from '../domain/pieces.ts'
import { FEED_GAPS } from '../domain/streams.ts'
import { alarmsOf, type Watched } from './alarms.ts'
import { brokerAlarms } from './broker-alarms.ts'
import type { Bronze } from './bronze.ts'
import type { FunctionName } from './bundles.ts'
import type { Settings } from './context.ts'
import type { Feeds } from './feeds.ts'
import { functionAlarms, type WatchedFunction } from './function-alarms.ts'
import type { Brokers } from './msk.ts'
import { letPublish } from './publishers.ts'
import type { Released, StageRelease } from './release.ts'
import type { Schedules } from './schedules.ts'
import type { Silver } from './silver.ts'

export interface WatchProps {
  readonly settings: Settings
  readonly stages: readonly { readonly exchange: Exchange; readonly bronze: Bronze; readonly silver: Silver }[]
  /** The feeds' reports of what they missed. */
  readonly gaps: Bronze
  readonly schedules: Schedules
  /** The web application. */
  readonly api?: StageRelease
  readonly feeds?: Feeds
  /** Where a provisioned cluster is made here. */
  readonly brokers?: Brokers
  readonly key?: IKey
}

/** Widgets of a dashboard's row. */
const COLUMNS = 3
const WIDTH = 24 / COLUMNS

export class Watch extends Construct {
  /** `page` wakes a person, `notify` can wait for the morning. */
  readonly page: Topic
  readonly notify: Topic
  /** Every function with the alarm of its errors. */
  readonly released: readonly Released[]

  constructor(
    scope: Construct,
    id: string,
    { settings, stages, gaps, schedules, api, feeds, brokers, key }: WatchProps,
  ) {
    super(scope, id)
    this.page = this.topic('Page', settings.pageEmail, key)
    this.notify = this.topic('Notify', settings.notifyEmail, key)
    const actions = { page: new SnsAction(this.page), notify: new SnsAction(this.notify) }
    const alarms = alarmsOf(this, actions, settings.local)

    const stagesOf: WatchedFunction[] = [
      ...stages.flatMap(({ exchange, bronze, silver }) => [
        { name: 'bronze' as const, about: `bronze-${exchange.name}`, release: bronze },
        { name: 'silver' as const, about: `silver-${exchange.name}`, release: silver },
      ]),
      { name: 'bronze', about: `bronze-${FEED_GAPS.name}`, release: gaps },
      ...Object.entries(schedules.stages).map(([name, release]) => ({
        name: name as FunctionName,
        about: name,
        release,
      })),
      ...(api ? [{ name: 'api' as const, about: 'api', release: api }] : []),
    ]
    const functions = functionAlarms(alarms, stagesOf)
    this.released = functions.errors
    this.dashboard([
      ...stages.flatMap(({ exchange, bronze, silver }) => [
        ...alarms.bronze(exchange, settings.expected.has(exchange.name)),
        alarms.offsetLag(exchange, bronze),
        ...alarms.silver(exchange),
        ...alarms.deadLetters(`silver-${exchange.name}`, silver.deadLetters),
      ]),
      alarms.offsetLag(FEED_GAPS, gaps),
      ...(feeds?.logs ?? []).flatMap(({ exchange, logGroup }) => alarms.feed(exchange, logGroup)),
      ...(brokers ? brokerAlarms(alarms, brokers) : []),
      ...alarms.gold(),
      ...alarms.pending(),
      ...alarms.restored(),
      ...alarms.deadLetters('schedules', schedules.deadLetters),
      ...functions.watched,
    ])
  }

  private topic(id: string, email: string | undefined, key: IKey | undefined): Topic {
    const topic = new Topic(this, id, { enforceSSL: true, ...(key && { masterKey: key }) })
    const stack = Stack.of(this)
    const itsAlarms = stack.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: `${stack.stackName}/*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    letPublish(topic, 'AlarmsOfThisStack', 'cloudwatch.amazonaws.com', itsAlarms)
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email))
    return topic
  }

  /** A graph for each kind of alarm, with a line for each alarm. */
  private dashboard(watched: readonly Watched[]): void {
    const { stackName } = Stack.of(this)
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: stackName, defaultInterval: Duration.hours(3) })
    dashboard.addWidgets(
      new TextWidget({
        markdown: `# ${stackName}\nA graph for each heading of docs/runbook.md.`,
        width: 24,
        height: 2,
      }),
    )
    const kinds = [...new Set(watched.map(({ kind }) => kind))]
    for (const row of piecesOf(kinds, COLUMNS))
      dashboard.addWidgets(
        ...row.map(
          kind =>
            new GraphWidget({
              title: kind,
              width: WIDTH,
              left: watched.filter(one => one.kind === kind).map(({ metric }) => metric),
            }),
        ),
      )
  }
}
