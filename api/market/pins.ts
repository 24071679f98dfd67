/** Pins: a tag of one name on several tables, set in one transaction, which keeps that state of them until the pin is deleted. */
import type { Ports } from '../../domain/ports.ts'
import { EVER } from '../../domain/ranges.ts'
import {
  allTables,
  candleTable,
  DATA_LOSSES_TABLE,
  FEED_GAPS_TABLE,
  GOLD_TABLE,
  NAMESPACE,
} from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { noneText } from '../../figures/nearest.ts'
import { findTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { RequirementFailed } from '../../iceberg/updates/refusals.ts'
import type { CatalogPorts } from '../catalog/entries.ts'
import { repeatable } from '../catalog/mutate.ts'
import { commitTables, type TableChange } from '../catalog/tables.ts'
import { type AsOf, noPinText, PIN_NAME, pinnedIn, type Snapshots, snapshotsIn, tagsOf } from './as-of.ts'
import { problem } from './problems.ts'
import { requireRepaired } from './repairs.ts'

export interface Pin {
  readonly name: string
  /** Milliseconds since 1970: the newest of its snapshots. */
  readonly timeMs: number
  readonly snapshots: Snapshots
}

/** What answers are made of: enough for a backtest to be run again. */
export const PINNED_TABLES: readonly string[] = [
  GOLD_TABLE.name,
  ...TIMEFRAMES.map(timeframe => candleTable(timeframe).name),
  FEED_GAPS_TABLE.name,
  DATA_LOSSES_TABLE.name,
]

type ReadPorts = Pick<Ports, 'store' | 'state'>

/** The tables of the pipeline that there are, of these names. @throws Problem 404 for another name */
export async function openNamed(ports: ReadPorts, names: readonly string[]): Promise<LoadedTable[]> {
  const known = allTables().map(({ name }) => name)
  const wrong = names.find(name => !known.includes(name))
  if (wrong !== undefined) throw problem(404, noneText('table', wrong, known, 'there are none'), 'tables')
  const found = await Promise.all(names.map(name => findTable(ports, name)))
  return found.filter(table => table !== undefined)
}

/** All pins by name. */
export async function listPins(ports: ReadPorts): Promise<Pin[]> {
  const tables = await openNamed(
    ports,
    allTables().map(({ name }) => name),
  )
  const names = [...new Set(tables.flatMap(tagsOf))].sort()
  return names.map(name => pinOf(name, tables))
}

function pinOf(name: string, tables: readonly LoadedTable[]): Pin {
  const held = tables.flatMap(table => {
    const snapshot = pinnedIn(table, name)
    return snapshot ? [{ table: table.name, snapshot }] : []
  })
  return {
    name,
    timeMs: Math.max(...held.map(({ snapshot }) => snapshot['timestamp-ms'])),
    snapshots: Object.fromEntries(held.map(({ table, snapshot }) => [table, snapshot['snapshot-id']])),
  }
}

/**
 * Pins the tables as they are at one instant, or as they were. A name that holds the same already is left as it is.
 * @throws Problem 400 for a name that is none; 404 where there is nothing to pin; 409 where the name holds something else; 410, 503 where
 * that state lacks rows that a repair makes again
 */
export async function putPin(
  ports: CatalogPorts,
  name: string,
  { names, asOf }: { readonly names: readonly string[]; readonly asOf: AsOf },
): Promise<{ readonly pin: Pin; readonly isNew: boolean }> {
  if (name === 'main') throw problem(400, 'main is the name of the tables themselves: give a pin another one.')
  if (!PIN_NAME.test(name))
    throw problem(
      400,
      `${name} is no name for a pin: give a letter, then up to 99 letters, digits, dots, dashes and underscores.`,
    )
  for (let attempt = 1; ; attempt++) {
    const tables = await openNamed(ports, names)
    const wanted = snapshotsIn(asOf, tables)
    if (Object.keys(wanted).length === 0)
      throw problem(404, `There is nothing to pin: none of ${names.join(', ')} has a snapshot then.`)
    const before = (await listPins(ports)).find(pin => pin.name === name)
    if (before && !isSame(before.snapshots, wanted))
      throw problem(
        409,
        `The pin ${name} holds a state of ${new Date(before.timeMs).toISOString()} already: delete it first, or give another name.`,
      )
    if (before) return { pin: before, isNew: false }
    for (const table of tables)
      if (wanted[table.name] !== undefined) await requireRepaired(ports, table, wanted[table.name], EVER)
    const changes = Object.entries(wanted).map(([table, id]) => pinning(table, name, id, asOf))
    try {
      await commitTables(ports, changes, repeatable(undefined, 'pin', name))
      return { pin: pinOf(name, await openNamed(ports, names)), isNew: true }
    } catch (error) {
      // A table was committed to since it was read: the pin is of one instant, so all are read again.
      if (!(error instanceof RequirementFailed) || attempt === MAX_ATTEMPTS) throw error
      await ports.clock.sleep(PAUSE_MS * attempt)
    }
  }
}

const MAX_ATTEMPTS = 20
const PAUSE_MS = 20

function isSame(a: Snapshots, b: Snapshots): boolean {
  const tables = Object.keys(a)
  return tables.length === Object.keys(b).length && tables.every(table => a[table] === b[table])
}

/** Sets the tag where there is none yet and, for the present, where the table still is as it was read. */
function pinning(table: string, name: string, id: number, asOf: AsOf): TableChange {
  const free = { type: 'assert-ref-snapshot-id', ref: name, 'snapshot-id': null } as const
  const unmoved = { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': id } as const
  return {
    identifier: { namespace: [NAMESPACE], name: table },
    requirements: asOf.timeMs === undefined ? [free, unmoved] : [free],
    updates: [{ action: 'set-snapshot-ref', 'ref-name': name, type: 'tag', 'snapshot-id': id }],
  }
}

/** Deletes a pin from all tables at once; what it alone kept expires then. @throws Problem 404 */
export async function deletePin(ports: CatalogPorts, name: string): Promise<void> {
  const pins = await listPins(ports)
  const pin = pins.find(each => each.name === name)
  if (!pin) {
    throw problem(
      404,
      noPinText(
        name,
        pins.map(each => each.name),
      ),
    )
  }
  const changes = Object.entries(pin.snapshots).map(
    ([table, id]): TableChange => ({
      identifier: { namespace: [NAMESPACE], name: table },
      requirements: [{ type: 'assert-ref-snapshot-id', ref: name, 'snapshot-id': id }],
      updates: [{ action: 'remove-snapshot-ref', 'ref-name': name }],
    }),
  )
  await commitTables(ports, changes, repeatable(undefined, 'unpin', name))
}
