/**
 * S3 over HTTP, as far as the store uses it, answering as the Amazon S3 API reference says (PutObject with If-None-Match,
 * GetObject with Range, HeadObject, ListObjectsV2, DeleteObjects). Faults are given to it as they happen there.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface StoredObject {
  readonly bytes: Buffer
  readonly modified: Date
  readonly metadata: Readonly<Record<string, string>>
}

export interface S3Server {
  readonly url: string
  /** By bucket and key. */
  readonly objects: Map<string, StoredObject>
  /** Keys in one answer of a listing. */
  pageKeys: number
  /** Puts that are done, and whose answer is lost on its way: so many of the next ones. */
  lostAnswers: number
  /** The status of every answer, instead of what was asked for; 0: none. */
  failing: number
  /** Keys that a DeleteObjects leaves, with the code that it says for each. */
  readonly undeletable: Map<string, string>
  /** Deletes of one request, for each request. */
  readonly deletes: number[]
  close(): Promise<void>
}

const MAX_DELETES = 1_000
const xmlText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const plainText = (xml: string) =>
  xml.replace(
    /&(lt|gt|quot|apos|amp);/g,
    (_, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'" })[name] ?? '&',
  )
const inUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, StoredObject>()
  const undeletable = new Map<string, string>()
  const deletes: number[] = []
  const server = createServer((request, response) => void answer(request, response))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3')
    const path = decodeURIComponent(pathname.slice(1))
    if (s3.failing > 0) response.writeHead(s3.failing).end()
    else if (request.method === 'PUT') put(path, request, body, response)
    else if (request.method === 'POST') remove(path, body.toString(), response)
    else if (searchParams.has('list-type')) list(path.replace(/\/$/, ''), searchParams, response)
    else read(path, request, response)
  }

  function put(path: string, { headers, socket }: IncomingMessage, bytes: Buffer, response: ServerResponse): void {
    if (headers['if-none-match'] === '*' && objects.has(path)) {
      refuse(response, 412, 'PreconditionFailed')
      return
    }
    const metadata = Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => (name.startsWith('x-amz-meta-') ? [[name, `${value}`]] : [])),
    )
    objects.set(path, { bytes, modified: new Date(), metadata })
    if (s3.lostAnswers > 0) {
      s3.lostAnswers--
      socket.destroy()
    } else response.writeHead(200, { etag: '"x"' }).end()
  }

  function read(path: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
    const found = objects.get(path)
    if (!found) {
      refuse(response, 404, method === 'HEAD' ? 'NotFound' : 'NoSuchKey')
      return
    }
    const { bytes, modified, metadata } = found
    const asked = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
    if (asked && Number(asked[1]) >= bytes.length) {
      refuse(response, 416, 'InvalidRange')
      return
    }
    const part = asked ? bytes.subarray(Number(asked[1]), Number(asked[2]) + 1) : bytes
    const about = { ...metadata, 'content-length': part.length, 'last-modified': modified.toUTCString() }
    response.writeHead(asked ? 206 : 200, about).end(method === 'HEAD' ? undefined : part)
  }

  function list(bucket: string, asked: URLSearchParams, response: ServerResponse): void {
    const prefix = asked.get('prefix') ?? ''
    const after = asked.get('continuation-token')
    const keys = [...objects.keys()]
      .flatMap(path => (path.startsWith(`${bucket}/`) ? [path.slice(bucket.length + 1)] : []))
      .filter(key => key.startsWith(prefix) && (after === null || inUtf8(key, after) > 0))
      .sort(inUtf8)
    const page = keys.slice(0, s3.pageKeys)
    const more = keys.length > page.length
    const contents = page.map(key => {
      const { bytes, modified } = objects.get(`${bucket}/${key}`) as StoredObject
      return `<Contents><Key>${xmlText(key)}</Key><Size>${bytes.length}</Size><LastModified>${modified.toISOString()}</LastModified></Contents>`
    })
    const next = more ? `<NextContinuationToken>${xmlText(page[page.length - 1])}</NextContinuationToken>` : ''
    answerXml(response, 200, 'ListBucketResult', `<IsTruncated>${more}</IsTruncated>${next}${contents.join('')}`)
  }

  function remove(bucket: string, body: string, response: ServerResponse): void {
    const keys = [...body.matchAll(/<Key>(.*?)<\/Key>/gs)].map(match => plainText(match[1]))
    deletes.push(keys.length)
    if (keys.length > MAX_DELETES) {
      refuse(response, 400, 'MalformedXML')
      return
    }
    const errors = keys.flatMap(key => {
      const code = undeletable.get(key)
      if (code === undefined) objects.delete(`${bucket.replace(/\/$/, '')}/${key}`)
      return code === undefined
        ? []
        : [`<Error><Key>${xmlText(key)}</Key><Code>${code}</Code><Message>no</Message></Error>`]
    })
    answerXml(response, 200, 'DeleteResult', errors.join(''))
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const s3: S3Server = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    pageKeys: 1_000,
    lostAnswers: 0,
    failing: 0,
    undeletable,
    deletes,
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
  return s3
}

function refuse(response: ServerResponse, status: number, code: string): void {
  answerXml(response, status, 'Error', `<Code>${code}</Code><Message>${code}</Message>`)
}

function answerXml(response: ServerResponse, status: number, root: string, content: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0" encoding="UTF-8"?><${root}>${content}</${root}>`)
}
