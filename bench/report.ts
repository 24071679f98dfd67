/** What the benchmarks print: a table for people, and JSON lines for machines in bench/results/. */
import { appendFileSync, mkdirSync } from 'node:fs'
import { formatTable } from '../cli/format.ts'

const RESULTS = new URL('results/', import.meta.url)

export function print(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n\n${formatTable(header, rows)}`)
}

/** Adds a line to this run's results, and prints it. */
export function record(figures: Readonly<Record<string, unknown>>): void {
  const line = JSON.stringify({ at: new Date().toISOString(), node: process.version, ...figures })
  mkdirSync(RESULTS, { recursive: true })
  appendFileSync(new URL('results.jsonl', RESULTS), `${line}\n`)
  console.log(line)
}

/** The value below which this share of the sorted values lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
}
