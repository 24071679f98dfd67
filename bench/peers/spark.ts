/** The predecessor's Spark jobs of spark/, run in one JVM that stays; started by the caches that the integration tests use. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { hasJava, jarsOf } from '../../localstack/maven.ts'
import { hasPython } from '../../localstack/python.ts'
import { readersPython } from '../../test/integration/python.ts'
import { sparkPython } from '../../test/integration/spark.ts'
import { type BenchData, benchData } from '../data.ts'
import { PROCESSES } from '../pass.ts'
import type { Peer } from './peer.ts'
import { readPass, startProgram } from './program.ts'

const HERE = join(import.meta.dirname, 'spark')
const SHARED = new URL('../../../shared/bench/', import.meta.url).pathname
/** Spark's third pass is the first that is as fast as all later ones; what makes it warm is the code, not how many messages there are. */
const WARM_UPS = 2
const MAX_WARM_UP_MESSAGES = 200_000
/** A pass of a million messages takes half a minute, and minutes on a machine that does other work: some rounds are without Spark. */
const MAX_ROUNDS = Number(process.env.BENCH_SPARK_ROUNDS ?? 3)

/** Undefined where there is no Java, Maven or Python. */
export async function sparkPeer(data: BenchData): Promise<Peer | undefined> {
  if (!hasJava() || !hasPython()) return undefined
  const warehouse = mkdtempSync(join(tmpdir(), 'tradelake-spark-'))
  const options = [join(HERE, 'main.py'), await jarsOf(join(HERE, 'pom.xml')), join(SHARED, 'trade_v2.avsc'), warehouse]
  const program = startProgram(await sparkPython(), options)
  const { spark, java, python, pids } = await program.next()
  const messages = await messagesOf(data)
  const few = data.manifest.n > MAX_WARM_UP_MESSAGES ? await benchData(MAX_WARM_UP_MESSAGES, PROCESSES) : data
  const fewMessages = few === data ? messages : await messagesOf(few)
  const run = (namespace: string, input: string) => {
    program.child.stdin?.write(`${JSON.stringify({ namespace, messages: input })}\n`)
    return readPass(program, pids as number[])
  }
  const tablesOf = (folder: string) => join(warehouse, basename(folder).replaceAll('-', '_'))
  return {
    name: 'Spark',
    versions: `Spark ${spark} with Iceberg 1.12.0, Java ${java}, Python ${python}`,
    async warmUp() {
      for (let i = 0; i < WARM_UPS; i++) {
        await run(`warm_${i}`, fewMessages)
        rmSync(join(warehouse, `warm_${i}`), { recursive: true })
      }
    },
    maxRounds: MAX_ROUNDS,
    run: folder => run(basename(tablesOf(folder)), messages),
    tables: folder => ({ folder: tablesOf(folder) }),
    async stop() {
      program.child.stdin?.end()
      if (program.child.exitCode === null) await once(program.child, 'exit')
      rmSync(warehouse, { recursive: true })
    },
  }
}

/** The generator's messages as Parquet files with Bronze's columns, which stand for Kafka: Spark has no reader of their own format. */
async function messagesOf({ neutral }: BenchData): Promise<string> {
  const folder = join(dirname(neutral), 'parquet')
  if (existsSync(folder)) return folder
  execFileSync(await readersPython(), [join(SHARED, 'to_parquet.py'), neutral, `${folder}.new`], { stdio: 'ignore' })
  renameSync(`${folder}.new`, folder)
  return folder
}
