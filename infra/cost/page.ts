/** The costs as text: a table for the terminal, and the page of docs/cost.md. */
import { ASSUMED_WAIT_SECONDS, BYTES, CPU_SECONDS_PER_MILLION } from './figures.ts'
import { monthlyCost, total } from './model.ts'
import { PRICES, PRICES_ENTERED, PRICES_REGION } from './prices.ts'

const RATES = [138, 1_000, 10_000] as const

/** A Markdown table, which also reads well as text. Rates are trades a second, cells dollars a month. */
export function costTable(rates: readonly number[]): string {
  const costs = rates.map(rate => monthlyCost(rate))
  const [{ lines, kafka, optional }] = costs
  const row = (name: string, of: (index: number) => number) => [name, ...rates.map((_, index) => dollars(of(index)))]
  const rows = [
    ...lines.map(({ component }, line) => row(component, index => costs[index].lines[line].dollars)),
    row('**All but Kafka**', index => total(costs[index].lines)),
    ...kafka.map(({ component }, line) => row(component, index => costs[index].kafka[line].dollars)),
    ...optional.map(({ component }, line) => row(component, index => costs[index].optional[line].dollars)),
  ]
  const header = ['US dollars a month', ...rates.map(rate => `${rate.toLocaleString('en-US')} trades/s`)]
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
  const sources = [...new Set(Object.values(PRICES).map(price => price.source))]
  return `# What it costs

Made by \`npm run cost -- --page\`; \`npm run cost -- --rate 500\` for a rate of your own.

${costTable(RATES)}

Take one of the two Kafka rows, or neither with brokers of your own; the rows after them apply only with that context value. A feed costs the same at every rate: its task has room for thousands of trades a second. Traffic to the internet is not included.

- **Prices**: public on-demand prices of ${PRICES_REGION}, entered by hand on ${PRICES_ENTERED}, without free tiers, discounts and taxes:
  ${sources.join(', ')}. Check there before relying on them.
- **Measured** here (\`npm run bench\`, \`npm start\`): CPU seconds for a million records (Bronze ${CPU_SECONDS_PER_MILLION.bronze}, Silver ${CPU_SECONDS_PER_MILLION.silver}, Gold ${CPU_SECONDS_PER_MILLION.gold}, candles ${CPU_SECONDS_PER_MILLION.candles}), bytes a row
  (Bronze ${BYTES.bronzeRow}, Silver ${BYTES.silverRow}, Gold ${BYTES.goldRow}), shares of the exchanges.
- **Assumed**, not measured on AWS: how long an invocation waits for S3, DynamoDB and Glue (Bronze ${ASSUMED_WAIT_SECONDS.bronze} s, Silver ${ASSUMED_WAIT_SECONDS.silver} s; \`infra/cost/figures.ts\`).
- Requests are counted as the stages make them at a steady rate; a market's bursts make fewer, fuller batches.
`
}

function dollars(amount: number): string {
  return amount < 10 ? amount.toFixed(2) : Math.round(amount).toLocaleString('en-US')
}
