/** Iceberg's own Java library, asked what it sees of our tables. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jarsOf } from '../../localstack/maven.ts'
import type { LakeAnswer, LakeRequest } from './python.ts'

const run = promisify(execFile)
const MAX_OUTPUT = 64 * 1024 * 1024

export type JavaAnswer = Pick<LakeAnswer, 'table' | 'schema' | 'snapshots' | 'rows' | 'digest'> & {
  readonly sums: Readonly<Record<string, string>>
}

/** The folder of the library's jars. @throws TradelakeError where they cannot be had */
export function icebergJars(): Promise<string> {
  return jarsOf(join(import.meta.dirname, 'iceberg-pom.xml'))
}

/** `folder` is for a file of requests; s3:// locations are fetched from the endpoint. */
export async function readWithJava(
  requests: readonly LakeRequest[],
  folder: string,
  endpoint?: string,
): Promise<JavaAnswer[]> {
  const jars = await icebergJars()
  const file = join(folder, 'requests.json')
  writeFileSync(file, JSON.stringify(requests))
  const reader = join(import.meta.dirname, 'Reader.java')
  const arguments_ = ['-Xmx512m', '-cp', `${jars}/*`, reader, file, ...(endpoint === undefined ? [] : [endpoint])]
  // Iceberg logs to nowhere; Hadoop warns on stderr that it has no native code.
  const { stdout } = await run('java', arguments_, { maxBuffer: MAX_OUTPUT })
  return JSON.parse(stdout)
}
