/**
 * What the catalog did for its clients, seen from outside: pointers and metadata files as they really are, read without any code of the
 * catalog. Each change that a client was told of is there once, each that was refused is not; a table's history is whole at any moment.
 */
import type { Item, Write } from '../../domain/ports.ts'
import { NAMESPACE } from './client-files.ts'
import type { Deed } from './clients.ts'
import { filesOf, keyIn, metadataAt } from './iceberg-reader.ts'
import type { World } from './world.ts'

/** A table that somebody can ask for. */
interface Live {
  readonly uuid: string
  readonly metadataUri: string
  readonly location: string
}

/** A table that was dropped. */
interface Dropped {
  readonly name: string
  readonly uuid: string
  readonly at: number
  readonly location: string
  /** What was in its folder then, and old enough to be listed. */
  readonly keys: readonly string[]
  /** What its current snapshot named. */
  readonly named: readonly string[]
}

export interface UserTables {
  look(writes: readonly Write[]): Promise<void>
  /** What breaks the law of the clients, a line each. */
  check(deeds: readonly Deed[]): Promise<string[]>
}

/** `listLagMs`: lists leave younger objects out. */
export function watchUserTables(world: World, listLagMs: number): UserTables {
  const { store, state } = world
  const problems: string[] = []
  const live = new Map<string, Live>()
  const histories = new Map<string, readonly number[]>()
  /** The transactions that added each snapshot. */
  const added = new Map<number, number[]>()
  const tableOf = new Map<number, string>()
  const seen = { create: 0, rename: 0, drop: 0 }
  const dropped: Dropped[] = []
  let transactions = 0

  async function look(writes: readonly Write[]): Promise<void> {
    transactions++
    const came = new Map<string, Item>()
    const left: string[] = []
    for (const write of writes) {
      const key = write.kind === 'put' ? write.item.key : write.key
      if (key.table !== 'catalog' || key.sort !== NAMESPACE || !key.partition.startsWith(`${NAMESPACE}.`)) continue
      if (write.kind === 'put') came.set(key.partition, write.item)
      else if (write.kind === 'remove') left.push(key.partition)
    }
    const uuids = new Set([...live.values()].map(({ uuid }) => uuid))
    for (const [name, item] of came) await lookAt(name, String(item.attributes['p.metadata_location']), uuids)
    for (const name of left) await lookAway(name, came.size > 0)
  }

  async function lookAt(name: string, metadataUri: string, uuids: ReadonlySet<string>): Promise<void> {
    if (!(await store.head(keyIn(store, metadataUri)))) {
      problems.push(`the pointer of ${name} names ${metadataUri}, which is not there`)
      return
    }
    const metadata = await metadataAt(store, metadataUri)
    const uuid: string = metadata['table-uuid']
    const history: number[] = (metadata.snapshots ?? []).map((each: Record<string, number>) => each['snapshot-id'])
    const before = histories.get(uuid) ?? []
    if (!histories.has(uuid)) seen.create++
    else if (!uuids.has(uuid)) problems.push(`${name} is a table that was dropped`)
    if (before.some((id, at) => history[at] !== id)) problems.push(`${name} loses one of ${before} for ${history}`)
    if (new Set(history).size < history.length) problems.push(`${name} has a snapshot twice: ${history}`)
    if ((metadata['current-snapshot-id'] ?? -1) !== (history.at(-1) ?? -1))
      problems.push(`${name} is at ${metadata['current-snapshot-id']}, which is not the last of ${history}`)
    for (const [at, each] of (metadata.snapshots ?? []).entries())
      if (each['parent-snapshot-id'] !== history[at - 1] || each['sequence-number'] !== at + 1)
        problems.push(`${name} has snapshot ${history[at]} in another place than its writer meant`)
    for (const id of history.slice(before.length)) {
      added.set(id, [...(added.get(id) ?? []), transactions])
      tableOf.set(id, uuid)
    }
    histories.set(uuid, history)
    live.set(name, { uuid, metadataUri, location: metadata.location })
    problems.push(...(await missingFiles(name, metadataUri)))
  }

  async function lookAway(name: string, isMoved: boolean): Promise<void> {
    const table = live.get(name)
    live.delete(name)
    if (!table) problems.push(`${name} leaves and was not there`)
    else if (isMoved) seen.rename++
    else {
      seen.drop++
      const keys: string[] = []
      const young = world.scheduler.now() - listLagMs
      for await (const { key, modified } of store.list(`${keyIn(store, table.location)}/`))
        if (modified < young) keys.push(key)
      const { snapshots = [] } = await metadataAt(store, table.metadataUri)
      const files = snapshots.length > 0 ? await filesOf(store, snapshots.at(-1)['manifest-list']) : []
      const named = [keyIn(store, table.metadataUri), ...files.map(({ key }) => key)]
      dropped.push({ name, uuid: table.uuid, at: world.scheduler.now(), location: table.location, keys, named })
    }
  }

  async function missingFiles(name: string, metadataUri: string): Promise<string[]> {
    const metadata = await metadataAt(store, metadataUri)
    try {
      const snapshot = metadata.snapshots?.at(-1)
      const files = snapshot ? await filesOf(store, snapshot['manifest-list']) : []
      if (files.length !== (metadata.snapshots?.length ?? 0))
        return [`${name} has ${files.length} files of ${metadata.snapshots.length} snapshots`]
      for (const { key, bytes } of files)
        if ((await store.head(key))?.bytes !== bytes) return [`${name} names ${key}, which is not there`]
    } catch (error) {
      return [`${name} cannot be read: ${(error as Error).message}`]
    }
    return []
  }

  /** A told change is in the history once, a refused one never; one of two tables is in both, by one transaction. */
  function checkSnapshots(deeds: readonly Deed[]): string[] {
    const known = new Set<number>()
    const found = deeds.flatMap(({ kind, client, snapshots, names, verdict, wasLost, status, until }) => {
      for (const id of snapshots) known.add(id)
      if (kind === 'market') return verdict === 'told' ? [`${client} writes to a table of the pipeline`] : []
      const times = snapshots.map(id => added.get(id) ?? [])
      const what = `snapshot ${snapshots.join(' and ')} of ${client} in ${names.join(' and ')}, told ${status},`
      const [first = []] = times
      if (times.some(each => each.join() !== first.join())) return [`${what} is in one of the tables alone`]
      if (verdict === 'told' && snapshots.length > 0 && first.length !== 1)
        return [`${what} is in the history ${first.length} times`]
      // Who asks again after the table went with its files is told that there is none.
      const isGone = snapshots.some(id => dropped.some(({ uuid, at }) => uuid === tableOf.get(id) && at <= until))
      const isRefused = verdict === 'refused' && !(status === 404 && wasLost && isGone)
      return first.length > (isRefused ? 0 : 1) ? [`${what} is in the history ${first.length} times`] : []
    })
    for (const id of added.keys()) if (!known.has(id)) found.push(`snapshot ${id} is nobody's`)
    return found
  }

  /** As many tables came, moved and went as clients were told of, and no more than they may have been. */
  function checkCounts(deeds: readonly Deed[]): string[] {
    return (['create', 'rename', 'drop'] as const).flatMap(kind => {
      const own = deeds.filter(deed => deed.kind === kind || (kind === 'drop' && deed.kind === 'purge'))
      const least = own.filter(({ verdict }) => verdict === 'told').length
      // Who was refused after an answer that did not come may have been heard the first time.
      const most = own.filter(({ verdict, wasLost }) => verdict !== 'refused' || wasLost).length
      const times = seen[kind]
      return times >= least && times <= most
        ? []
        : [`${kind} happened ${times} times: ${least} were told, ${most} asked`]
    })
  }

  /** What was in a dropped table's folder is gone where that was asked for, or waits to be; else it stays. */
  async function checkDrops(deeds: readonly Deed[]): Promise<string[]> {
    const found: string[] = []
    for (const { name, at, location, keys, named } of dropped) {
      const may = deeds.filter(({ kind, names, from, until, wasLost }) => {
        const isDrop = kind === 'drop' || kind === 'purge'
        return isDrop && names[0] === nameOf(name) && from <= at && (at <= until || wasLost)
      })
      const isPending = (await state.get({ table: 'catalog', partition: 'FOLDERS', sort: location })) !== undefined
      // A list that ended early is not one that can be told apart.
      const wasCut = world.happened.some(
        ({ kind, detail }) => kind === 'cut' && detail.includes(keyIn(store, location)),
      )
      const left = await thereOf(keys)
      if (may.every(({ kind }) => kind === 'purge') && left.length > 0 && !isPending && !wasCut)
        found.push(`${name} was purged, and ${left[0]} stays, with ${left.length - 1} more`)
      const gone = named.length - (await thereOf(named)).length
      if (may.every(({ kind }) => kind === 'drop') && gone > 0)
        found.push(`${name} was dropped without a purge, and ${gone} of its files are gone`)
    }
    return found
  }

  async function thereOf(keys: readonly string[]): Promise<string[]> {
    const there: string[] = []
    for (const key of keys) if (await store.head(key)) there.push(key)
    return there
  }

  /** What is listed is there, with its files; and no table of the pipeline has a snapshot of a client. */
  async function checkEnd(deeds: readonly Deed[]): Promise<string[]> {
    const found: string[] = []
    const listed = await state.query('catalog', `TABLES ${NAMESPACE}`)
    const [names, pointers] = [listed.map(({ key }) => key.sort), [...live.keys()].map(nameOf).sort()]
    if (names.join() !== pointers.join()) found.push(`the tables ${names} are listed, and there are ${pointers}`)
    for (const [name, { metadataUri }] of live) {
      if (!(await store.head(keyIn(store, metadataUri)))) found.push(`the metadata file of ${name} is gone`)
      else found.push(...(await missingFiles(name, metadataUri)))
    }
    const foreign = new Set(deeds.flatMap(({ snapshots }) => snapshots))
    for (const { attributes, key } of state.backUp('catalog')) {
      if (!key.partition.startsWith('market_data.')) continue
      const { snapshots = [] } = await metadataAt(store, String(attributes['p.metadata_location']))
      for (const { 'snapshot-id': id } of snapshots)
        if (foreign.has(id)) found.push(`${key.partition} has snapshot ${id} of a client`)
    }
    return found
  }

  return {
    look: async writes => {
      await look(writes).catch(error => problems.push(`a reader meets ${(error as Error).message}`))
    },
    check: async deeds =>
      [
        ...problems,
        ...checkSnapshots(deeds),
        ...checkCounts(deeds),
        ...(await checkDrops(deeds)),
        ...(await checkEnd(deeds)),
      ].map(problem => `law of clients: ${problem}`),
  }
}

/** A pointer's name without its namespace. */
function nameOf(pointer: string): string {
  return pointer.slice(NAMESPACE.length + 1)
}
