/** Further places for users' tables, by their URIs. */
import { BadInput } from '../domain/errors.ts'
import type { Ids, ObjectStore, Scratch } from '../domain/ports.ts'
import { awsClients } from './aws-clients.ts'
import { folderStore } from './folder-store.ts'
import { s3Store } from './s3-store.ts'

/** The store of a URI as file:///data/tables or s3://bucket/tables, and the prefix of keys in it. @throws BadInput */
export function placeOf(
  uri: string,
  { ids, scratch }: { readonly ids: Ids; readonly scratch: Scratch },
): { readonly store: ObjectStore; readonly prefix: string } {
  const plain = uri.replace(/\/+$/, '')
  const folder = /^file:\/\/(\/.+)$/.exec(plain)
  if (folder) return { store: folderStore(folder[1], { linkless: '' }), prefix: '' }
  const bucket = /^s3:\/\/([a-z0-9.-]+)(?:\/(.+))?$/.exec(plain)
  if (!bucket)
    throw new BadInput(`${uri} is no place for tables: give one as file:///data/tables or s3://bucket/tables.`)
  const [, name, path] = bucket
  return { store: s3Store({ client: awsClients().s3, bucket: name, ids, scratch }), prefix: path ? `${path}/` : '' }
}
