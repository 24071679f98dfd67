/** What a person's shell does with a command of the documentation: `tradelake` and `aws` are on its path. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonEnvironment } from '../../localstack/python.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')

/** The interpreter beside which `aws` is. */
export function awsPython(): Promise<string> {
  return pythonEnvironment(join(import.meta.dirname, 'aws-requirements.txt'))
}

/** The status and all that was printed. `folder` is for what the commands write. */
export async function asWritten(
  command: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  const bin = join(folder, 'bin')
  if (!existsSync(bin)) {
    mkdirSync(bin)
    symlinkSync(join(ROOT, 'bin', 'tradelake.js'), join(bin, 'tradelake'))
    // Scripts of a Python environment name the folder that it was made in, which is another now. For queues this client asks no
    // environment where the emulator is.
    writeFileSync(
      join(bin, 'aws'),
      `#!/bin/sh\nexec ${await awsPython()} -m awscli --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n`,
      { mode: 0o755 },
    )
  }
  const path = `${bin}:${process.env.PATH}`
  try {
    // Without the person's own settings, which would change the path.
    const { stdout } = await run('bash', ['--norc', '-c', command], {
      env: { ...process.env, ...env, PATH: path },
      cwd: folder,
    })
    return { status: 0, text: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { status: code, text: `${stdout}${stderr}` }
  }
}
