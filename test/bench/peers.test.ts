/** The comparison with other programs: what is made of their figures, and of a program that fails. */
import { expect, test } from 'vitest'
import type { Figures, Pass } from '../../bench/pass.ts'
import { benchmarksPage, comparison } from '../../bench/peers/page.ts'
import { readPass, startProgram } from '../../bench/peers/program.ts'

const figures = (wall: number, cpu: number): Figures => ({ wall, cpu, rows: 10, memory: 100 })
const pass = (wall: number, cpu: number): Pass => ({ bronze: figures(wall, cpu), all: figures(wall, cpu) })
const MEASURED = {
  ...{ messages: 1_000, day: '2026-11-27', machine: '2 CPUs', loads: [0.5, 2.25] as const },
  versions: ['tradelake: Node v24; 3 passes', 'native: cargo 1; 3 passes'],
  passes: new Map([
    ['tradelake', [pass(9, 4), pass(1, 2), pass(2, 6)]],
    ['native', [pass(1, 1), pass(1, 1), pass(5, 1)]],
  ]),
}

test('a line has the medians of a program and their ratios to ours; a stage that it lacks has no line', () => {
  expect(comparison(MEASURED)).toEqual([
    ['bronze', 'tradelake', '2.00', '4.00', '100', '', ''],
    ['bronze', 'native', '1.00', '1.00', '100', '0.50x', '0.25x'],
    ['all', 'tradelake', '2.00', '4.00', '100', '', ''],
    ['all', 'native', '1.00', '1.00', '100', '0.50x', '0.25x'],
  ])
})

test('the page says when, where, under which load and by which versions', () => {
  const page = benchmarksPage(MEASURED)
  for (const text of ['2026-11-27', '2 CPUs', '0.5 to 2.3', '1,000 messages', '**native**: cargo 1; 3 passes'])
    expect(page).toContain(text)
  expect(page).toContain('| all | native | 1.00 | 1.00 | 100 | 0.50x | 0.25x |')
})

test('a pass is read up to the candles, and its sum is added', async () => {
  const lines = ['bronze', 'candles'].map(stage => JSON.stringify({ stage, wall: 1.5, cpu: 2, rows: 7 }))
  const program = startProgram(process.execPath, ['-e', `console.log(${JSON.stringify(lines.join('\n'))})`])
  const { bronze, all } = await readPass(program, [])
  expect(bronze).toEqual({ wall: 1.5, cpu: 2, rows: 7, memory: 0 })
  expect(all).toMatchObject({ wall: 3, cpu: 4, rows: 7 })
})

test('a program that ends early, or is not there, fails with what it said', async () => {
  const early = startProgram(process.execPath, ['-e', 'console.error("no disk"); process.exitCode = 1'])
  await expect(readPass(early, [])).rejects.toThrow('ended before its last stage: no disk')
  const missing = startProgram('no-such-program-here', [])
  await expect(readPass(missing, [])).rejects.toThrow('no-such-program-here')
})
