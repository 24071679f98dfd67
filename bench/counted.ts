/** Ports that count what is asked of S3 and DynamoDB, and by which stage. */
import type { Item, ObjectStore, Ports, StateStore, Write } from '../domain/ports.ts'

/** What a stage asked for. Units as DynamoDB counts them (developer guide, "Read and write operations"). */
export interface Counts {
  runs: number
  cpuMs: number
  transactions: number
  /** PUT and LIST requests, which have one price; GET and HEAD, which have another. */
  puts: number
  gets: number
  putBytes: number
  writeUnits: number
  readUnits: number
  /** The most bytes of one transaction. */
  largest: number
}

/** Before the first call. */
export function nothingCounted(): Counts {
  return { runs: 0, cpuMs: 0, transactions: 0, puts: 0, gets: 0, putBytes: 0, writeUnits: 0, readUnits: 0, largest: 0 }
}

export const KB = 1024
/** An item's size: its names and values (DynamoDB developer guide, "DynamoDB item sizes and formats"); a number has a byte for two digits. */
const bytesOf = ({ key, attributes }: Item) =>
  Object.entries({ pk: key.partition, sk: key.sort, ...attributes }).reduce(
    (sum, [name, value]) => sum + name.length + (typeof value === 'string' ? Buffer.byteLength(value) : 10),
    0,
  )

/** Write units by the partition of the state or catalog table that they were for. */
export type UnitsByPartition = Map<string, number>

/** The ports of a container; `now` says whose counts a call is one of. */
export function counting(
  ports: Ports,
  now: () => Counts,
  onPut: (key: string, bytes: number) => void,
  partitions: UnitsByPartition,
): Ports {
  const { store, state } = ports
  const counted: ObjectStore = {
    ...store,
    async put(key, bytes) {
      now().puts++
      now().putBytes += bytes.length
      await store.put(key, bytes)
      onPut(key, bytes.length)
    },
    async putFile(key, path) {
      now().puts++
      await store.putFile(key, path)
    },
    get(key) {
      now().gets++
      return store.get(key)
    },
    getRange(key, start, end) {
      now().gets++
      return store.getRange(key, start, end)
    },
    head(key) {
      now().gets++
      return store.head(key)
    },
    list(prefix) {
      now().puts++
      return store.list(prefix)
    },
    localFile(key) {
      now().gets++
      return store.localFile(key)
    },
  }
  const unitsOf = async (write: Write) => {
    if (write.kind === 'put') return bytesOf(write.item)
    const attributes = await state.get(write.key)
    return attributes ? bytesOf({ key: write.key, attributes }) : 0
  }
  const read: StateStore = {
    async get(key) {
      const attributes = await state.get(key)
      now().readUnits += Math.max(1, Math.ceil((attributes ? bytesOf({ key, attributes }) : 0) / (4 * KB)))
      return attributes
    },
    async query(table, partition, options) {
      const items = await state.query(table, partition, options)
      now().readUnits += Math.max(1, Math.ceil(items.reduce((sum, item) => sum + bytesOf(item), 0) / (4 * KB)))
      return items
    },
    async transact(writes, token) {
      now().transactions++
      const sizes = await Promise.all(writes.map(unitsOf))
      for (const [index, bytes] of sizes.entries()) {
        const units = 2 * Math.max(1, Math.ceil(bytes / KB))
        const write = writes[index]
        const { partition } = write.kind === 'put' ? write.item.key : write.key
        now().writeUnits += units
        partitions.set(partition, (partitions.get(partition) ?? 0) + units)
      }
      now().largest = Math.max(
        now().largest,
        sizes.reduce((sum, bytes) => sum + bytes, 0),
      )
      await state.transact(writes, token)
    },
  }
  return { ...ports, store: counted, state: read }
}
