/** A durable state store in one SQLite file, with DynamoDB's transaction semantics: the embedded lake's. */
import { createHash } from 'node:crypto'
import { Corrupt, TradelakeError } from '../domain/errors.ts'
import type { Attributes, Clock, Item, Key, StateStore } from '../domain/ports.ts'
import { compareUtf8 } from './object-keys.ts'
import { openSqlite } from './sqlite.ts'
import { canonicalWrites, checkWrites, findConflict, keyOf, TOKEN_LIFETIME_MS, tokenMismatch } from './state-rules.ts'
import { systemClock } from './system.ts'

const KIND = 1
const SCHEMA = `
  CREATE TABLE items (
    store TEXT NOT NULL, pk TEXT NOT NULL, sk TEXT NOT NULL, attributes TEXT NOT NULL,
    PRIMARY KEY (store, pk, sk)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tokens (token TEXT PRIMARY KEY, writes BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_by_time ON tokens (at)`
/** Rows read ahead by a query. */
const PAGE_ROWS = 256

/** A state store that holds a file open until it is closed. */
export interface SqliteState extends StateStore {
  close(): void
}

/**
 * Opens or makes the state file at `path`. With `readOnly` it looks at a running lake and makes nothing.
 * @throws Corrupt where the file is damaged or foreign; BadInput where it cannot be opened
 */
export function sqliteState(
  path: string,
  options: { readonly readOnly?: boolean; readonly clock?: Pick<Clock, 'now'> } = {},
): SqliteState {
  const { readOnly = false, clock = systemClock() } = options
  const file = openSqlite(path, { kind: KIND, schema: SCHEMA, readOnly })
  const { database } = file
  const statements = file.guard(() => ({
    get: database.prepare('SELECT attributes FROM items WHERE store = ? AND pk = ? AND sk = ?'),
    from: database.prepare(
      'SELECT sk, attributes FROM items WHERE store = ? AND pk = ? AND sk >= ? ORDER BY sk LIMIT ?',
    ),
    after: database.prepare(
      'SELECT sk, attributes FROM items WHERE store = ? AND pk = ? AND sk > ? ORDER BY sk LIMIT ?',
    ),
    put: database.prepare(
      'INSERT INTO items VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET attributes = excluded.attributes',
    ),
    remove: database.prepare('DELETE FROM items WHERE store = ? AND pk = ? AND sk = ?'),
    token: database.prepare('SELECT writes, at FROM tokens WHERE token = ?'),
    remember: database.prepare(
      'INSERT INTO tokens VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET writes = excluded.writes, at = excluded.at',
    ),
    forget: database.prepare('DELETE FROM tokens WHERE at <= ?'),
  }))

  if (!readOnly) removeExpired()

  /** DynamoDB's time to live deletes late too, so once at each opening is enough. */
  function removeExpired(): void {
    const seconds = Math.floor(clock.now() / 1000)
    try {
      file.guard(() => database.prepare("DELETE FROM items WHERE attributes ->> '$.expires_at' < ?").run(seconds))
    } catch (error) {
      file.close()
      throw error
    }
  }

  function parse(text: unknown, key: Key): Attributes {
    try {
      return JSON.parse(String(text)) as Attributes
    } catch (error) {
      throw new Corrupt(`${path} does not hold JSON at ${key.partition}/${key.sort}: restore the file.`, {
        cause: error,
      })
    }
  }

  function read(key: Key): Attributes | undefined {
    const row = statements.get.get(key.table, key.partition, key.sort)
    return row && parse(row.attributes, key)
  }

  /** Whether the same call was made already. */
  function repeated(token: string, digest: Uint8Array, now: number): boolean {
    const seen = statements.token.get(token)
    if (!seen || now - Number(seen.at) >= TOKEN_LIFETIME_MS) return false
    if (!digest.every((byte, index) => byte === (seen.writes as Uint8Array)[index])) throw tokenMismatch(token)
    return true
  }

  return {
    async get(key) {
      return file.guard(() => read(key))
    },
    async query(table, partition, { prefix = '', after, limit = Number.POSITIVE_INFINITY } = {}) {
      return file.guard(() => {
        const answer: Item[] = []
        // The first page may begin at the prefix itself, but never at `after`.
        let page = after === undefined || compareUtf8(prefix, after) > 0 ? statements.from : statements.after
        let start = page === statements.from ? prefix : (after ?? '')
        while (answer.length < limit) {
          const rows = page.all(table, partition, start, Math.min(PAGE_ROWS, limit - answer.length))
          for (const row of rows) {
            const sort = String(row.sk)
            if (!sort.startsWith(prefix)) return answer
            const key = { table, partition, sort }
            answer.push({ key, attributes: parse(row.attributes, key) })
          }
          const last = rows.at(-1)
          if (!last) return answer
          start = String(last.sk)
          page = statements.after
        }
        return answer
      })
    },
    async transact(writes, token) {
      if (readOnly) throw new TradelakeError(`${path} is open for reading only: nothing was written.`)
      checkWrites(writes, token)
      const digest = createHash('sha256').update(canonicalWrites(writes)).digest()
      const now = clock.now()
      file.transaction(() => {
        if (repeated(token, digest, now)) return
        const conflict = findConflict(writes, read)
        if (conflict) throw conflict
        for (const write of writes) {
          const { table, partition, sort } = keyOf(write)
          if (write.kind === 'put') statements.put.run(table, partition, sort, JSON.stringify(write.item.attributes))
          else if (write.kind === 'remove') statements.remove.run(table, partition, sort)
        }
        statements.forget.run(now - TOKEN_LIFETIME_MS)
        statements.remember.run(token, digest, now)
      })
    },
    close: file.close,
  }
}
