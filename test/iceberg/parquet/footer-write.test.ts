/** Page headers and footers are what hyparquet-writer would write, and what the encoder says of a file is what its bytes say. */
import fc from 'fast-check'
import { parquetHeader } from 'hyparquet/src/column.js'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { expect, test } from 'vitest'
import type { TableDefinition } from '../../../domain/tables.ts'
import { encodeFile } from '../../../iceberg/parquet/encode.ts'
import { describeFooter, describeParquet } from '../../../iceberg/parquet/footer.ts'
import { footerBytes, TRAILER_BYTES } from '../../../iceberg/parquet/footer-thrift.ts'
import { ALL, batchOf, rowsArbitrary, tableOf, type Value } from '../batches.ts'

const ROWS_OF_GROUP = 3

/** A Thrift structure read and written again by libraries: the same bytes, if they are what the library writes. */
function rewritten(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const writer = new ByteWriter()
  serializeTCompactProtocol(writer, deserializeTCompactProtocol({ view, offset: 0 }))
  return writer.getBytes()
}

function check(table: TableDefinition, rows: readonly Value[][]): void {
  const { bytes, footer } = encodeFile(table, batchOf(table, rows), ROWS_OF_GROUP)
  const start = bytes.length - footerBytes(bytes)
  expect(Buffer.from(rewritten(bytes.slice(start, bytes.length - TRAILER_BYTES)))).toEqual(
    Buffer.from(bytes.subarray(start, bytes.length - TRAILER_BYTES)),
  )
  expect(describeFooter(table, footer, bytes.length)).toEqual(describeParquet(table, bytes))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const reader = { view, offset: 4 }
  while (reader.offset < start) {
    const from = reader.offset
    const header = parquetHeader(reader)
    const writer = new ByteWriter()
    writePageHeader(writer, header)
    expect(Buffer.from(writer.getBytes())).toEqual(Buffer.from(bytes.subarray(from, reader.offset)))
    reader.offset += header.compressed_page_size
  }
  expect(reader.offset).toBe(start)
}

test('whatever the columns and rows, the library reads and writes each page header and the footer as the same bytes', () => {
  fc.assert(
    fc.property(rowsArbitrary(ALL), rows => check(ALL, rows)),
    { numRuns: 60 },
  )
})

test('a text longer than a footer holds is cut, and both say that it was', () => {
  const table = tableOf([
    ['string', true],
    ['string', false],
  ])
  check(table, [table.columns.map(() => 'x'.repeat(100))])
})
