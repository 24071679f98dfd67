/** MiniStack, an emulator of AWS in one Python process: S3, SQS, Lambda, DynamoDB, Glue, Scheduler, CloudFormation and others. */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort, type Service, startService } from './processes.ts'
import { pythonEnvironment } from './python.ts'

/** Where an emulator of AWS answers. */
export interface Emulator {
  /** `http://127.0.0.1:4566` */
  readonly endpoint: string
  readonly region: string
  readonly account: string
  /** What AWS clients and the CDK need to find it. */
  readonly clientEnv: Readonly<Record<string, string>>
}

/** For a client of the AWS SDK that does not read the environment. */
export function clientOptions({ endpoint, region }: Emulator) {
  return { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}

export type MiniStack = Emulator & Service

const REGION = 'eu-central-1'
const ACCOUNT = '000000000000'

/** An emulator at an address; it treats these credentials as those of the root user. */
export function emulatorAt(endpoint: string, region = REGION): Emulator {
  const clientEnv = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
  return { endpoint, region, account: ACCOUNT, clientEnv }
}

export interface MiniStackOptions {
  /** For its log, and what its Lambdas write. */
  readonly folder: string
  /** IAM is enforced. */
  readonly auth?: boolean
  readonly region?: string
}

/** The interpreter that it runs on. */
export function ministackPython(): Promise<string> {
  return pythonEnvironment(join(import.meta.dirname, 'ministack-requirements.txt'))
}

/** Starts it on a free port of the loopback interface. Its Lambdas run on this process's Node. @throws TradelakeError */
export async function startMiniStack({ folder, auth = false, region }: MiniStackOptions): Promise<MiniStack> {
  const python = await ministackPython()
  const temporary = join(folder, 'tmp')
  mkdirSync(temporary, { recursive: true })
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const service = await startService({
    name: 'MiniStack',
    command: python,
    args: ['-m', 'ministack'],
    // Its Lambdas inherit all of it.
    env: {
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_REGION: region ?? REGION,
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      LAMBDA_EXECUTOR: 'local',
      IOT_MTLS_ENABLED: '0',
      TMPDIR: temporary,
      ...(auth && { AUTH: 'true' }),
      PATH: [dirname(process.execPath), dirname(python), '/usr/bin', '/bin'].join(':'),
    },
    logFile: join(folder, 'ministack.log'),
    ready: async () => (await fetch(`${endpoint}/_ministack/ready`)).ok,
  })
  return { ...service, ...emulatorAt(endpoint, region) }
}
