/** `tradelake simulator`: the simulated exchanges at a port of this machine, until Ctrl-C. */
import { askedToEnd, systemTimers } from '../adapters/system.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { isSimulated } from '../feeds/simulator/instruments.ts'
import { startServer } from '../feeds/simulator/server.ts'
import { createSimulator } from '../feeds/simulator/simulator.ts'
import { command } from './command.ts'
import { parseNumber } from './values.ts'

/** Trading began so long ago: REST has a history from the first request on. */
const HISTORY_MS = 600_000
/** A simulator that is started again trades under new ids; after this many minutes they come round. */
const MARKETS = 90_000

export const simulator = command({
  name: 'simulator',
  usage: '[--port 9001] [--rate N] [--seed N] [--faults N] [--host ADDRESS]',
  options: {
    port: { type: 'string', value: 'N', help: 'where it listens; 0 takes a free port', default: '9001' },
    rate: { type: 'string', value: 'N', help: 'trades per second of all exchanges together', default: '200' },
    seed: { type: 'string', value: 'N', help: "the markets' seed", default: '1' },
    faults: { type: 'string', value: 'N', help: 'mild faults of each exchange a minute', default: '0' },
    host: { type: 'string', value: 'ADDRESS', help: 'of which network it listens', default: '127.0.0.1' },
  },
  async run(values) {
    const port = parseNumber('port', values.port, 0, true)
    const seed = parseNumber('seed', values.seed, 0, true)
    const ratePerSecond = parseNumber('rate', values.rate, 0)
    const faultsPerMinute = parseNumber('faults', values.faults, 0)
    const timers = systemTimers()
    const exchanges = EXCHANGES.filter(({ name }) => isSimulated(name))
    const start = timers.now() - HISTORY_MS
    const running = createSimulator({
      ...{ seed, ratePerSecond, faultsPerMinute, timers, exchanges },
      startMicros: BigInt(start) * 1000n,
      market: Math.floor(start / MINUTE_MS) % MARKETS,
    })
    const server = await startServer({ exchanges: running.exchanges, port, host: values.host })
    for (const { name } of exchanges)
      console.log(`${name.padEnd(10)}${server.address('ws', name)}  ${server.address('http', name)}`)
    console.log(`${ratePerSecond} trades a second, seed ${seed}, ${faultsPerMinute} faults a minute. Ctrl-C ends it.`)
    await askedToEnd()
    running.stop()
    await server.close()
    return 0
  },
})
