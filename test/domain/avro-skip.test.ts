/** Bodies of other writers' schemas that claim more than they have. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import { resolveSchema } from '../../domain/resolution.ts'
import { body, schemaWith, TRADE, wideBody } from './writer-schemas.ts'

describe('a body that claims more than it has is refused at once', () => {
  // Seven bytes that stand for 4·10^10 items; a decoder that makes them takes most of a minute.
  const many = Buffer.from([128, 192, 204, 129, 170, 2, 0])

  test.each([
    ['an array of nulls', { type: 'array', items: 'null' }],
    ['an array of records without fields', { type: 'array', items: { type: 'record', name: 'Empty', fields: [] } }],
    ['an array of fixed of no bytes', { type: 'array', items: { type: 'fixed', name: 'None', size: 0 } }],
    ['an array of text', { type: 'array', items: 'string' }],
  ])('%s', (_, type) => {
    const schema = schemaWith(fields => [{ name: 'x', type }, ...fields])
    expect(() => resolveSchema(schema).resolve?.(Buffer.concat([many, body(TRADE)]))).toThrow(
      'the body does not decode',
    )
  })

  test('records within records to no end', () => {
    const node = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] }
    const schema = schemaWith(fields => [{ name: 'x', type: node }, ...fields])
    const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 2), Buffer.from([0]), body(TRADE)])
    expect(Buffer.from(resolveSchema(schema).resolve?.(nested(20)) ?? [])).toEqual(wideBody(TRADE))
    expect(() => resolveSchema(schema).resolve?.(nested(100_000))).toThrow('the body does not decode')
  })

  test('whatever the bytes, a verdict comes without another error', () => {
    const schema = schemaWith(fields => [
      {
        name: 'x',
        type: { type: 'array', items: ['null', { type: 'map', values: { type: 'array', items: 'null' } }] },
      },
      ...fields,
    ])
    const { resolve } = resolveSchema(schema)
    const mutated = fc.tuple(fc.nat(200), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.concat([Buffer.from([0]), body(TRADE)])
      bytes[at % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), bytes => {
        try {
          resolve?.(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
