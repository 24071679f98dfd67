/** `tradelake top` and `tradelake start` in a real pseudo terminal: what is seen, what keys do, and that the terminal is left as it was. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newFolder, output, startCommand } from '../cli/support.ts'
import { inTerminal } from './pseudo-terminal.ts'

/** A price has as many digits as it needs. */
const BITCOIN = /BINANCE:BTCUSDT +\d\d,\d{3}(?:\.\d+)? /
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0
if (!hasPython) console.warn('Skipped: a pseudo terminal needs python3.')

describe.skipIf(!hasPython)('in a terminal', () => {
  test('a lake is looked at, filtered, resized and left', async () => {
    const data = join(newFolder(), 'lake')
    await output('start', '--rate', '400', '--for', '4s', '--seed', '3', '--no-serve', '--data', data)
    const person = inTerminal(100, 30, {}, 'top', '--data', data)
    await person.sees('● connecting')
    expect(person.isAlternate()).toBe(true)
    const overview = await person.sees(BITCOIN)
    expect(overview.some(line => /^Gold +\d/.test(line))).toBe(true)
    console.log(`first picture after ${person.firstMs().toFixed(0)} ms`)
    person.types('2')
    await person.sees(/^Market +Last price/m)
    person.types('/')
    person.types('kraken btc')
    const filtered = await person.sees(/kraken btc {3}\d of \d+/)
    expect(filtered.filter(line => line.includes('BINANCE:'))).toEqual([])
    person.types('\r')
    await person.sees(/\d of \d+ markets with: kraken btc/)
    person.resizes(60, 12)
    const narrow = await person.sees(/2 columns hidden/)
    expect(narrow).toHaveLength(12)
    expect(narrow.find(line => line.startsWith('KRAKEN:BTCUSD'))).toMatch(/ \d\d,\d{3}(?:\.\d+)? /)
    person.resizes(100, 40)
    person.types('\r')
    const opened = await person.sees(/^\d{4}-\d\d-\d\d \d\d:\d\d +\d\d,\d{3}/m)
    expect(opened.some(line => / ◂ \d\d,\d{3}/.test(line))).toBe(true)
    person.types('7')
    await person.sees(/INFO|WARN|ERROR/)
    person.types('q')
    expect(await person.ended).toBe(0)
    expect(person.isAlternate()).toBe(false)
    expect(person.written().endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l')).toBe(true)
  })

  test('a lake that there is not is told in one line, on the terminal as it was', async () => {
    const person = inTerminal(80, 24, {}, 'top', '--data', join(newFolder(), 'nothing'))
    expect(await person.ended).toBe(1)
    expect(person.isAlternate()).toBe(false)
    await person.sees('There is no lake in')
  })

  test('a server that goes and comes back is followed', async () => {
    const data = join(newFolder(), 'lake')
    await output('start', '--rate', '200', '--for', '3s', '--no-serve', '--data', data)
    const serve = async (port: string) => {
      const server = startCommand('serve', '--data', data, '--port', port)
      const url = await new Promise<string>(resolve => {
        let text = ''
        server.child.stdout?.on('data', chunk => {
          text += chunk
          const found = /page for browsers: +(\S+)\//.exec(text)?.[1]
          if (found !== undefined) resolve(found)
        })
      })
      return { url, stop: () => server.child.kill('SIGTERM'), finished: server.finished }
    }
    const first = await serve('0')
    const person = inTerminal(80, 24, { NO_COLOR: '1', LANG: 'C' }, 'top', '--url', first.url)
    await person.sees(BITCOIN)
    await person.sees('* live')
    // No colour, and no letter that the locale has not.
    expect(person.written()).not.toMatch(/\[(?:3[0-7]|9[0-7])m/)
    expect([...person.written()].filter(letter => letter > '~')).toEqual([])
    first.stop()
    await first.finished
    await person.sees(/\* broken for .*\n[\s\S]*ECONNREFUSED|ended the connection/)
    const second = await serve(new URL(first.url).port)
    await person.sees('* live')
    person.types('\x03')
    expect(await person.ended).toBe(0)
    second.stop()
    await second.finished
  })

  test('a run shows its lake, stops at Ctrl-C, and ends with its figures and the audit where one can scroll back', async () => {
    const data = join(newFolder(), 'lake')
    const person = inTerminal(100, 30, {}, 'start', '--rate', '300', '--data', data, '--port', '0')
    await person.sees(BITCOIN)
    const running = await person.sees(/^Bronze +\d\d\d /m)
    expect(running[0]).toMatch(/^tradelake market 0 of seed 1 at 300 trades\/s into /)
    expect(running.at(-1)).toMatch(/http:\/\/127\.0\.0\.1:\d+$/)
    person.types('\x03')
    expect(await person.ended).toBe(0)
    expect(person.isAlternate()).toBe(false)
    const end = person.written().slice(person.written().lastIndexOf('\x1b[?1049l'))
    expect(end).toContain('exchange  messages')
    expect(end).toContain('All six laws hold')
  })

  test('long work shows how it gets on, and leaves its result alone on the screen', async () => {
    const data = join(newFolder(), 'lake')
    await output('start', '--rate', '3000', '--for', '8s', '--no-serve', '--data', data)
    const person = inTerminal(100, 30, {}, 'audit', '--data', data)
    await person.sees(/^(?:Reading the rows +█|Law \d of 6: .* for \d+ s)/m)
    expect(await person.ended).toBe(0)
    const last = await person.sees('All six laws hold')
    expect(last.filter(line => /█|░|Law \d of 6/.test(line))).toEqual([])
    expect(last[0]).toBe('Audit')
  })
})
