/** The compiler knows the exchanges: it names each file that an entry in domain/exchanges.ts alone leaves behind. */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { EXCHANGES, type ExchangeName, isExchangeName } from '../../../domain/exchanges.ts'
import type { Decoder } from '../../../feeds/decoder.ts'
import { DECODERS } from '../../../feeds/exchanges/decoders.ts'
import { VENUES, type Venue } from '../../../feeds/exchanges/venues.ts'
import { isSimulated, MARKETS } from '../../../feeds/simulator/instruments.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const ENTRIES = ['feeds/exchanges/decoders.ts', 'feeds/exchanges/venues.ts', 'feeds/simulator/simulator.ts']
const BYBIT = `  {
    name: 'bybit',
    code: 'BYBIT',
    partitions: 20,
    batchRecords: 10_000,
    batchWindowSeconds: 2,
    bronzeRetentionDays: 14,
    bronzeFileMiB: 64,
  },
`

/** What the compiler says of a copy of domain/ and feeds/ in which one text stands in another's place. */
async function compile(file: string, find: string, replace: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-types-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const room of ['domain', 'feeds', 'adapters', 'iceberg'])
    cpSync(join(ROOT, room), join(folder, room), { recursive: true })
  const text = readFileSync(join(ROOT, file), 'utf8')
  expect(text.split(find)).toHaveLength(2)
  writeFileSync(join(folder, file), text.replace(find, replace))
  const typeRoots = [join(ROOT, 'node_modules/@types')]
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: { typeRoots },
      files: ENTRIES,
      include: [],
    }),
  )
  const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false']
  return new Promise(resolve =>
    execFile(process.execPath, tsc, { cwd: folder }, (_, output) =>
      // Whatever needs a package cannot be resolved from here, and is not asked about.
      resolve(
        [
          ...new Set([...output.matchAll(/^(\S+)\(\d+,\d+\): error .*'(?:bybit|kraken)'/gm)].map(match => match[1])),
        ].sort(),
      ),
    ),
  )
}

test('an exchange without a decoder and a venue does not compile; one that is not simulated does', async () => {
  const errors = await compile('domain/exchanges.ts', '] as const satisfies', `${BYBIT}] as const satisfies`)
  expect(errors).toEqual(['feeds/exchanges/decoders.ts', 'feeds/exchanges/venues.ts'])
})

test('an exchange with a simulated market and no simulated protocol does not compile', async () => {
  const find = '= { binance, kraken, coinbase }'
  expect(await compile('feeds/simulator/simulator.ts', find, '= { binance, coinbase }')).toEqual([
    'feeds/simulator/simulator.ts',
  ])
})

test('names are told from other text, and only names look anything up', () => {
  for (const { name } of EXCHANGES) expect(isExchangeName(name)).toBe(true)
  for (const name of Object.keys(MARKETS)) expect([isExchangeName(name), isSimulated(name)]).toEqual([true, true])
  for (const name of ['bazaar', 'toString', '__proto__', ''])
    expect([isExchangeName(name), isSimulated(name)]).toEqual([false, false])

  const { kraken: _decoder, ...decoders } = DECODERS
  const { kraken: _venue, ...venues } = VENUES
  // @ts-expect-error a decoder is missing
  const noDecoder: Record<ExchangeName, Decoder> = decoders
  // @ts-expect-error a venue is missing
  const noVenue: Record<ExchangeName, Venue> = venues
  const bazaar: string = 'bazaar'
  // @ts-expect-error an exchange of a lake need not be one of ours
  expect(DECODERS[bazaar]).toBeUndefined()
  // @ts-expect-error nor simulated
  expect(MARKETS[bazaar]).toBeUndefined()
  expect([noDecoder.kraken, noVenue.kraken]).toEqual([undefined, undefined])
})
