/**
 * The audit: reads a lake and says, law by law, whether the laws of ARCHITECTURE.md hold. It writes nothing, and may look at a
 * lake that another process is writing: it compares only what both sides must already hold.
 */
import { sumOf } from '../../domain/counts.ts'
import { Corrupt, messageOf, NotFound } from '../../domain/errors.ts'
import type { ReadableLake } from '../../domain/lake.ts'
import type { Loss } from '../../domain/losses.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { type Progress, UNTOLD } from '../../domain/progress.ts'
import type { AuditProgress } from '../../domain/server-ports.ts'
import { checkBronze } from './bronze.ts'
import { checkCandles } from './candles.ts'
import { feedGapNotes, readFeedGaps } from './feed-gaps.ts'
import { checkFiles, fileFindings } from './files.ts'
import { checkGold } from './gold.ts'
import { listedKeys, type Readings, readLake } from './readings.ts'
import { type AuditReport, count, type FeedsReport, type Findings, type LawReport, type LossReport } from './report.ts'
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

/** What an audit does, in this order. */
const STEPS = ['tables', 'files', 'rows', 'feeds', 'bronze', 'silver', 'gold', 'candles'] as const
type Step = (typeof STEPS)[number]

/** Who is told how it gets on: of its steps, and of what each of them counts. */
export interface AuditTold {
  readonly steps?: AuditProgress
  readonly progress?: Progress
}

/** Checks all laws. */
export async function auditLake(lake: ReadableLake, told: AuditTold = {}): Promise<AuditReport> {
  const { steps = () => {}, progress = UNTOLD } = told
  const at = lake.ports.clock.now()
  const begin = (step: Step) => steps({ step, done: STEPS.indexOf(step), of: STEPS.length })
  const { findings, losses, feeds } = await findingsOf(lake, begin, progress)
  const laws = findings.map((found, i): LawReport => {
    return { law: i + 1, name: LAWS[i], holds: found.violations.length === 0, ...found }
  })
  const holds = laws.every(law => law.holds) && losses.every(({ accepted }) => accepted)
  return { holds, audited_at: new Date(at).toISOString(), laws, losses, feeds }
}

async function findingsOf(
  lake: ReadableLake,
  begin: (step: Step) => void,
  progress: Progress,
): Promise<{ findings: Findings[]; losses: LossReport[]; feeds: FeedsReport | undefined }> {
  progress.begin('Reading what the tables name', 'file')
  let readings: Readings
  try {
    begin('tables')
    readings = await readLake(lake)
  } catch (error) {
    // Without a table's metadata there is nothing to compare.
    if (!(error instanceof Corrupt || error instanceof NotFound)) throw error
    return { findings: LAWS.map(() => unchecked(error)), losses: [], feeds: undefined }
  }
  const session = await lake.ports.engine.session()
  try {
    begin('files')
    const files = await checkFiles(lake, session, readings, progress)
    begin('rows')
    const unreadable = await loadRows(session, readings, files.paths, progress)
    for (const key of unreadable.keys()) files.paths.delete(key)
    const { paths } = files
    begin('feeds')
    const feeds = await readFeeds(session, readings, paths)
    const law = (number: number, step: Step, check: () => Promise<Findings>) => {
      begin(step)
      progress.begin(`Law ${number} of 6: ${LAWS[number - 1]}`, 'law')
      return checked(check)
    }
    const findings = [
      await law(1, 'bronze', async () =>
        withNotes(await checkBronze(session, readings, paths), feedGapNotes(feeds.gaps)),
      ),
      await law(2, 'silver', () => checkSilver(session, readings, paths)),
      await law(3, 'gold', () => checkGold(session, readings, paths)),
      await law(4, 'candles', () => checkCandles(session, readings, paths)),
      fileFindings(files, unreadable),
      checkPending(readings),
    ]
    return { findings, losses: readings.losses.rows.map(lossReport), feeds }
  } finally {
    session.close()
  }
}

function lossReport({ table, partition, file, rows, range, reason, foundAt, acceptedAt }: Loss): LossReport {
  const text = (micros: bigint | undefined) =>
    micros === undefined ? null : new Date(Number(micros / 1000n)).toISOString()
  const times = { from: text(range?.from), to: text(range?.to), found_at: String(text(foundAt)) }
  return { table, partition, file, rows, reason, accepted: acceptedAt !== undefined, ...times }
}

/** What is known of the feeds, without which nothing comes to Kafka. */
async function readFeeds(
  session: QuerySession,
  readings: Readings,
  paths: ReadonlyMap<string, string>,
): Promise<FeedsReport> {
  const filesOf = (keys: Iterable<string>) => [...new Set(keys)].flatMap(key => paths.get(key) ?? [])
  const gaps = await readFeedGaps(
    session,
    filesOf(listedKeys(readings.gaps.bronze)),
    filesOf(readings.gold.files.keys()),
  )
  const silent = readings.exchanges.filter(({ checkpoints }) => checkpoints.length === 0)
  return { gaps, silent: silent.map(({ exchange }) => exchange.name) }
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
