import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAvroFile, writeAvroFile } from '../../iceberg/avro-file.ts'

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'pair',
  fields: [
    { name: 'key', type: 'int', 'field-id': 117 },
    { name: 'value', type: ['null', 'long'], default: null, 'field-id': 118 },
    { name: 'bytes', type: 'bytes', 'field-id': 119 },
  ],
})
const ID = '018f0000-0000-7000-8000-00000000002a'

const write = (records: readonly unknown[]) =>
  writeAvroFile({ schema: SCHEMA, metadata: { 'format-version': '2' }, records, syncId: ID })

describe('Avro container files', () => {
  test('records and metadata are read back', () => {
    const pair = fc.record({
      key: fc.integer(),
      value: fc.option(fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 })),
      bytes: fc.uint8Array().map(bytes => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(fc.array(pair), records => {
        const file = readAvroFile(write(records))
        expect(file.records.map(record => ({ ...(record as object) }))).toEqual(records)
        expect(file.metadata.get('format-version')).toBe('2')
      }),
    )
  })

  test('the header keeps the field ids that Iceberg reads by', () => {
    expect(readAvroFile(write([])).metadata.get('avro.schema')).toBe(SCHEMA)
  })

  test('the same input gives the same bytes, marked by the given id', () => {
    const record = { key: 1, value: 2, bytes: Buffer.from('x') }
    expect(write([record])).toEqual(write([record]))
    expect(
      Buffer.from(write([record]))
        .subarray(-16)
        .toString('hex'),
    ).toBe(ID.replaceAll('-', ''))
  })

  test('several megabytes stand in several blocks', () => {
    const records = Array.from({ length: 30 }, (_, key) => ({ key, value: null, bytes: Buffer.alloc(100_000, key) }))
    const file = write(records)
    const marker = Buffer.from(ID.replaceAll('-', ''), 'hex')
    let blocks = -1
    for (let at = 0; (at = Buffer.from(file).indexOf(marker, at) + 1) > 0; ) blocks++
    expect(blocks).toBe(3)
    expect(readAvroFile(file).records).toHaveLength(30)
  })

  test('a long that a double cannot hold is refused, never rounded', () => {
    for (const value of [2 ** 52, -(2 ** 52) - 1, 2 ** 53, 2 ** 60])
      expect(() => write([{ key: 1, value, bytes: Buffer.alloc(0) }])).toThrow()
    // As another writer leaves it: the zigzag varint of 2^52 + 1, in a block without compression.
    const schema = '{"type":"long"}'
    const sync = Buffer.alloc(16)
    const file = Buffer.concat([
      Buffer.from('Obj\u0001\u0002', 'latin1'),
      Buffer.from([2 * 11, ...Buffer.from('avro.schema'), 2 * schema.length, ...Buffer.from(schema), 0]),
      sync,
      Buffer.from([2, 2 * 8, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]),
      sync,
    ])
    expect(() => readAvroFile(file)).toThrow('2^52')
  })

  test('a damaged file is refused', () => {
    const file = write([{ key: 1, value: 2, bytes: Buffer.from('abc') }])
    expect(() => readAvroFile(Buffer.from('PAR1'))).toThrow('begin')
    expect(() => readAvroFile(file.subarray(0, file.length - 1))).toThrow('too soon')
    const marked = Buffer.from(file)
    marked[marked.length - 1] ^= 1
    expect(() => readAvroFile(marked)).toThrow('sync marker')
  })
})
