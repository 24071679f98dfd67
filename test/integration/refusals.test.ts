/**
 * The deployed stack where AWS says no: with IAM enforced its grants are enough and are needed, and a DynamoDB that throttles
 * only delays. Here each exchange has a Gold and candles of its own.
 * Over 250 lines: one deployed stack is started for all of it.
 */
import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../adapters/system.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { consumers } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import { copyToParquet, readParquet } from '../../domain/sql.ts'
import { hasJava } from '../../localstack/maven.ts'
import { hasPython } from '../../localstack/python.ts'
import { drainDeployed } from '../../operations/deployed-drain.ts'
import { openTables } from '../../tables/views.ts'
import { type Deployed, startDeployed } from './deployed.ts'
import { CATALOG_CASES } from './deployed-catalog.ts'
import { marketAnswers } from './deployed-market.ts'
import { putRolePolicy, rolePolicy, type Statement } from './iam.ts'
import { throttledDynamoDb } from './throttled-dynamodb.ts'

const MINUTE_MS = 60_000
const clock = systemClock()

const REFUSALS = ['ProvisionedThroughputExceededException', 'ThrottlingException', 'TransactionCanceledException']

describe.skipIf(!hasJava() || !hasPython())('the deployed stack, refused', () => {
  let deployed: Deployed
  let lambda: LambdaClient
  /** What the bridges said of failed invocations. */
  const warnings: string[] = []

  beforeAll(async () => {
    const note = (text: string, data?: object) => void warnings.push(`${text} ${JSON.stringify(data)}`)
    deployed = await startDeployed({ info: () => {}, warn: note, error: note }, { auth: true, shares: 'exchange' })
    lambda = new LambdaClient({})
    // AWS asks for sqs:SendMessage (SQS developer guide, "API permissions"); the emulator, for the name of the call.
    const sweep = await policyOf('SweepFunction')
    const batch = { Effect: 'Allow', Action: 'sqs:SendMessageBatch', Resource: '*' }
    await putRolePolicy(deployed.stack.aws.endpoint, { ...sweep, statements: [...sweep.statements, batch] })
  })
  afterAll(() => deployed?.stop())

  /** What a function answers, and whether it failed. */
  async function invoke(output: string): Promise<{ failed: boolean; answer: string }> {
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: deployed.lake.output(output), Payload: Buffer.from('{}') }),
    )
    return { failed: FunctionError !== undefined, answer: Payload?.transformToString() ?? '' }
  }

  async function policyOf(output: string) {
    const { Role = '' } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: deployed.lake.output(output) }),
    )
    return rolePolicy(deployed.stack.aws.endpoint, Role.slice(Role.lastIndexOf('/') + 1))
  }

  /** Runs with a role that lacks the statements, and gives them back. */
  async function without(output: string, lacking: (statement: Statement) => boolean, run: () => Promise<void>) {
    const policy = await policyOf(output)
    const statements = policy.statements.filter(statement => !lacking(statement))
    expect(statements.length).toBeLessThan(policy.statements.length)
    await putRolePolicy(deployed.stack.aws.endpoint, { ...policy, statements })
    try {
      await run()
    } finally {
      await putRolePolicy(deployed.stack.aws.endpoint, policy)
    }
  }

  const pending = async (consumer: string) => (await countPending(deployed.lake.ports.state, consumer)).items

  test('with IAM enforced the grants are enough: trades become candles by the schedules, and every function runs', async () => {
    await deployed.publish(0, 30, 100)
    await deployed.until('a first candle', async () => (await deployed.count('gold_ohlcv_1m')) > 0, 3 * MINUTE_MS)
    await deployed.settle()
    for (const output of ['CommitFunction', 'GoldFunction', 'OhlcvFunction', 'SweepFunction', 'MaintainFunction'])
      expect(await invoke(output), output).toMatchObject({ failed: false })
    expect(warnings).toEqual([])
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test.each(CATALOG_CASES)('%s', async (_, check) => check(deployed))

  test('candles and trades are answered by its function to who has a key', () => marketAnswers(deployed))

  test('Bronze without its grant to write fails, and takes the same records when it has it back', async () => {
    const before = await deployed.bronzeRows()
    const [exchange] = EXCHANGES
    await without('BinanceBronzeFunction', allows('s3:PutObject'), async () => {
      await deployed.publish(1, 5, 100, [exchange])
      await deployed.until('a refusal', async () => warnings.some(isRefusal), MINUTE_MS)
      expect(await deployed.bronzeRows()).toBe(before)
    })
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('Silver without its grant to read leaves its objects pending until it has it back', async () => {
    await without('BinanceSilverFunction', allows('s3:GetObject', 's3:PutObject'), async () => {
      await deployed.publish(2, 5, 100)
      await deployed.allInBronze()
      await deployed.until(
        'the others’ objects taken',
        async () => (await pending(consumers.silver('kraken'))) === 0,
        MINUTE_MS,
      )
      await clock.sleep(3_000)
      expect(await pending(consumers.silver('binance'))).toBeGreaterThan(0)
    })
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('Gold needs every one of its grants to files, items and Glue', async () => {
    const { statements } = await policyOf('GoldFunction')
    // Its event source reads the stream with the role's rights: on the emulator a stand-in does, with none.
    const ofStream = allows('dynamodb:GetRecords', 'dynamodb:ListStreams')
    const own = statements.filter(
      statement => /^(s3|dynamodb|glue):/.test([statement.Action].flat()[0]) && !ofStream(statement),
    )
    // Read and write its own files, read Silver's; tell a missing key; its lists; the lake's lease; read pointers, and move its own; Glue.
    expect(own).toHaveLength(8)
    let market = 100
    for (const statement of own) {
      // Only a key that is not there asks for it: the function's own protocol never names one.
      if ([statement.Action].flat().includes('s3:ListBucket')) continue
      // The emulator overlooks which keys a grant is for: that of the lists lets it read the lease as well.
      if (JSON.stringify(statement).includes('lease#lake')) continue
      const same = (other: Statement) => JSON.stringify(other) === JSON.stringify(statement)
      await without('GoldFunction', same, async () => {
        // Until there is work for this very run: the schedule's own may have had it, and with it the refusal.
        const isRefused = async () => {
          await deployed.publish(market++, 2, 100)
          await deployed.allInBronze()
          const { failed, answer } = await invoke('GoldFunction')
          if (failed) expect(isRefusal(answer), answer).toBe(true)
          return failed
        }
        await deployed.until(`Gold refused without ${JSON.stringify(statement)}`, isRefused, 3 * MINUTE_MS)
      })
    }
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('a DynamoDB that throttles a fifth of all calls delays, and breaks no law', async () => {
    const proxy = await throttledDynamoDb(deployed.stack.aws.endpoint, 0.2, 7)
    const outputs = [
      ...EXCHANGES.flatMap(({ name }) => ['Bronze', 'Silver'].map(stage => `${capital(name)}${stage}Function`)),
      ...['Commit', 'Gold', 'Ohlcv', 'Sweep', 'Maintain'].map(name => `${name}Function`),
    ]
    /** Where the functions look for DynamoDB; where the others are if not given. */
    const point = async (url?: string) => {
      for (const output of outputs) {
        const FunctionName = deployed.lake.output(output)
        const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))
        const { AWS_ENDPOINT_URL_DYNAMODB: _, ...Variables } = Environment?.Variables ?? {}
        await lambda.send(
          new UpdateFunctionConfigurationCommand({
            FunctionName,
            Environment: { Variables: { ...Variables, ...(url && { AWS_ENDPOINT_URL_DYNAMODB: url }) } },
          }),
        )
      }
    }
    try {
      await point(proxy.url)
      // Which calls are refused is chance: there are enough when each kind of refusal has been met.
      for (let i = 0; i < 2 || Object.keys(proxy.refused).length < REFUSALS.length; i++) {
        await deployed.publish(10 + i, 10, 200)
        await Promise.all([invoke('CommitFunction'), invoke('GoldFunction'), invoke('OhlcvFunction')])
      }
      await deployed.settle()
      expect(await deployed.brokenLaws()).toEqual([])
      // The clients try all of them again; a function fails where that is in vain.
      console.log('refused by DynamoDB:', JSON.stringify(proxy.refused))
      expect(Object.keys(proxy.refused).sort()).toEqual(REFUSALS)
    } finally {
      await point()
      await proxy.stop()
    }
  })

  test('replay is refused while an event source owns the partitions, and brings each record once when it is disabled', async () => {
    // Prepare: a Bronze file as it is, and one of the same records at offsets that nobody has taken.
    const { ports } = deployed.lake
    await deployed.publish(20, 5, 100)
    await deployed.settle()
    const bronze = (await openTables(deployed.lake)).find(
      ({ definition }) => definition.name === 'bronze_binance_trades',
    )
    if (!bronze) throw new Error('there is no Bronze table of binance')
    const [{ key }] = bronze.files
    const file = await ports.store.localFile(key)
    const moved = ports.scratch.path('moved.parquet')
    const select = `SELECT * REPLACE (99::INTEGER AS "partition", row_number() OVER () AS "offset") FROM ${readParquet([file])}`
    await ports.engine.run([copyToParquet(bronze.definition, select, moved)])
    const replay = () => run(process.execPath, [CLI, 'replay', file, moved, '--stack', deployed.stack.deployment.stack])
    const UUID = deployed.lake.output('BinanceBronzeMapping')
    const before = await deployed.bronzeRows()

    // Act, Assess
    await expect(replay()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The partitions of \S+ belong to the event source of \S+, which is enabled: .*\n$/),
    })
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }))
    const first = await replay()
    const second = await replay()
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }))
    const rows = Number((await ports.engine.run([`SELECT count(*) AS n FROM ${readParquet([file])}`]))[0].n)
    expect(first.stdout).toBe(`${2 * rows} records: ${rows} brought to Bronze, ${rows} were there already.\n`)
    expect(second.stdout).toBe(`${2 * rows} records: 0 brought to Bronze, ${2 * rows} were there already.\n`)
    // Offsets begin at 1 there: one is missing below them.
    expect(await deployed.bronzeRows()).toBe(before + rows + 1)
    await drainDeployed(deployed.lake)
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('deploy:local deploys the same app to addresses that it is given, and is the bridge until Ctrl-C', async () => {
    const { aws, kafka, registry, stopBridges } = deployed.stack
    await stopBridges()
    const brokers = ['--brokers', kafka.bootstrap, '--inside-brokers', kafka.bootstrap]
    const registries = ['--registry', registry.url, '--inside-registry', registry.url]
    const child = spawn(process.execPath, [DEPLOY_LOCAL, '--endpoint', aws.endpoint, ...brokers, ...registries], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (printed += text))
    try {
      await deployed.until('a deployment', async () => printed.includes('is deployed'), 2 * MINUTE_MS)
      await deployed.publish(30, 5, 100)
      await deployed.settle()
      expect(await deployed.brokenLaws()).toEqual([])
    } finally {
      child.kill('SIGINT')
    }
    expect(await ended, printed).toBe(0)
    expect(printed).toContain(`export AWS_ENDPOINT_URL=${aws.endpoint}`)
  })
})

const run = promisify(execFile)
const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const DEPLOY_LOCAL = fileURLToPath(new URL('../../localstack/deploy-local.ts', import.meta.url))

const allows =
  (...actions: readonly string[]) =>
  ({ Action }: Statement) =>
    [Action].flat().some(action => actions.includes(action))

const isRefusal = (text: string) => /Access ?Denied|not authorized/.test(text)

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)
