/**
 * Repair: from what can still be read of a lake, whatever was lost, to a lake whose laws hold. Each step looks for
 * what the stage before it holds and the one after it lacks, so it need not know what happened: it may be stopped and
 * run again.
 *
 * The tables come first (pointers, snapshots, files), then Bronze's records and checkpoints, then what is missing downstream.
 * Nothing is deleted: what no table names is swept by maintenance, a day later. What cannot be made again stays where it still is
 * (Gold keeps a trade whose Silver row is lost, a candle stays whose trades are), and each loss is recorded. A lake has one writer
 * while it is repaired.
 */
import { lostTimes } from '../../domain/losses.ts'
import { statePartition } from '../../domain/names.ts'
import type { Key, Ports } from '../../domain/ports.ts'
import { type Progress, UNTOLD } from '../../domain/progress.ts'
import { EVER } from '../../domain/ranges.ts'
import { recordStreams } from '../../domain/streams.ts'
import { allTables, DATA_LOSSES_TABLE, silverTable } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { drain } from '../../embedded/drain.ts'
import type { Functions } from '../../embedded/functions.ts'
import type { WritableLake } from '../../embedded/lake.ts'
import type { Totals } from '../../embedded/totals.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { readLosses } from '../../tables/losses.ts'
import { dropUnreadableObjects, mendCheckpoints, registerMissing } from './bronze.ts'
import { recordOldLine, settleLine } from './forks.ts'
import { inSession, keptFrom, readLive } from './live.ts'
import { noteLosses, settleLosses } from './losses.ts'
import { sendMissing, takeDone } from './missing.ts'
import { rebuildCandles, rebuildGold } from './rebuild.ts'
import { dropRepeatedOutcomes, dropRepeatedRecords } from './repeats.ts'
import { mendTable } from './tables.ts'
import { dropUnreadableWaiting } from './waiting.ts'

/** Repairs the lake and gives what was done, a sentence each; an empty list where nothing was wrong. */
export async function repairLake(
  lake: WritableLake,
  functions: Functions,
  totals: Totals,
  progress: Progress = UNTOLD,
): Promise<string[]> {
  const { ports, exchanges } = lake
  const tables = allTables(exchanges)
  const done: string[] = []
  // One that was stopped may have mended what no longer shows, and nothing but that was wrong.
  const wasStopped = await begin(ports)
  await inSession(ports, async session => {
    progress.begin('Mending tables', 'table', tables.length)
    for (const table of tables) {
      done.push(...(await mendTable(ports, session, table)))
      progress.add(1)
    }
    for (const table of tables) await recordOldLine(ports, table)
    await noteLosses(ports)
    done.push(...(await dropUnreadableWaiting(ports, session, exchanges)))
    progress.begin('Mending Bronze', 'stream', recordStreams(exchanges).length)
    for (const stream of recordStreams(exchanges)) {
      done.push(...(await dropUnreadableObjects(ports, session, stream)))
      done.push(...(await registerMissing(ports, session, stream)))
      done.push(...(await mendCheckpoints(ports, session, stream, await lake.topics.ends(stream.topic))))
      progress.add(1)
    }
    for (const exchange of exchanges) done.push(...(await takeDone(ports, session, exchange)))
  })
  // What is on the lists is not missing, so it is worked off first.
  await drain(lake, functions, totals, progress)
  progress.begin('Looking for what is missing downstream', 'exchange', exchanges.length)
  await inSession(ports, async session => {
    for (const stream of recordStreams(exchanges)) done.push(...(await dropRepeatedRecords(ports, session, stream)))
    for (const exchange of exchanges) {
      done.push(...(await dropRepeatedOutcomes(ports, session, exchange)))
      done.push(...(await sendMissing(ports, session, exchange)))
      progress.add(1)
    }
  })
  await drain(lake, functions, totals, progress)
  for (const exchange of exchanges) {
    // Silver counts from when a trade was validated, which may be before the trade's own time.
    const kept = keptFrom(await readLive(ports, silverTable(exchange)))
    const from = kept === 0n ? 0n : kept + DAY_MICROS
    const keep = lostTimes(
      await readLosses(ports, await openTable(ports, DATA_LOSSES_TABLE)),
      silverTable(exchange).name,
    )
    const { goldRemoved, goldAdded } = await rebuildGold(ports, exchange, { ...EVER, from }, keep, progress)
    if (goldRemoved + goldAdded > 0)
      done.push(`${goldRemoved} rows of ${exchange.name} left Gold and ${goldAdded} came into it`)
  }
  if (done.length > 0 || wasStopped) {
    const { minutes } = await rebuildCandles(ports, EVER, progress)
    done.push(`the candles of ${minutes} minutes were folded again`)
  }
  await drain(lake, functions, totals, progress)
  done.push(...(await settleLosses(ports, tables)))
  for (const table of tables) await settleLine(ports, table)
  await ports.state.transact([{ kind: 'remove', key: UNDER_WAY }], ports.ids.uuid())
  return done
}

/** There from the beginning of a repair to its end. */
const UNDER_WAY: Key = { table: 'state', partition: statePartition.upkeep, sort: 'repair' }

/** Notes that a repair is under way; gives whether one was already, which has not come to its end. */
async function begin({ state, ids, clock }: Ports): Promise<boolean> {
  const found = await state.get(UNDER_WAY)
  const item = { key: UNDER_WAY, attributes: { began_at: clock.now() } }
  if (!found) await state.transact([{ kind: 'put', item }], ids.uuid())
  return found !== undefined
}
