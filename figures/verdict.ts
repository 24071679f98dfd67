/** What an audit found, in one sentence. */
import type { AuditVerdict } from './operator-rows.ts'
import { count } from './pipeline.ts'

/** Said of a lake into which nothing has come: laws that hold of nothing are no success. */
export const NOTHING_CHECKED = 'There is nothing to check yet: no record has come.'

/** Whether there was no record in Bronze, where everything begins. */
export const isOfNothing = ({ holds, laws, losses }: Pick<AuditVerdict, 'holds' | 'laws' | 'losses'>): boolean =>
  holds && losses.length === 0 && laws.find(({ law }) => law === 1)?.figures?.rows === 0

export function verdictText({ holds, laws, losses, feeds }: AuditVerdict): string {
  if (isOfNothing({ holds, laws, losses })) return NOTHING_CHECKED
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
