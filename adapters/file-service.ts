/** S3 for clients that have no credentials of their own: AWS's security token service makes them, or requests are signed here. */
import { createHash, createHmac } from 'node:crypto'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { SignatureV4 } from '@smithy/signature-v4'
import { LRUCache } from 'lru-cache'
import { messageOf, TradelakeError } from '../domain/errors.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { requestLimit } from './aws-clients.ts'
import { awsError } from './aws-errors.ts'

interface FileServiceOptions {
  readonly region: string
  /** The role whose rights, cut down to one folder, clients get; undefined: there is none. */
  readonly roleArn: string | undefined
  readonly now: () => number
}

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiresAt: number
}

/** A role assumed by a role lasts an hour at most (STS API reference, AssumeRole, "role chaining"). */
const LIFETIME_SECONDS = 3_600
/** Credentials that end sooner are not given out again. */
const LEAST_LEFT_MS = 15 * MINUTE_MS
const KEPT = 1_000

/** A FileService of the web application (api/catalog/delegation.ts). */
export function s3FileService({ region, roleArn, now }: FileServiceOptions) {
  // As the SDK looks it up: an emulator's.
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL
  const sts = new STSClient({ region, requestHandler: requestLimit() })
  const kept = new LRUCache<string, { readonly answer: Promise<Credentials>; until: number }>({ max: KEPT })
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: sts.config.credentials,
    uriEscapePath: false,
    sha256: Sha256,
  })

  /** Those that are kept, else new ones; who asks while an answer is on its way waits for that one. */
  function credentials(role: string, folder: string, access: 'read' | 'write'): Promise<Credentials> {
    const name = `${access} ${folder}`
    const known = kept.get(name)
    if (known && known.until > now()) return known.answer
    const fresh = { answer: assume(role, folder, access), until: Number.POSITIVE_INFINITY }
    kept.set(name, fresh)
    fresh.answer.then(
      ({ expiresAt }) => {
        fresh.until = expiresAt - LEAST_LEFT_MS
      },
      () => kept.delete(name),
    )
    return fresh.answer
  }

  async function assume(role: string, folder: string, access: 'read' | 'write'): Promise<Credentials> {
    try {
      const { Credentials: made } = await sts.send(
        new AssumeRoleCommand({
          RoleArn: role,
          RoleSessionName: 'tradelake-catalog',
          DurationSeconds: LIFETIME_SECONDS,
          Policy: JSON.stringify(policyFor(role.split(':')[1] ?? 'aws', folder, access)),
        }),
      )
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = made ?? {}
      if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
        throw new TradelakeError(`AWS answered no credentials for the role ${role}.`)
      return {
        ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
        expiresAt: Expiration.getTime(),
      }
    } catch (error) {
      const known = awsError(error, `Assuming the role ${role}`)
      if (known instanceof TradelakeError) throw known
      throw new TradelakeError(`Assuming the role ${role} failed: ${messageOf(error)}`, { cause: error })
    }
  }

  return {
    region,
    endpoint,
    pathStyle: endpoint !== undefined,
    credentials:
      roleArn === undefined
        ? undefined
        : (folder: string, access: 'read' | 'write') => credentials(roleArn, folder, access),
    async sign({ method, uri, headers }: { method: string; uri: string; headers: Readonly<Record<string, string>> }) {
      const url = new URL(uri)
      const signed = await signer.sign({
        ...{ method, protocol: url.protocol, hostname: url.hostname, path: url.pathname },
        ...(url.port !== '' && { port: Number(url.port) }),
        query: Object.fromEntries(url.searchParams),
        headers: {
          ...headers,
          host: url.host,
          'x-amz-content-sha256': headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
        },
      })
      return signed.headers
    },
    async presign(uri: string, seconds: number) {
      const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? []
      const base = new URL(endpoint ?? `https://${bucket}.s3.${region}.amazonaws.com`)
      const path = `${endpoint === undefined ? '' : `/${bucket}`}/${key.split('/').map(encodeURIComponent).join('/')}`
      const signed = await signer.presign(
        {
          ...{ method: 'GET', protocol: base.protocol, hostname: base.hostname, path },
          ...(base.port !== '' && { port: Number(base.port) }),
          // What is read has no body: S3 wants this said (S3 user guide, "Authenticating requests: query parameters").
          headers: { host: base.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
        },
        { expiresIn: seconds, signingDate: new Date(now()) },
      )
      const query = Object.entries(signed.query ?? {}).map(
        ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
      )
      return `${base.protocol}//${base.host}${path}?${query.join('&')}`
    },
  }
}

/** What is left of the role's rights: the folder alone (IAM user guide, "Session policies"). */
function policyFor(partition: string, folder: string, access: 'read' | 'write') {
  const [, bucket, path] = /^s3:\/\/([^/]+)\/(.+)$/.exec(folder) ?? []
  const arn = `arn:${partition}:s3:::${bucket}`
  const within = literal(path)
  const actions = [
    's3:GetObject',
    ...(access === 'write' ? ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'] : []),
  ]
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: actions, Resource: `${arn}/${within}/*` },
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: arn,
        Condition: { StringLike: { 's3:prefix': [`${within}/*`, within] } },
      },
      { Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: arn },
      // What S3 does with the customer's key on behalf of who reads or writes; the role names the key.
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: '*',
        Condition: { StringLike: { 'kms:ViaService': 's3.*' } },
      },
    ],
  }
}

/** A client may name its table's folder as a pattern for those of others (IAM user guide, "Special characters" of policy variables). */
function literal(path = ''): string {
  return path.replace(/[*?$]/g, character => `\${${character}}`)
}

/** The hash that the signer wants, by Node's own. */
class Sha256 {
  readonly #hash
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array)
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : Buffer.from(data as Uint8Array))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}
