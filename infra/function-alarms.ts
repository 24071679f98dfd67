/** The alarms on functions: on the errors of each, and as few as there are things to do about the rest. */
import { Duration } from 'aws-cdk-lib'
import { type Alarm, Unit } from 'aws-cdk-lib/aws-cloudwatch'
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { FilterPattern } from 'aws-cdk-lib/aws-logs'
import { pascal } from '../domain/names.ts'
import type { Alarms, Watched } from './alarms.ts'
import type { FunctionName } from './bundles.ts'
import type { StageRelease } from './release.ts'
import { SIZES } from './sizes.ts'

export interface WatchedFunction {
  readonly name: FunctionName
  readonly about: string
  readonly release: StageRelease
}

const MINUTE = Duration.minutes(1)
const FIVE_MINUTES = Duration.minutes(5)
/** Share of a function's time-out, and of its memory. Stages that work off a list stop by themselves at 70 % of their time. */
const NEARLY_ALL = 0.9
/** Records come to these in batches of a bounded size: lags and errors tell when they are slow. */
const IN_BATCHES: ReadonlySet<FunctionName> = new Set(['bronze', 'silver'])

/** Every function's errors, which take a new version back; and all alarms together. */
export function functionAlarms(
  alarms: Alarms,
  functions: readonly WatchedFunction[],
): { readonly errors: readonly (StageRelease & { readonly errors: Alarm })[]; readonly watched: readonly Watched[] } {
  const errors = functions.map(({ about, release }) => {
    const metric = release.function.metricErrors({ statistic: 'Sum', period: MINUTE })
    return { release, watched: alarms.alarm('function-errors', about, metric, 0) }
  })
  const timed = functions.filter(({ name }) => !IN_BATCHES.has(name))
  const sizes = Map.groupBy(functions, ({ name }) => SIZES[name].memoryMiB)
  return {
    errors: errors.flatMap(({ release, watched }) => (watched.alarm ? { ...release, errors: watched.alarm } : [])),
    watched: [
      ...errors.map(({ watched }) => watched),
      throttles(alarms),
      ...timed.map(one => slow(alarms, one)),
      ...[...sizes].map(([memoryMiB, some]) => memory(alarms, memoryMiB, some)),
    ],
  }
}

/** One for the whole account and region: functions share what they may do at once. */
function throttles({ alarm }: Alarms): Watched {
  const metric = LambdaFunction.metricAllThrottles({ statistic: 'Sum', period: MINUTE })
  return alarm('function-throttles', undefined, metric, 0, { periods: 3 })
}

function slow({ alarm }: Alarms, { about, release }: WatchedFunction): Watched {
  const metric = release.function.metricDuration({ statistic: 'Maximum', period: FIVE_MINUTES })
  const timeout = release.function.timeout ?? Duration.seconds(3)
  return alarm('function-slow', about, metric, NEARLY_ALL * timeout.toMilliseconds())
}

/** One for all functions of a size, from the report that Lambda logs after each invocation; the metric of Lambda Insights would cost a layer. */
function memory({ alarm, logged }: Alarms, memoryMiB: number, functions: readonly WatchedFunction[]): Watched {
  const [metric] = functions.map(({ about, release }) =>
    logged(pascal('memory', ...about.split('-')), release.function.logGroup, {
      filterPattern: FilterPattern.exists('$.record.metrics.maxMemoryUsedMB'),
      metricName: `functions_of_${memoryMiB}_memory_used_megabytes`,
      metricValue: '$.record.metrics.maxMemoryUsedMB',
      unit: Unit.MEGABYTES,
    }).metric({ statistic: 'Maximum', period: FIVE_MINUTES }),
  )
  return alarm('function-memory', String(memoryMiB), metric, NEARLY_ALL * memoryMiB)
}
