/**
 * Copies a structure in Thrift's compact protocol with other numbers in some fields, and everything else byte for byte
 * (thrift/doc/specs/thrift-compact-protocol.md). hyparquet's reader and writer lose the widths of small integers on the way.
 */

/** What to change on the way; a path is the numbers of the fields that lead there, as `4.1.3.9`. */
export interface Changes {
  /** A structure of this path begins; those of a list have the list's path. */
  enter(path: string): void
  /** The number to write in place of this one. */
  number(path: string, value: bigint): bigint
}

/** Types of fields and elements. */
const TRUE = 1
const FALSE = 2
const BYTE = 3
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const SET = 10
const STRUCT = 12
const FULL_LIST = 15

interface Copy {
  readonly from: Uint8Array
  at: number
  readonly to: number[]
  readonly changes: Changes | undefined
}

/** The structure with the changes made. @throws Error where it is not such a structure */
export function copyStruct(bytes: Uint8Array, changes: Changes): Uint8Array {
  const copy: Copy = { from: bytes, at: 0, to: [], changes }
  copyFields(copy, '')
  return Uint8Array.from(copy.to)
}

/** How many bytes the fields up to this number take, from the structure's begin. */
export function structEnd(bytes: Uint8Array, lastField: number): number {
  const copy: Copy = { from: bytes, at: 0, to: [], changes: undefined }
  let field = 0
  for (;;) {
    const begin = copy.at
    const header = next(copy)
    if (header === 0) return begin
    field += header >> 4
    if (field > lastField) return begin
    copyValue(copy, header & 15, '')
  }
}

/** Signed numbers as unsigned ones: small ones of either sign stay small. */
export function zigzag(value: bigint): bigint {
  return value < 0n ? -value * 2n - 1n : value * 2n
}

/** Appends an unsigned number, seven bits a byte, lowest first. */
export function appendVarint(to: number[], value: bigint): void {
  let rest = value
  for (; rest > 127n; rest >>= 7n) to.push(Number(rest & 127n) | 128)
  to.push(Number(rest))
}

function copyFields(copy: Copy, path: string): void {
  let field = 0
  for (;;) {
    const header = next(copy)
    copy.to.push(header)
    if (header === 0) return
    if (header >> 4 === 0) field = Number(unzigzag(copyVarint(copy)))
    else field += header >> 4
    copyValue(copy, header & 15, path === '' ? String(field) : `${path}.${field}`)
  }
}

function copyValue(copy: Copy, type: number, path: string): void {
  if (type === TRUE || type === FALSE) return
  if (type === BYTE) copy.to.push(next(copy))
  else if (type > BYTE && type <= I64) {
    const value = unzigzag(varint(copy))
    appendVarint(copy.to, zigzag(copy.changes?.number(path, value) ?? value))
  } else if (type === DOUBLE) copyBytes(copy, 8)
  else if (type === BINARY) copyBytes(copy, Number(copyVarint(copy)))
  else if (type === LIST || type === SET) copyList(copy, path)
  else if (type === STRUCT) {
    copy.changes?.enter(path)
    copyFields(copy, path)
  } else throw new Error(`the unknown Thrift type ${type}`)
}

function copyList(copy: Copy, path: string): void {
  const header = next(copy)
  copy.to.push(header)
  const size = header >> 4 === FULL_LIST ? Number(copyVarint(copy)) : header >> 4
  const type = header & 15
  for (let i = 0; i < size; i++) {
    // A boolean is part of its field's header, but a byte of its own in a list.
    if (type === TRUE || type === FALSE) copy.to.push(next(copy))
    else copyValue(copy, type, path)
  }
}

function next(copy: Copy): number {
  if (copy.at >= copy.from.length) throw new Error('the Thrift structure ends too soon')
  return copy.from[copy.at++]
}

function copyBytes(copy: Copy, length: number): void {
  if (!(length <= copy.from.length - copy.at)) throw new Error('the Thrift structure ends too soon')
  for (let i = 0; i < length; i++) copy.to.push(copy.from[copy.at++])
}

function varint(copy: Copy): bigint {
  let value = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = next(copy)
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return value
  }
}

/** Copies an unsigned number and gives it. */
function copyVarint(copy: Copy): bigint {
  const value = varint(copy)
  appendVarint(copy.to, value)
  return value
}

function unzigzag(value: bigint): bigint {
  return value & 1n ? -(value + 1n) / 2n : value / 2n
}
