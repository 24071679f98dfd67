/** Fields and values in Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md), straight into a buffer. */
import type { ByteWriter } from 'hyparquet-writer'

/** Types of fields and elements. */
export const FALSE = 2
export const I32 = 5
const I64 = 6
export const BINARY = 8
export const LIST = 9
export const STRUCT = 12
/** Lists of more are longer than their header can say. */
const SHORT_LIST = 14

/** A field's header; its number is this much above that of the one before it. */
export function field(writer: ByteWriter, above: number, type: number): void {
  writer.appendUint8((above << 4) | type)
}

export function int(writer: ByteWriter, above: number, value: number): void {
  field(writer, above, I32)
  writer.appendZigZag(value)
}

/** Not negative, below 2^52. */
export function long(writer: ByteWriter, above: number, value: number): void {
  field(writer, above, I64)
  let rest = value * 2
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) writer.appendUint8((rest % 128) | 128)
  writer.appendVarInt(rest)
}

/** The header of a list; one without elements names no type, as hyparquet-writer has it. */
export function list(writer: ByteWriter, length: number, type: number): void {
  if (length === 0) writer.appendUint8(0)
  else if (length <= SHORT_LIST) writer.appendUint8((length << 4) | type)
  else {
    writer.appendUint8(0xf0 | type)
    writer.appendVarInt(length)
  }
}

export function bytes(writer: ByteWriter, value: Uint8Array): void {
  writer.appendVarInt(value.length)
  writer.appendBytes(value)
}

export function stop(writer: ByteWriter): void {
  writer.appendUint8(0)
}
