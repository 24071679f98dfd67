/** The end of a log, as the embedded lake writes it. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLogFile } from '../../../adapters/log-file.ts'
import { tailOf } from '../../../cli/terminal/log-tail.ts'

test('the newest line comes first, one that is half written not at all, and of a long log only the end is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
  try {
    const path = join(folder, 'tradelake.log')
    expect(tailOf(path)).toBeUndefined()
    const log = createLogFile(folder, { now: () => Date.UTC(2026, 10, 20, 12) })
    log.info('gold', { commits: 1, requestId: 'r-1', byExchange: { BINANCE: 3 } })
    log.error('a feed is silent', { exchange: 'kraken' })
    appendFileSync(path, 'no JSON\n{"level":"INF')
    const time = '2026-11-20T12:00:00.000Z'
    expect(tailOf(path)).toEqual([
      { time: '', level: '', message: 'no JSON', details: '' },
      { time, level: 'ERROR', message: 'a feed is silent', details: 'exchange=kraken' },
      { time, level: 'INFO', message: 'gold', details: 'commits=1 byExchange={"BINANCE":3}' },
    ])
    appendFileSync(path, '\n')
    for (let at = 0; at < 5_000; at++) log.info('many', { at })
    const tail = tailOf(path) ?? []
    expect(tail[0].details).toBe('at=4999')
    expect(tail.length).toBeGreaterThan(500)
    expect(tail.length).toBeLessThan(5_000)
    expect(tail.every(({ message }) => message === 'many')).toBe(true)
    log.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
