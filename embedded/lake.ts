/**
 * A lake in a folder: the embedded twin of bucket, DynamoDB tables and Kafka, with nothing but npm.
 *
 *   lock.sqlite      held by the one process that may write
 *   location         where the lake was made; the last file to be made, so a lake without it is empty
 *   settings.json    what the lake was told (lake-settings.ts); there only if it was
 *   state.sqlite     checkpoints, pending lists, table pointers
 *   topics.sqlite    the topic log
 *   objects/         the object store: tables, and pending lists that are too large for an item
 *   scratch/         files that are being made; emptied at each start
 */
import { join } from 'node:path'
import { bundledRegistry } from '../adapters/bundled-registry.ts'
import { folderStore } from '../adapters/folder-store.ts'
import { lockLake } from '../adapters/lake-lock.ts'
import type { Lineage } from '../adapters/openlineage.ts'
import { sqliteState } from '../adapters/sqlite-state.ts'
import { sqliteTopicLog } from '../adapters/sqlite-topic-log.ts'
import { systemClock, systemIds, systemScratch } from '../adapters/system.ts'
import { BadInput } from '../domain/errors.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import type { ReadableLake } from '../domain/lake.ts'
import type { TopicLog } from '../domain/ports.ts'
import type { RetentionSettings } from '../domain/retention.ts'
import { recordStreams } from '../domain/streams.ts'
import { emptyFolder, requireOwnFolder, requirePlainPath, requireWhole, STATE, writeLocation } from './lake-folder.ts'
import { type LakeSettings, readLakeSettings, writeLakeSettings } from './lake-settings.ts'

/** What is needed to work on a lake, wherever it is. */
export interface WritableLake extends ReadableLake {
  /** Where Kafka is out of reach, nothing waits in the topics and no end is known. */
  readonly topics: Pick<TopicLog, 'poll' | 'acknowledge' | 'ends'>
  readonly settings: LakeSettings
  /** Told of every commit, where somebody wants to know. */
  readonly lineage?: Lineage | undefined
}

/** A lake in a folder. */
export interface Lake extends WritableLake {
  /** Absolute path. */
  readonly directory: string
  readonly topics: TopicLog
}

export interface LakeOptions {
  readonly exchanges?: readonly Exchange[]
  /** DuckDB's limit, as it writes it. */
  readonly memoryLimit?: string
  readonly threads?: number
  /** Refuses to make a lake. */
  readonly mustExist?: boolean
  /** Opens a lake that has lost its state file, with an empty one: for a repair. */
  readonly lostState?: boolean
  /** Added to the lake's settings, and remembered there. */
  readonly retention?: RetentionSettings
}

const DEFAULTS = {
  exchanges: EXCHANGES,
  memoryLimit: '400MB',
  threads: 2,
  mustExist: false,
  lostState: false,
  retention: {},
}

/**
 * Opens the lake in the folder for this process only, making it if the folder is empty or missing.
 * @throws BadInput where another process has it, it was moved, or the folder holds other things; Corrupt where a file
 * of it is damaged or missing
 */
export async function openLake(folder: string, options: LakeOptions = {}): Promise<Lake> {
  const directory = requirePlainPath(folder)
  if (options.mustExist) requireLake(directory, options.lostState)
  else requireOwnFolder(directory)
  const lock = lockLake(directory)
  try {
    const made = requireWhole(directory, options.lostState)
    const scratch = join(directory, 'scratch')
    emptyFolder(scratch)
    const lake = await assemble(directory, scratch, { ...DEFAULTS, ...options }, false)
    for (const { topic, partitions } of recordStreams(lake.exchanges)) await lake.topics.createTopic(topic, partitions)
    if (!made) await writeLocation(directory)
    if (options.retention !== undefined) await writeLakeSettings(directory, lake.settings)
    return {
      ...lake,
      close() {
        lake.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Opens a lake to look at, while another process may be writing it. @throws BadInput where the folder holds no lake */
export async function openLakeReadOnly(folder: string, options: LakeOptions = {}): Promise<Lake> {
  const directory = requirePlainPath(folder)
  requireLake(directory)
  return assemble(directory, undefined, { ...DEFAULTS, ...options }, true)
}

/** What the catalog of a lake works with. */
export interface CatalogPlace {
  readonly ports: Pick<ReadableLake['ports'], 'store' | 'state' | 'clock' | 'ids'>
  readonly lineage?: Lineage | undefined
  close(): void
}

/**
 * Opens a lake for its catalog, beside whatever else works on it: users' tables are the catalog's alone, and a change of the state is one
 * transaction of SQLite, whichever process makes it. @throws BadInput where the folder holds no lake
 */
export function openFolderForCatalog(folder: string): CatalogPlace {
  const directory = requirePlainPath(folder)
  requireLake(directory)
  const [clock, ids] = [systemClock(), systemIds()]
  const state = sqliteState(join(directory, STATE), { clock })
  const store = folderStore(join(directory, 'objects'))
  return { ports: { store, state, clock, ids }, close: () => state.close() }
}

function requireLake(directory: string, lostState = false): void {
  if (!requireWhole(directory, lostState))
    throw new BadInput(`There is no lake in ${directory}: give --data DIR, or make one with tradelake start.`)
}

async function assemble(
  directory: string,
  scratchFolder: string | undefined,
  options: Required<LakeOptions>,
  readOnly: boolean,
): Promise<Lake> {
  const clock = systemClock()
  const ids = systemIds()
  const scratch = systemScratch(scratchFolder, ids)
  const opened: { close(): void }[] = []
  const close = () => {
    for (const part of opened.reverse()) part.close()
  }
  try {
    const state = sqliteState(join(directory, STATE), { readOnly, clock })
    opened.push(state)
    const topics = sqliteTopicLog(join(directory, 'topics.sqlite'), { readOnly })
    opened.push(topics)
    const { threads, memoryLimit, exchanges } = options
    // Who only serves the lake's tables needs no engine.
    const { duckDbEngine } = await import('../adapters/duckdb-engine.ts')
    const engine = await duckDbEngine({ threads, memoryLimit, tempDirectory: scratch.path('duckdb') })
    opened.push(engine)
    const store = folderStore(join(directory, 'objects'))
    const { retention } = readLakeSettings(directory, exchanges)
    const settings = { retention: { ...retention, ...options.retention } }
    const ports = { store, state, registry: bundledRegistry(), engine, clock, ids, scratch }
    return { directory, exchanges, settings, ports, topics, close }
  } catch (error) {
    close()
    throw error
  }
}
