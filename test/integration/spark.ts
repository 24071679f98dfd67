/** Spark, asked what it sees of our tables. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jarsOf } from '../../localstack/maven.ts'
import { pythonEnvironment } from '../../localstack/python.ts'
import type { LakeAnswer, LakeRequest } from './python.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const MAX_OUTPUT = 64 * 1024 * 1024

export type SparkAnswer = Pick<LakeAnswer, 'table' | 'schema' | 'rows' | 'digest'>

/** The interpreter that has Spark. */
export function sparkPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'spark-requirements.txt'))
}

/** The folder of Iceberg's runtime for it. @throws TradelakeError where it cannot be had */
export function sparkJars(): Promise<string> {
  return jarsOf(join(HERE, 'spark-pom.xml'))
}

/** One Spark for all requests: it takes long to start. `requestsFile` is a path that may be written. */
export async function checkWithSpark(requests: readonly LakeRequest[], requestsFile: string): Promise<SparkAnswer[]> {
  writeFileSync(requestsFile, JSON.stringify(requests))
  const script = [join(HERE, 'check_spark.py'), await sparkJars(), requestsFile]
  const { stdout } = await run(await sparkPython(), script, { maxBuffer: MAX_OUTPUT })
  return JSON.parse(stdout)
}
