/** Runs the real command, as a person does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const COMMAND = fileURLToPath(new URL('../../bin/tradelake.js', import.meta.url))

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

/** Starts the command in a process group of its own, so that `kill(-pid)` reaches all of it. */
export function startCommand(...args: string[]): Running {
  return startCommandIn(process.env, ...args)
}

export function startCommandIn(env: NodeJS.ProcessEnv, ...args: string[]): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], { detached: true, env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', status => resolve({ status, stdout, stderr }))
  })
  return { child, finished }
}

export function runCommand(...args: string[]): Promise<Finished> {
  return startCommand(...args).finished
}

/** Runs the command on a machine whose environment says this much of AWS, and whose home no more. */
export function runCommandIn(aws: NodeJS.ProcessEnv, ...args: string[]): Promise<Finished> {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
  return startCommandIn({ ...Object.fromEntries(others), HOME: newFolder(), ...aws }, ...args).finished
}

/** Runs the command and gives its output. @throws where it fails */
export async function output(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runCommand(...args)
  if (status !== 0) throw new Error(`tradelake ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`)
  return stdout
}

export async function queryRows(data: string, query: string): Promise<Record<string, unknown>[]> {
  return JSON.parse(await output('sql', query, '--format', 'json', '--data', data))
}

/** A folder of its own for the test that calls it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Every file below a folder, by path from it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}
