/** `tradelake audit`: whether the laws hold, law by law, in plain words; `--repair` mends what can be mended first. */
import { sumOf } from '../domain/counts.ts'
import type { ReadableLake } from '../domain/lake.ts'
import { wireFunctions } from '../embedded/functions.ts'
import { createTotals } from '../embedded/totals.ts'
import { isOfNothing, NOTHING_CHECKED } from '../figures/verdict.ts'
import { type AuditTold, auditLake } from '../operations/audit/audit.ts'
import type { AuditReport, LawReport } from '../operations/audit/report.ts'
import { acceptLosses } from '../operations/repair/losses.ts'
import { repairLake } from '../operations/repair/repair.ts'
import { command, JSON_OPTION, type LAKE_OPTIONS, type Values } from './command.ts'
import { formatCount } from './format.ts'
import { openToRead } from './open-lake.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'
import { WORK_OPTIONS, withLake } from './work-lake.ts'

export const audit = command({
  name: 'audit',
  usage: '[--repair] [--accept-loss] [--data DIR | --stack NAME] [--lineage URL|FILE] [--json] [--quiet]',
  options: {
    repair: {
      type: 'boolean',
      help: 'first mend what can be mended: lost state, table pointers and files, and all that is missing in the tables made from them',
    },
    'accept-loss': {
      type: 'boolean',
      help: 'acknowledge what a repair found to be lost for good: it is still shown, and no longer makes the audit fail',
    },
    ...WORK_OPTIONS,
    json: JSON_OPTION,
    quiet: QUIET_OPTION,
  },
  async run(values) {
    const repaired = values.repair ? await repair(values) : undefined
    if (values['accept-loss']) await accept(values)
    return auditAfter(repaired, values)
  },
})

/** Audits the lake, prints what was done to it before (undefined: nothing was to be done) and the verdict; gives the exit status. */
export async function auditAfter(
  repaired: readonly string[] | undefined,
  values: Values<typeof LAKE_OPTIONS> & { readonly json: boolean; readonly quiet?: boolean },
): Promise<number> {
  const report = await withProgress(values, progress => auditAfresh(() => openToRead(values), { progress }))
  if (values.json) console.log(JSON.stringify({ ...report, ...(repaired && { repaired }) }, null, 2))
  else {
    if (repaired) printRepairs(repaired)
    printAudit(report)
  }
  return report.holds ? 0 : 1
}

/** Opens the lake for the audit alone, so that it uses nothing that this process holds in memory. */
export async function auditAfresh(open: () => Promise<ReadableLake>, told?: AuditTold): Promise<AuditReport> {
  const lake = await open()
  try {
    return await auditLake(lake, told)
  } finally {
    lake.close()
  }
}

function repair(
  values: Values<typeof WORK_OPTIONS> & { readonly json: boolean; readonly quiet: boolean },
): Promise<string[]> {
  return withLake(values, { lostState: true, kind: 'repair' }, ({ log, alone }) =>
    withProgress(values, told =>
      alone('tradelake audit --repair', lake =>
        repairLake(lake, wireFunctions(lake, log), createTotals(lake.exchanges), told),
      ),
    ),
  )
}

function accept(values: Values<typeof WORK_OPTIONS>): Promise<number> {
  return withLake(values, { kind: 'repair' }, ({ beside }) => beside(lake => acceptLosses(lake.ports)))
}

function printRepairs(repaired: readonly string[]): void {
  console.log('Repair')
  for (const sentence of repaired) console.log(`  ${sentence}`)
  if (repaired.length === 0) console.log('  nothing had to be mended')
}

/** Prints a report for people. */
export function printAudit(report: AuditReport): void {
  console.log('Audit')
  for (const law of report.laws) for (const line of lawLines(law)) console.log(line)
  for (const line of lossLines(report.losses)) console.log(line)
  console.log(verdict(report))
  for (const line of feedLines(report)) console.log(line)
}

/** What never reached Kafka, which no law can see. */
function feedLines({ feeds }: AuditReport): string[] {
  if (feeds === undefined) return []
  const { gaps, silent } = feeds
  const never = gaps.lost + gaps.unreadable
  return [
    ...(never > 0
      ? [
          `${formatCount(never)} trades that the exchanges numbered never came here: SELECT * FROM feed_gaps says which.`,
        ]
      : []),
    ...(silent.length > 0 ? [`No trade ever came from ${silent.join(', ')}.`] : []),
  ]
}

function lossLines(losses: AuditReport['losses']): string[] {
  return losses.map(({ table, rows, from, to, reason, file, found_at, accepted }) => {
    const times = from === null ? 'of unknown times' : `from ${from} to ${to}`
    const state = accepted ? 'acknowledged' : 'not acknowledged'
    return `  LOST    ${formatCount(rows)} rows of ${table} ${times}: ${file}: ${reason} (found ${found_at}, ${state})`
  })
}

function verdict({ holds, laws, losses, feeds }: AuditReport): string {
  if (isOfNothing({ holds, laws, losses })) return NOTHING_CHECKED
  const broken = laws.filter(law => !law.holds)
  if (broken.length > 0)
    return `${broken.length === 1 ? 'A law is' : `${broken.length} laws are`} BROKEN: ${broken.map(law => law.name).join('; ')}.`
  const rows = formatCount(sumOf(losses, loss => loss.rows))
  if (losses.some(({ accepted }) => !accepted))
    return `The six laws hold for what is left, but ${rows} rows are lost for good: tradelake audit --accept-loss acknowledges that.`
  if (losses.length > 0)
    return `The six laws hold for what is left: ${rows} rows were lost, which was acknowledged; nothing is doubled.`
  const isWhole = feeds === undefined || feeds.gaps.lost + feeds.gaps.unreadable === 0
  const nothing = isWhole ? 'nothing is lost' : 'nothing that came is lost'
  return `All six laws hold: ${nothing}, nothing doubled, and every candle is exact.`
}

function lawLines(law: LawReport): string[] {
  const head =
    `  ${law.law} ${law.name.padEnd(33)}${law.holds ? 'holds ' : 'BROKEN'}  ${law.holds ? law.summary : ''}`.trimEnd()
  const violations = law.violations.flatMap(({ what, count, rows }) => [
    `      ${formatCount(count)} ${what}${count > rows.length ? `; the first ${rows.length}:` : ':'}`,
    ...rows.map(row => `        ${rowText(row)}`),
  ])
  return [head, ...violations, ...law.notes.map(note => `      ${note}`)]
}

function rowText(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .map(([name, value]) => `${name} ${value === null ? 'null' : String(value)}`)
    .join(', ')
}
