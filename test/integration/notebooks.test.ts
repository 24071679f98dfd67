/** The recipes of docs/notebooks.md and its notebook, word for word on a served lake: each number is that of the trades put in. */
import { execFile, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPython } from '../../localstack/python.ts'
import { type ServedMarkets, servedMarkets } from './market-lake.ts'
import { notebookPython } from './python.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const DOCS = join(HERE, '../../docs')

describe.skipIf(!hasPython())('notebooks', () => {
  let lake: ServedMarkets
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    lake = await servedMarkets()
    env = { PATH: process.env.PATH, HOME: lake.folder, PYTHONDONTWRITEBYTECODE: '1' }
  })
  afterAll(async () => lake?.close())

  test('the recipes find what was put in, and a pinned backtest the same after more trades', async () => {
    const cwd = join(lake.folder, 'recipes')
    mkdirSync(cwd)
    const words = [join(HERE, 'check_notebooks.py'), lake.url, lake.trades, join(DOCS, 'notebooks.md')]
    const script = spawn(await notebookPython(), words, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    const ended = new Promise<number | null>(resolve => script.once('close', resolve))
    const said: string[] = []
    let failure = ''
    script.stderr.on('data', text => (failure += text))
    for await (const line of createInterface(script.stdout)) {
      said.push(line)
      if (line !== 'ready') continue
      await lake.addLateTrades()
      script.stdin.end('\n')
    }
    expect(await ended, failure).toBe(0)
    expect(said).toEqual(['ready', expect.stringMatching(/^compared \d+ 10$/)])
    expect(Number(said[1].split(' ')[1])).toBeGreaterThan(5_000)
  })

  test('the notebook runs from its first cell to its last, and draws', async () => {
    const words = [join(HERE, 'run_notebook.py'), join(DOCS, 'notebooks/market.ipynb')]
    const { stdout } = await run(await notebookPython(), words, {
      cwd: lake.folder,
      env: { ...env, TRADELAKE: lake.url },
    })
    expect(JSON.parse(stdout)).toEqual({ pictures: 3, shown: 3 })
  })
})
