/** Files that wait for a commit: what stands in the store, as this version and as earlier ones wrote it. */
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable } from '../../domain/tables.ts'
import { listAdded, produceAdded } from '../../iceberg/added-files.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { memoryLake } from '../functions/support.ts'

const FILE: DataFile = {
  key: 'bronze/data/a.parquet',
  partition: { ingestion_date_day: 20_777 },
  records: 2,
  bytes: 900,
  columnSizes: { 1: 40, 2: 50, 3: 60 },
  valueCounts: { 1: 2, 2: 4, 3: 2 },
  // What the file does not say of a column is not taken for none.
  nullCounts: { 1: 0, 2: 1 },
  lowerBounds: { 1: Uint8Array.of(0, 255, 128) },
  upperBounds: { 1: Buffer.from('BTCUSDT') },
  splitOffsets: [4],
  crc32: 7,
}

describe('files that wait for a table', () => {
  const table = bronzeTable(EXCHANGES[0]).name

  test('stand on its list as JSON, bounds in base64, without the counts that are as most', async () => {
    const { ports } = memoryLake()
    const write = await produceAdded(ports, table, [FILE])
    expect(write).toMatchObject({
      kind: 'put',
      item: {
        attributes: {
          payload:
            '{"files":[{"key":"bronze/data/a.parquet","partition":{"ingestion_date_day":20777},"records":2,"bytes":900,' +
            '"columnSizes":{"1":40,"2":50,"3":60},"valueCounts":{"2":4},"nullCounts":{"2":1,"3":null},' +
            '"lowerBounds":{"1":"AP+A"},"upperBounds":{"1":"QlRDVVNEVA=="},"splitOffsets":[4],"crc32":7}]}',
        },
      },
    })
  })

  test('come back as they were, bounds in bytes', async () => {
    const { ports } = memoryLake()
    await ports.state.transact([await produceAdded(ports, table, [FILE])], ports.ids.uuid())
    const [item, ...more] = await listAdded(ports, table, 10)
    expect(more).toEqual([])
    const [file] = item.payload.files
    expect([...file.lowerBounds[1]]).toEqual([0, 255, 128])
    expect(Buffer.from(file.upperBounds[1]).toString()).toBe('BTCUSDT')
    expect({ ...file, lowerBounds: FILE.lowerBounds, upperBounds: FILE.upperBounds }).toEqual(FILE)
  })

  test('are read as earlier versions wrote them, with every count', async () => {
    const { ports } = memoryLake()
    const payload =
      '{"files":[{"key":"bronze/data/a.parquet","partition":{"ingestion_date_day":20777},"records":2,"bytes":900,' +
      '"columnSizes":{"1":40,"2":50},"valueCounts":{"1":2,"2":4},"nullCounts":{"1":0,"2":1},' +
      '"lowerBounds":{"1":"AP+A"},"upperBounds":{"1":"QlRDVVNEVA=="},"splitOffsets":[4]}]}'
    const write = await produceAdded(ports, table, [FILE])
    if (write.kind !== 'put') throw new Error('a put was expected')
    const attributes = { ...write.item.attributes, payload }
    await ports.state.transact([{ ...write, item: { ...write.item, attributes } }], ports.ids.uuid())
    const [item] = await listAdded(ports, table, 10)
    expect(item.payload.files[0]).toMatchObject({ valueCounts: { 1: 2, 2: 4 }, nullCounts: { 1: 0, 2: 1 } })
  })
})
