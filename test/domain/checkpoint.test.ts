import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  advanceCheckpoint,
  firstCheckpoint,
  gapOffsets,
  inGap,
  listCheckpoints,
  readCheckpoint,
  takeOffset,
} from '../../domain/checkpoint.ts'
import { Conflict } from '../../domain/errors.ts'
import { memoryState } from '../memory/state.ts'

const START = firstCheckpoint('t', 3)

test('what was taken and what the gaps hold is exactly everything below the next offset', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(80), { maxLength: 60 }), offsets => {
      let checkpoint = START
      const taken = new Set<number>()
      for (const offset of offsets) {
        if (taken.has(offset)) continue
        checkpoint = takeOffset(checkpoint, offset)
        taken.add(offset)
      }
      for (let offset = 0; offset < checkpoint.nextOffset; offset++)
        expect(inGap(checkpoint.gaps, offset)).toBe(!taken.has(offset))
      expect(gapOffsets(checkpoint.gaps)).toBe(checkpoint.nextOffset - taken.size)
    }),
  )
})

test('a single offset that was jumped over is a gap, until it comes', () => {
  const jumped = takeOffset(takeOffset(START, 0), 2)
  expect(jumped).toMatchObject({ nextOffset: 3, gaps: [[1, 1]] })
  expect(takeOffset(jumped, 1)).toMatchObject({ nextOffset: 3, gaps: [] })
  expect(takeOffset(START, 1).gaps).toEqual([[0, 0]])
})

test('more than a hundred gaps are joined, nearest first, and never lose an offset that is missing', () => {
  let checkpoint = START
  for (let offset = 1; offset < 400; offset += 2) checkpoint = takeOffset(checkpoint, offset)
  expect(checkpoint.gaps.length).toBe(100)
  for (let offset = 0; offset < 400; offset += 2) expect(inGap(checkpoint.gaps, offset)).toBe(true)
})

test('an advance fails when the stored checkpoint is not the one that was read', async () => {
  const state = memoryState()
  const first = await readCheckpoint(state, 't', 3)
  const next = takeOffset(takeOffset(first, 0), 5)
  await state.transact([advanceCheckpoint(first, next)], 'a')
  await expect(state.transact([advanceCheckpoint(first, takeOffset(first, 0))], 'b')).rejects.toThrow(Conflict)
  const stored = await readCheckpoint(state, 't', 3)
  expect(stored).toEqual({ ...next, stored: true })
  expect(await listCheckpoints(state, 't')).toEqual([stored])
  await state.transact([advanceCheckpoint(stored, takeOffset(stored, 2))], 'c')
  await expect(state.transact([advanceCheckpoint(stored, takeOffset(stored, 3))], 'd')).rejects.toThrow(Conflict)
})
