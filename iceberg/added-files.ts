/**
 * Files that wait for a table's next commit, as items of its pending list. Only here is a data file
 * JSON: its bounds, which are bytes, are base64 there, and counts that follow from others are left out.
 */
import { consumers } from '../domain/names.ts'
import { listPending, type PendingItem, producePending } from '../domain/pending.ts'
import type { Ports, Write } from '../domain/ports.ts'
import type { DataFile } from './types.ts'

/** What a pending item for a table's commit carries: files that the table's next snapshot adds. */
export interface AddedFiles {
  readonly files: readonly DataFile[]
}

type ById<V> = Readonly<Record<number, V>>
/** Null where the file does not say. */
type UnusualCounts = ById<number | null>
type StoredFile = Omit<DataFile, 'valueCounts' | 'nullCounts' | 'lowerBounds' | 'upperBounds'> & {
  /** Columns whose values are not as many as records, or whose nulls are not 0: few in most files. */
  readonly valueCounts: UnusualCounts
  readonly nullCounts: UnusualCounts
  readonly lowerBounds: ById<string>
  readonly upperBounds: ById<string>
}

/** The write that puts files on the list of the table of this name. */
export function produceAdded(
  ports: Pick<Ports, 'store' | 'clock' | 'ids'>,
  table: string,
  files: readonly DataFile[],
): Promise<Write> {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  const stored = files.map(
    (file): StoredFile => ({
      ...file,
      valueCounts: unusual(file, file.valueCounts, file.records),
      nullCounts: unusual(file, file.nullCounts, 0),
      lowerBounds: mapValues(file.lowerBounds, base64),
      upperBounds: mapValues(file.upperBounds, base64),
    }),
  )
  return producePending(ports, consumers.table(table), { files: stored })
}

/** The oldest items of the list of the table of this name, at most `limit`. */
export async function listAdded(
  ports: Pick<Ports, 'state' | 'store'>,
  table: string,
  limit?: number,
): Promise<PendingItem<AddedFiles>[]> {
  const items = await listPending<{ files: readonly StoredFile[] }>(ports, consumers.table(table), limit)
  const bytes = (base64: string) => Buffer.from(base64, 'base64')
  return items.map(item => ({
    ...item,
    payload: {
      files: item.payload.files.map(file => ({
        ...file,
        valueCounts: counts(file, file.valueCounts, file.records),
        nullCounts: counts(file, file.nullCounts, 0),
        lowerBounds: mapValues(file.lowerBounds, bytes),
        upperBounds: mapValues(file.upperBounds, bytes),
      })),
    },
  }))
}

function mapValues<A, B>(values: ById<A>, convert: (value: A) => B): ById<B> {
  return Object.fromEntries(Object.entries(values).map(([id, value]) => [id, convert(value)]))
}

type Columns = Pick<DataFile, 'columnSizes'>

function unusual({ columnSizes }: Columns, counts: ById<number>, usual: number): UnusualCounts {
  const all: UnusualCounts = { ...mapValues(columnSizes, () => null), ...counts }
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== usual))
}

function counts({ columnSizes }: Columns, stored: UnusualCounts, usual: number): ById<number> {
  const all: UnusualCounts = { ...mapValues(columnSizes, () => usual), ...stored }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== null))
}
