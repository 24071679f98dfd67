/** Avro types by `avsc`, with longs as bigints: avsc's own longs refuse values beyond 2^53. */
import avsc from 'avsc'
import { compare } from './order.ts'

const bigintLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare,
})

/**
 * The type of a parsed schema. Logical types stay what they are stored as. `wrapped`: a union's value is an
 * object whose one key names its branch, so that no two branches look alike. @throws Error where it is not an Avro
 * schema
 */
export function avroType(schema: unknown, unions: 'plain' | 'wrapped' = 'plain'): avsc.Type {
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, {
    ...(unions === 'wrapped' && { wrapUnions: true }),
    typeHook: part => {
      const name = typeof part === 'string' ? part : (part as { type?: unknown }).type
      return name === 'long' ? bigintLong : undefined
    },
  })
}
