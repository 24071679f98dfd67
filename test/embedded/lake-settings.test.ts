import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLake } from '../../embedded/lake.ts'

async function closedLake(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const lake = await openLake(folder)
  lake.close()
  return folder
}

test('what a lake was told it remembers, and more is added to it', async () => {
  const folder = await closedLake()
  const told = await openLake(folder, { retention: { gold_ohlcv_1m: 90 } })
  expect(told.settings).toEqual({ retention: { gold_ohlcv_1m: 90 } })
  told.close()
  const again = await openLake(folder, { retention: { gold_ohlcv_5m: 'forever' } })
  expect(again.settings).toEqual({ retention: { gold_ohlcv_1m: 90, gold_ohlcv_5m: 'forever' } })
  again.close()
  const text = readFileSync(join(folder, 'settings.json'), 'utf8')
  expect(JSON.parse(text)).toEqual({ retention: { gold_ohlcv_1m: 90, gold_ohlcv_5m: 'forever' } })
})

test.each([
  [
    '{"retention": {"gold_ohlcv_1m": "90"}}',
    /settings\.json cannot be used: The retention of gold_ohlcv_1m is 90: give/,
  ],
  ['{"retention": []}', /Retention is to be an object/],
  ['{"retain": {}}', /It has retain: there is only retention\./],
  ['null', /settings\.json cannot be used: They are not an object like/],
  ['[]', /They are not an object like/],
  ['{', /settings\.json cannot be used/],
])('settings like %s are refused in one line', async (text, message) => {
  const folder = await closedLake()
  writeFileSync(join(folder, 'settings.json'), text)
  await expect(openLake(folder)).rejects.toThrow(message)
})
