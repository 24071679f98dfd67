/** What an audit found, in a sentence. */
import { expect, test } from 'vitest'
import type { AuditLaw, AuditVerdict } from '../../figures/operator-rows.ts'
import { verdictText } from '../../figures/verdict.ts'
import { offenderText, stepText } from '../../web/model/verdict.ts'

const law = (number: number, holds = true): AuditLaw => ({
  ...{ law: number, name: `Law ${number}`, holds, summary: '', notes: [], violations: [] },
})
const verdict = (more: Partial<AuditVerdict> = {}): AuditVerdict => ({
  holds: true,
  laws: [law(1)],
  losses: [],
  ...more,
})
const loss = { table: 'gold', rows: 1_200, from: null, to: null, reason: 'gone' }

test('of a lake without a record it is said that there is nothing to check', () => {
  const first = (rows: number) => ({ ...law(1), figures: { rows } })
  expect(verdictText(verdict({ laws: [first(0), law(2)] }))).toBe('There is nothing to check yet: no record has come.')
  expect(verdictText(verdict({ laws: [first(1), law(2)] }))).toMatch(/^All six laws hold/)
  expect(verdictText(verdict({ holds: false, laws: [first(0), law(2, false)] }))).toBe('A law is broken: Law 2.')
})

test('a verdict says the worst of what was found', () => {
  expect(verdictText(verdict())).toMatch(/^All six laws hold: nothing is lost, nothing doubled/)
  expect(verdictText(verdict({ feeds: { gaps: { lost: 2, unreadable: 1 }, silent: [] } }))).toMatch(
    /nothing that came is lost .* 3 trades that the exchanges numbered never came\.$/,
  )
  expect(verdictText(verdict({ losses: [{ ...loss, accepted: true }] }))).toMatch(/1,200 rows were lost, which was ack/)
  expect(verdictText(verdict({ holds: false, losses: [{ ...loss, accepted: false }] }))).toMatch(
    /nobody has acknowledged/,
  )
  expect(verdictText(verdict({ holds: false, laws: [law(1, false), law(2), law(3, false)] }))).toBe(
    '2 laws are broken: Law 1; Law 3.',
  )
  expect(verdictText(verdict({ holds: false, laws: [law(4, false)] }))).toBe('A law is broken: Law 4.')
})

test('steps and rows are said in words', () => {
  expect([stepText('candles'), stepText('later')]).toEqual(['working all candles out again', 'later'])
  expect(offenderText({ symbol: 'BTCUSDT', high: '1.0', low: null })).toBe('symbol BTCUSDT, high 1.0, low null')
})
