/** What an audit found, in one sentence; and what it is doing. */

import type { AuditVerdict } from '../../figures/operator-rows.ts'
import { count } from '../../figures/pipeline.ts'

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

export function verdictText({ holds, laws, losses, feeds }: AuditVerdict): string {
  const broken = laws.filter(law => !law.holds)
  if (broken.length > 0)
    return `${broken.length === 1 ? 'A law is' : `${broken.length} laws are`} broken: ${broken.map(({ name }) => name).join('; ')}.`
  const lost = losses.reduce((rows, loss) => rows + loss.rows, 0)
  if (!holds)
    return `All laws hold for what is left, but ${count(lost, 'row')} are lost for good, which nobody has acknowledged.`
  if (lost > 0) return `All laws hold for what is left: ${count(lost, 'row')} were lost, which was acknowledged.`
  const never = (feeds?.gaps.lost ?? 0) + (feeds?.gaps.unreadable ?? 0)
  return never > 0
    ? `All six laws hold: nothing that came is lost or doubled, and every candle is exact. ${count(never, 'trade')} that the exchanges numbered never came.`
    : 'All six laws hold: nothing is lost, nothing doubled, and every candle is exact.'
}

/** A row that breaks a law, in a line. */
export const offenderText = (row: Readonly<Record<string, unknown>>): string =>
  Object.entries(row)
    .map(([name, value]) => `${name} ${value === null ? 'null' : String(value)}`)
    .join(', ')
