/**
 * Cold starts. Here: how long a fresh process takes to import a function's bundle, which is the code's part of Lambda's init phase.
 * On the local stack: each function's first invocation in a new container, with no work pending, and its next one. The
 * emulator's own part of the first is the start of a Node process.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { invocationFailure } from '../adapters/lambda-invoke.ts'
import { bundleFunctions, FUNCTIONS, type FunctionName, WITH_ENGINE } from '../infra/bundles.ts'
import { startLocalStack } from '../localstack/local-stack.ts'
import { clientOptions } from '../localstack/ministack.ts'
import { SILENT } from '../test/silent-log.ts'
import { percentile, print, record } from './report.ts'

const run = promisify(execFile)
const ROOT = new URL('..', import.meta.url).pathname
const RUNS = 15
const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  [VARIABLES.bucket]: 'lake',
  [VARIABLES.stateTable]: 'state',
  [VARIABLES.catalogTable]: 'catalog',
  [VARIABLES.glueDatabase]: 'market_data',
  [VARIABLES.exchange]: 'binance',
  [VARIABLES.queues]: '{}',
}
/** Functions that may be invoked with nothing to do. */
const INVOKED: Readonly<Partial<Record<FunctionName, { output: string; event: unknown }>>> = {
  bronze: { output: 'BinanceBronzeFunction', event: { eventSource: 'aws:kafka', records: {} } },
  silver: { output: 'BinanceSilverFunction', event: { Records: [] } },
  commit: { output: 'CommitFunction', event: {} },
  gold: { output: 'GoldFunction', event: {} },
  ohlcv: { output: 'OhlcvFunction', event: {} },
  sweep: { output: 'SweepFunction', event: {} },
  maintain: { output: 'MaintainFunction', event: {} },
  api: { output: 'ApiFunction', event: requestEvent('/v1/openapi.json') },
}

/** What a function URL invokes with (Lambda developer guide, "Function URLs: request payload format"). */
function requestEvent(path: string) {
  const http = { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' }
  return {
    ...{ version: '2.0', routeKey: '$default', rawPath: path, rawQueryString: '', isBase64Encoded: false },
    headers: { host: 'bench.lambda-url.eu-central-1.on.aws' },
    requestContext: { http, domainName: 'bench.lambda-url.eu-central-1.on.aws', requestId: 'bench', stage: '$default' },
  }
}

export async function benchColdStart(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-coldstart-'))
  try {
    const bundles = await bundleFunctions(join(folder, 'functions'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(join(ROOT, 'node_modules', '@duckdb'), join(folder, 'node_modules', '@duckdb'), 'dir')
    const invoked = await invocations(folder)
    const rows: string[][] = []
    for (const name of FUNCTIONS) {
      const imports = await timed(importOf(folder, name))
      // From the layer: its package is loaded with the bundle, its engine made by the first query.
      const layer = WITH_ENGINE.has(name) ? await timed(LOAD, folder) : undefined
      const query = WITH_ENGINE.has(name) ? (await timed(`${LOAD}; ${QUERY}`, folder)) - (layer ?? 0) : undefined
      const { first, next } = invoked[name] ?? {}
      record({
        bench: 'coldstart',
        function: name,
        bytes: bundles[name].bytes,
        import_ms: imports,
        layer_ms: layer,
        query_ms: query,
        first_ms: first,
        next_ms: next,
      })
      const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(0))
      rows.push([
        name,
        `${Math.round(bundles[name].bytes / 1024)}`,
        ms(imports),
        ms(layer),
        ms(query),
        ms(first),
        ms(next),
      ])
    }
    print(
      `Cold starts: a fresh Node ${process.version} imports the bundle (median of ${RUNS}); invocations on the local stack`,
      ['function', 'bundle KiB', 'import ms', 'DuckDB of it', 'first query', 'first invocation', 'next'],
      rows,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const LOAD = `const { DuckDBInstance } = await import('@duckdb/node-api')`
const QUERY = `await (await (await DuckDBInstance.create(':memory:')).connect()).run('SELECT 1')`

const importOf = (folder: string, name: string) =>
  `await import(${JSON.stringify(pathToFileURL(join(folder, 'functions', name, 'index.mjs')).href)})`

/** Milliseconds that code takes in a process of its own, its start not counted: the median. */
async function timed(code: string, cwd = tmpdir()): Promise<number> {
  const script = `const begun = performance.now(); ${code}; console.log(performance.now() - begun); process.exit()`
  const times: number[] = []
  for (let i = 0; i < RUNS; i++) {
    const env = { PATH: process.env.PATH, ...ENVIRONMENT }
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd, env })
    times.push(Number(stdout))
  }
  return percentile(times, 0.5)
}

/** Round trips of the first and the next invocation of each function on the local stack. */
async function invocations(folder: string): Promise<Partial<Record<FunctionName, { first: number; next: number }>>> {
  const stack = await startLocalStack(join(folder, 'stack'), SILENT)
  try {
    await stack.stopBridges()
    const lambda = new LambdaClient(clientOptions(stack.aws))
    const results: Partial<Record<FunctionName, { first: number; next: number }>> = {}
    for (const [name, { output, event }] of Object.entries(INVOKED)) {
      const FunctionName = stack.deployment.outputs[output]
      const invoke = async () => {
        const before = performance.now()
        const failure = await invocationFailure(lambda, FunctionName, event)
        if (failure !== undefined) throw new Error(`${FunctionName} failed: ${failure}`)
        return performance.now() - before
      }
      const [first, next]: [number[], number[]] = [[], []]
      for (let i = 0; i < 5; i++) {
        // A changed environment is a new container.
        const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))
        const Variables = { ...Environment?.Variables, COLD_START: `${i}` }
        await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }))
        first.push(await invoke())
        next.push(await invoke())
      }
      results[name as FunctionName] = { first: percentile(first, 0.5), next: percentile(next, 0.5) }
    }
    return results
  } finally {
    await stack.stop()
  }
}
