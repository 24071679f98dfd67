/**
 * Objects in an S3 bucket. A key is written once: each put is conditional (`If-None-Match: *`), so of two writers one wins
 * (S3 user guide, "How to prevent object overwrites with conditional writes").
 */
import { createReadStream, createWriteStream, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { AlreadyExists, NotFound, TradelakeError } from '../domain/errors.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { Ids, ObjectInfo, ObjectStore, Scratch } from '../domain/ports.ts'
import { awsError, statusOf } from './aws-errors.ts'
import { fileError } from './file-errors.ts'
import { checkKey, checkRange } from './object-keys.ts'

/** S3's limit for one DeleteObjects. */
const DELETES_AT_ONCE = 1_000
/** A stream cannot be sent twice, so the client does not try a file again by itself. */
const FILE_ATTEMPTS = 3
/** Smaller files are sent from memory, where the client can try again by itself. */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024
/** Names the put that wrote an object: a retry that finds the key taken sees whether it was its own first attempt. */
const WRITER = 'tradelake-put'

export interface S3StoreOptions {
  /** Made once for the container's life. */
  readonly client: S3Client
  readonly bucket: string
  readonly ids: Ids
  readonly scratch: Scratch
}

export function s3Store({ client, bucket, ids, scratch }: S3StoreOptions): ObjectStore {
  // A local copy may be asked for by several readers: it is fetched once and goes when the last of them lets go.
  const copies = new Map<string, { readonly path: Promise<string>; users: number }>()

  /** `body` is asked for at each attempt. */
  async function put(key: string, body: () => Uint8Array | Readable, bytes: number, streamed: boolean): Promise<void> {
    checkKey(key)
    const writer = ids.uuid()
    for (let attempt = 1; ; attempt++) {
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body(),
            ContentLength: bytes,
            IfNoneMatch: '*',
            Metadata: { [WRITER]: writer },
          }),
        )
        return
      } catch (error) {
        const status = statusOf(error)
        if (status === 412 && (await writerOf(key)) === writer) return
        if (status === 412) throw new AlreadyExists(`Object ${key} exists already: keys are written once.`)
        // 409: another conditional write of the key was under way; which of the two stands shows at the next attempt.
        const again = status === 409 || (streamed && (status === undefined || status >= 500))
        if (!again || attempt === FILE_ATTEMPTS) throw awsError(error, `Putting ${key} into ${bucket}`)
      }
    }
  }

  async function writerOf(key: string): Promise<string | undefined> {
    try {
      return (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).Metadata?.[WRITER]
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw awsError(error, `Looking at ${key} in ${bucket}`)
    }
  }

  /** @throws NotFound */
  async function open(key: string, range?: string): Promise<NonNullable<Awaited<ReturnType<typeof get>>['Body']>> {
    checkKey(key)
    try {
      const { Body } = await get(key, range)
      if (!Body) throw new TradelakeError(`S3 answered no body for ${key}.`)
      return Body
    } catch (error) {
      if (statusOf(error) === 404) throw new NotFound(`No object ${key} in bucket ${bucket}.`)
      throw awsError(error, `Reading ${key} of ${bucket}`)
    }
  }

  function get(key: string, Range?: string) {
    return client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }))
  }

  async function bytesOf(key: string, range?: string): Promise<Uint8Array> {
    const body = await open(key, range)
    try {
      return await body.transformToByteArray()
    } catch (error) {
      throw awsError(error, `Reading ${key} of ${bucket}`)
    }
  }

  async function fetchCopy(key: string): Promise<string> {
    const path = scratch.path(key.slice(key.lastIndexOf('/') + 1))
    try {
      await pipeline((await open(key)) as Readable, createWriteStream(path))
      return path
    } catch (error) {
      scratch.remove(path)
      throw awsError(error, `Fetching ${key} of ${bucket}`)
    }
  }

  return {
    root: `s3://${bucket}`,
    put: (key, bytes) => put(key, () => bytes, bytes.length, false),
    async putFile(key, localPath) {
      let bytes: number
      try {
        bytes = statSync(localPath).size
      } catch (error) {
        throw fileError(error, localPath, `moving it to ${key}`)
      }
      if (bytes > MAX_BUFFERED_BYTES) await put(key, () => createReadStream(localPath), bytes, true)
      else {
        const body = await readFile(localPath)
        await put(key, () => body, bytes, false)
      }
      scratch.remove(localPath)
    },
    get: key => bytesOf(key),
    async getRange(key, start, end) {
      checkRange(key, start, end)
      if (start === end) {
        if (!(await this.head(key))) throw new NotFound(`No object ${key} in bucket ${bucket}.`)
        return new Uint8Array()
      }
      try {
        return await bytesOf(key, `bytes=${start}-${end - 1}`)
      } catch (error) {
        // The object ends before the range begins.
        if (statusOf(error) === 416) return new Uint8Array()
        throw error
      }
    },
    async head(key) {
      checkKey(key)
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
        return { key, bytes: found.ContentLength ?? 0, modified: found.LastModified?.getTime() ?? 0 }
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw awsError(error, `Looking at ${key} in ${bucket}`)
      }
    },
    async *list(prefix): AsyncGenerator<ObjectInfo> {
      let token: string | undefined
      do {
        const page = await client
          .send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }))
          .catch(error => {
            throw awsError(error, `Listing ${prefix} of ${bucket}`)
          })
        for (const { Key: key = '', Size: bytes = 0, LastModified } of page.Contents ?? [])
          yield { key, bytes, modified: LastModified?.getTime() ?? 0 }
        token = page.NextContinuationToken
      } while (token !== undefined)
    },
    async delete(keys) {
      for (const key of keys) checkKey(key)
      for (const some of piecesOf(keys, DELETES_AT_ONCE)) {
        const Objects = some.map(Key => ({ Key }))
        const { Errors = [] } = await client
          .send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
          .catch(error => {
            throw awsError(error, `Deleting objects of ${bucket}`)
          })
        if (Errors.length > 0)
          throw new TradelakeError(
            `${Errors.length} objects of ${bucket} were not deleted, the first is ${Errors[0].Key}: ${Errors[0].Code} ${Errors[0].Message}`,
          )
      }
    },
    async localFile(key) {
      const known = copies.get(key)
      if (known) {
        known.users++
        return known.path
      }
      const copy = { path: fetchCopy(key), users: 1 }
      copies.set(key, copy)
      try {
        return await copy.path
      } catch (error) {
        copies.delete(key)
        throw error
      }
    },
    async releaseLocal(keys) {
      for (const key of keys) {
        const copy = copies.get(key)
        if (!copy || --copy.users > 0) continue
        copies.delete(key)
        scratch.remove(await copy.path)
      }
    },
  }
}
