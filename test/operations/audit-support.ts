/** A good lake that the audit's tests break, and what they look at in a report. */
import type { AuditReport, LawReport } from '../../operations/audit/report.ts'
import { drainLake, newLake, publishMarket, type TestLake } from '../embedded/support.ts'

/** A hundred ticks of a market in two commits. */
export async function goodLake(): Promise<TestLake> {
  const lake = await newLake()
  await publishMarket(lake, { market: 0, from: 0, to: 60 })
  await drainLake(lake)
  await publishMarket(lake, { market: 0, from: 60, to: 100 })
  await drainLake(lake)
  return lake
}

/** The laws that do not hold. */
export const broken = (report: AuditReport) => report.laws.filter(law => !law.holds).map(({ law }) => law)
export const wordsOf = ({ violations }: LawReport) => violations.map(({ what }) => what)
