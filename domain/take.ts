/** Picks rows of a batch, in a given order. */
import { type Batch, type BytesColumn, type ColumnData, halvesOf, plainLength } from './columns.ts'
import { bytesIn, intsIn, longsIn, type Room } from './room.ts'

/**
 * Where each row's value of a byte column begins; a null begins where the next value does. One more entry for the end.
 */
export function rowStarts({ plain, valid }: BytesColumn, rows: number): Int32Array {
  const starts = new Int32Array(rows + 1)
  let at = 0
  for (let row = 0; row < rows; row++) {
    starts[row] = at
    if (!valid || valid[row] === 1) at += 4 + plainLength(plain, at)
  }
  starts[rows] = at
  return starts
}

/** The rows of these numbers, in this order. `starts` are the byte columns' (see `rowStarts`), so that they are walked once for many takes. */
export function takeRows(batch: Batch, rows: Uint32Array, starts: Readonly<Record<string, Int32Array>>): Batch {
  const columns = Object.entries(batch.columns).map(([name, data]) => [name, takeColumn(data, rows, starts[name])])
  return { rows: rows.length, columns: Object.fromEntries(columns) }
}

/** The same of one column. What it makes lies in `room`, where one is given. */
export function takeColumn(data: ColumnData, rows: Uint32Array, starts: Int32Array, room?: Room): ColumnData {
  switch (data.kind) {
    case 'int32':
      return {
        kind: 'int32',
        values: picked(data.values, rows, intsIn(room, rows.length)),
        valid: validOf(data.valid, rows, room),
      }
    case 'int64':
      return {
        kind: 'int64',
        values: pickedLongs(data.values, rows, longsIn(room, rows.length)),
        valid: validOf(data.valid, rows, room),
      }
    case 'dictionary':
      return { ...data, indexes: picked(data.indexes, rows, intsIn(room, rows.length)) } as ColumnData
    case 'bigdecimal':
      return {
        kind: 'bigdecimal',
        values: Array.from(rows, row => data.values[row]),
        valid: validOf(data.valid, rows, room),
      }
    case 'float32':
      return {
        kind: 'float32',
        values: Float32Array.from(rows, row => data.values[row]),
        valid: validOf(data.valid, rows, room),
      }
    case 'float64':
      return {
        kind: 'float64',
        values: Float64Array.from(rows, row => data.values[row]),
        valid: validOf(data.valid, rows, room),
      }
    case 'bytes':
      return {
        kind: 'bytes',
        plain: pickedBytes(data.plain, rows, starts, room),
        valid: validOf(data.valid, rows, room),
      }
  }
}

function picked<T extends Int32Array | Uint8Array>(values: T, rows: Uint32Array, into: T): T {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]]
  return into
}

function validOf(valid: Uint8Array | undefined, rows: Uint32Array, room: Room | undefined): Uint8Array | undefined {
  return valid && picked(valid, rows, bytesIn(room, rows.length))
}

/** By halves: reading bigints one by one would make an object of each. */
function pickedLongs(values: BigInt64Array, rows: Uint32Array, picked: BigInt64Array): BigInt64Array {
  const [from, into] = [halvesOf(values), halvesOf(picked)]
  for (let i = 0; i < rows.length; i++) {
    into[i * 2] = from[rows[i] * 2]
    into[i * 2 + 1] = from[rows[i] * 2 + 1]
  }
  return picked
}

function pickedBytes(plain: Uint8Array, rows: Uint32Array, starts: Int32Array, room: Room | undefined): Uint8Array {
  let size = 0
  let unaligned = plain.byteOffset & 3
  for (let i = 0; i < rows.length; i++) {
    size += starts[rows[i] + 1] - starts[rows[i]]
    unaligned |= (starts[rows[i]] | starts[rows[i] + 1]) & 3
  }
  const into = bytesIn(room, size)
  // By hand: values are short, and a call into native code for each costs more. Ids of equal length are whole words.
  if (unaligned === 0) pickWords(plain, rows, starts, new Int32Array(into.buffer, into.byteOffset, size >> 2))
  else pickBytes(plain, rows, starts, into)
  return into
}

function pickWords(plain: Uint8Array, rows: Uint32Array, starts: Int32Array, into: Int32Array): void {
  const words = new Int32Array(plain.buffer, plain.byteOffset, plain.length >> 2)
  let to = 0
  for (let i = 0; i < rows.length; i++) {
    const end = starts[rows[i] + 1] >> 2
    for (let at = starts[rows[i]] >> 2; at < end; at++) into[to++] = words[at]
  }
}

function pickBytes(plain: Uint8Array, rows: Uint32Array, starts: Int32Array, into: Uint8Array): void {
  let to = 0
  for (let i = 0; i < rows.length; i++) {
    const end = starts[rows[i] + 1]
    for (let at = starts[rows[i]]; at < end; at++) into[to++] = plain[at]
  }
}
