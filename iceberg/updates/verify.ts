/** Whether a snapshot that a client wants to commit is there: its manifest list, and the manifests that it adds. */
import { NotFound } from '../../domain/errors.ts'
import { readAvroFile, UnknownCodec } from '../avro-file.ts'
import type { AnySnapshot } from './any-metadata.ts'
import type { Files } from './files.ts'
import { Invalid } from './refusals.ts'

interface ListedManifest {
  readonly manifest_path: string
  readonly added_snapshot_id: number
}

/** Looked at at once. */
const AT_ONCE = 16

/**
 * @throws Invalid where the list or one of the manifests that the snapshot adds is missing, unreadable, or outside the catalog's places: who reads
 * the table would fail
 */
export async function requireFiles(files: Files, snapshot: AnySnapshot): Promise<void> {
  const id = snapshot['snapshot-id']
  const list = snapshot['manifest-list']
  if (list === undefined)
    throw new Invalid(
      `Snapshot ${id} names no manifest list, as format version 2 requires: write it with a newer client.`,
    )
  const uri = files.resolve(list, `The manifest list of snapshot ${id}`)
  let manifests: ListedManifest[]
  try {
    manifests = readAvroFile(await files.get(uri), { longs: 'rounded' }).records as ListedManifest[]
  } catch (error) {
    // What others can decompress is not ours to judge.
    if (error instanceof UnknownCodec) return
    const why = error instanceof NotFound ? 'does not exist' : `cannot be read: ${(error as Error).message}`
    throw new Invalid(`The manifest list ${list} of snapshot ${id} ${why}.`)
  }
  const added = manifests.filter(({ added_snapshot_id: by }) => by === Number(id))
  for (let at = 0; at < added.length; at += AT_ONCE)
    await Promise.all(
      added.slice(at, at + AT_ONCE).map(async ({ manifest_path: path }) => {
        if (!(await files.exists(files.resolve(path, `A manifest of snapshot ${id}`))))
          throw new Invalid(`The manifest ${path} of snapshot ${id} does not exist.`)
      }),
    )
}
