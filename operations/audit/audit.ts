/**
 * The audit: reads a lake and says, law by law, whether the laws of ARCHITECTURE.md hold. It writes nothing, and may look at a
 * lake that another process is writing: it compares only what both sides must already hold.
 */
import { sumOf } from '../../domain/counts.ts'
import { Corrupt, messageOf, NotFound } from '../../domain/errors.ts'
import type { ReadableLake } from '../../domain/lake.ts'
import { checkBronze } from './bronze.ts'
import { checkCandles } from './candles.ts'
import { feedGapNotes, readFeedGaps } from './feed-gaps.ts'
import { checkFiles, fileFindings } from './files.ts'
import { checkGold } from './gold.ts'
import { type Readings, readLake } from './readings.ts'
import { type AuditReport, count, type Findings, type LawReport } from './report.ts'
import { loadRows } from './rows.ts'
import { checkSilver } from './silver.ts'

const LAWS = [
  'Bronze is Kafka',
  'Silver + DLQ = Bronze',
  'Gold is the set of valid trades',
  'Candles are a fold of Gold',
  'Every file is there and whole',
  'Everything pending drains',
]

/** Checks all laws. */
export async function auditLake(lake: ReadableLake): Promise<AuditReport> {
  const at = lake.ports.clock.now()
  const findings = await findingsOf(lake)
  const laws = findings.map((found, i): LawReport => {
    return { law: i + 1, name: LAWS[i], holds: found.violations.length === 0, ...found }
  })
  return { holds: laws.every(law => law.holds), audited_at: new Date(at).toISOString(), laws }
}

async function findingsOf(lake: ReadableLake): Promise<Findings[]> {
  let readings: Readings
  try {
    readings = await readLake(lake)
  } catch (error) {
    // Without a table's metadata there is nothing to compare.
    if (!(error instanceof Corrupt || error instanceof NotFound)) throw error
    return LAWS.map(() => unchecked(error))
  }
  const session = await lake.ports.engine.session()
  try {
    const files = await checkFiles(lake, session, readings)
    const unreadable = await loadRows(session, readings, files.paths)
    for (const key of unreadable.keys()) files.paths.delete(key)
    const { paths } = files
    return [
      await checked(async () =>
        withNotes(
          await checkBronze(session, readings, paths),
          feedGapNotes(await readFeedGaps(session, readings.gaps.bronze, paths)),
        ),
      ),
      await checked(() => checkSilver(session, readings, paths)),
      await checked(() => checkGold(session, readings)),
      await checked(() => checkCandles(session, readings, paths)),
      fileFindings(files, unreadable),
      checkPending(readings),
    ]
  } finally {
    session.close()
  }
}

function withNotes(findings: Findings, notes: readonly string[]): Findings {
  return { ...findings, notes: [...findings.notes, ...notes] }
}

/** A law that cannot be checked does not hold. */
async function checked(check: () => Promise<Findings>): Promise<Findings> {
  try {
    return await check()
  } catch (error) {
    return unchecked(error)
  }
}

function unchecked(error: unknown): Findings {
  const violations = [{ what: 'reason why it cannot be checked', count: 1, rows: [{ problem: messageOf(error) }] }]
  return { summary: 'could not be checked', figures: {}, notes: [], violations }
}

/** Law 6 is about the future: what is pending now is only mentioned; the law is broken by what can never drain. */
function checkPending({ pending, at }: Readings): Findings {
  const waiting = pending.filter(({ items }) => items > 0)
  const total = sumOf(waiting, ({ items }) => items)
  return {
    summary: total === 0 ? 'nothing is pending' : `${count(total)} items are pending: tradelake drain works them off`,
    figures: Object.fromEntries(pending.map(({ consumer, items }) => [consumer, items])),
    notes: waiting.map(({ consumer, items, oldest }) => {
      const age =
        oldest === undefined ? '' : `, the oldest for ${count(Math.max(0, Math.round((at - oldest) / 1000)))} s`
      return `${count(items)} pending for ${consumer}${age}`
    }),
    violations: [],
  }
}
