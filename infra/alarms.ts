/** The alarms, each called `<stack>/<heading>`, then what it is about: its heading in docs/runbook.md says what to do. */
import { Duration, Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { FilterPattern, type ILogGroup, MetricFilter, type MetricFilterProps } from 'aws-cdk-lib/aws-logs'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { Exchange } from '../domain/exchanges.ts'
import { clockLog, lostTradesLog, metricNames, unreadableTradesLog } from '../domain/metrics.ts'
import { pascal } from '../domain/names.ts'
import type { RecordStream } from '../domain/streams.ts'
import type { Bronze } from './bronze.ts'

const MINUTE = Duration.minutes(1)
const FIVE_MINUTES = Duration.minutes(5)

/** The exchange with the most trades: its lag wakes someone. */
const URGENT = new Set(['binance'])
const URGENT_LAG_SECONDS = 30
const LAG_SECONDS = 120
/** Records not yet taken, in full events. */
const LAG_EVENTS = 10
const INVALID_PERCENT = 10
const DUPLICATES_PERCENT = 1
const PENDING_SECONDS = 10 * 60

export interface Actions {
  readonly page: IAlarmAction
  readonly notify: IAlarmAction
}

export interface Watched {
  readonly kind: string
  readonly metric: IMetric
  readonly alarm?: Alarm
}

export type Alarms = ReturnType<typeof alarmsOf>

/** Makes alarms of one scope, for these actions; `local`: for the emulator, which has no alarms on metric math. */
export function alarmsOf(scope: Construct, { page, notify }: Actions, local: boolean) {
  /** Over (or, with `below`, under) the threshold in this many periods in a row. */
  function alarm(
    kind: string,
    about: string | undefined,
    metric: IMetric,
    threshold: number,
    more: { urgent?: boolean; periods?: number; below?: boolean; missing?: TreatMissingData } = {},
  ): Watched {
    if (local && metric instanceof MathExpression) return { kind, metric }
    const id = pascal(...kind.split('-'), 'alarm', ...(about ?? '').split('-'))
    const made = new Alarm(scope, id, {
      alarmName: [Stack.of(scope).stackName, kind, about].filter(Boolean).join('/'),
      alarmDescription: `What it means and what to do: docs/runbook.md#${kind}`,
      metric,
      threshold,
      evaluationPeriods: more.periods ?? 1,
      comparisonOperator: more.below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: more.missing ?? TreatMissingData.NOT_BREACHING,
    })
    made.addAlarmAction(more.urgent ? page : notify)
    made.addOkAction(more.urgent ? page : notify)
    return { kind, metric, alarm: made }
  }

  /** One of the functions' own metrics, which are the stack's alone; Powertools gives each the service's name. */
  const own = (service: string, metricName: string, statistic: string, period: Duration) =>
    new Metric({
      namespace: Stack.of(scope).stackName,
      metricName,
      dimensionsMap: { service },
      statistic,
      period,
    })

  return {
    alarm,
    logged,

    /** Silence is an alarm where trades are meant to come. */
    bronze({ name }: Exchange, isExpected: boolean): Watched[] {
      const service = `bronze_${name}`
      const urgent = URGENT.has(name)
      const ingested = own(service, metricNames.bronzeIngested(name), 'Sum', MINUTE)
      const silence = { urgent, below: true, periods: 5, missing: TreatMissingData.BREACHING }
      return [
        alarm(
          'bronze-lag',
          name,
          own(service, metricNames.bronzeLag(name), 'Maximum', MINUTE),
          urgent ? URGENT_LAG_SECONDS : LAG_SECONDS,
          { urgent, periods: 3 },
        ),
        ...(isExpected ? [alarm('bronze-silent', name, ingested, 1, silence)] : []),
      ]
    },

    /** A metric of the event source mapping itself (Lambda developer guide, "Event source mapping metrics"). */
    offsetLag({ name, batchRecords }: Pick<RecordStream, 'name' | 'batchRecords'>, bronze: Bronze): Watched {
      return alarm(
        'kafka-offset-lag',
        name,
        bronze.function.metric('OffsetLag', { statistic: 'Maximum', period: MINUTE }),
        LAG_EVENTS * batchRecords,
        { urgent: URGENT.has(name), periods: 5 },
      )
    },

    silver({ name }: Exchange): Watched[] {
      const service = `silver_${name}`
      // The graph of all exchanges has one name space.
      const [valid, invalid] = [`valid_${name}`, `invalid_${name}`]
      return [
        alarm(
          'silver-invalid',
          name,
          new MathExpression({
            label: 'invalid, %',
            // Without rows the share is 0.
            expression: `IF(${valid} + ${invalid} > 0, 100 * ${invalid} / (${valid} + ${invalid}), 0)`,
            usingMetrics: {
              [valid]: own(service, metricNames.silverValid(name), 'Sum', FIVE_MINUTES),
              [invalid]: own(service, metricNames.silverInvalid(name), 'Sum', FIVE_MINUTES),
            },
            period: FIVE_MINUTES,
          }),
          INVALID_PERCENT,
        ),
      ]
    },

    gold(): Watched[] {
      return [
        alarm(
          'gold-duplicates',
          undefined,
          new MathExpression({
            label: 'duplicates, %',
            expression: 'IF(written + removed > 0, 100 * removed / (written + removed), 0)',
            usingMetrics: {
              written: own('gold', metricNames.goldWritten, 'Sum', FIVE_MINUTES),
              removed: own('gold', metricNames.goldDuplicates, 'Sum', FIVE_MINUTES),
            },
            period: FIVE_MINUTES,
          }),
          DUPLICATES_PERCENT,
          { periods: 3 },
        ),
      ]
    },

    pending(): Watched[] {
      return [
        alarm(
          'oldest-pending',
          undefined,
          own('sweep', metricNames.oldestPending, 'Maximum', MINUTE),
          PENDING_SECONDS,
          {
            urgent: true,
            periods: 2,
            // No metric means that the sweep itself does not run.
            missing: TreatMissingData.BREACHING,
          },
        ),
      ]
    },

    restored(): Watched[] {
      const refused = own('maintain', metricNames.sweepsRefused, 'Maximum', FIVE_MINUTES)
      const again = own('commit', metricNames.filesCommittedAgain, 'Sum', FIVE_MINUTES)
      return [alarm('restore', 'catalog', refused, 0), alarm('restore', 'state', again, 0)]
    },

    feed({ name }: Exchange, logGroup: ILogGroup): Watched[] {
      const saying = (what: string, { message, field }: { message: string; field?: string }) =>
        logged(pascal(name, what), logGroup, {
          filterPattern: FilterPattern.stringValue('$.message', '=', message),
          metricName: `${name}_feed_${what.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)}_total`,
          ...(field !== undefined && { metricValue: `$.${field}` }),
        }).metric({ statistic: 'Sum', period: FIVE_MINUTES })
      const errors = logged(pascal(name, 'errors'), logGroup, {
        filterPattern: FilterPattern.stringValue('$.level', '=', 'ERROR'),
        metricName: `${name}_feed_errors_total`,
      })
      return [
        alarm('feed-lost-trades', name, saying('lostTrades', lostTradesLog), 0),
        alarm('feed-unreadable-trades', name, saying('unreadableTrades', unreadableTradesLog), 0),
        alarm('feed-clock', name, saying('clockOff', clockLog), 0),
        alarm('feed-errors', name, errors.metric({ statistic: 'Sum', period: MINUTE }), 0, {
          urgent: URGENT.has(name),
        }),
      ]
    },

    deadLetters(about: string, queue: Queue): Watched[] {
      const metric = queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: MINUTE })
      return [alarm('dead-letters', about, metric, 0)]
    },
  }

  /** A metric of what a log says; lines are counted unless a value is named. */
  function logged(
    id: string,
    logGroup: ILogGroup,
    what: Pick<MetricFilterProps, 'filterPattern' | 'metricName' | 'metricValue' | 'unit'>,
  ): MetricFilter {
    return new MetricFilter(scope, id, { ...what, logGroup, metricNamespace: Stack.of(scope).stackName })
  }
}
