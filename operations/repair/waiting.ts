/**
 * Files that wait for a table or for Gold and cannot be read: a list of an older backup names files that were joined and deleted
 * since. They come off the lists; what they held is looked for where it should be by the steps that follow.
 */
import type { Exchange } from '../../domain/exchanges.ts'
import type { SilverFiles } from '../../domain/handover.ts'
import { consumePending, listPendingOf, producePending } from '../../domain/pending.ts'
import type { Ports, QuerySession } from '../../domain/ports.ts'
import { wholeShare } from '../../domain/shares.ts'
import { committedTables } from '../../domain/tables.ts'
import { listAdded, produceAdded } from '../../iceberg/added-files.ts'
import { fileProblem } from './tables.ts'

interface Listed {
  readonly key: string
  readonly bytes: number
  readonly records: number
}

/** For tables whose files are committed by a function of their own. Gives what was done, a sentence each. */
export async function dropUnreadableWaiting(
  ports: Ports,
  session: QuerySession,
  exchanges: readonly Exchange[],
): Promise<string[]> {
  const done: string[] = []
  for (const { name } of committedTables(exchanges))
    for (const item of await listAdded(ports, name)) {
      const files = await readable(ports, session, item.payload.files, name, done)
      if (files.length === item.payload.files.length) continue
      const writes = [consumePending(item)]
      if (files.length > 0) writes.push(await produceAdded(ports, name, files))
      await ports.state.transact(writes, ports.ids.uuid())
    }
  for (const item of await listPendingOf<SilverFiles>(ports, wholeShare(exchanges).goldLists)) {
    const files = await readable(ports, session, item.payload.files, 'Gold', done)
    if (files.length === item.payload.files.length) continue
    const writes = [consumePending(item)]
    if (files.length > 0) writes.push(await producePending(ports, item.consumer, { files } satisfies SilverFiles))
    await ports.state.transact(writes, ports.ids.uuid())
  }
  return done
}

async function readable<F extends Listed>(
  ports: Ports,
  session: QuerySession,
  files: readonly F[],
  waitingFor: string,
  done: string[],
): Promise<F[]> {
  const kept: F[] = []
  for (const file of files) {
    const problem = await fileProblem(ports, session, file)
    if (problem === undefined) kept.push(file)
    else done.push(`${file.key} with its ${file.records} rows no longer waits for ${waitingFor}: ${problem}`)
  }
  return kept
}
