/**
 * How a client gets at the files in S3 without credentials of its own (REST catalog specification, `X-Iceberg-Access-Delegation`):
 * credentials for its table's folder and an hour, or the server signs each of its requests. Where neither is to be had nothing is
 * sent: an empty answer would hide the client's own credentials.
 */
import { badRequest, forbidden } from '../errors.ts'

/** What a client may do in a table's folder. */
export type FileAccess = 'read' | 'write'

export interface FileCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Where the files of S3 are, for clients. */
export interface FileService {
  readonly region: string
  /** An emulator's address; undefined: AWS's own. */
  readonly endpoint: string | undefined
  readonly pathStyle: boolean
  /** Credentials for what is in a folder (s3://bucket/folder); undefined where there is nothing to get them from. */
  readonly credentials: ((folder: string, access: FileAccess) => Promise<FileCredentials>) | undefined
  /** The headers of a request that is signed by the server. */
  sign(request: SignRequest): Promise<Readonly<Record<string, string>>>
  /** A URL by which whoever has it may read a file (`s3://bucket/key`) for so long. */
  presign(uri: string, seconds: number): Promise<string>
}

export interface SignRequest {
  readonly method: string
  /** Absolute URL. */
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Delegation {
  /** Members of LoadTableResult, as JSON text without braces, a comma at its end; empty where nothing is delegated. */
  readonly members: string
  readonly isTemporary: boolean
}

const NOTHING: Delegation = { members: '"config":{},', isTemporary: false }

/** What an answer about a table says of its files. `signer`: the path at which its requests are signed, below the catalog's. */
export async function delegate(
  service: FileService | undefined,
  header: string | undefined,
  { folder, access, signer }: { readonly folder: string; readonly access: FileAccess; readonly signer: string },
): Promise<Delegation> {
  const wanted = (header ?? '').split(',').map(part => part.trim().toLowerCase().replaceAll('_', '-'))
  if (!service || !folder.startsWith('s3://')) return NOTHING
  const common = {
    'client.region': service.region,
    's3.region': service.region,
    ...(service.endpoint !== undefined && { 's3.endpoint': service.endpoint }),
    ...(service.pathStyle && { 's3.path-style-access': 'true' }),
  }
  if (wanted.includes('vended-credentials') && service.credentials) {
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = await service.credentials(folder, access)
    const config = {
      ...common,
      's3.access-key-id': accessKeyId,
      's3.secret-access-key': secretAccessKey,
      's3.session-token': sessionToken,
      's3.session-token-expires-at-ms': String(expiresAt),
    }
    const credentials = [{ prefix: `${folder}/`, config }]
    const members = `"config":${JSON.stringify(config)},"storage-credentials":${JSON.stringify(credentials)},`
    return { members, isTemporary: true }
  }
  if (wanted.includes('remote-signing')) {
    const config = { ...common, 's3.remote-signing-enabled': 'true', 's3.signer.endpoint': signer }
    return { members: `"config":${JSON.stringify(config)},`, isTemporary: true }
  }
  return { members: `"config":${JSON.stringify(common)},`, isTemporary: false }
}

const READS = new Set(['GET', 'HEAD'])

/** Signs a client's request to S3, if it is one for what is in the folder. @throws ApiError */
export async function signFor(
  service: FileService,
  request: SignRequest,
  { folder, access }: { readonly folder: string; readonly access: FileAccess },
): Promise<{ readonly uri: string; readonly headers: Readonly<Record<string, readonly string[]>> }> {
  if (!READS.has(request.method) && access !== 'write')
    throw forbidden(`A ${request.method} is signed only for keys that may write to the table's namespace.`)
  const key = objectOf(service, request.uri)
  // A request that lists, or deletes many, names the bucket alone: what it is for stands where no signature covers it.
  if (!key?.startsWith(`${folder}/`))
    throw forbidden(`${request.uri} is not in ${folder}: only the table's own files are signed for.`)
  const headers = await service.sign(request)
  return {
    uri: request.uri,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  }
}

/** The object of a URL as s3://bucket/key. @throws ApiError */
function objectOf({ endpoint, region }: FileService, uri: string): string | undefined {
  let url: URL
  try {
    url = new URL(uri)
  } catch {
    throw badRequest(`${uri} is no URL.`)
  }
  const path = url.pathname.split('/').map(decodeURIComponent)
  if (path.some(part => part === '..')) return undefined
  if (endpoint !== undefined) return url.origin === new URL(endpoint).origin ? `s3:/${path.join('/')}` : undefined
  const [, bucket] = /^(.+)\.s3[.-]([a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/.exec(url.host) ?? []
  if (bucket !== undefined) return `s3://${bucket}${path.join('/')}`
  return url.host === `s3.${region}.amazonaws.com` ? `s3:/${path.join('/')}` : undefined
}
