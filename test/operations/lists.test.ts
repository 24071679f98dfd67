/** What a rebuild writes to the stages' lists. */
import { expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { SilverFiles } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { listPending, producePending } from '../../domain/pending.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { handOver } from '../../operations/repair/lists.ts'
import { dataFile, testLake } from '../iceberg/support.ts'

const lake = testLake()
const file = (name: string): DataFile => ({
  ...dataFile({ partition: { exchange_date_day: 20_000 } }),
  ...{ key: name, bytes: 100, records: 7, crc32: 9 },
})
const waitingFile = (key: string) => ({ key, bytes: 100, records: 7, crc32: 9 })

async function wait(...keys: string[]): Promise<void> {
  const payload: SilverFiles = { files: keys.map(waitingFile) }
  await lake.ports.state.transact(
    [await producePending(lake.ports, consumers.gold('binance'), payload)],
    lake.ports.ids.uuid(),
  )
}
const waiting = async () =>
  (await listPending<SilverFiles>(lake.ports, consumers.gold('binance'))).map(item => item.payload.files)

test('new files go to Gold in the place of those that waited for it, and the files beside those stay', async () => {
  await wait('gone', 'beside')
  await wait('other')

  const writes = await handOver(lake.ports, EXCHANGES[0], new Set(['gone', 'never waited']), [
    file('new'),
    file('newer'),
  ])
  await lake.ports.state.transact(writes, lake.ports.ids.uuid())

  expect(await waiting()).toEqual([[waitingFile('other')], ['beside', 'new', 'newer'].map(waitingFile)])
})

test('where none of the removed files waited for Gold, it has them: the new ones do not go there', async () => {
  expect(await handOver(lake.ports, EXCHANGES[0], new Set(['had']), [file('new')])).toEqual([])
})
