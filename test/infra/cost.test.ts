import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { COUNTED, REQUESTS } from '../../infra/cost/figures.ts'
import { FEED_ALARMS, monthlyCost, total, watched } from '../../infra/cost/model.ts'
import { costPage, costTable } from '../../infra/cost/page.ts'
import { PRICES } from '../../infra/cost/prices.ts'
import { KAFKA_MODES, templateOf, type Values } from './support.ts'

const dollarsOf = (rate: number, component: RegExp) => {
  const { lines, kafka, optional } = monthlyCost(rate)
  const found = [...lines, ...kafka, ...optional].filter(line => component.test(line.component))
  expect(found).toHaveLength(1)
  return found[0].dollars
}

describe('costs of a month', () => {
  test('of storage are what the rows of each retention take up', () => {
    // 1,000/s: Bronze 8.4 days of 58 bytes (80 % for 7 days, 20 % for 14), Silver 30 of 53, Gold 365 of 51.
    const gigabytes = (86_400 * 1_000 * (8.4 * 58 + 30 * 53 + 365 * 51)) / 1e9
    expect(dollarsOf(1_000, /S3 storage/)).toBeCloseTo(gigabytes * 0.023, 6)
  })

  test('of a serverless cluster are its hours, partitions, bytes and endpoints', () => {
    // Five partitions; 1,000/s of 105 bytes in and out, half of them to another zone, paid at both ends; four days of them kept; two
    // endpoints in two zones, and 389 bytes a record through them.
    const fixed = 730 * (0.75 + 5 * 0.0015 + 4 * 0.01)
    const perSecond = (1_000 * 105) / 1e9
    const flowing =
      perSecond * 730 * 3_600 * (0.15 + 2 * 0.01) +
      perSecond * 4 * 86_400 * 0.1 +
      ((1_000 * 389) / 1e9) * 730 * 3_600 * 0.01
    expect(dollarsOf(1_000, /Serverless/)).toBeCloseTo(fixed + flowing, 6)
  })

  test('of a provisioned cluster depend on the rate by its disks and what goes through its endpoints and between zones', () => {
    // Disks of 20 GiB, and of 1,014; two brokers have five alarms, three seven.
    for (const [rate, gib] of [
      [1, 20],
      [10_000, 1_014],
    ])
      for (const [brokers, alarms] of [
        [2, 5],
        [3, 7],
      ]) {
        const fixed = 730 * 2 * brokers * 0.01 + alarms * 0.1 + brokers * 730 * 0.204
        const across = 4 * ((brokers - 1) / brokers) * 105 * 0.01
        expect(dollarsOf(rate, new RegExp(`provisioned \\(${brokers}`))).toBeCloseTo(
          fixed + brokers * gib * 0.1 + ((rate * (389 * 0.01 + across)) / 1e9) * 730 * 3_600,
          6,
        )
      }
  })

  test('fall with every second that trades may take to Gold', () => {
    const all = COUNTED.map(freshness => total(monthlyCost(138, freshness).lines))
    expect([...all].sort((a, b) => b - a)).toEqual(all)
    expect(all[0]).toBeGreaterThan(2 * (all.at(-1) ?? 0))
  })

  test('of requests are those that were counted', () => {
    // 43,800 minutes; the sums of the counts at ten seconds.
    const { puts, gets, writeUnits, readUnits } = Object.values(REQUESTS[10]).reduce((sum, each) => ({
      runs: 0,
      puts: sum.puts + each.puts,
      gets: sum.gets + each.gets,
      writeUnits: sum.writeUnits + each.writeUnits,
      readUnits: sum.readUnits + each.readUnits,
    }))
    expect(dollarsOf(138, /S3 requests/)).toBeCloseTo(43_800 * (puts * 0.000_005 + gets * 0.000_000_4), 6)
    expect(dollarsOf(138, /DynamoDB/)).toBeCloseTo(43_800 * (writeUnits * 0.000_000_625 + readUnits * 0.000_000_125), 6)
  })

  test('of requests stand still while windows end the batches, and grow when their size does', () => {
    for (const component of [/S3 requests/, /DynamoDB/]) {
      expect(dollarsOf(500, component)).toBeCloseTo(dollarsOf(100, component), 6)
      expect(dollarsOf(100_000, component)).toBeGreaterThan(2 * dollarsOf(100, component))
    }
  })

  test('never fall when the rate grows, and are all above nothing', () => {
    const rates = [1, 10, 138, 1_000, 5_000, 10_000, 100_000].map(rate => monthlyCost(rate))
    for (const [before, after] of rates.slice(1).map((cost, index) => [rates[index], cost] as const))
      for (const kind of ['lines', 'kafka', 'optional'] as const)
        for (const [index, line] of after[kind].entries()) {
          expect(line.dollars, line.component).toBeGreaterThan(0)
          expect(line.dollars, line.component).toBeGreaterThanOrEqual(before[kind][index].dollars)
        }
  })

  test('count the alarms and metrics that the stack has', () => {
    const stack = watchedBy(KAFKA_MODES['self-managed'])
    expect(watched(EXCHANGES).alarms).toBe(stack.length)
    // No alarm looks at how many gap reports there are and how late, or at the build.
    expect(watched(EXCHANGES).metrics).toBe(ownOf(stack).size + 3)

    const withFeeds = watchedBy({ ...KAFKA_MODES['self-managed'], feeds: 'on' })
    expect(withFeeds.length - stack.length).toBe(FEED_ALARMS * EXCHANGES.length)
    expect(ownOf(withFeeds).size - ownOf(stack).size).toBe(FEED_ALARMS * EXCHANGES.length)
  })
})

interface WatchedMetric {
  readonly MetricName: string
  readonly Namespace: string
}

/** The metrics that a deployment's alarms look at. */
function watchedBy(values: Values): WatchedMetric[] {
  const alarms = Object.values(templateOf(values).findResources('AWS::CloudWatch::Alarm'))
  return alarms.flatMap(({ Properties }) => {
    const math = (Properties.Metrics ?? []) as { MetricStat?: { Metric: WatchedMetric } }[]
    return math.length > 0 ? math.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []) : [Properties as WatchedMetric]
  })
}

const ownOf = (metrics: readonly WatchedMetric[]) =>
  new Set(metrics.filter(({ Namespace }) => !Namespace.startsWith('AWS/')).map(({ MetricName }) => MetricName))

describe('the page', () => {
  test('of the docs is what is calculated now', () => {
    expect(readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8')).toBe(costPage())
  })

  test('shows the sum of its lines', () => {
    const sum = Math.round(total(monthlyCost(10_000).lines)).toLocaleString('en-US')
    expect(costTable([10_000])).toMatch(new RegExp(`All but Kafka\\*\\* *\\| *${sum} *\\|`))
  })

  test('names a source for every price', () => {
    for (const { dollars, source } of Object.values(PRICES)) {
      expect(dollars).toBeGreaterThan(0)
      expect(source).toMatch(/^https:\/\/aws\.amazon\.com\/\w+\/pricing\/$/)
    }
  })
})
