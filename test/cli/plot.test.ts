/** `tradelake candles --plot` and `--format svg`, with the real command. */
import { expect, test } from 'vitest'
import { smallLake } from './small-lake.ts'
import { output, runCommand } from './support.ts'

const { data } = smallLake()
const RANGE = ['--start', '2021-10-12T00:28:00Z', '--end', '2021-10-12T00:30:00Z', '--data', data]

test('candles of a symbol are drawn, with the last figures in full', async () => {
  const text = await output('candles', 'BTCUSDT', '--plot', ...RANGE)
  const lines = text.trimEnd().split('\n')
  expect(lines[0]).toBe('BINANCE:BTCUSDT 1m')
  expect(lines[1]).toMatch(/ 1,234,567,890\.12345678$/)
  expect(text).toContain('last 0.00000001  2021-10-12 00:28 closed')
  expect(text).not.toContain('\x1b')
  expect(await output('candles', '--symbols', 'BTCUSDT', '--plot', ...RANGE)).toBe(text)
})

test('a picture is written as SVG', async () => {
  const svg = await output('candles', 'BTCUSDT', '--format', 'svg', ...RANGE)
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [\s\S]*<\/svg>\n$/)
  expect(svg).toContain('O 1.5 H 1234567890.12345678 L 0.00000001 C 0.00000001')
})

test('a picture is written as PNG', async () => {
  const png = await output('candles', 'BTCUSDT', '--format', 'png', ...RANGE)
  expect(png.slice(1, 8)).toBe('PNG\r\n\x1a\n')
})

test('what cannot be drawn is told in one line', async () => {
  const told = async (...words: string[]) => {
    const { status, stdout, stderr } = await runCommand('candles', ...words, ...RANGE)
    return [status, stdout, stderr]
  }
  const line = (text: string) => [1, '', `tradelake: ${text}\n`]
  expect(await told('BTCUSDT', '--plot', '--format', 'svg')).toEqual(line('Give --plot or --format svg, not both.'))
  expect(await told('BTCUSDT', '--symbols', 'BTCUSDT')).toEqual(
    line('Give symbols as words or with --symbols, not both.'),
  )
  expect(await told('--plot', '--timeframe', '1m,1h')).toEqual(
    line('A picture is of one timeframe, and these are 1m,1h: give one.'),
  )
  expect(await told('--plot', '--fill', 'previous')).toEqual(
    line('A picture takes no --limit all, no --fill and no --numbers.'),
  )
  const [status, , stderr] = await told('BTCUSDX', '--plot')
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^tradelake: There is no symbol BTCUSDX: .*BTCUSDT.*\n$/)])
})
