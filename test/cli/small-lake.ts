/** A lake of three Binance trades, made by the command for the test file that calls this at its top. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { output } from './support.ts'

/** `data` is the lake, in `folder`. */
export function smallLake(): { readonly folder: string; readonly data: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
  const data = join(folder, 'a lake’s "place"')
  beforeAll(async () => {
    const frame = (id: number, price: string) =>
      `${1_633_998_512 + id}.5: {"e":"trade","E":1,"s":"BTCUSDT","t":${id},"p":"${price}","q":"2","T":${1_633_998_512_000 + id},"m":true}`
    const file = join(folder, 'frames.txt')
    writeFileSync(file, [frame(1, '1.5'), frame(2, '1234567890.12345678'), frame(3, '0.00000001')].join('\n'))
    await output('frames', file, '--exchange', 'binance', '--data', data)
    await output('drain', '--data', data)
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  return { folder, data }
}
