/**
 * Files that wait for a table's next commit, as items of its pending list. Only here is a data file
 * JSON: its bounds, which are bytes, are base64 there.
 */
import { consumers } from '../domain/names.ts'
import { listPending, type PendingItem, producePending } from '../domain/pending.ts'
import type { Ports, Write } from '../domain/ports.ts'
import type { DataFile } from './types.ts'

/** What a pending item for a table's commit carries: files that the table's next snapshot adds. */
export interface AddedFiles {
  readonly files: readonly DataFile[]
}

type Bounds<B> = Readonly<Record<number, B>>
type StoredFile = Omit<DataFile, 'lowerBounds' | 'upperBounds'> & {
  readonly lowerBounds: Bounds<string>
  readonly upperBounds: Bounds<string>
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
      lowerBounds: mapBounds(file.lowerBounds, base64),
      upperBounds: mapBounds(file.upperBounds, base64),
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
        lowerBounds: mapBounds(file.lowerBounds, bytes),
        upperBounds: mapBounds(file.upperBounds, bytes),
      })),
    },
  }))
}

function mapBounds<A, B>(bounds: Bounds<A>, convert: (bound: A) => B): Bounds<B> {
  return Object.fromEntries(Object.entries(bounds).map(([id, bound]) => [id, convert(bound)]))
}
