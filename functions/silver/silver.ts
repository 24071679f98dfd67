/**
 * Silver: Bronze objects become one file of valid trades for each exchange date and one file of dead letters; in one
 * transaction the objects are consumed and the files become pending for Gold and for their tables.
 */
import { crc32 } from 'node:zlib'
import { sumOf } from '../../domain/counts.ts'
import { Corrupt, messageOf } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { BronzeObject, SilverFile, SilverFiles } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { consumePending, lookUpPending, type PendingItem, producePending } from '../../domain/pending.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import { commit, type Plan } from '../../domain/protocol.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import { dayOfMs, MINUTE_MS } from '../../domain/time.ts'
import { timeOfUuid } from '../../domain/uuid.ts'
import { produceAdded } from '../../iceberg/added-files.ts'
import { writeDataFile } from '../../iceberg/data-file.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { createObjectDecoder } from './decode.ts'
import type { Schemas } from './schemas.ts'

/** A write for each object and three more: 25 objects stay well below DynamoDB's 100. */
const OBJECTS_PER_COMMIT = 25
/** Bounds a commit's memory; about a Parquet row group. */
const RECORDS_PER_COMMIT = 120_000
/** An event may come before its transaction is visible: the list is read again this often, with this pause. */
const LOOKS = 10
const LOOK_PAUSE_MS = 200
/** Bronze's function has ended by then (infra/sizes.ts): an older object that no list knows is done, or the sweep will send it. */
const STILL_COMING_MS = MINUTE_MS

export interface SilverResult {
  readonly valid: number
  readonly invalid: number
  /** Objects consumed by this call. */
  readonly objects: number
  /** Objects that stay pending, with the reason. */
  readonly failures: readonly { readonly key: string; readonly reason: string }[]
}

type Item = PendingItem<BronzeObject>

/**
 * Processes the Bronze objects under these keys. Objects already done, and objects that no list knows, are skipped:
 * the sweep sends again what is pending. An object that fails never makes it throw: it is in `failures`.
 */
export async function refine(
  ports: Ports,
  exchange: Exchange,
  schemas: Schemas,
  keys: readonly string[],
): Promise<SilverResult> {
  const pending = await findPending(ports, exchange, [...new Set(keys)])
  const results: SilverResult[] = []
  for (const some of bounded(pending)) results.push(...(await processTogether(ports, exchange, schemas, some)))
  return {
    valid: sumOf(results, result => result.valid),
    invalid: sumOf(results, result => result.invalid),
    objects: sumOf(results, result => result.objects),
    failures: results.flatMap(result => result.failures),
  }
}

/**
 * One commit for all; where that fails for another reason than a conflict, one for each, so that one bad object does
 * not stop the others.
 */
async function processTogether(
  ports: Ports,
  exchange: Exchange,
  schemas: Schemas,
  items: readonly Item[],
): Promise<SilverResult[]> {
  try {
    // The list was just read: only after a conflict is it read again.
    const planned = async (attempt: number) =>
      plan(ports, exchange, schemas, attempt === 0 ? items : await stillPending(ports, exchange, items))
    return [await commit(ports, planned)]
  } catch (error) {
    if (items.length === 1)
      return [{ valid: 0, invalid: 0, objects: 0, failures: [{ key: items[0].id, reason: messageOf(error) }] }]
    const results: SilverResult[] = []
    for (const item of items) results.push(...(await processTogether(ports, exchange, schemas, [item])))
    return results
  }
}

/** Splits the objects into commits: as many as the bounds allow in each, at least one. */
function bounded(items: readonly Item[]): Item[][] {
  const groups: Item[][] = []
  let records = 0
  for (const item of items) {
    const last = groups.at(-1)
    records += item.payload.records
    if (last && last.length < OBJECTS_PER_COMMIT && records <= RECORDS_PER_COMMIT) last.push(item)
    else {
      groups.push([item])
      records = item.payload.records
    }
  }
  return groups
}

/** The objects that are on the list, waiting a little for young ones that it does not know yet. */
async function findPending(ports: Ports, exchange: Exchange, keys: readonly string[]): Promise<Item[]> {
  const found: Item[] = []
  let unknown = keys
  for (let look = 0; look < LOOKS && unknown.length > 0; look++) {
    if (look > 0) await ports.clock.sleep(LOOK_PAUSE_MS)
    const items = await lookUp(ports, exchange, unknown)
    found.push(...items.filter(item => item !== undefined))
    unknown = unknown.filter((key, i) => items[i] === undefined && mayStillCome(ports, key))
  }
  return found
}

/** Whether the transaction that puts the object on the list may be under way: its name says when Bronze began it. */
function mayStillCome({ clock }: Ports, key: string): boolean {
  const made = timeOfUuid(key.slice(key.lastIndexOf('/') + 1))
  return made !== undefined && clock.now() - made < STILL_COMING_MS
}

/** The items that are still on the list: another invocation has done the others since. */
async function stillPending(ports: Ports, exchange: Exchange, items: readonly Item[]): Promise<Item[]> {
  const keys = items.map(item => item.id)
  return (await lookUp(ports, exchange, keys)).filter(item => item !== undefined)
}

function lookUp(ports: Ports, exchange: Exchange, keys: readonly string[]) {
  const consumer = consumers.silver(exchange.name)
  return Promise.all(keys.map(key => lookUpPending<BronzeObject>(ports, consumer, key)))
}

async function plan(
  ports: Ports,
  exchange: Exchange,
  schemas: Schemas,
  items: readonly Item[],
): Promise<Plan<SilverResult>> {
  if (items.length === 0) return { writes: [], result: { valid: 0, invalid: 0, objects: 0, failures: [] } }
  const started = ports.clock.now()
  const decoder = await decodeAll(ports, exchange, schemas, items)
  const { silver, dead } = decoder.decoded
  const nowMicros = BigInt(started) * 1000n
  const table = silverTable(exchange)
  const batches = silver.finish(nowMicros)
  const files = await Promise.all(
    batches.map(({ day, batch }) => writeDataFile(ports, table, { exchange_date_day: day }, batch)),
  )
  const forGold = files.map(({ key, bytes, records, crc32 }): SilverFile => ({ key, bytes, records, crc32 }))
  const deadFiles: DataFile[] = []
  if (dead.rows > 0) {
    const day = dayOfMs(started)
    const batch = dead.finish(bronzeTable(exchange).name, exchange.code, nowMicros)
    deadFiles.push(await writeDataFile(ports, DLQ_TABLE, { dlq_date_day: day }, batch))
  }
  const gold: SilverFiles = { files: forGold }
  const writes: Write[] = items.map(consumePending)
  if (files.length > 0) {
    writes.push(await producePending(ports, consumers.gold(exchange.name), gold))
    writes.push(await produceAdded(ports, table.name, files))
  }
  if (deadFiles.length > 0) writes.push(await produceAdded(ports, DLQ_TABLE.name, deadFiles))
  const valid = sumOf(files, file => file.records)
  decoder.release()
  return { writes, result: { valid, invalid: dead.rows, objects: items.length, failures: [] }, oldestFile: started }
}

async function decodeAll(ports: Ports, exchange: Exchange, schemas: Schemas, items: readonly Item[]) {
  const records = sumOf(items, ({ payload }) => payload.records)
  const decoder = createObjectDecoder(exchange.code, schemas, records)
  // One object in memory at a time: a batch may be 25 times 6 MB.
  for (const item of items) await decoder.add(item.id, await readWhole(ports, item))
  return decoder
}

/** The object's bytes, as Bronze wrote them. @throws Corrupt where they were changed */
async function readWhole(ports: Ports, { id, payload }: Item): Promise<Uint8Array> {
  const bytes = await ports.store.get(id)
  if (bytes.length !== payload.bytes || (payload.crc32 !== undefined && crc32(bytes) !== payload.crc32))
    throw new Corrupt(
      `${id} is not as Bronze wrote it (${bytes.length} bytes, ${payload.bytes} expected, or another checksum): restore the object.`,
    )
  return bytes
}
