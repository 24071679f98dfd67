/** The costs as text: a table for the terminal, and the page of docs/cost.md. */
import { sumOf } from '../../domain/counts.ts'
import { DEFAULT_FRESHNESS } from '../context.ts'
import {
  ASSUMED_LOG_BYTES,
  ASSUMED_WAIT_SECONDS,
  BYTES,
  COUNTED,
  CPU_SECONDS_PER_MILLION,
  ENDPOINT_BYTES,
  type Freshness,
} from './figures.ts'
import { type MonthlyCost, monthlyCost, requestCosts, total } from './model.ts'
import { MINUTES } from './months.ts'
import { PRICES, PRICES_ENTERED, PRICES_REGION } from './prices.ts'

const RATES = [138, 1_000, 10_000] as const

/** A Markdown table of these rates in trades a second, which also reads well as text; cells are dollars a month. */
export function costTable(rates: readonly number[], freshness: Freshness = DEFAULT_FRESHNESS): string {
  return tableOf(
    rates.map(rate => `${rate.toLocaleString('en-US')} trades/s`),
    rates.map(rate => monthlyCost(rate, freshness)),
  )
}

/** The same for each `freshness`, of a rate. */
function freshnessTable(rate: number): string {
  return tableOf(
    COUNTED.map(seconds => `${seconds} s`),
    COUNTED.map(seconds => ({ ...monthlyCost(rate, seconds), kafka: [], optional: [] })),
  )
}

function tableOf(names: readonly string[], costs: readonly MonthlyCost[]): string {
  const [{ lines, kafka, optional }] = costs
  const row = (name: string, of: (cost: MonthlyCost) => number) => [name, ...costs.map(cost => dollars(of(cost)))]
  const rows = [
    ...lines.map(({ component }, line) => row(component, cost => cost.lines[line].dollars)),
    row('**All but Kafka**', cost => total(cost.lines)),
    ...kafka.map(({ component }, line) => row(component, cost => cost.kafka[line].dollars)),
    ...optional.map(({ component }, line) => row(component, cost => cost.optional[line].dollars)),
  ]
  return textOf(['US dollars a month', ...names], rows)
}

/** What each kind of run asks of S3 and DynamoDB in a month. */
function requestTable(freshness: Freshness): string {
  const costs = requestCosts(freshness)
  const rows = costs.map(({ stage, runs, put, get, write, read }) => {
    return [stage, runs.toFixed(1), ...[put, get, write, read, put + get + write + read].map(dollars)]
  })
  const sum = (of: (cost: (typeof costs)[number]) => number) => dollars(sumOf(costs, of))
  const all = [
    ...['**All**', sumOf(costs, ({ runs }) => runs).toFixed(1), sum(({ put }) => put), sum(({ get }) => get)],
    ...[
      sum(({ write }) => write),
      sum(({ read }) => read),
      sum(({ put, get, write, read }) => put + get + write + read),
    ],
  ]
  const header = [
    'US dollars a month',
    'runs a minute',
    'S3 PUT',
    'S3 GET',
    'DynamoDB write',
    'DynamoDB read',
    'together',
  ]
  return textOf(header, [...rows, all])
}

function textOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) =>
    Math.max(...[header, ...rows].map(cells => cells[column].length), name.length),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

/** docs/cost.md, which a test keeps equal to this. */
export function costPage(): string {
  const waits = Object.entries(ASSUMED_WAIT_SECONDS)
    .map(([stage, seconds]) => `${stage} ${seconds}`)
    .join(', ')
  const sources = [...new Set(Object.values(PRICES).map(price => price.source))]
  return `# What it costs

Made by \`npm run cost -- --page\`; \`npm run cost -- --rate 500 --freshness 30\` for figures of your own.

${costTable(RATES)}

Trades are in Gold and in candles of a minute within ${DEFAULT_FRESHNESS} s (\`freshness\`), topics have one partition for each 5,000 trades a second. Take one of the Kafka rows (in production a provisioned cluster has three brokers), or none with brokers of your own; the rows after them apply only with that context value. A feed's task has room for thousands of trades a second before it costs more. Kafka's rows include traffic between zones; nothing includes traffic to the internet.

## What a second is worth

Without Kafka, at ${RATES[0]} trades a second, by the context value \`freshness\`: the seconds after which a trade is in Gold and in candles of a minute.

${freshnessTable(RATES[0])}

Below a thousand trades a second the windows make the bill, not the trades: Bronze and Silver make two objects for each batch of each exchange, however few trades are in it.

## Where requests go

The same at ${DEFAULT_FRESHNESS} s, by kind of run.

${requestTable(DEFAULT_FRESHNESS)}

What keeps this from getting much lower: three exchanges, whose trades are to be in Bronze within 3 s and in Silver within 4 s, make 90 batches a minute of two objects, which is ${dollars(2 * 90 * MINUTES * PRICES.s3Put.dollars)} dollars of PUTs; and a commit of Gold, with the candles of its minutes, is at least eight objects. With \`freshness=30\` both are a third.

## Where the figures are from

- **Prices**: public on-demand prices of ${PRICES_REGION}, entered by hand on ${PRICES_ENTERED}, without free tiers, discounts and taxes:
  ${sources.join(', ')}. Check there before relying on them.
- **Counted**, call by call (\`npm run bench -- requests\`): what each stage asks of S3 and DynamoDB in half an hour of ${RATES[0]} trades a second. Where batches end by their size,
  the counts grow with their number.
- **Measured** here (\`npm run bench\`, \`npm start\`): CPU seconds for a million records (Bronze ${CPU_SECONDS_PER_MILLION.bronze}, Silver ${CPU_SECONDS_PER_MILLION.silver}, Gold ${CPU_SECONDS_PER_MILLION.gold}, candles ${CPU_SECONDS_PER_MILLION.candles}), bytes a row
  (Bronze ${BYTES.bronzeRow}, Silver ${BYTES.silverRow}, Gold ${BYTES.goldRow}), shares of the exchanges.
- **Measured** (\`npm run bench -- batch-bytes\`): ${BYTES.record} bytes of a record in Kafka, compressed with zstd, of trades recorded from the exchanges in batches of eleven; uncompressed they are 264.
- **Assumed**, not measured on AWS: how long an invocation waits for S3, DynamoDB and Glue (seconds: ${waits}); ${ASSUMED_LOG_BYTES.toLocaleString('en-US')} bytes of log for an invocation, Lambda's own report included;
  each run of the candles folds its whole minute again; half of the traffic with brokers in two zones crosses between them, two thirds in three; ${ENDPOINT_BYTES} bytes of a record in an event, counted from its JSON, go through an endpoint;
  a provisioned poller is one unit for each topic, at a price that could not be looked up again.
- One record in two hundred of the counted market is broken on purpose: its dead letters are a fifth of Silver's PUTs.
- A market's bursts make fewer, fuller batches than the steady rate that is counted.
`
}

function dollars(amount: number): string {
  return amount < 10 ? amount.toFixed(2) : Math.round(amount).toLocaleString('en-US')
}
