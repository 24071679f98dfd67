/** The end of a log, as the embedded lake writes it. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLogFile } from '../../../adapters/log-file.ts'
import { createLogTail } from '../../../cli/terminal/log-tail.ts'

test('the newest line comes first, one that is half written not at all; of a long log the end is kept, and its warnings and errors apart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
  try {
    const path = join(folder, 'tradelake.log')
    const tail = createLogTail(path)
    expect(tail.read()).toBeUndefined()
    const log = createLogFile(folder, { now: () => Date.UTC(2026, 10, 20, 12) })
    log.info('gold', { commits: 1, requestId: 'r-1', byExchange: { BINANCE: 3 } })
    log.error('a feed is silent', { exchange: 'kraken' })
    appendFileSync(path, 'no JSON\n{"level":"INF')
    const time = '2026-11-20T12:00:00.000Z'
    expect(tail.read()?.log).toEqual([
      { time: '', level: '', message: 'no JSON', details: '' },
      { time, level: 'ERROR', message: 'a feed is silent', details: 'exchange=kraken' },
      { time, level: 'INFO', message: 'gold', details: 'commits=1 byExchange={"BINANCE":3}' },
    ])
    appendFileSync(path, '\n')
    for (let at = 0; at < 5_000; at++) log.info('many', { at })
    // One that has read before, and one that has not.
    for (const each of [tail, createLogTail(path)]) {
      const { log: lines = [], warnings = [] } = each.read() ?? {}
      expect(lines.map(({ details }) => details)).toEqual(Array.from({ length: 2_000 }, (_, at) => `at=${4_999 - at}`))
      expect(warnings).toEqual([{ time, level: 'ERROR', message: 'a feed is silent', details: 'exchange=kraken' }])
    }
    for (let at = 0; at < 600; at++) log.warn('late', { at })
    const { warnings = [] } = tail.read() ?? {}
    expect([warnings.length, warnings[0].details, warnings.at(-1)?.details]).toEqual([500, 'at=599', 'at=100'])
    log.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
