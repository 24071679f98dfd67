/** A state store in memory with DynamoDB's transaction semantics, for tests and simulation. */
import { compareUtf8 } from '../../adapters/object-keys.ts'
import {
  canonicalWrites,
  checkWrites,
  copyAttributes,
  findConflict,
  keyOf,
  keyText,
  TOKEN_LIFETIME_MS,
  tokenMismatch,
} from '../../adapters/state-rules.ts'
import { systemClock } from '../../adapters/system.ts'
import type { Attributes, Clock, Item, Key, StateStore, Write } from '../../domain/ports.ts'

interface Partition {
  readonly items: Map<string, Attributes>
  /** Sort keys in order; undefined after one came or went. */
  sorted: string[] | undefined
}

/** A store that can be put back to an earlier moment, table by table, as from a backup. */
export interface RestorableState extends StateStore {
  /** Copies of all items of a table. */
  backUp(table: Key['table']): readonly Item[]
  /** Puts these in the place of all items of the table. */
  restore(table: Key['table'], items: readonly Item[]): void
}

/** Items live as long as the store. The clock is only for the lifetime of tokens. */
export function memoryState(clock: Pick<Clock, 'now'> = systemClock()): RestorableState {
  const partitions = new Map<string, Partition>()
  const names = new Map<string, Pick<Key, 'table' | 'partition'>>()
  // Insertion order is order of time, so that old tokens are at the front.
  const tokens = new Map<string, { writes: readonly Write[]; at: number }>()

  const partitionText = (table: string, partition: string) => keyText({ table, partition, sort: '' } as Item['key'])

  function partitionOf(table: Key['table'], partition: string): Partition {
    const text = partitionText(table, partition)
    let found = partitions.get(text)
    if (!found) {
      partitions.set(text, (found = { items: new Map(), sorted: [] }))
      names.set(text, { table, partition })
    }
    return found
  }

  const read = (key: Item['key']) => partitions.get(partitionText(key.table, key.partition))?.items.get(key.sort)

  /** Whether this very call was made already. */
  function repeated(token: string, writes: readonly Write[]): boolean {
    const now = clock.now()
    for (const [old, { at }] of tokens) {
      if (now - at < TOKEN_LIFETIME_MS) break
      tokens.delete(old)
    }
    const seen = tokens.get(token)
    if (seen && canonicalWrites(seen.writes) !== canonicalWrites(writes)) throw tokenMismatch(token)
    return seen !== undefined
  }

  return {
    async get(key) {
      const found = read(key)
      return found && copyAttributes(found)
    },
    async query(table, partition, options = {}) {
      const found = partitions.get(partitionText(table, partition))
      if (!found) return []
      found.sorted ??= [...found.items.keys()].sort(compareUtf8)
      const { prefix = '', after, limit = Number.POSITIVE_INFINITY } = options
      const answer: Item[] = []
      for (const sort of found.sorted) {
        if (answer.length >= limit) break
        if (!sort.startsWith(prefix) || (after !== undefined && compareUtf8(sort, after) <= 0)) continue
        const attributes = found.items.get(sort)
        if (attributes) answer.push({ key: { table, partition, sort }, attributes: copyAttributes(attributes) })
      }
      return answer
    },
    async transact(writes, token) {
      checkWrites(writes, token)
      if (repeated(token, writes)) return
      const conflict = findConflict(writes, key => {
        const found = read(key)
        return found && copyAttributes(found)
      })
      if (conflict) throw conflict
      for (const write of writes) {
        const { table, partition, sort } = keyOf(write)
        const target = partitionOf(table, partition)
        if (write.kind === 'put') {
          if (!target.items.has(sort)) target.sorted = undefined
          target.items.set(sort, copyAttributes(write.item.attributes))
        } else if (write.kind === 'remove' && target.items.delete(sort)) target.sorted = undefined
      }
      tokens.set(token, { writes, at: clock.now() })
    },
    backUp: table =>
      [...partitions].flatMap(([text, { items }]) => {
        const name = names.get(text)
        if (name?.table !== table) return []
        return [...items].map(([sort, found]) => ({ key: { ...name, sort }, attributes: copyAttributes(found) }))
      }),
    restore(table, items) {
      for (const [text, name] of names) if (name.table === table) partitions.delete(text)
      for (const { key, attributes } of items) {
        const target = partitionOf(key.table, key.partition)
        target.items.set(key.sort, copyAttributes(attributes))
        target.sorted = undefined
      }
    },
  }
}
