/** What an audit is doing, and the rows that it found. */

/** An audit's steps (operations/audit/audit.ts). */
const STEPS: Readonly<Record<string, string>> = {
  opening: 'opening the lake',
  tables: "reading the tables' lists",
  files: 'looking at every file',
  rows: 'reading the rows',
  feeds: 'reading what feeds reported',
  bronze: 'comparing Bronze with Kafka',
  silver: 'comparing Silver and the DLQ with Bronze',
  gold: 'comparing Gold with the valid trades',
  candles: 'working all candles out again',
}
export const stepText = (step: string): string => STEPS[step] ?? step

/** A row that breaks a law, in a line. */
export const offenderText = (row: Readonly<Record<string, unknown>>): string =>
  Object.entries(row)
    .map(([name, value]) => `${name} ${value === null ? 'null' : String(value)}`)
    .join(', ')
