/** What `start` says of how far behind it is. */
import { expect, test } from 'vitest'
import { lagText } from '../../cli/live-view.ts'

const lagging = { rate: 200, left: 150, lag_seconds: 1.46, behind_seconds: 4 }

test('a lag is that of the newest record, while its trades are as new and few wait', () => {
  expect(lagText(lagging)).toBe('1.5 s')
  expect(lagText({ ...lagging, lag_seconds: null, behind_seconds: null })).toBe('')
})

test('old trades, or many that wait, are a past that is caught up with: what is left of it is said', () => {
  expect(lagText({ ...lagging, behind_seconds: 7_800 })).toBe('catching up, 2 h 10 min left')
  expect(lagText({ ...lagging, left: 11_335 })).toBe('catching up, 11,335 trades left')
})
