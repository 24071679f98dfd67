/**
 * A real HTTP proxy before an emulator's DynamoDB, which answers a share of the calls as a table does that is asked for more than
 * it gives (Amazon DynamoDB developer guide, "Error handling"; API reference, TransactWriteItems, "Cancellation reasons").
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { randomStream } from '../../feeds/random.ts'
import { freePort } from '../../localstack/processes.ts'

export interface ThrottledDynamoDb {
  readonly url: string
  /** Refusals so far, by error. */
  readonly refused: Readonly<Record<string, number>>
  stop(): Promise<void>
}

const LIMIT_DOCS = 'The level of configured provisioned throughput for the table was exceeded.'
const SERVICE = 'com.amazonaws.dynamodb.v20120810'

/** Refuses this share of the calls (0 to 1), a seed decides which. */
export async function throttledDynamoDb(endpoint: string, share: number, seed: number): Promise<ThrottledDynamoDb> {
  const random = randomStream(seed)
  const refused: Record<string, number> = {}
  const port = await freePort()
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>))
    const refusal = random() < share ? refusalOf(incoming, body, random() < 0.5) : undefined
    if (!refusal) return forward(new URL(endpoint), incoming, body, outgoing)
    const type = String(refusal.__type).split('#')[1]
    refused[type] = (refused[type] ?? 0) + 1
    outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': `refused-${seed}` })
    outgoing.end(JSON.stringify(refusal))
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}`,
    refused,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A transaction is cancelled with a reason for each of its writes, or throttled as any call. */
function refusalOf({ headers }: IncomingMessage, body: Buffer, other: boolean): Record<string, unknown> {
  const target = String(headers['x-amz-target'])
  if (target.endsWith('.TransactWriteItems') && other) {
    const { TransactItems } = JSON.parse(body.toString()) as { TransactItems: readonly unknown[] }
    const reasons = TransactItems.map((_, i) =>
      i === TransactItems.length - 1 ? { Code: 'ThrottlingError', Message: LIMIT_DOCS } : { Code: 'None' },
    )
    const codes = reasons.map(({ Code }) => Code).join(', ')
    return {
      __type: `${SERVICE}#TransactionCanceledException`,
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
      CancellationReasons: reasons,
    }
  }
  if (other) return { __type: `${SERVICE}#ProvisionedThroughputExceededException`, message: LIMIT_DOCS }
  return {
    __type: 'com.amazon.coral.availability#ThrottlingException',
    message: 'Throughput exceeds the current capacity of your table or index.',
  }
}

/** As it came: what was signed must not change. */
function forward(to: URL, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming
  const sent = request({ hostname: to.hostname, port: to.port, method, path: url, headers }, answer => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  sent.on('error', () => outgoing.destroy())
  sent.end(body)
}
